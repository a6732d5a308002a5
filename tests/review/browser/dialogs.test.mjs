// dialogs.test.mjs: the views in front of the page: overview, zoom and comparing, keys, exports, bulk approval, Finalize.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import zlib from "node:zlib";
import { benchTest, eventually, goBy, hasModels, id, ready, shown, suggested, tree, until, violations } from "./support.mjs";

const near = (a, b, tolerance, what) => assert.ok(Math.abs(a - b) <= tolerance, `${what}: ${a} is not ${b}`);
const closed = (page, name) => id(page, name).waitFor({ state: "detached" });
const count = (page, name) => page.getByTestId(name).count();

/** No serious violation, dark and light. */
async function accessible(page, what) {
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    assert.deepEqual(await violations(page), [], `${what}, ${colorScheme}`);
  }
}

/** What another tool that speaks for this window would ask. */
const ask = (page, where, body) => page.evaluate(async ([address, sent]) => {
  const response = await fetch(address, { method: "POST", headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ window: sessionStorage.getItem("window"), ...sent }) });
  return response.status;
}, [where, body]);

/** A PNG without a library: a coarse pattern, so that it is small. */
function png(width, height) {
  const chunk = (type, data) => {
    const body = Buffer.concat([Buffer.from(type), data]);
    const sum = Buffer.alloc(4);
    sum.writeUInt32BE(crc(body));
    const length = Buffer.alloc(4);
    length.writeUInt32BE(data.length);
    return Buffer.concat([length, body, sum]);
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 2, 0, 0, 0], 8);
  const rows = Buffer.alloc(height * (1 + 3 * width));
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) rows.fill(((x >> 6) + (y >> 6)) % 2 ? 200 : 40, y * (1 + 3 * width) + 1 + 3 * x, y * (1 + 3 * width) + 4 + 3 * x);
  return Buffer.concat([Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]), chunk("IHDR", head), chunk("IDAT", zlib.deflateSync(rows)),
    chunk("IEND", Buffer.alloc(0))]);
}

function crc(data) {
  let value = ~0;
  for (const byte of data) {
    value ^= byte;
    for (let k = 0; k < 8; k++) value = (value >>> 1) ^ (value & 1 ? 0xedb88320 : 0);
  }
  return ~value >>> 0;
}

/* ---- Overview ---- */

benchTest("the overview shows every group as it was decided, and goes there", async (bench) => {
  bench.fill(60);
  await bench.start();
  const page = await bench.open();
  await suggested(page);
  const first = (await shown(page)).group;
  await goBy(page, "1");
  const second = (await shown(page)).group;
  await goBy(page, "x");
  const third = (await shown(page)).group;
  await goBy(page, "s");
  await page.keyboard.press("o");
  await id(page, "overview").waitFor();
  const cell = (group) => page.locator(`[data-testid="overview-cell"][data-group="${group}"]`);
  for (const [group, outcome, words] of [[first, "pick", /kept 1/], [second, "reject", /rejected/], [third, "skip", /skipped/]]) {
    assert.equal(await cell(group).getAttribute("data-outcome"), outcome);
    assert.match(await cell(group).textContent(), words);
  }
  await page.waitForFunction(() => [...document.querySelectorAll(".cell img")].every((img) => img.complete && img.naturalWidth > 0));
  await bench.shot(page, "dialogs-overview");
  await accessible(page, "overview");
  await page.locator('[data-filter="reject"]').click();
  assert.equal(await count(page, "overview-cell"), 1);
  await page.locator('[data-filter="all"]').click();
  await cell(second).click();
  await closed(page, "overview");
  await until(page, second);
  await page.keyboard.press("o");
  await id(page, "overview-cells").press("ArrowRight");
  await page.keyboard.press("Enter");
  await until(page, third);
  await page.keyboard.press("o");
  await page.keyboard.press("Escape");
  await closed(page, "overview");
  assert.equal((await shown(page)).group, third);
});

benchTest("the overview follows what is decided while it is open", async (bench) => {
  bench.fill(12);
  await bench.start(false);
  const page = await bench.open();
  const { group } = await shown(page);
  await page.keyboard.press("o");
  assert.equal(await ask(page, "api/decide", { group, decision: { outcome: "reject" } }), 200);
  await eventually(async () => (await page.locator(`[data-testid="overview-cell"][data-group="${group}"]`).getAttribute("data-outcome")) === "reject",
    "the cell says rejected");
  assert.match(await page.locator('[data-filter="reject"]').textContent(), /1/);
});

