// dialogs.test.mjs: the views in front of the page: overview, learning, keys, exports, bulk approval, Finalize.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { benchTest, eventually, goBy, hasModels, id, ready, shown, suggested, tree, until, violations } from "./support.mjs";

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

/* ---- Learning ---- */

benchTest("what was learned is listed, with figures before and after", async (bench) => {
  bench.fill(4);
  await bench.start(false);
  const page = await bench.open();
  const learn = { state: "idle", decisions: 60, next_at: 75, message: null, events: [
    { time: "2026-11-28T05:00:00Z", swapped: false, held_out: 12, before: 0.75, after: 0.75, p: 1, message: "no better" },
    { time: "2026-11-28T05:10:00Z", swapped: true, held_out: 15, before: 0.7, after: 0.8, p: 0.25, message: "" }] };
  await page.route("**/api/changes*", async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, json: { ...(await response.json()), learn } });
  });
  await id(page, "learn").waitFor();
  assert.match(await id(page, "learn").textContent(), /70 % → 80 %/);
  await id(page, "learn").click();
  const rows = () => id(page, "learn-events").locator("tr").allTextContents();
  assert.equal((await rows()).length, 2);
  assert.match((await rows())[0], /swapped.*70\.0 %.*80\.0 %.*15/, "the latest first");
  await bench.shot(page, "dialogs-learn");
  await accessible(page, "learning");
  learn.events.push({ time: "2026-11-28T05:20:00Z", swapped: false, held_out: 18, before: null, after: null, p: null, message: "too few" });
  await eventually(async () => (await rows()).length === 3, "it follows");
  await page.unrouteAll({ behavior: "wait" });
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
