// finalize.js: what Finalize would move, every single move; moving, going on, taking back.

import { isOpen, openDialog } from "./dialog.js";
import { element } from "./dom.js";
import { MoveList } from "./move_list.js";

const files = (n) => `${n} ${n === 1 ? "file" : "files"}`;

const countNames = [
  ["selected", "kept whole, to __selected"], ["cropped", "kept and cropped, as new files in __selected; their originals to __originals"],
  ["later", "to be cropped later, to __crop"], ["staged", "not chosen, to __delete_staging"],
  ["companions", "companions that go with them"], ["renamed", "get another name, since theirs is taken"],
  ["undecided", "groups undecided: they stay"], ["skipped", "groups skipped: they stay"],
];

const runNames = { finalize: "Moving", "resume-finalize": "Going on with moving", "undo-finalize": "Taking back" };

class Finalize {
  constructor(app) {
    this.app = app;
    this.moves = null; // the list, where a preview is shown
    this.dialog = openDialog("finalize-dialog", "Finalize", { onClose: () => this.end() });
    this.state = "";
    this.update();
  }

  end() {
    if (this.moves) this.moves.end();
    this.moves = null;
    if (open === this) open = null;
  }

  /** What the dialog shows follows from what the server says. */
  update() {
    const { moving, finalize } = this.app.store.changes;
    const state = moving ? "moving" : finalize.unfinished ? "unfinished" : "preview";
    if (state === "moving") this.#progress(moving);
    else if (state !== this.state) this.#still(state);
    this.state = state;
  }

  #body(...nodes) {
    if (this.moves) this.moves.end();
    this.moves = null;
    this.dialog.body.replaceChildren(...nodes.filter(Boolean));
  }

  #button(text, testid, action, kind = "button") {
    return element(kind, { type: "button", dataset: { testid }, onclick: action }, text);
  }

  #progress({ done, total }) {
    if (this.state !== "moving") {
      this.bar = element("progress", { max: 1, value: 0, ariaLabel: "files moved", dataset: { testid: "finalize-progress" } });
      this.words = element("p", { role: "status" });
      this.#body(this.words, this.bar, element("p.note", {}, "This window may be closed; moving goes on. If the program is stopped, it goes on " +
        "where it was."));
      this.#wasFocused();
    }
    this.bar.max = Math.max(1, total);
    this.bar.value = done;
    this.words.textContent = total > 0 ? `${done} of ${files(total)} moved` : "Preparing …";
  }

  /** The button that had the focus is gone. */
  #wasFocused() {
    if (!this.dialog.node.contains(document.activeElement)) this.dialog.node.querySelector(".dialog-close").focus();
  }

  async #still(state) {
    const problem = element("p.bad", { role: "alert", hidden: true, dataset: { testid: "finalize-problem" } });
    this.problem = problem;
    if (state === "unfinished") {
      this.#body(this.#ended(), element("p", {}, "Moving files was interrupted. Go on with it, or put everything back."), problem,
        element("div.dialog-actions", {}, this.#button("Go on", "finalize-resume", () => this.post("resume-finalize"), "button.main"),
          this.#button("Take back", "finalize-undo", () => this.post("undo-finalize"))));
      return this.#wasFocused();
    }
    this.#body(element("p", { role: "status" }, "Looking at what would be moved …"));
    let plan = null;
    try {
      plan = await this.app.api.get("api/finalize");
    } catch (error) {
      problem.textContent = error.message;
      problem.hidden = false;
    }
    if (this.state !== "preview" || open !== this) return undefined;
    this.#preview(plan, problem);
    return this.#wasFocused();
  }

  #preview(plan, problem) {
    const undo = this.app.store.changes.finalize.can_undo
      ? this.#button("Take everything back", "finalize-undo", () => this.post("undo-finalize")) : null;
    const leave = this.#button("Leave", "finalize-leave", () => this.dialog.close());
    if (!plan || plan.moves.length === 0) {
      this.#body(this.#ended(), plan ? element("p", { dataset: { testid: "finalize-nothing" } }, `Nothing ${this.app.store.changes.moved ? "else " : ""}is decided that could be moved.`) : null,
        problem, element("div.dialog-actions", {}, undo, leave));
      return;
    }
    const run = this.#button(`Move ${files(plan.moves.length)}`, "finalize-run", () => this.post("finalize", { plan: plan.plan }), "button.main");
    run.disabled = !this.app.canDecide();
    const list = element("div.moves");
    this.#body(this.#ended(), this.#counts(plan.counts), notes(plan.notes), list, problem,
      element("p.note", {}, "Nothing is deleted or written over. All of it can be taken back."),
      element("div.dialog-actions", {}, run, undo, leave));
    this.moves = new MoveList(list, plan.moves);
  }

  #counts(counts) {
    const rows = countNames.filter(([name]) => counts[name] > 0);
    return element("ul.counts", { dataset: { testid: "finalize-counts" } },
      ...rows.map(([name, text]) => element("li", {}, element("b", {}, String(counts[name])), ` ${text}`)));
  }

  /** How the last run ended. */
  #ended() {
    const { moved } = this.app.store.changes;
    if (!moved) return null;
    const what = { finalize: "moved", "resume-finalize": "moved", "undo-finalize": "taken back" }[moved.what];
    const good = !moved.error && moved.failed === 0;
    const text = `${moved.done} of ${files(moved.total)} ${what}` + (moved.failed > 0 ? `, ${moved.failed} could not be` : "") +
      (moved.error ? `: ${moved.error}` : ".");
    return element(`div.ended${good ? "" : ".bad"}`, { role: "status", dataset: { testid: "finalize-result" } }, element("p", {}, text),
      moved.problems.length > 0 ? element("ul.problems", { tabIndex: 0, ariaLabel: "problems" }, ...moved.problems.slice(0, 200).map(({ path, message }) =>
        element("li", {}, element("code", {}, path), `: ${message}`))) : null);
  }

  async post(what, body = {}) {
    this.problem.hidden = true;
    for (const button of this.dialog.body.querySelectorAll("button")) button.disabled = true;
    try {
      await this.app.api.post(`api/${what}`, body);
      this.app.announce(`${runNames[what]} …`);
      await this.app.store.poll();
      this.state = this.state === "moving" ? this.state : ""; // it may have ended before we asked
      this.update();
    } catch (error) {
      if (error.code === "changed") this.state = "";
      await this.app.store.poll();
      this.update();
      this.app.announce(error.message);
      this.problem.textContent = error.message;
      this.problem.hidden = false;
      for (const button of this.dialog.body.querySelectorAll("button")) button.disabled = false;
    }
  }
}

const notes = (list) => (list && list.length > 0 ? element("ul.notes", {}, ...list.map((note) => element("li", {},
  typeof note === "string" ? note : `${note.path}: ${note.message}`))) : null);

let open = null;
let listening = false;

export function openFinalize(app) {
  if (isOpen("finalize-dialog")) return;
  if (!listening) app.store.on("changes", () => open && open.update());
  if (!listening) app.store.on("epoch", () => open && ((open.state = ""), open.update()));
  listening = true;
  open = new Finalize(app);
}
