// dialogs.test.mjs: what opens in front of the page: overview, zoom and comparing, help, exports.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { benchTest, eventually, goBy, hasModels, id, shown, suggested, tree, until } from "./support.mjs";

async function opened(bench, n) {
  bench.fill(n);
  await bench.start(...(hasModels ? [] : [false]));
  const page = await bench.open();
  await suggested(page);
  return page;
}

const closed = (page, name) => id(page, name).waitFor({ state: "detached" });

benchTest("the overview shows what was decided, and leads to any group", async (bench) => {
  const page = await opened(bench, 30);
  const groups = [];
  for (const key of ["1", "x", "s", "Shift+Q"]) {
    groups.push((await shown(page)).group);
    await goBy(page, key);
  }
  const current = (await shown(page)).group;
  await page.keyboard.press("o");
  const cell = (group) => page.locator(`[data-testid="overview-cell"][data-group="${group}"]`);
  await cell(current).waitFor();
  for (const [i, words] of [/kept 1/, /rejected/, /skipped/, /kept 1, crop later/].entries()) assert.match(await cell(groups[i]).textContent(), words);
  assert.match(await cell(current).textContent(), /undecided|keep nothing/);
  await eventually(() => cell(groups[0]).locator("img").evaluate((img) => img.complete && img.naturalWidth > 0), "its picture");
  await bench.shot(page, "overview");

  // Only some cells are in the page, however many groups there are; all of them can be reached.
  const buttons = id(page, "overview").getByRole("group", { name: "show" }).getByRole("button");
  const counts = await buttons.allTextContents();
  assert.ok(counts.some((text) => /^All 30$/.test(text)) && counts.some((text) => /^Rejected 1$/.test(text)), counts.join());
  await buttons.filter({ hasText: "Rejected" }).click();
  await eventually(async () => (await id(page, "overview-cell").count()) === 1, "one is rejected");
  await cell(groups[1]).click();
  await closed(page, "overview");
  await until(page, groups[1]);

  await page.keyboard.press("o");
  await id(page, "overview-cell").first().waitFor();
  await page.keyboard.press("End");
  await page.keyboard.press("Enter");
  await closed(page, "overview");
  await eventually(async () => /30 of 30/.test((await shown(page)).place), "the last group");
  await page.keyboard.press("o");
  await page.keyboard.press("Home");
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Enter");
  await until(page, groups[1]);
  // Keys there decide nothing.
  await page.keyboard.press("o");
  for (const key of ["1", "x", "s"]) await page.keyboard.press(key);
  await page.keyboard.press("Escape");
  await closed(page, "overview");
  assert.equal(bench.journal().length, 4);
});

/** Where each picture lies in its pane. */
const places = (page) => page.evaluate(() => [...document.querySelectorAll('[data-testid^="pane-"]')].map((pane) => {
  const area = pane.querySelector("img").parentNode.getBoundingClientRect();
  const box = pane.querySelector("img").getBoundingClientRect();
  return { scale: Math.max(box.width / area.width, box.height / area.height), x: (area.left + area.width / 2 - box.left) / box.width,
    y: (area.top + area.height / 2 - box.top) / box.height, area: { x: area.left, y: area.top, width: area.width, height: area.height } };
}));

const allLike = (list, what) => {
  for (const place of list) for (const key of ["scale", "x", "y"])
    assert.ok(Math.abs(place[key] - list[0][key]) < 0.02, `${what}: ${key} ${JSON.stringify(list.map((p) => p[key]))}`);
};

