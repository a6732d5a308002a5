// support.mjs: what the tests in a browser share: the made sample, the running program, a browser whose errors are collected.
//
// $SELECTAI_PROGRAM is the program under test, $SELECTAI_BROWSER_DATA a folder in which the sample and its models are kept for the
// next test, $CHROMIUM another browser, $SELECTAI_SCREENSHOTS a folder for pictures of the page. Exit code 77: something is missing.
//
// Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, test } from "node:test";

export const program = path.resolve(process.env.SELECTAI_PROGRAM || "selectai");
const browserFile = process.env.CHROMIUM || "/usr/bin/chromium";
export const patience = 60_000; // milliseconds that anything may take on a slow machine, under a sanitizer

function skipAll(why) {
  console.log(`skipped: ${why}`);
  process.exit(77);
}

const needed = async (name) => {
  try {
    return await import(name);
  } catch (error) {
    if (error.code !== "ERR_MODULE_NOT_FOUND") throw error;
    return skipAll(`${name} is not installed: run npm ci --ignore-scripts in ${import.meta.dirname || "tests/review/browser"}`);
  }
};
if (!fs.existsSync(browserFile)) skipAll(`${browserFile} is not there: install chromium, or name another in CHROMIUM`);
const { chromium } = await needed("playwright-core");
const axeSource = (await needed("axe-core")).default.source;

/* ---- The sample ---- */

const groups = 400; // with fewer, the cropper proposes the whole picture

function selectai(...args) {
  return spawnSync(program, args, { encoding: "utf8", timeout: 600_000 });
}

const modelNames = ["ranker.safetensors", "cropper.safetensors"];

/** Those that the tests of another build have trained, in the folders of $SELECTAI_BROWSER_MODELS; scoring needs no torch module. */
function borrowModels(folder) {
  const root = process.env.SELECTAI_BROWSER_MODELS;
  const others = root && fs.existsSync(root) ? fs.readdirSync(root).map((name) => path.join(root, name)) : [];
  const other = others.find((one) => modelNames.every((name) => fs.existsSync(path.join(one, name))));
  if (other) for (const name of modelNames) fs.copyFileSync(path.join(other, name), path.join(folder, name));
}

/** Draws the sample and trains on it, once for each build of the program. Without the torch module nothing is trained. */
function makeSample() {
  const { mtimeMs, size } = fs.statSync(program);
  const root = process.env.SELECTAI_BROWSER_DATA || path.join(os.tmpdir(), "selectai-browser-data");
  const folder = path.join(root, `${Math.round(mtimeMs)}-${size}-${groups}`);
  if (!fs.existsSync(path.join(folder, "done"))) {
    fs.rmSync(root, { recursive: true, force: true });
    fs.mkdirSync(root, { recursive: true });
    const demo = selectai("demo", "--output", folder, "--groups", String(groups), "--size", "320", "--quiet");
    if (demo.status !== 0) {
      console.log(`no models of its own: ${demo.stderr.trim()}`);
      fs.mkdirSync(folder, { recursive: true });
      const sample = selectai("sample", "--output", path.join(folder, "sample"), "--groups", String(groups), "--size", "320", "--quiet");
      assert.equal(sample.status, 0, sample.stderr);
    }
    if (demo.status !== 0) borrowModels(folder);
    fs.writeFileSync(path.join(folder, "done"), "");
  }
  const models = modelNames.map((name) => path.join(folder, name));
  return { folder: path.join(folder, "sample"), models: models.every((file) => fs.existsSync(file)) ? models : null };
}
const sample = makeSample();
export const hasModels = sample.models !== null;
const truth = JSON.parse(fs.readFileSync(path.join(sample.folder, "truth.json"), "utf8"));

const companions = [".caption", ".yaml", ".txt"];

