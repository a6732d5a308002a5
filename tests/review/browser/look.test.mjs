// look.test.mjs: filters and orders, themes, sizes of the window, other keys, pictures that cannot be shown.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { benchTest, eventually, goBy, hasModels, id, shown, suggested } from "./support.mjs";

/** The groups in the order in which the right arrow goes through them. */
async function walk(page, most = 50) {
  const found = [(await shown(page)).group];
  for (let i = 0; i < most; i++) {
    const { place } = await shown(page);
    const [, at, of] = /· (\d+) of (\d+)/.exec(place);
    if (at === of) break;
    await goBy(page, "ArrowRight");
    found.push((await shown(page)).group);
  }
  return found;
}

/** What the server knows, by a request of the page's own. */
const ask = (page, what) => page.evaluate(async (address) => (await fetch(address)).json(), what);

benchTest("filters show what they say, and the keys go through those only", async (bench) => {
  bench.fill(12);
  await bench.start(...(hasModels ? [] : [false]));
  const page = await bench.open();
  await suggested(page);
  const decided = {};
  for (const key of ["1", "x", "s", "2", "x"]) {
    (decided[key] ||= []).push((await shown(page)).group);
    await goBy(page, key);
  }
  const choose = async (name, value, first) => {
    await id(page, name).selectOption(value);
    if (first) await eventually(async () => first.includes((await shown(page)).group), `${name} ${value}`);
    await page.locator("body").evaluate(() => document.activeElement.blur());
  };
  await choose("filter", "reject", decided.x);
  assert.match((await shown(page)).place, /of 2 shown/);
  assert.deepEqual(await walkShown(page), decided.x);
  await choose("filter", "skip", decided.s);
  assert.deepEqual(await walkShown(page), decided.s);
  await choose("filter", "pick", [...decided[1], ...decided[2]]);
  assert.deepEqual(await walkShown(page), [...decided[1], ...decided[2]]);
  await choose("filter", "undecided");
  await eventually(async () => (await shown(page)).outcome === "", "an undecided one");
  assert.match((await shown(page)).place, /1 of 7 shown/);

  // Deciding under a filter goes on within it.
  await goBy(page, "1");
  await eventually(async () => /of 6 shown/.test((await shown(page)).place), "one less");
  await choose("filter", "all");
  await eventually(async () => /of 12$/.test((await shown(page)).place), "all again");

  const groups = await ask(page, "api/groups");
  const pattern = groups.stages[0].join(" · ");
  const like = groups.id.filter((_, i) => groups.stages[i].join(" · ") === pattern);
  await id(page, "pattern").selectOption(pattern);
  await eventually(async () => new RegExp(`of ${like.length}( shown)?$`).test((await shown(page)).place), "those of one pattern");
  await eventually(async () => like.includes((await shown(page)).group), "one of them is on screen");
});

/** As walk(), from the first one that is shown. */
async function walkShown(page) {
  const found = [(await shown(page)).group];
  for (;;) {
    const [, at, of] = /· (\d+) of (\d+)/.exec((await shown(page)).place);
    if (at === of) return found;
    await goBy(page, "ArrowRight");
    found.push((await shown(page)).group);
  }
}

benchTest("orders: least certain first, most anomaly-like first", async (bench, t) => {
  if (!hasModels) return t.skip("no models");
  bench.fill(15);
  await bench.start();
  const page = await bench.open();
  await suggested(page);
  const groups = await ask(page, "api/groups");
  const { groups: known } = await ask(page, "api/changes?since=0&window=0123456789abcdef0123456789abcdef");
  for (const [order, value, sign] of [["doubt", "confidence", 1], ["anomaly", "anomaly", -1]]) {
    await id(page, "order").selectOption(order);
    await eventually(async () => /· 1 of 15/.test((await shown(page)).place), `first by ${order}`);
    await page.evaluate(() => document.activeElement.blur());
    const walked = await walk(page);
    assert.equal(new Set(walked).size, 15);
    const values = walked.map((group) => known.find((g) => groups.id[g.i] === group)[value]);
    const sorted = [...values].sort((a, b) => sign * (a - b));
    assert.deepEqual(values, sorted, order);
    assert.notEqual(values[0], values.at(-1));
  }
  return undefined;
});

