// restart.test.mjs: the program ends, is killed, or cannot be reached: nothing that was acknowledged is lost.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { benchTest, eventually, goBy, id, ready, shown, suggested, until } from "./support.mjs";

benchTest("what was decided before a restart is taken back after it, and the group is on screen", async (bench) => {
  bench.fill(12);
  const first = await bench.start();
  const page = await bench.open();
  await suggested(page);
  const groups = [];
  for (const key of ["1", "x", "2", "s"]) {
    groups.push((await shown(page)).group);
    await goBy(page, key);
  }
  const left = (await shown(page)).group;
  await page.close();
  assert.equal((await first.stop("SIGINT")).code, 0);

  await bench.start();
  const again = await bench.open();
  assert.equal((await shown(again)).group, left, "the group that was on screen");
  assert.match(await id(again, "progress").textContent(), /4 of 12 decided/);
  for (const group of groups.reverse()) {
    await again.keyboard.press("Control+z");
    await until(again, group);
    assert.equal((await shown(again)).outcome, "");
  }
  assert.match(await id(again, "progress").textContent(), /0 of 12 decided/);
  await again.keyboard.press("Control+z");
  await eventually(async () => /nothing to undo/.test(await id(again, "said").textContent()), "it is said that nothing is left");
  await again.keyboard.press("Control+y");
  await until(again, groups.at(-1));
  await eventually(async () => (await shown(again)).outcome === "pick", "the first is done again");
});

benchTest("kill -9 in the middle loses nothing that the page was told is decided", async (bench) => {
  bench.fill(20);
  let review = await bench.start();
  let page = await bench.open();
  bench.expected.push(/Failed to load resource: net::ERR_(CONNECTION_(REFUSED|RESET)|EMPTY_RESPONSE|SOCKET_NOT_CONNECTED)/);
  await suggested(page);
  const acknowledged = new Map();
  for (let round = 0; round < 3; round++) {
    page.on("response", async (response) => {
      if (!response.url().endsWith("/api/decide") || response.status() !== 200) return;
      const { group, decision } = response.request().postDataJSON();
      acknowledged.set(group, decision.outcome);
    });
    for (const key of ["1", "x", "2"]) await goBy(page, key);
    // One more is on its way while the program is killed.
    await Promise.all([page.keyboard.press("1"), review.stop("SIGKILL")]);
    await id(page, "banner-gone").waitFor();
    const { group } = await shown(page);
    await page.close();
    review = await bench.start();
    page = await bench.open();
    const now = await shown(page);
    const journal = bench.journal();
    const last = new Map(journal.map((line) => [line.group, line.decision.outcome]));
    for (const [id, outcome] of acknowledged) assert.equal(last.get(id), outcome, "an acknowledged decision");
    assert.ok(journal.length - acknowledged.size <= 1, "at most the answer of the last one was lost");
    // The same group, or the next where the last decision came through and its answer did not.
    if (!last.has(group)) assert.equal(now.group, group);
    assert.equal(now.outcome, last.get(now.group) || "");
    for (const [id, outcome] of last) acknowledged.set(id, outcome);
    assert.ok((await id(page, "progress").textContent()).includes(`${last.size} of 20 decided`));
    await suggested(page);
  }
  assert.ok(acknowledged.size >= 9);
});

benchTest("a page that cannot reach the server says so, and sends what waits once it is back", async (bench) => {
  bench.fill(6);
  await bench.start();
  const page = await bench.open();
  await suggested(page);
  bench.expected.push(/net::ERR_INTERNET_DISCONNECTED/);
  const before = await shown(page);
  await page.context().setOffline(true);
  await page.keyboard.press("1");
  await id(page, "banner-gone").waitFor();
  await bench.shot(page, "gone");
  assert.equal((await shown(page)).group, before.group, "it stays on screen");
  assert.deepEqual(bench.journal(), []);
  await page.keyboard.press("2");
  await page.context().setOffline(false);
  await id(page, "banner-gone").waitFor({ state: "detached" });
  await page.waitForFunction((old) => document.getElementById("group").dataset.group !== old && document.body.dataset.ready === "true", before.group);
  const journal = bench.journal();
  assert.equal(journal.length, 1, "once");
  assert.deepEqual([journal[0].group, journal[0].decision.winners[0].image], [before.group, before.images[0]]);
  await goBy(page, "2");
  assert.equal(bench.journal().length, 2);
});

benchTest("a program that was started anew at the same port is another one: the page says what to do", async (bench) => {
  bench.fill(4);
  const first = await bench.start();
  const page = await bench.open();
  await suggested(page);
  bench.expected.push(/Failed to load resource: net::ERR_/, /status of 403/);
  await first.stop("SIGKILL");
  await id(page, "banner-gone").waitFor();
  await bench.start("--port", new URL(first.link).port);
  await eventually(async () => /link/.test(await id(page, "banner").textContent()), "the page says that there is a new link");
  await bench.shot(page, "new-link");
  const other = await bench.open();
  await goBy(other, "1");
  assert.equal(bench.journal().length, 1);
});

benchTest("a journal that another program damages is not written over, and the page says what is wrong", async (bench) => {
  bench.fill(4);
  const first = await bench.start();
  const page = await bench.open();
  for (const key of ["1", "1"]) await goBy(page, key);
  await page.close();
  await first.stop();
  const file = path.join(bench.state, "journal.jsonl");
  const text = fs.readFileSync(file, "utf8");
  fs.writeFileSync(file, text.replace('"outcome":"pick"', '"outcome":"skip"'));
  await assert.rejects(bench.start(), /journal\.jsonl/);
  assert.equal(fs.readFileSync(file, "utf8"), text.replace('"outcome":"pick"', '"outcome":"skip"'));
  // A torn last line never was acknowledged: it is put aside.
  fs.writeFileSync(file, text + '{"op":3,"gro');
  bench.reviews = bench.reviews.filter((review) => review.link);
  await bench.start();
  const again = await bench.open();
  assert.match(await id(again, "progress").textContent(), /2 of 4 decided/);
  await ready(again);
});
