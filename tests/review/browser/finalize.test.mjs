// finalize.test.mjs: nothing moves until Finalize; then files are where the preview said, and all come back.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { benchTest, differences, eventually, goBy, hasModels, id, shown, suggested, tree } from "./support.mjs";

/** The moves that the dialog lists; all of them, however many can be seen at once. */
async function listed(page) {
  const list = id(page, "finalize-moves");
  const found = new Map();
  const read = async () => {
    const rows = await id(page, "finalize-move").evaluateAll((nodes) => nodes.map((node) => [node.getAttribute("aria-posinset"),
      node.dataset.kind, node.querySelector(".from").textContent, node.querySelector(".to").textContent.replace(/^→ /, "")]));
    for (const [place, ...row] of rows) found.set(Number(place), row);
  };
  const { height, step } = await list.evaluate((node) => ({ height: node.scrollHeight, step: node.clientHeight / 2 }));
  for (let top = 0; top <= height; top += step) {
    await list.evaluate((node, to) => (node.scrollTop = to), top);
    await page.waitForTimeout(60);
    await read();
  }
  return [...found].sort((a, b) => a[0] - b[0]).map(([, row]) => row);
}

const hash = (file) => createHash("sha256").update(fs.readFileSync(file)).digest("hex");

/** Decides the first groups: a pick, a rejection, a crop of one's own, a crop for later, a skip, a suggestion. */
async function decideSix(page) {
  const groups = [];
  const step = async (...keys) => {
    groups.push(await shown(page));
    for (const key of keys.slice(0, -1)) await page.keyboard.press(key);
    await goBy(page, keys.at(-1));
  };
  await step("1");
  await step("x");
  await step("c", "ArrowLeft", "Enter");
  await step("Shift+W");
  await step("s");
  await step("Enter");
  return groups;
}