benchTest("comparing zooms and moves all pictures together", async (bench) => {
  const page = await opened(bench, 8);
  while ((await shown(page)).images.length < 3) await goBy(page, "ArrowRight");
  const { group, images } = await shown(page);
  await page.keyboard.press("v");
  await id(page, `pane-${images.length}`).waitFor();
  await eventually(() => page.evaluate(() => [...document.querySelectorAll('[data-testid^="pane-"] img')].every((img) => img.complete && img.naturalWidth > 0)), "pictures");
  const fit = await places(page);
  assert.equal(fit.length, images.length);
  for (const place of fit) assert.ok(place.scale <= 1.01, "the whole picture is seen");
  await bench.shot(page, "compare");

  // The wheel zooms about the pointer: what lies below it stays there, once the picture fills its pane.
  const { area } = fit[0];
  const pointer = { x: area.x + area.width * 0.6, y: area.y + area.height * 0.4 };
  const under = () => page.evaluate(({ x, y }) => {
    const box = document.querySelector('[data-testid="pane-1"] img').getBoundingClientRect();
    return [(x - box.left) / box.width, (y - box.top) / box.height];
  }, pointer);
  await page.mouse.move(pointer.x, pointer.y);
  const nearer = async (notches) => {
    for (let i = 0; i < notches; i++) {
      const before = (await places(page))[0].scale;
      await page.mouse.wheel(0, -240);
      await eventually(async () => (await places(page))[0].scale > before * 1.01, "it is nearer");
    }
  };
  await nearer(4);
  const point = await under();
  await nearer(2);
  const held = await under();
  for (const k of [0, 1]) assert.ok(Math.abs(held[k] - point[k]) < 0.01, `under the pointer: ${point} became ${held}`);
  const near = await places(page);
  allLike(near.map((place, i) => ({ ...place, scale: place.scale / fit[i].scale })), "zoomed");

  await page.mouse.down();
  await page.mouse.move(pointer.x - 60, pointer.y - 30, { steps: 4 });
  await page.mouse.up();
  const dragged = await places(page);
  assert.ok(dragged[0].x > near[0].x + 0.01, "dragged to the left: what was to the right is seen");
  allLike(dragged.map((place, i) => ({ ...place, scale: place.scale / fit[i].scale })), "dragged");
  await bench.shot(page, "compare-near");
  await page.keyboard.press("0");
  await eventually(async () => (await places(page)).every((place) => place.scale <= 1.01), "whole again");
  await page.keyboard.press("Escape");
  await closed(page, "compare");
  assert.equal((await shown(page)).group, group);
  assert.deepEqual(bench.journal(), []);

  // A number there picks, and goes on.
  await page.keyboard.press("v");
  await id(page, "pane-2").waitFor();
  await goBy(page, "2");
  assert.equal(bench.journal()[0].decision.winners[0].image, images[1]);
  await closed(page, "compare");
});

benchTest("the zoom shows one picture, and arrows go to the others", async (bench) => {
  const page = await opened(bench, 4);
  await page.keyboard.press("z");
  const pane = page.locator('[data-testid^="pane-"]');
  await pane.first().waitFor();
  assert.equal(await pane.count(), 1);
  const first = await pane.getAttribute("data-testid");
  await page.keyboard.press("ArrowLeft");
  await eventually(async () => (await pane.getAttribute("data-testid")) !== first, "another picture");
  await page.keyboard.press("+");
  await page.keyboard.press("+");
  await eventually(async () => (await places(page))[0].scale > 1.2, "it is nearer");
  await bench.shot(page, "zoom");
  await page.keyboard.press("z");
  await closed(page, "compare");
});

benchTest("help lists every key, and opens and closes by its own", async (bench) => {
  const page = await opened(bench, 2);
  await page.keyboard.press("?");
  await id(page, "help-dialog").waitFor();
  const text = await id(page, "help-dialog").textContent();
  for (const name of ["Enter", "Ctrl+Z", "Ctrl+Shift+Z", "--keys", "overview", "finalize"]) assert.ok(text.includes(name), name);
  await bench.shot(page, "help");
  for (const key of ["1", "x"]) await page.keyboard.press(key);
  assert.deepEqual(bench.journal(), [], "keys behind it are off");
  await page.keyboard.press("?");
  await closed(page, "help-dialog");
  await id(page, "help").click();
  await id(page, "help-dialog").waitFor();
  await page.keyboard.press("Escape");
  await closed(page, "help-dialog");
  await goBy(page, "1");
});

benchTest("exports: downloads hold what was decided, and files are written beside the pictures", async (bench) => {
  const page = await opened(bench, 6);
  const picked = [];
  for (const key of ["1", "x", "2"]) {
    if (key !== "x") picked.push((await shown(page)).group);
    await goBy(page, key);
  }
  const before = tree(bench.folder);
  await id(page, "exports").click();
  await id(page, "exports-dialog").waitFor();
  await bench.shot(page, "exports");
  const download = async (name) => {
    const [file] = await Promise.all([page.waitForEvent("download"), id(page, `export-${name}`).click()]);
    assert.equal(file.suggestedFilename(), name);
    return fs.readFileSync(await file.path(), "utf8");
  };
  const entries = (await download("entries.jsonl")).trim().split("\n").map((line) => JSON.parse(line));
  assert.deepEqual(entries.map((entry) => entry.set_id), picked);
  assert.equal((await download("rejected.jsonl")).trim().split("\n").length, 1);
  assert.equal((await download("selection_only_log.csv")).trim().split("\n").length, 3);
  assert.equal(await download("journal.jsonl"), fs.readFileSync(path.join(bench.state, "journal.jsonl"), "utf8"));
  assert.deepEqual(tree(bench.folder), before, "downloads leave no file");
  await id(page, "write-decisions").click();
  await eventually(async () => /3 files/.test(await id(page, "exports-said").textContent()), "three are written");
  assert.equal(Object.keys(tree(bench.folder)).filter((name) => name.endsWith(".decision")).length, 3);
  await id(page, "write-xmp").click();
  await eventually(() => Object.keys(tree(bench.folder)).some((name) => name.endsWith(".xmp")), "sidecars");
  await page.keyboard.press("Escape");
  await closed(page, "exports-dialog");
});
