// compare.test.mjs: pictures alone and side by side, scaled and moved together by wheel, mouse, fingers and keys.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import zlib from "node:zlib";
import { benchTest, eventually, goBy, id, shown, violations } from "./support.mjs";

const near = (a, b, tolerance, what) => assert.ok(Math.abs(a - b) <= tolerance, `${what}: ${a} is not ${b}`);
const closed = (page, name) => id(page, name).waitFor({ state: "detached" });

/** No serious violation, dark and light. */
async function accessible(page, what) {
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    assert.deepEqual(await violations(page), [], `${what}, ${colorScheme}`);
  }
}

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

benchTest("two fingers pinch all pictures, about the point between them", async (bench) => {
  bench.fill(4);
  await bench.start(false);
  const page = await bench.open({ hasTouch: true });
  await page.keyboard.press("v");
  await id(page, "compare").waitFor();
  await page.waitForFunction(() => [...document.querySelectorAll('[data-testid^="pane-"] img')].every((img) => img.complete && img.naturalWidth > 0));
  const [before] = await places(page);
  const at = { x: before.left + before.width / 2, y: before.top + before.height / 2 };
  const fingers = await page.context().newCDPSession(page);
  const touch = (type, apart) => fingers.send("Input.dispatchTouchEvent", { type,
    touchPoints: apart === null ? [] : [{ x: at.x - apart, y: at.y, id: 1 }, { x: at.x + apart, y: at.y, id: 2 }] });
  await touch("touchStart", 40);
  for (const apart of [55, 70, 85, 100, 120]) await touch("touchMove", apart);
  await touch("touchEnd", null);
  await eventually(async () => (await places(page))[0].width > 2 * before.width, "three times as far apart");
  const [pinched, other] = await places(page);
  near(pinched.width / before.width, 3, 0.15, "the scale follows the fingers");
  near((at.x - pinched.left) / pinched.width, 0.5, 0.03, "the point between them");
  near(other.x, pinched.x, 0.02, "the others follow");
});
