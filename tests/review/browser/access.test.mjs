// access.test.mjs: axe-core finds no serious violation on the page or in front of it; the keyboard alone reaches everything.
import assert from "node:assert/strict";
import { benchTest, eventually, goBy, hasModels, id, shown, suggested, violations } from "./support.mjs";

for (const colorScheme of ["dark", "light"]) {
  benchTest(`the page and each dialog, ${colorScheme}`, async (bench) => {
    bench.fill(12);
    await bench.start(...(hasModels ? [] : [false]));
    const page = await bench.open({ colorScheme });
    await suggested(page);
    const check = async (what) => {
      await bench.shot(page, `axe-${colorScheme}-${what.replaceAll(" ", "-")}`);
      assert.deepEqual(await violations(page), [], what);
    };
    await check("undecided");
    for (const key of ["1", "x", "s"]) await goBy(page, key);
    await page.keyboard.press("ArrowLeft");
    await page.keyboard.press("ArrowLeft");
    await eventually(async () => (await shown(page)).outcome === "reject", "a rejected group");
    await check("rejected");
    await page.keyboard.press("ArrowLeft");
    await eventually(async () => (await shown(page)).outcome === "pick", "a picked group");
    await check("picked");
    await page.keyboard.press("Shift+Digit2");
    await check("marked");
    await page.keyboard.press("c");
    await id(page, "crop-editor").waitFor();
    await check("crop editor");
    await page.keyboard.press("Escape");
    for (const [name, open] of [["help-dialog", "?"], ["overview", "o"], ["compare", "v"], ["compare", "z"], ["finalize-dialog", "f"]]) {
      await page.keyboard.press(open);
      await id(page, name).waitFor();
      if (name === "finalize-dialog") await id(page, "finalize-run").waitFor();
      if (name === "overview") await id(page, "overview-cell").first().waitFor();
      await check(`${name} ${open === "?" ? "" : open}`.trim());
      await page.keyboard.press("Escape");
      await id(page, name).waitFor({ state: "detached" });
    }
    for (const name of ["bulk", "exports"]) {
      await id(page, name).click();
      await id(page, `${name}-dialog`).waitFor();
      await check(name);
      await page.keyboard.press("Escape");
      await id(page, `${name}-dialog`).waitFor({ state: "detached" });
    }
    const other = await bench.open({ context: page.context() });
    await id(other, "banner-writer").waitFor();
    assert.deepEqual(await violations(other), [], "a window that follows");
  });
}

benchTest("Tab reaches every button and picture, and the focus can be seen", async (bench) => {
  bench.fill(3);
  await bench.start(false);
  const page = await bench.open();
  const wanted = await page.evaluate(() => [...document.querySelectorAll("button:not(:disabled), select, .picture")]
    .filter((node) => node.offsetParent !== null).length);
  const reached = new Set();
  for (let i = 0; i < wanted + 10; i++) {
    await page.keyboard.press("Tab");
    const seen = await page.evaluate(() => {
      const node = document.activeElement;
      if (!node.matches("button, select, .picture")) return null;
      const { outlineStyle, outlineWidth } = getComputedStyle(node);
      return [node.dataset.testid || node.dataset.action || node.dataset.tool || node.id, outlineStyle !== "none" && parseFloat(outlineWidth) >= 2];
    });
    if (!seen) continue;
    assert.ok(seen[1], `${seen[0]} shows the focus`);
    reached.add(seen[0]);
  }
  assert.equal(reached.size, wanted, [...reached].join());
});

benchTest("what a dialog covers cannot be reached, and the focus comes back", async (bench) => {
  bench.fill(3);
  await bench.start(false);
  const page = await bench.open();
  await id(page, "help").focus();
  await page.keyboard.press("Enter");
  await id(page, "help-dialog").waitFor();
  for (let i = 0; i < 8; i++) {
    await page.keyboard.press("Tab");
    assert.ok(await page.evaluate(() => document.activeElement === document.body || Boolean(document.activeElement.closest("dialog"))));
  }
  await page.keyboard.press("Escape");
  await id(page, "help-dialog").waitFor({ state: "detached" });
  assert.equal(await page.evaluate(() => document.activeElement.dataset.testid), "help");
});

benchTest("screen readers are told the group, the pictures and what was decided", async (bench) => {
  bench.fill(3);
  await bench.start(false);
  const page = await bench.open();
  const { group } = await shown(page);
  assert.match(await id(page, "group").getAttribute("aria-label"), /^group 1: \d{8}_\d{6}/);
  assert.match(await id(page, "picture-1").locator("img").getAttribute("alt"), /picture 1, stage/);
  assert.equal(await id(page, "said").getAttribute("aria-live"), "polite");
  await goBy(page, "1");
  assert.match(await id(page, "said").textContent(), /kept 1/);
  assert.equal(bench.journal()[0].group, group);
  await page.keyboard.press("c");
  assert.match(await id(page, "crop-editor").getAttribute("aria-label"), /crop of picture/);
});
