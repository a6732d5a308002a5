// decide.test.mjs: deciding by keyboard, taking back, many at once. The journal on the disk is what is believed.
import assert from "node:assert/strict";
import { benchTest, eventually, goBy, hasModels, id, ready, shown, suggested, until } from "./support.mjs";

/** What a key decides on the group on screen, as the journal has to say it. */
function expectation(key, now) {
  const pick = /^[1-9]$/.test(key) ? Number(key) - 1 : "qwer".includes(key) ? "qwer".indexOf(key) : -1;
  if (pick >= 0) return { outcome: "pick", winners: [now.images[pick]] };
  if (key === "x") return { outcome: "reject", winners: [] };
  if (key === "s") return { outcome: "skip", winners: [] };
  // The button said before what Enter would do.
  if (/reject all/.test(now.approve)) return { outcome: "reject", winners: [] };
  return { outcome: "pick", winners: [now.images[Number(/keep (\d)/.exec(now.approve)[1]) - 1]] };
}

const said = (line) => ({ outcome: line.decision.outcome, winners: (line.decision.winners || []).map((winner) => winner.image) });

benchTest("forty groups are decided by keyboard, and five taken back and done again", async (bench, t) => {
  bench.fill(42);
  await bench.start();
  const page = await bench.open();
  await suggested(page);
  assert.match(await id(page, "progress").textContent(), /0 of 42 decided/);
  const keys = ["Enter", "1", "2", "a", "x", "Enter", "s", "2", "Enter", "Enter"];
  const expected = [], times = [];
  for (let i = 0; i < 40; i++) {
    const now = await shown(page);
    const key = keys[i % keys.length];
    expected.push({ group: now.group, ...expectation(key, now) });
    const begin = performance.now();
    await goBy(page, key);
    times.push(performance.now() - begin);
  }
  const journal = bench.journal();
  assert.deepEqual(journal.map((line) => ({ group: line.group, ...said(line) })), expected);
  assert.equal(new Set(expected.map((e) => e.group)).size, 40);
  assert.ok(journal.every((line) => line.source === "manual" && line.seconds > 0 && line.check), "source, seconds and check in each line");
  assert.match(await id(page, "progress").textContent(), /40 of 42 decided/);
  await bench.shot(page, "after-forty");
  times.sort((a, b) => a - b);
  t.diagnostic(`key press to next group with its pictures: median ${times[20].toFixed(0)} ms, 90 % below ${times[36].toFixed(0)} ms`);

  const last = expected.map((e) => e.group).reverse();
  for (let i = 0; i < 5; i++) {
    await page.keyboard.press("Control+z");
    await until(page, last[i]);
    assert.equal((await shown(page)).outcome, "");
  }
  assert.match(await id(page, "progress").textContent(), /35 of 42 decided/);
  for (let i = 4; i >= 0; i--) {
    await page.keyboard.press("Control+Shift+z");
    await until(page, last[i]);
    await eventually(async () => (await shown(page)).outcome === expected[39 - i].outcome, "the decision is back");
  }
  assert.deepEqual(bench.journal().slice(40).map((line) => line.action), [...Array(5).fill("undo"), ...Array(5).fill("redo")]);
  assert.match(await id(page, "progress").textContent(), /40 of 42 decided/);
});

benchTest("several winners, a crop for later, and changing one's mind", async (bench) => {
  bench.fill(5);
  await bench.start();
  const page = await bench.open();
  await suggested(page);
  const first = await shown(page);
  await page.keyboard.press("Shift+Digit1");
  await page.keyboard.press("Shift+Digit2");
  assert.match((await shown(page)).approve, /keep 1.* and 2/);
  await bench.shot(page, "marked");
  await goBy(page, "Enter");
  assert.deepEqual(said(bench.journal()[0]), { outcome: "pick", winners: first.images.slice(0, 2) });

  const second = await shown(page);
  await goBy(page, "Shift+Q");
  assert.deepEqual(bench.journal()[1].decision.winners.map((w) => [w.image, w.crop]), [[second.images[0], "later"]]);

  await page.keyboard.press("ArrowLeft");
  await until(page, second.group);
  assert.equal((await shown(page)).outcome, "pick");
  assert.match(await id(page, "picture-1").textContent(), /crop later/);
  await goBy(page, "x");
  assert.deepEqual(said(bench.journal()[2]), { outcome: "reject", winners: [] });
  assert.equal(bench.journal()[2].previous.outcome, "pick");
  assert.match(await id(page, "progress").textContent(), /2 of 5 decided/);

  // There is no fifth picture: nothing happens but a word.
  const now = await shown(page);
  await page.keyboard.press("9");
  await eventually(async () => /no picture 9/.test(await id(page, "said").textContent()), "it is said");
  assert.equal((await shown(page)).group, now.group);
  assert.equal(bench.journal().length, 3);
});

benchTest("buttons do what keys do", async (bench) => {
  bench.fill(4);
  await bench.start();
  const page = await bench.open();
  await suggested(page);
  for (const [name, outcome] of [["approve", null], ["reject", "reject"], ["skip", "skip"]]) {
    const before = await shown(page);
    await id(page, name).click();
    await page.waitForFunction((old) => document.getElementById("group").dataset.group !== old && document.body.dataset.ready === "true", before.group);
    const line = bench.journal().at(-1);
    assert.equal(line.group, before.group);
    assert.equal(line.decision.outcome, outcome || expectation("Enter", before).outcome);
  }
  await id(page, "undo").click();
  await eventually(() => bench.journal().at(-1).action === "undo", "undo in the journal");
  await ready(page);
  await eventually(() => id(page, "redo").isEnabled(), "redo is possible");
  await id(page, "redo").click();
  await eventually(() => bench.journal().at(-1).action === "redo", "redo in the journal");
});

benchTest("many are approved at once, and taken back in one step", async (bench, t) => {
  if (!hasModels) return t.skip("no models");
  bench.fill(30);
  await bench.start();
  const page = await bench.open();
  await suggested(page);
  await id(page, "bulk").click();
  await id(page, "bulk-dialog").waitFor();
  await id(page, "bulk-bound").fill("0.7");
  const n = Number(/\d+/.exec(await id(page, "bulk-count").textContent())[0]);
  assert.ok(n > 0 && n < 30, `${n} of 30 are sure`);
  await bench.shot(page, "bulk");
  await id(page, "bulk-run").click();
  await id(page, "bulk-dialog").waitFor({ state: "detached" });
  await eventually(async () => (await id(page, "progress").textContent()).includes(`${n} of 30 decided`), "the progress says so");
  const lines = bench.journal();
  assert.equal(lines.length, n);
  assert.ok(lines.every((line) => line.source === "bulk" && line.batch === lines[0].op && line.lines === n));
  assert.equal(new Set(lines.map((line) => line.group)).size, n);
  await page.keyboard.press("Control+z");
  await eventually(async () => (await id(page, "progress").textContent()).includes("0 of 30 decided"), "all are taken back");
  return undefined;
});
