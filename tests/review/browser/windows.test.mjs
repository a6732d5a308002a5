// windows.test.mjs: two windows, and two programs: one decides, the other follows.
import assert from "node:assert/strict";
import { benchTest, eventually, goBy, id, shown, suggested, until } from "./support.mjs";

const progress = (page, text) => eventually(async () => (await id(page, "progress").textContent()).includes(text), `progress: ${text}`);

benchTest("the second window follows, read-only, until it takes over", async (bench) => {
  bench.fill(8);
  await bench.start();
  const first = await bench.open();
  const second = await bench.open({ context: first.context() });
  await suggested(first);
  await id(second, "banner-writer").waitFor();
  assert.equal(await id(first, "banner-writer").count(), 0);
  for (const name of ["approve", "reject", "skip", "edit-crop", "undo"]) assert.equal(await id(second, name).isDisabled(), true, name);
  await bench.shot(second, "follows");

  // Keys do nothing there but going and looking.
  const before = await shown(second);
  for (const key of ["1", "x", "s", "Enter", "q", "c", "Control+z"]) await second.keyboard.press(key);
  assert.equal((await shown(second)).group, before.group);
  assert.equal(await id(second, "crop-editor").count(), 0);
  assert.deepEqual(bench.journal(), []);
  await goBy(second, "ArrowRight");
  const now = await shown(second);
  assert.notEqual(now.group, before.group);

  await goBy(first, "1");
  await goBy(first, "x");
  await progress(second, "2 of 8 decided");
  await eventually(async () => (await shown(second)).outcome === "reject", "the group on screen there shows what was decided");
  for (const key of ["Control+z", "Control+y"]) await second.keyboard.press(key);
  assert.equal(bench.journal().length, 2);

  await id(second, "banner-writer").getByRole("button").click();
  await id(second, "banner-writer").waitFor({ state: "detached" });
  await id(first, "banner-writer").waitFor();
  await second.keyboard.press("u");
  await eventually(async () => (await shown(second)).outcome === "", "the first undecided group");
  const { group } = await shown(second);
  await goBy(second, "2");
  assert.equal(bench.journal().at(-1).group, group);
  await progress(first, "3 of 8 decided");
  await first.keyboard.press("1");
  assert.equal(bench.journal().length, 3);

  // Undo there brings the group back there; the other stays where it is.
  const held = (await shown(first)).group;
  await second.keyboard.press("Control+z");
  await until(second, group);
  await progress(first, "2 of 8 decided");
  assert.equal((await shown(first)).group, held);
});

benchTest("a window that is closed makes room for the other one", async (bench) => {
  bench.fill(4);
  await bench.start();
  const first = await bench.open();
  const second = await bench.open({ context: first.context() });
  await suggested(first);
  await id(second, "banner-writer").waitFor();
  await goBy(first, "1");
  await first.close();
  await id(second, "banner-writer").waitFor({ state: "detached" });
  await second.keyboard.press("u");
  await eventually(async () => (await shown(second)).outcome === "", "the first undecided group");
  await goBy(second, "1");
  assert.equal(bench.journal().length, 2);
});

benchTest("a reload keeps the window's right to decide", async (bench) => {
  bench.fill(4);
  await bench.start();
  const page = await bench.open();
  await suggested(page);
  await goBy(page, "1");
  const { group } = await shown(page);
  await page.reload();
  await until(page, group);
  await suggested(page);
  assert.equal(await id(page, "banner-writer").count(), 0);
  await goBy(page, "1");
  assert.equal(bench.journal().length, 2);
});

benchTest("a second program over the same folder only follows", async (bench) => {
  bench.fill(6);
  await bench.start();
  const first = await bench.open();
  await suggested(first);
  await bench.start();
  const second = await bench.open();
  await id(second, "banner-writer").waitFor();
  assert.match(await id(second, "banner-writer").textContent(), /program/);
  assert.equal(await id(second, "banner-writer").getByRole("button").count(), 0, "there is nothing to take over by a click");
  await goBy(first, "1");
  await progress(second, "1 of 6 decided");
  await second.keyboard.press("1");
  assert.equal(bench.journal().length, 1);
  await goBy(first, "2");
  await progress(second, "2 of 6 decided");
});
