// crop.test.mjs: editing crops by mouse, touch and keys: the aspect is kept, edges snap, numbers are shown.
import assert from "node:assert/strict";
import { benchTest, eventually, goBy, hasModels, id, shown, suggested, until } from "./support.mjs";

const near = (a, b, tolerance, what) => assert.ok(Math.abs(a - b) <= tolerance, `${what}: ${a} is not ${b}`);

/** Where the editor's box is, in fractions of the picture, and where that is on screen. */
async function measure(page) {
  const box = await id(page, "crop-editor").boundingBox();
  const frame = await id(page, "crop-editor").locator("xpath=..").boundingBox();
  return { box, frame, x1: (box.x - frame.x) / frame.width, y1: (box.y - frame.y) / frame.height,
    x2: (box.x + box.width - frame.x) / frame.width, y2: (box.y + box.height - frame.y) / frame.height };
}

function sameAspect(m, what) {
  near(m.x2 - m.x1, m.y2 - m.y1, 0.006, `${what}: the aspect`);
  assert.ok(m.x1 > -0.003 && m.y1 > -0.003 && m.x2 < 1.003 && m.y2 < 1.003, `${what}: within the picture`);
}

async function drag(page, from, to) {
  await page.mouse.move(from.x, from.y);
  await page.mouse.down();
  await page.mouse.move((from.x + to.x) / 2, (from.y + to.y) / 2, { steps: 4 });
  await page.mouse.move(to.x, to.y, { steps: 4 });
  await page.mouse.up();
}

const corner = (m) => ({ x: m.box.x + m.box.width, y: m.box.y + m.box.height });
const centre = (m) => ({ x: m.box.x + m.box.width / 2, y: m.box.y + m.box.height / 2 });

/** The editor on a picture whose box begins as the page's own: a ranker's crop would differ from build to build. */
async function edit(bench, ...args) {
  bench.fill(4, 1);
  await bench.start(false, ...args);
  const page = await bench.open();
  await page.keyboard.press("c");
  await id(page, "crop-editor").waitFor();
  return page;
}

benchTest("a corner that is pulled keeps the aspect and the corner opposite, and snaps to the frame", async (bench) => {
  const page = await edit(bench);
  const first = await measure(page);
  sameAspect(first, "at first");
  const words = await id(page, "crop-numbers").textContent();
  assert.match(words, /^\d+ × \d+ px at \d+, \d+; 80\.0 % of each side, 64 % of the area$/);

  await drag(page, corner(first), { x: corner(first).x - 120, y: corner(first).y - 20 });
  const pulled = await measure(page);
  sameAspect(pulled, "pulled");
  near(pulled.x1, first.x1, 0.004, "the left edge stays");
  near(pulled.y1, first.y1, 0.004, "the upper edge stays");
  assert.ok(pulled.x2 < first.x2 - 0.01, "it has become smaller");
  assert.notEqual(await id(page, "crop-numbers").textContent(), words);
  await bench.shot(page, "crop-pulled");

  // To within a few pixels of the frame's right edge: exactly onto it.
  const { frame } = pulled;
  await drag(page, corner(pulled), { x: frame.x + frame.width - 6, y: frame.y + frame.height - 6 });
  const snapped = await measure(page);
  sameAspect(snapped, "snapped");
  near(Math.max(snapped.x2, snapped.y2), 1, 0.002, "an edge lies on the frame");
  near(snapped.x1, first.x1, 0.004, "the left edge stays");
});

benchTest("a box that is moved near the frame snaps to it, and is kept as the numbers say", async (bench) => {
  const page = await edit(bench);
  const { group, images } = await shown(page);
  const first = await measure(page);
  const to = { x: centre(first).x - (first.box.x - first.frame.x) + 7, y: centre(first).y };
  await drag(page, centre(first), to);
  const moved = await measure(page);
  near(moved.x1, 0, 0.002, "the left edge lies on the frame");
  near(moved.x2 - moved.x1, first.x2 - first.x1, 0.004, "the size stays");
  const [width, height, x, y] = /^(\d+) × (\d+) px at (\d+), (\d+)/.exec(await id(page, "crop-numbers").textContent()).slice(1).map(Number);
  assert.equal(x, 0);
  await goBy(page, "Enter");
  const line = bench.journal().at(-1);
  assert.equal(line.group, group);
  const [winner] = line.decision.winners;
  assert.equal(winner.image, images.at(-1));
  assert.equal(winner.crop, "edited");
  assert.deepEqual(winner.box_px, [x, y, x + width, y + height]);
  near(winner.box.x1, moved.x1, 0.005, "the box that was kept");
  near(winner.box.y2, moved.y2, 0.005, "the box that was kept");

  // On coming back it is drawn, and editing goes on from it.
  await page.keyboard.press("ArrowLeft");
  await until(page, group);
  assert.equal(await page.locator('[data-testid="crop-box"][data-kind="edited"]').count(), 1);
  await page.keyboard.press("c");
  near((await measure(page)).x1, 0, 0.002, "it begins where it was left");
});

