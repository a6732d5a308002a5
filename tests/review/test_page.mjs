// The page's pure modules under node's own test runner: node --test test_page.mjs. PAGE: the folder that they are in.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const page = process.env.PAGE || new URL("../../examples/selectai/review/page", import.meta.url).pathname;
// As a data: address, since node takes a .js file for CommonJS where no package.json says otherwise.
const load = (name) => import("data:text/javascript," + encodeURIComponent(readFileSync(`${page}/${name}`, "utf8")));
const crop = await load("crop_geometry.js");
const keys = await load("keys.js");
const filters = await load("filters.js");
const suggested = await load("suggested.js");
const zoom = await load("zoom_geometry.js");

const near = (a, b) => assert.ok(Math.abs(a - b) < 1e-9, `${a} is not ${b}`);
function same(box, x1, y1, x2, y2) {
  near(box.x1, x1);
  near(box.y1, y1);
  near(box.x2, x2);
  near(box.y2, y2);
}
function sound(box) {
  near(box.x2 - box.x1, box.y2 - box.y1);
  assert.ok(box.x1 >= 0 && box.y1 >= 0 && box.x2 <= 1 + 1e-12 && box.y2 <= 1 + 1e-12);
  assert.ok(crop.side(box) >= crop.smallest - 1e-12);
}

test("a box stays in the frame and keeps its aspect, however it is pulled", () => {
  const start = crop.place(0.2, 0.3, 0.5);
  for (const handle of ["nw", "n", "ne", "e", "se", "s", "sw", "w"])
    for (let x = -0.5; x <= 1.5; x += 0.125)
      for (let y = -0.5; y <= 1.5; y += 0.125) sound(crop.pulled(start, handle, x, y));
});

test("the corner opposite a pulled one stays", () => {
  same(crop.pulled(crop.place(0.2, 0.2, 0.5), "se", 0.9, 0.6), 0.2, 0.2, 0.9, 0.9);
  same(crop.pulled(crop.place(0.2, 0.2, 0.5), "nw", 0.3, 0.5), 0.3, 0.3, 0.7, 0.7);
  same(crop.pulled(crop.place(0.2, 0.2, 0.5), "e", 0.6, 0), 0.2, 0.25, 0.6, 0.65);
});

test("moving stops at the frame; scaling keeps the centre", () => {
  same(crop.moved(crop.place(0.4, 0.4, 0.5), 0.3, -0.6), 0.5, 0, 1, 0.5);
  same(crop.scaled(crop.place(0.25, 0.25, 0.5), 0.5), 0.375, 0.375, 0.625, 0.625);
  assert.ok(crop.isWhole(crop.scaled(crop.place(0.1, 0.4, 0.5), 9)));
});

test("edges snap to the frame within the distance given, and no further", () => {
  same(crop.snapped(crop.place(0.009, 0.2, 0.5), 0.01, 0.01), 0, 0.2, 0.5, 0.7);
  same(crop.snapped(crop.place(0.495, 0.011, 0.5), 0.01, 0.01), 0.5, 0.011, 1, 0.511);
  assert.ok(crop.isWhole(crop.snapped(crop.place(0.004, 0.001, 0.995), 0.01, 0.01)));
});

test("numbers are pixels of the file", () => {
  assert.deepEqual(crop.pixels(crop.place(0.25, 0.5, 0.5), 1024, 768), { x1: 256, y1: 384, x2: 768, y2: 768 });
  assert.match(crop.inWords(crop.place(0, 0, 0.5), 1024, 768), /^512 × 384 px at 0, 0; 50\.0 % .* 25 %/);
});

const press = (key, code = "", more = {}) => ({ key, code, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...more });
test("keys find their actions on layouts of several kinds", () => {
  const table = keys.makeTable({ pick1: ["1"], also1: ["Shift+1"], help: ["?"], undo: ["Ctrl+z"],
    redo: ["Ctrl+Shift+z"], later1: ["Shift+Q"], pick_crop1: ["q"] });
  const action = (...args) => keys.actionOf(table, press(...args));
  assert.equal(action("1", "Digit1"), "pick1");
  assert.equal(action("!", "Digit1", { shiftKey: true }), "also1");
  assert.equal(action("&", "Digit1"), "pick1"); // AZERTY
  assert.equal(action("1", "Digit1", { shiftKey: true }), "also1"); // AZERTY
  assert.equal(action("?", "Minus", { shiftKey: true }), "help");
  assert.equal(action("Z", "KeyZ", { ctrlKey: true, shiftKey: true }), "redo");
  assert.equal(action("z", "KeyY", { metaKey: true }), "undo");
  assert.equal(action("q", "KeyQ"), "pick_crop1");
  assert.equal(action("Q", "KeyQ", { shiftKey: true }), "later1");
  assert.equal(action("q", "KeyQ", { ctrlKey: true }), null);
});

test("the least certain first; what is not known yet last", () => {
  const status = [0.9, null, 0.3, 0.6].map((confidence, i) => ({ confidence, anomaly: i / 10, outcome: i === 3 ? "pick" : null }));
  const store = { n: 4, status, stages: [[1, 2], [1, 2], [1, 3], [1, 2]] };
  assert.deepEqual(filters.ordered(store, { order: "doubt", filter: "all", pattern: "" }), [2, 3, 0, 1]);
  assert.deepEqual(filters.ordered(store, { order: "anomaly", filter: "undecided", pattern: "" }), [2, 1, 0]);
  assert.deepEqual(filters.ordered(store, { order: "time", filter: "all", pattern: "1 · 3" }), [2]);
});

test("approving keeps what is suggested, cropped only where a crop is likely", () => {
  const box = crop.place(0.1, 0.1, 0.8);
  const group = (suggestion) => ({ images: [{ id: "a", crop: null }, { id: "b", crop: box }, { id: "c", crop: null }], suggestion });
  const approve = (suggestion) => suggested.inWords(suggested.approval(group(suggestion), new Map(), new Set()), group(suggestion));
  assert.equal(approve({ winner: 1, no_crop: 0.2 }), "keep 2, cropped");
  assert.equal(approve({ winner: 1, no_crop: 0.5 }), "keep 2");
  assert.equal(approve({ winner: 1, keep_nothing: true }), "reject all");
  assert.equal(approve(null), "keep 3");
});

test("approving many means the undecided that are worked out, sure and above the bound", () => {
  const ready = { outcome: null, state: "ready", sure: true, confidence: 0.8, keep_nothing: false, has_crop: true };
  const statuses = [ready, { ...ready, has_crop: false }, { ...ready, keep_nothing: true }, { ...ready, sure: false },
    { ...ready, outcome: "skip" }, { ...ready, state: "pending" }, { ...ready, confidence: 0.79 }, { ...ready, confidence: null }];
  assert.deepEqual(filters.meant(statuses, 0.8), { picks: 2, cropped: 1, rejects: 1, all: 3 });
  assert.deepEqual(filters.meant(statuses, 0.81), { picks: 0, cropped: 0, rejects: 0, all: 0 });
});

test("a zoomed picture leaves no more empty space than it must", () => {
  near(zoom.fitted(2, 800, 800).width, 800);
  near(zoom.fitted(0.5, 800, 800).width, 400);
  near(zoom.held(0, 1600, 800), 0.25);
  near(zoom.held(1, 1600, 800), 0.75);
  near(zoom.held(0.4, 1600, 800), 0.4);
  near(zoom.held(0.1, 700, 800), 0.5);
});