/** A folder with the sample's groups number from .. from + n, and their companions. */
function copyGroups(folder, n, from) {
  const list = truth.groups.slice(from, from + n);
  assert.equal(list.length, n);
  for (const { raw } of list.flatMap((group) => group.images))
    for (const ending of [".png", ...companions]) {
      const source = path.join(sample.folder, raw.replace(/\.png$/, ending));
      const target = path.join(folder, path.relative("raw", raw).replace(/\.png$/, ending));
      if (!fs.existsSync(source)) continue;
      fs.mkdirSync(path.dirname(target), { recursive: true });
      fs.copyFileSync(source, target);
    }
  return list;
}

/** Every file below a folder with its hash, and every folder; without the review's own. */
export function tree(folder, below = "") {
  const found = {};
  for (const entry of fs.readdirSync(path.join(folder, below), { withFileTypes: true })) {
    const name = path.join(below, entry.name);
    if (name === ".selectai-review") continue;
    if (!entry.isDirectory()) {
      found[name] = createHash("sha256").update(fs.readFileSync(path.join(folder, name))).digest("hex");
    } else {
      found[name + "/"] = "";
      Object.assign(found, tree(folder, name));
    }
  }
  return found;
}

/** What is in one tree and not, or not the same, in the other: ["+ name", "- name", "! name"]. */
export function differences(before, after) {
  const found = Object.keys(before).map((name) => (name in after ? (after[name] === before[name] ? "" : `! ${name}`) : `- ${name}`));
  return [...found, ...Object.keys(after).map((name) => (name in before ? "" : `+ ${name}`))].filter(Boolean);
}

/* ---- The program ---- */

const noise = /Traceback|Segmentation|Sanitizer|runtime error|\(null\)|core dumped|terminate called|internal error/;

class Review {
  constructor(folder, args) {
    this.out = this.err = "";
    this.child = spawn(program, ["review", folder, ...args], { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, LC_ALL: "C.UTF-8" } });
    this.ended = new Promise((resolve) => this.child.on("close", (code, signal) => resolve({ code, signal })));
    this.child.stderr.on("data", (data) => (this.err += data));
    this.linked = new Promise((resolve, reject) => {
      this.child.stdout.on("data", (data) => {
        this.out += data;
        const found = /http:\/\/127\.0\.0\.1:\d+\/[0-9a-f]{32}\//.exec(this.out);
        if (found) resolve((this.link = found[0]));
      });
      this.ended.then(() => reject(new Error(`the program printed no link: ${this.err}`)));
    });
    this.linked.catch(() => {});
  }

  /** Ends it, and waits until it has. */
  async stop(signal = "SIGTERM") {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill(signal);
    return this.ended;
  }
}

/* ---- The browser ---- */

let browserPromise = null;
after(async () => browserPromise && (await browserPromise).close());

function browser() {
  browserPromise ||= chromium.launch({ executablePath: browserFile, headless: true, timeout: patience,
    chromiumSandbox: process.getuid() !== 0, args: ["--disable-dev-shm-usage", "--force-color-profile=srgb"] });
  return browserPromise;
}

const shots = process.env.SELECTAI_SCREENSHOTS;

/** What one test has: a folder of groups, the program over it, pages. */
export class Bench {
  constructor(name) {
    this.name = name;
    this.base = fs.mkdtempSync(path.join(os.tmpdir(), "selectai-browser-"));
    this.folder = path.join(this.base, "mojo raw");
    this.state = path.join(this.folder, ".selectai-review");
    this.reviews = [];
    this.contexts = [];
    this.errors = [];
    this.expected = []; // of console messages: what the test provokes itself
  }

  /** Files of n groups. */
  fill(n, from = 0) {
    this.groups = copyGroups(this.folder, n, from);
    return this.groups;
  }

  /** Starts the program; models: false leaves the ranker and the cropper out. */
  async start(...args) {
    const models = hasModels && args[0] !== false ? ["--ranker", sample.models[0], "--cropper", sample.models[1]] : [];
    const review = new Review(this.folder, [...models, ...args.filter((arg) => arg !== false)]);
    this.reviews.push(review);
    await review.linked;
    return (this.review = review);
  }