benchTest("arrows move the box, plus and minus scale it, Escape leaves all as it was", async (bench) => {
  const page = await edit(bench);
  const first = await measure(page);
  await page.keyboard.press("ArrowRight");
  const right = await measure(page);
  near(right.x1, first.x1 + 0.01, 0.004, "one to the right");
  near(right.y1, first.y1, 0.003, "nothing downwards");
  await page.keyboard.press("Shift+ArrowUp");
  const up = await measure(page);
  near(up.y1, first.y1 - 0.05, 0.004, "five up");
  for (let i = 0; i < 10; i++) await page.keyboard.press("Minus");
  const small = await measure(page);
  sameAspect(small, "smaller");
  near(small.x2 - small.x1, (first.x2 - first.x1) / 1.01 ** 10, 0.008, "scaled");
  near((small.x1 + small.x2) / 2, (up.x1 + up.x2) / 2, 0.005, "about its centre");
  for (let i = 0; i < 60; i++) await page.keyboard.press("Shift+ArrowLeft");
  near((await measure(page)).x1, 0, 0.002, "it stops at the frame");
  for (let i = 0; i < 60; i++) await page.keyboard.press("+");
  const whole = await measure(page);
  near(whole.x2 - whole.x1, 1, 0.005, "it ends as the whole picture");
  await page.keyboard.press("Escape");
  assert.equal(await id(page, "crop-editor").count(), 0);
  assert.deepEqual(bench.journal(), []);
  assert.equal(await page.locator('[data-testid="crop-box"][data-kind="edited"]').count(), 0);
});

benchTest("a finger pulls the box too", async (bench) => {
  bench.fill(2, 1);
  await bench.start(false);
  const page = await bench.open({ hasTouch: true });
  await id(page, "edit-crop").tap();
  await id(page, "crop-editor").waitFor();
  const first = await measure(page);
  const cdp = await page.context().newCDPSession(page);
  const touch = (type, points) => cdp.send("Input.dispatchTouchEvent", { type, touchPoints: points });
  const from = centre(first);
  await touch("touchStart", [from]);
  for (let i = 1; i <= 5; i++) await touch("touchMove", [{ x: from.x + 4 * i, y: from.y + 3 * i }]);
  await touch("touchEnd", []);
  const moved = await measure(page);
  near(moved.x1 - first.x1, 20 / first.frame.width, 0.006, "moved by the finger's way");
  near(moved.y1 - first.y1, 15 / first.frame.height, 0.006, "moved by the finger's way");
});

benchTest("a key that keeps a picture with its crop opens the editor where no crop is suggested", async (bench) => {
  bench.fill(3, 1);
  await bench.start(false);
  const page = await bench.open();
  const now = await shown(page);
  await page.keyboard.press("q");
  await id(page, "crop-editor").waitFor();
  assert.deepEqual(bench.journal(), []);
  await goBy(page, "Enter");
  const [winner] = bench.journal()[0].decision.winners;
  assert.deepEqual([winner.image, winner.crop], [now.images[0], "edited"]);
});

benchTest("a suggested crop is drawn, and kept by its key", async (bench, t) => {
  if (!hasModels) return t.skip("no models");
  bench.fill(20);
  await bench.start();
  const page = await bench.open();
  await suggested(page);
  const box = page.locator('[data-testid="crop-box"][data-kind="suggested"]').first();
  for (let i = 0; i < 19 && (await box.count()) === 0; i++) await goBy(page, "ArrowRight");
  assert.ok((await box.count()) > 0, "a crop is suggested somewhere");
  const now = await shown(page);
  const number = await box.evaluate((node) => [...document.querySelectorAll("#group .picture")].indexOf(node.closest(".picture")));
  const frame = await box.locator("xpath=..").boundingBox();
  const drawn = await box.boundingBox();
  await bench.shot(page, "crop-suggested");
  await goBy(page, "qwer"[number]);
  const [winner] = await eventually(() => bench.journal()[0], "the journal").then((line) => line.decision.winners);
  assert.deepEqual([winner.image, winner.crop], [now.images[number], "suggested"]);
  near(winner.box.x1, (drawn.x - frame.x) / frame.width, 0.006, "where it was drawn");
  near(winner.box.y2, (drawn.y + drawn.height - frame.y) / frame.height, 0.006, "where it was drawn");
  return undefined;
});