benchTest("files move as the preview says, and taking it back restores the folder byte for byte", async (bench) => {
  bench.fill(10);
  const before = tree(bench.folder);
  await bench.start(false);
  const page = await bench.open();
  const groups = await decideSix(page);
  assert.deepEqual(differences(before, tree(bench.folder)), [], "nothing has moved");

  await page.keyboard.press("f");
  await id(page, "finalize-run").waitFor();
  const counts = await id(page, "finalize-counts").textContent();
  assert.match(counts, /4 groups undecided/);
  assert.match(counts, /1 groups? skipped/);
  const moves = await listed(page);
  assert.match(await id(page, "finalize-run").textContent(), new RegExp(`^Move ${moves.length} files$`));
  assert.deepEqual(differences(before, tree(bench.folder)), [], "a preview changes nothing");
  await bench.shot(page, "finalize-preview");
  await id(page, "finalize-search").fill("__crop/");
  await eventually(async () => (await id(page, "finalize-move").count()) < moves.length, "the search narrows the list");
  assert.ok((await id(page, "finalize-move").count()) >= 1);

  await id(page, "finalize-run").click();
  await id(page, "finalize-result").waitFor();
  await bench.shot(page, "finalize-done");
  assert.match(await id(page, "finalize-result").textContent(), new RegExp(`${moves.length} of ${moves.length} files moved`));
  const after = tree(bench.folder);
  for (const [kind, from, to] of moves) {
    if (kind === "crop") {
      assert.ok(after[to] && after[to] !== before[from], `${to} is a new file, cropped from ${from}`);
    } else {
      assert.equal(after[to], before[from], `${from} went to ${to}`);
      assert.equal(after[from] === undefined || moves.some(([k, , other]) => k === "crop" && other === from), true, `${from} is gone`);
    }
  }
  const kinds = new Set(moves.map(([kind]) => kind));
  for (const kind of ["selected", "original", "crop-later", "staging", "crop"]) assert.ok(kinds.has(kind), kind);
  for (const folder of ["__selected/", "__crop/", "__delete_staging/"]) assert.ok(after[folder] !== undefined, folder);
  // Not one byte was lost: each file of before is somewhere.
  const contents = new Set(Object.values(after));
  for (const [name, content] of Object.entries(before)) assert.ok(contents.has(content), `what ${name} held is still there`);
  assert.equal(bench.journal().filter((line) => line.action === "finalize").length, 1);

  // The page has gone on with what is left.
  await id(page, "finalize-leave").click();
  await eventually(async () => /of 5$/.test((await shown(page)).place), "only the groups that stay are left");
  const names = groups.slice(0, 4).map((group) => group.group);
  assert.ok(!names.includes((await shown(page)).group));
  await goBy(page, "ArrowRight");

  await page.keyboard.press("f");
  await id(page, "finalize-undo").click();
  await eventually(async () => /taken back/.test(await id(page, "finalize-result").textContent().catch(() => "")), "it is taken back");
  // As it was, folders too; since nothing is ever deleted, the crop that was made is put aside.
  const crops = moves.filter(([kind]) => kind === "crop").map(([, , to]) => to.replace(/^__selected\//, ""));
  const aside = differences(before, tree(bench.folder));
  assert.deepEqual(aside.filter((line) => !line.startsWith("+ __delete_staging/")), []);
  assert.deepEqual(aside.filter((line) => !line.endsWith("/")), crops.map((name) => `+ __delete_staging/__crops/${name}`));
  await id(page, "finalize-leave").click();
  await eventually(async () => /of 10$/.test((await shown(page)).place), "all groups are back");
  await eventually(async () => (await id(page, "progress").textContent()).includes("6 of 10 decided"), "and so is what was decided");
});

benchTest("without crops, taking it back leaves no trace", async (bench) => {
  bench.fill(6);
  const before = tree(bench.folder);
  await bench.start(false);
  const page = await bench.open();
  for (const key of ["1", "x", "Shift+W", "2"]) await goBy(page, key);
  for (let round = 0; round < 2; round++) {
    await page.keyboard.press("f");
    await id(page, "finalize-run").click();
    await eventually(async () => /moved/.test(await id(page, "finalize-result").textContent().catch(() => "")), "moved");
    assert.notDeepEqual(differences(before, tree(bench.folder)), []);
    await id(page, "finalize-undo").click();
    await eventually(async () => /taken back/.test(await id(page, "finalize-result").textContent().catch(() => "")), "taken back");
    assert.deepEqual(differences(before, tree(bench.folder)), []);
    await page.keyboard.press("Escape");
    await id(page, "finalize-dialog").waitFor({ state: "detached" });
  }
});

benchTest("the cropped file holds the pixels of the box", async (bench) => {
  bench.fill(3, 1);
  await bench.start(false);
  const page = await bench.open();
  await page.keyboard.press("c");
  for (let i = 0; i < 5; i++) await page.keyboard.press("ArrowUp");
  await goBy(page, "Enter");
  const { name, box_px: box, size } = bench.journal()[0].decision.winners[0];
  const original = hash(path.join(bench.folder, name));
  await page.keyboard.press("f");
  await id(page, "finalize-run").click();
  await id(page, "finalize-result").waitFor();
  const after = tree(bench.folder);
  const base = path.basename(name);
  const cropped = Object.keys(after).filter((file) => file.startsWith("__selected/") && file.endsWith(base));
  assert.equal(cropped.length, 1);
  const png = fs.readFileSync(path.join(bench.folder, cropped[0]));
  assert.deepEqual([png.readUInt32BE(16), png.readUInt32BE(20)], [box[2] - box[0], box[3] - box[1]]);
  assert.ok(png.readUInt32BE(16) < size[0]);
  assert.ok(Object.values(after).includes(original), "the original is kept");
  // The browser is the judge: the crop's pixels are those of the original.
  const kept = Object.keys(after).find((file) => after[file] === original);
  const urls = [kept, cropped[0]].map((file) => `data:image/png;base64,${fs.readFileSync(path.join(bench.folder, file)).toString("base64")}`);
  const judge = await page.context().newPage();
  const differing = await judge.evaluate(async ([whole, part, [x1, y1, x2, y2]]) => {
    const pixels = async (url, x, y, w, h) => {
      const image = new Image();
      image.src = url;
      await image.decode();
      const canvas = new OffscreenCanvas(w, h).getContext("2d");
      canvas.drawImage(image, -x, -y);
      return canvas.getImageData(0, 0, w, h).data;
    };
    const a = await pixels(whole, x1, y1, x2 - x1, y2 - y1);
    const b = await pixels(part, 0, 0, x2 - x1, y2 - y1);
    return a.reduce((sum, value, i) => sum + (value !== b[i] ? 1 : 0), 0);
  }, [...urls, box]);
  assert.equal(differing, 0);
});

benchTest("a name that is taken meanwhile is not written over", async (bench) => {
  bench.fill(4);
  await bench.start(false);
  const page = await bench.open();
  await goBy(page, "1");
  await page.keyboard.press("f");
  await id(page, "finalize-run").waitFor();
  const moves = await listed(page);
  const [, from, to] = moves.find(([kind]) => kind === "selected");
  const target = path.join(bench.folder, to);
  fs.mkdirSync(path.dirname(target), { recursive: true });
  fs.writeFileSync(target, "somebody else's");
  const content = hash(path.join(bench.folder, from));
  await id(page, "finalize-run").click();
  bench.expected.push(/status of 409/); // a plan that is not true any more may be refused
  await eventually(async () => (await id(page, "finalize-result").count()) > 0 || (await id(page, "finalize-problem").isVisible()), "an answer");
  assert.equal(fs.readFileSync(target, "utf8"), "somebody else's");
  assert.ok(Object.values(tree(bench.folder)).includes(content), "the picture is still there");
});

benchTest("a decision in another window makes the preview stale, and it is shown anew", async (bench, t) => {
  bench.fill(6);
  await bench.start(...(hasModels ? [] : [false]));
  const page = await bench.open();
  await suggested(page);
  await goBy(page, "1");
  await page.keyboard.press("f");
  await id(page, "finalize-run").waitFor();
  const first = await id(page, "finalize-run").textContent();
  const other = await bench.open({ context: page.context() });
  await id(other, "banner-writer").getByRole("button").click();
  await id(other, "banner-writer").waitFor({ state: "detached" });
  await other.keyboard.press("u");
  await goBy(other, "x");
  await other.close();
  // The first window takes over again behind its dialog, after the other has been silent; its plan is refused.
  await eventually(() => id(page, "banner-writer").count().then((n) => n === 0), "the first window decides again");
  await page.keyboard.press("Escape");
  await page.keyboard.press("f");
  await id(page, "finalize-run").waitFor();
  assert.notEqual(await id(page, "finalize-run").textContent(), first);
  t.diagnostic(`${first}, then ${await id(page, "finalize-run").textContent()}`);
});