/* ---- Zoom, compare ---- */

/** Where a pane's picture lies: what counts is the point of the picture below the middle of the pane, and the scale. */
const places = (page) => page.evaluate(() => [...document.querySelectorAll('[data-testid^="pane-"]')].map((node) => {
  const picture = node.querySelector("img").getBoundingClientRect();
  const area = node.querySelector("img").parentNode.getBoundingClientRect();
  return { scale: picture.width, x: (area.x + area.width / 2 - picture.x) / picture.width, y: (area.y + area.height / 2 - picture.y) / picture.height,
    left: picture.x, top: picture.y, width: picture.width, height: picture.height, area: { x: area.x, y: area.y, width: area.width, height: area.height } };
}));

benchTest("all pictures are moved and scaled together, about the pointer", async (bench) => {
  bench.fill(12);
  await bench.start(false);
  const page = await bench.open();
  while ((await shown(page)).images.length < 3) await goBy(page, "ArrowRight");
  const { images, group } = await shown(page);
  await page.keyboard.press("v");
  await id(page, "compare").waitFor();
  assert.equal(await page.locator('[data-testid^="pane-"]').count(), images.length);
  await page.waitForFunction(() => [...document.querySelectorAll('[data-testid^="pane-"] img')].every((img) => img.complete && img.naturalWidth > 0));
  const [start] = await places(page);
  const at = { x: start.left + 0.7 * start.width, y: start.top + 0.6 * start.height };
  await page.mouse.move(at.x, at.y);
  for (let i = 0; i < 4; i++) await page.mouse.wheel(0, -300);
  await eventually(async () => (await places(page))[0].scale > 2 * start.width, "the wheel scales");
  const zoomed = await places(page);
  near((at.x - zoomed[0].left) / zoomed[0].width, 0.7, 0.01, "the point under the pointer, across");
  near((at.y - zoomed[0].top) / zoomed[0].height, 0.6, 0.01, "the point under the pointer, down");
  for (const place of zoomed) near(place.x, zoomed[0].x, 0.02, "all show the same part");
  await bench.shot(page, "dialogs-compare-zoomed");
  await page.mouse.down();
  await page.mouse.move(at.x - 60, at.y, { steps: 3 });
  await page.mouse.up();
  const dragged = await places(page);
  near(dragged[0].left, zoomed[0].left - 60, 2, "a drag moves as far as the pointer");
  near(dragged[1].x, dragged[0].x, 0.02, "and the others with it");
  await page.keyboard.press("ArrowLeft");
  assert.ok((await places(page))[0].left > dragged[0].left, "an arrow shows what lies there");
  await page.keyboard.press("0");
  near((await places(page))[0].scale, start.scale, 1, "0 fits");
  await accessible(page, "compare");
  await page.keyboard.press("2");
  await closed(page, "compare");
  await eventually(() => bench.journal().length === 1, "the decision is in the journal");
  assert.equal(bench.journal()[0].group, group);
  assert.equal(bench.journal()[0].decision.winners[0].image, images[1]);
});

benchTest("a pinned picture stays while the others are gone through", async (bench) => {
  bench.fill(12);
  await bench.start(false);
  const page = await bench.open({ height: 720 });
  while ((await shown(page)).images.length < 3) await goBy(page, "ArrowRight");
  await page.keyboard.press("v");
  await id(page, "pin-2").click();
  const panes = () => page.evaluate(() => [...document.querySelectorAll('[data-testid^="pane-"]')].map((node) => node.dataset.testid));
  assert.equal((await panes())[0], "pane-2");
  const before = await panes();
  await page.keyboard.press(".");
  const after = await panes();
  assert.equal(after[0], "pane-2");
  assert.notDeepEqual(after, before);
  await bench.shot(page, "dialogs-compare-pinned");
  await accessible(page, "pinned");
  await page.keyboard.press("p");
  assert.equal((await panes()).length, (await shown(page)).images.length, "taking the pin off shows all");
  await page.keyboard.press("Escape");
  await closed(page, "compare");
});