/** What sticks out of the window, or is cut off. */
function overflow(page) {
  return page.evaluate(() => {
    const bad = [];
    const { scrollWidth, scrollHeight, clientWidth, clientHeight } = document.documentElement;
    if (scrollWidth > clientWidth || scrollHeight > clientHeight) bad.push(`the page: ${scrollWidth}x${scrollHeight} in ${clientWidth}x${clientHeight}`);
    for (const node of document.querySelectorAll("button, select, img, figcaption, h1, .banner, .suggestion h2")) {
      const box = node.getBoundingClientRect();
      if (box.width === 0 || node.closest("[hidden]")) continue;
      if (box.left < -1 || box.top < -1 || box.right > clientWidth + 1 || box.bottom > clientHeight + 1)
        bad.push(`${node.tagName} ${node.textContent.slice(0, 30)}: ${[box.left, box.top, box.right, box.bottom].map(Math.round)}`);
    }
    return bad;
  });
}

for (const [width, height] of [[1280, 720], [1920, 1080], [3840, 2160]]) {
  benchTest(`everything fits into ${width} x ${height}, with large pictures`, async (bench) => {
    bench.fill(10);
    await bench.start(...(hasModels ? [] : [false]));
    const page = await bench.open({ width, height });
    await suggested(page);
    const sizes = new Set();
    for (let i = 0; i < 9; i++) {
      assert.deepEqual(await overflow(page), []);
      const { images } = await shown(page);
      if (!sizes.has(images.length)) await bench.shot(page, `${width}x${height}-${images.length}-pictures`);
      sizes.add(images.length);
      // Pictures take most of the room that there is.
      const used = await page.evaluate(() => {
        const room = document.getElementById("group").getBoundingClientRect();
        const area = [...document.querySelectorAll("#group .frame")].reduce((sum, frame) => {
          const box = frame.getBoundingClientRect();
          return sum + box.width * box.height;
        }, 0);
        return area / (room.width * room.height);
      });
      assert.ok(used > 0.3, `${images.length} pictures use ${used.toFixed(2)} of the room`);
      await goBy(page, i % 2 ? "1" : "ArrowRight");
    }
    assert.ok(sizes.size > 1);
  });
}

benchTest("dark and light: as the system, or as the person chooses, also after a reload", async (bench) => {
  bench.fill(3);
  await bench.start(false);
  const page = await bench.open({ colorScheme: "light" });
  const brightness = () => page.evaluate(() => {
    const [r, g, b] = getComputedStyle(document.body).backgroundColor.match(/\d+/g).map(Number);
    return (r + g + b) / 765;
  });
  assert.ok((await brightness()) > 0.8, "light, as the system");
  await page.emulateMedia({ colorScheme: "dark" });
  assert.ok((await brightness()) < 0.2, "dark, as the system");
  await page.keyboard.press("t");
  await page.keyboard.press("t");
  assert.ok((await brightness()) > 0.8, "light, as chosen");
  await bench.shot(page, "light");
  await page.reload();
  await eventually(async () => (await page.evaluate(() => document.body.dataset.ready)) === "true", "loaded");
  assert.ok((await brightness()) > 0.8, "kept");
  await page.locator('[data-action="theme"]').click();
  assert.ok((await brightness()) < 0.2, "as the system again");
});

