// bulk.js: approving many suggestions at once: how many are meant is said before, and it is one step to take back.

import { button, openDialog } from "./dialog.js";
import { element, percent } from "./dom.js";

/** Those that the server would approve. */
function meant(store, bound) {
  const list = store.status.filter((s) => s.outcome === null && s.state === "ready" && s.sure && s.confidence >= bound);
  return { n: list.length, rejected: list.filter((s) => s.keep_nothing).length };
}

export function openBulk(app) {
  const { store } = app;
  const lowest = store.session.min_confidence;
  const bound = element("input", { type: "range", id: "bulk-bound", min: String(lowest), max: "1", step: "0.01", value: "0.9",
    dataset: { testid: "bulk-bound" } });
  const said = element("output", {});
  said.setAttribute("for", "bulk-bound");
  const count = element("p.count", { dataset: { testid: "bulk-count" }, role: "status" });
  const problem = element("p.problem-text", { role: "alert" });
  const run = button("Approve", () => approve(), { main: true, testid: "bulk-run" });
  let dialog = null;

  function show() {
    const { n, rejected } = meant(store, Number(bound.value));
    said.textContent = percent(Number(bound.value));
    count.textContent = n === 0 ? "No undecided suggestion is as sure as that."
      : `${n} undecided groups: the suggested picture is kept in ${n - rejected}, nothing is kept in ${rejected}.`;
    run.textContent = `Approve ${n}`;
    run.disabled = n === 0 || !app.canDecide();
  }

  async function approve() {
    run.disabled = true;
    problem.textContent = "";
    try {
      const { n } = await app.api.post("api/decide-all", { min_confidence: Number(bound.value), expected: meant(store, Number(bound.value)).n });
      dialog.close();
      await store.poll();
      app.announce(`${n} groups approved; ${app.keyNames("undo")[0] || "Undo"} takes all of them back`);
      await app.advance();
    } catch (error) {
      problem.textContent = error.code === "changed" ? "Meanwhile it is another number. Look again." : error.message;
      await store.poll();
      show();
    }
  }

  bound.addEventListener("input", show);
  dialog = openDialog("bulk-dialog", "Approve many", (body) => {
    body.append(
      element("p", {}, "Approves every undecided group whose suggestion is sure, from this probability on. Groups that show “keep nothing?” are rejected."),
      element("p.row", {}, element("label", { htmlFor: "bulk-bound" }, "At least "), bound, said),
      count, problem,
      element("div.buttons", {}, button("Cancel", () => dialog.close()), run));
    show();
  });
}