benchTest("a large picture is fetched whole only when it is zoomed into", async (bench) => {
  fs.mkdirSync(bench.folder, { recursive: true });
  for (const name of ["20250708_060711_stage1_generated.png", "20250708_060745_stage2_upscaled.png"])
    fs.writeFileSync(path.join(bench.folder, name), png(2400, 1600));
  await bench.start(false);
  const page = await bench.open();
  const asked = [];
  page.on("request", (request) => asked.push(request.url()));
  const whole = () => asked.filter((url) => /picture\/.*side=0$/.test(url)).length;
  await page.keyboard.press("z");
  await id(page, "compare").waitFor();
  await page.waitForFunction(() => document.querySelector('[data-testid^="pane-"] img').complete);
  assert.equal(whole(), 0, "not before");
  for (let i = 0; i < 6; i++) await page.keyboard.press("+");
  await eventually(() => whole() === 1, "the whole picture is asked for");
  await page.waitForFunction(() => document.querySelector('[data-testid^="pane-"] img').naturalWidth === 2400);
  await bench.shot(page, "dialogs-zoom");
  await accessible(page, "zoom");
});

/* ---- Keys, exports ---- */

benchTest("the list of keys says how they are set, and keeps keys from the page", async (bench) => {
  bench.fill(4);
  const keys = path.join(bench.base, "keys.json");
  fs.writeFileSync(keys, JSON.stringify({ skip: ["n"], reject: ["Delete"] }));
  await bench.start(false, "--keys", keys);
  const page = await bench.open();
  await page.keyboard.press("?");
  await id(page, "help-dialog").waitFor();
  const list = await id(page, "help-dialog").evaluate((node) => Object.fromEntries([...node.querySelectorAll("dt")].map((dt) =>
    [dt.nextElementSibling.textContent, dt.textContent])));
  assert.equal(list.skip, "N");
  assert.equal(list["reject all"], "Delete");
  await bench.shot(page, "dialogs-help");
  await accessible(page, "help");
  for (const key of ["1", "Delete", "n", "Enter"]) await page.keyboard.press(key);
  await page.keyboard.press("Escape");
  await page.locator("dialog").waitFor({ state: "detached" });
  assert.equal(bench.journal().length, 0, "nothing was decided behind the dialog");
  await id(page, "help").focus();
  await page.keyboard.press("Enter");
  await id(page, "help-dialog").waitFor();
  await page.keyboard.press("Escape");
  await closed(page, "help-dialog");
  assert.equal(await page.evaluate(() => document.activeElement.dataset.testid), "help", "the focus is where it was");
});

benchTest("decisions are downloaded, and written beside the pictures", async (bench) => {
  bench.fill(4);
  await bench.start(false);
  const page = await bench.open();
  await goBy(page, "1");
  await goBy(page, "x");
  await id(page, "exports").click();
  await id(page, "exports-dialog").waitFor();
  await bench.shot(page, "dialogs-exports");
  await accessible(page, "exports");
  const lines = { "entries.jsonl": 1, "rejected.jsonl": 1, "selection_only_log.csv": null, "select_crop_log.csv": null, "journal.jsonl": 3 };
  for (const [name, n] of Object.entries(lines)) {
    const [download] = await Promise.all([page.waitForEvent("download"), id(page, `export-${name}`).click()]);
    assert.equal(download.suggestedFilename(), name);
    const text = fs.readFileSync(await download.path(), "utf8");
    if (n !== null) assert.equal(text.trim().split("\n").length, n, name);
    assert.ok(text.length > 0, name);
  }
  const before = Object.keys(tree(bench.folder));
  const fresh = (ending) => Object.keys(tree(bench.folder)).filter((name) => !before.includes(name) && name.endsWith(ending)).length;
  await id(page, "write-decisions").click();
  await eventually(() => fresh(".decision") === 2, ".decision files");
  await id(page, "write-xmp").click();
  await eventually(() => fresh(".xmp") > 0, "sidecars");
  assert.equal(fresh(".png.xmp"), 0, "the naming is Adobe's");
});

/* ---- Many at once ---- */