benchTest("keys of a file do what it says, on the page and in its help", async (bench) => {
  bench.fill(5);
  const keys = path.join(bench.base, "keys.json");
  fs.writeFileSync(keys, JSON.stringify({ skip: ["n", "Space"], reject: ["Delete"], pick1: ["h"], approve: ["Ctrl+Enter"], undo: ["Backspace"] }));
  await bench.start("--keys", keys);
  const page = await bench.open();
  await suggested(page);
  const first = await shown(page);
  assert.match(first.approve, /^Ctrl\+Enter: /);
  for (const key of ["1", "x", "s", "Enter"]) await page.keyboard.press(key);
  assert.equal((await shown(page)).group, first.group, "the old keys mean nothing");
  assert.deepEqual(bench.journal(), []);
  await goBy(page, "h");
  await goBy(page, "Delete");
  await goBy(page, "Space");
  await goBy(page, "Backspace");
  await goBy(page, "Control+Enter");
  const actions = bench.journal().map((line) => (line.decision ? line.decision.outcome : line.action));
  assert.deepEqual(actions.slice(0, 4), ["pick", "reject", "skip", "undo"]);
  assert.equal(bench.journal().length, 5);
  await page.keyboard.press("?");
  const help = await id(page, "help-dialog").textContent();
  for (const name of ["Delete", "Backspace", "Ctrl+Enter", "Space"]) assert.ok(help.includes(name), `${name} is in the help`);
});

benchTest("a picture that is damaged shows the reason, and the others can be chosen", async (bench) => {
  const groups = bench.fill(4);
  const file = (g, k) => path.join(bench.folder, path.relative("raw", groups[g].images[k].raw));
  fs.writeFileSync(file(0, 1), "no picture at all");
  const half = fs.readFileSync(file(1, 0));
  fs.writeFileSync(file(1, 0), half.subarray(0, half.length / 2));
  bench.expected.push(/status of 422/);
  await bench.start(...(hasModels ? [] : [false]));
  const page = await bench.open();
  const problem = id(page, "picture-2").getByTestId("picture-problem");
  await problem.waitFor();
  assert.ok((await problem.textContent()).trim().length > 5);
  assert.doesNotMatch(await problem.textContent(), /undefined|null|\/tmp/);
  await bench.shot(page, "damaged");
  assert.equal(await id(page, "picture-1").getByTestId("picture-problem").count(), 0);
  await goBy(page, "1");
  const torn = id(page, "picture-1").getByTestId("picture-problem");
  await torn.waitFor();
  assert.ok((await torn.textContent()).trim().length > 5);
  await goBy(page, "2");
  assert.deepEqual(bench.journal().map((line) => line.decision.outcome), ["pick", "pick"]);
});

benchTest("a picture that vanishes meanwhile shows the reason", async (bench) => {
  const groups = bench.fill(6);
  await bench.start(false);
  const page = await bench.open();
  bench.expected.push(/status of 4(10|22)/);
  const last = groups.at(-1).images[0].raw;
  fs.rmSync(path.join(bench.folder, path.relative("raw", last)));
  for (let i = 0; i < 5; i++) await goBy(page, "ArrowRight");
  await id(page, "picture-1").getByTestId("picture-problem").waitFor();
});

// Of a folder that was never reviewed the program says so itself, and makes nothing there: test_tasks.py.
benchTest("a folder of which no groups are left says so", async (bench) => {
  fs.mkdirSync(bench.state, { recursive: true });
  await bench.start(false);
  const page = await bench.open();
  await id(page, "nothing").waitFor();
  for (const key of ["1", "x", "Enter", "ArrowRight", "c", "z", "o", "u", "Escape"]) await page.keyboard.press(key);
});

benchTest("names that look like markup are text", async (bench) => {
  bench.fill(2);
  const evil = path.join(bench.folder, "<img src=x onerror=alert(1)>");
  fs.mkdirSync(evil);
  for (const day of fs.readdirSync(bench.folder).filter((name) => name.startsWith("2025")))
    for (const name of fs.readdirSync(path.join(bench.folder, day))) fs.renameSync(path.join(bench.folder, day, name), path.join(evil, name));
  await bench.start(false);
  const page = await bench.open();
  await goBy(page, "1");
  await page.keyboard.press("f");
  await id(page, "finalize-move").first().waitFor();
  assert.match(await id(page, "finalize-move").first().textContent(), /<img src=x onerror=alert\(1\)>/);
  assert.equal(await page.locator("img[src=x]").count(), 0);
});