  /** Opens the link in a window of its own browser profile, or in another tab of one. */
  async open({ width = 1280, height = 800, context, link = this.review.link, ...more } = {}) {
    if (!context) {
      context = await (await browser()).newContext({ viewport: { width, height }, colorScheme: "dark", acceptDownloads: true, ...more });
      context.setDefaultTimeout(patience);
      this.contexts.push(context);
    }
    const page = await context.newPage();
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") this.errors.push(`${message.text()} (${message.location().url})`);
    });
    page.on("pageerror", (error) => this.errors.push(`page error: ${error.stack || error}`));
    await page.goto(link);
    await ready(page);
    return page;
  }

  journal() {
    const file = path.join(this.state, "journal.jsonl");
    if (!fs.existsSync(file)) return [];
    return fs.readFileSync(file, "utf8").split("\n").slice(1, -1).map((line) => JSON.parse(line));
  }

  shot(page, name) {
    if (!shots) return undefined;
    fs.mkdirSync(shots, { recursive: true });
    return page.screenshot({ path: path.join(shots, `${name}.png`) });
  }

  check() {
    const unexpected = this.errors.filter((text) => !this.expected.some((known) => known.test(text)));
    assert.deepEqual(unexpected, [], "errors on the page");
    for (const review of this.reviews) assert.doesNotMatch(review.err, noise);
  }

  async close() {
    for (const context of this.contexts) await context.close();
    for (const review of this.reviews) await review.stop();
    fs.rmSync(this.base, { recursive: true, force: true });
  }
}

/** A test with a bench; it fails too where the page or the program complained. */
export function benchTest(name, run) {
  test(name, { timeout: 10 * patience }, async (t) => {
    const bench = new Bench(name);
    try {
      await run(bench, t);
      bench.check();
    } catch (error) {
      if (shots) for (const [i, page] of bench.contexts.flatMap((context) => context.pages()).entries())
        await bench.shot(page, `failed-${name.replace(/[^a-z0-9]+/gi, "-")}-${i}`).catch(() => {});
      if (bench.errors.length > 0) console.log(bench.errors.join("\n"));
      throw error;
    } finally {
      await bench.close();
    }
  });
}

/* ---- The page ---- */

export const id = (page, testid) => page.getByTestId(testid);

/** Until a group and all its pictures are on screen, or none is left. */
export function ready(page) {
  return page.waitForFunction(() => document.body.dataset.ready === "true", null, { polling: 20 });
}

export function shown(page) {
  return page.evaluate(() => ({
    group: document.getElementById("group").dataset.group,
    images: [...document.querySelectorAll("#group [data-image]")].map((node) => node.dataset.image),
    outcome: document.body.dataset.outcome,
    approve: document.getElementById("approve-text").textContent,
    place: document.getElementById("place").textContent,
  }));
}

/** Presses a key and waits until another group is on screen with its pictures. */
export async function goBy(page, key) {
  const before = (await shown(page)).group;
  await page.keyboard.press(key);
  await page.waitForFunction((old) => document.getElementById("group").dataset.group !== old && document.body.dataset.ready === "true",
    before, { polling: "raf" });
}

/** Until group g is on screen. */
export function until(page, group) {
  return page.waitForFunction((wanted) => document.getElementById("group").dataset.group === wanted && document.body.dataset.ready === "true",
    group, { polling: 20 });
}

/** Until every suggestion has been worked out and the one on screen says so. */
export async function suggested(page) {
  if (!hasModels) return;
  await page.waitForFunction(() => document.getElementById("working").textContent === "" &&
    !document.getElementById("approve-text").textContent.includes("…"), null, { polling: 50 });
}

/** Asks until the answer is as expected; the page polls once a second. */
export async function eventually(ask, what) {
  const end = Date.now() + patience;
  let last;
  while (Date.now() < end) {
    last = await ask();
    if (last) return last;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`waited in vain: ${what}`);
}

/** Serious and critical violations of the accessibility rules. */
export async function violations(page) {
  await page.evaluate(axeSource);
  const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  return found.violations.filter((v) => ["serious", "critical"].includes(v.impact))
    .map((v) => `${v.id} (${v.impact}): ${v.nodes.map((node) => `${node.target} ${node.failureSummary}`).join("; ")}`);
}