benchTest("what has changed since the number was shown is asked again", async (bench, t) => {
  if (!hasModels) return t.skip("no models");
  bench.fill(30);
  await bench.start();
  const page = await bench.open();
  await suggested(page);
  await id(page, "bulk").click();
  await id(page, "bulk-bound").fill("0.6");
  const said = async () => Number(/\d+/.exec(await id(page, "bulk-count").textContent())[0]);
  const before = await said();
  await accessible(page, "bulk");
  const sure = await page.evaluate(async () => {
    const { groups } = await (await fetch("api/changes?since=0")).json();
    const { id: ids } = await (await fetch("api/groups")).json();
    return ids[groups.find((s) => s.sure && s.outcome === null && s.confidence >= 0.6).i];
  });
  await page.evaluate(async (group) => {
    await fetch("api/decide", { method: "POST", headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ window: sessionStorage.getItem("window"), group, decision: { outcome: "skip" } }) });
    document.querySelector('[data-testid="bulk-run"]').click(); // before the page has heard of it
  }, sure);
  bench.expected.push(/409/);
  await eventually(async () => /changed/.test((await id(page, "bulk-problem").textContent()) || "") || (await said()) === before - 1, "another number");
  assert.equal(await said(), before - 1);
  assert.equal(bench.journal().length, 1, "nothing was approved");
  await bench.shot(page, "dialogs-bulk");
  await id(page, "bulk-run").click();
  await closed(page, "bulk-dialog");
  await eventually(() => bench.journal().length === before, "approved now");
  return undefined;
});

/* ---- Finalize ---- */

benchTest("every move is listed, made, and taken back", async (bench) => {
  bench.fill(12);
  await bench.start(false);
  const page = await bench.open({ height: 720 });
  for (let i = 0; i < 4; i++) await goBy(page, "1");
  await goBy(page, "x");
  const before = tree(bench.folder);
  await page.keyboard.press("f");
  await id(page, "finalize-run").waitFor();
  const n = Number(/\d+/.exec(await id(page, "finalize-run").textContent())[0]);
  await id(page, "finalize-search").fill("__selected");
  await bench.shot(page, "dialogs-finalize");
  await accessible(page, "finalize");
  const shownMoves = await page.getByTestId("finalize-move").allTextContents();
  assert.ok(shownMoves.length > 0 && shownMoves.every((text) => text.includes("__selected")), "the search shows what it finds");
  assert.deepEqual(tree(bench.folder), before, "nothing moved yet");
  await id(page, "finalize-run").click();
  await id(page, "finalize-result").waitFor();
  assert.match(await id(page, "finalize-result").textContent(), new RegExp(`${n}`));
  assert.ok(Object.keys(tree(bench.folder)).some((name) => name.includes("__delete_staging")));
  await bench.shot(page, "dialogs-finalize-done");
  await accessible(page, "moved");
  await id(page, "finalize-undo").click();
  await eventually(async () => /back/.test(await id(page, "finalize-result").textContent()), "the page says that all are back");
  const files = () => Object.fromEntries(Object.entries(tree(bench.folder)).filter(([name]) => !name.endsWith("/")));
  assert.deepEqual(files(), Object.fromEntries(Object.entries(before).filter(([name]) => !name.endsWith("/"))));
  await id(page, "finalize-run").waitFor();
  await bench.shot(page, "dialogs-finalize-undone");
  await page.keyboard.press("Escape");
  await page.locator("dialog").waitFor({ state: "detached" });
  await ready(page);
});

benchTest("a list that is no longer true moves nothing; what stands in the way is named", async (bench) => {
  bench.fill(6);
  await bench.start(false);
  const page = await bench.open();
  await goBy(page, "1");
  const { group } = await shown(page);
  await page.keyboard.press("f");
  await id(page, "finalize-run").waitFor();
  const before = tree(bench.folder);
  const text = await id(page, "finalize-run").textContent();
  bench.expected.push(/409/);
  await page.evaluate(async (other) => {
    await fetch("api/decide", { method: "POST", headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ window: sessionStorage.getItem("window"), group: other, decision: { outcome: "reject" } }) });
    document.querySelector('[data-testid="finalize-run"]').click();
  }, group);
  await eventually(async () => {
    const run = id(page, "finalize-run");
    return (await run.count()) && (await run.textContent()) !== text && (await run.isEnabled());
  }, "the new list");
  assert.deepEqual(tree(bench.folder), before);
  await bench.shot(page, "dialogs-finalize-changed");
  await page.keyboard.press("Escape");
  await closed(page, "finalize-dialog");
  for (const folder of [bench.folder, ...Object.keys(before).filter((name) => name.endsWith("/")).map((name) => path.join(bench.folder, name))])
    fs.writeFileSync(path.join(folder, "__selected"), "in the way");
  await page.keyboard.press("f");
  await eventually(async () => (await count(page, "finalize-problem")) && /__selected/.test(await id(page, "finalize-problem").textContent()), "it is named");
  await bench.shot(page, "dialogs-finalize-blocked");
});
