// bulk.js: approving all suggestions at or above a confidence at once. How many they are is said first.

import { isOpen, openDialog } from "./dialog.js";
import { element, percent } from "./dom.js";
import { meant } from "./filters.js";

const perCent = (value) => String(Math.round(1000 * value) / 10);
const groups = (n) => `${n} ${n === 1 ? "group" : "groups"}`;

class Bulk {
  constructor(app) {
    this.app = app;
    this.dialog = openDialog("bulk-dialog", "Approve many", { onClose: () => (open = open === this ? null : open) });
    const lowest = app.store.session.min_confidence; // below it nothing is sure
    const start = String(Math.max(0.9, lowest));
    this.slider = element("input", { type: "range", min: String(lowest), max: "1", step: "0.01", value: start, ariaLabel: "confidence",
      dataset: { testid: "bulk-bound" } });
    this.number = element("input", { type: "number", min: "0", max: "100", step: "0.1", value: perCent(start), dataset: { testid: "bulk-confidence" } });
    this.count = element("p.count", { role: "status", dataset: { testid: "bulk-count" } });
    this.problem = element("p.bad", { role: "alert", hidden: true, dataset: { testid: "bulk-problem" } });
    this.run = element("button.main", { type: "button", onclick: () => this.approve(), dataset: { testid: "bulk-run" } });
    this.slider.addEventListener("input", () => this.#took(this.number, perCent(this.slider.value)));
    this.number.addEventListener("input", () => this.#took(this.slider, String(this.number.value / 100)));
    this.dialog.body.append(
      element("p", {}, "Approves each undecided group whose suggestion is sure, at this confidence or above: the suggested picture with its " +
        "crop, or, where probably nothing is worth keeping, rejects it. One undo takes all of it back."),
      element("div.bulk-row", {}, this.slider, element("label", {}, "at least ", this.number, " %")), this.count, this.problem,
      element("div.dialog-actions", {}, this.run, element("button", { type: "button", onclick: () => this.dialog.close() }, "Leave")));
    this.show();
    this.slider.focus();
  }

  #took(other, value) {
    other.value = value;
    this.problem.hidden = true;
    this.show();
  }

  get confidence() {
    const value = Number(this.number.value);
    return this.number.value !== "" && value >= 0 && value <= 100 ? value / 100 : NaN;
  }

  show() {
    const { store } = this.app;
    const ok = !Number.isNaN(this.confidence);
    const n = ok ? meant(store.status, this.confidence) : { all: 0 };
    const pending = store.session.ranker && store.changes.suggested < store.n ? ` ${groups(store.n - store.changes.suggested)} not worked out yet.` : "";
    if (!ok) this.count.textContent = "Say a confidence from 0 to 100 %.";
    else if (n.all === 0) this.count.textContent = `No undecided group is that sure.${pending}`;
    else this.count.textContent = `${groups(n.all)}: ${n.picks} kept (${n.cropped} with a suggested crop), ${n.rejects} rejected.${pending}`;
    this.expected = n.all;
    this.run.textContent = n.all > 0 ? `Approve ${groups(n.all)} at ${percent(this.confidence, 1)} or above` : "Approve";
    this.run.disabled = n.all === 0 || this.busy || !this.app.canDecide();
  }

  async approve() {
    const { app } = this;
    this.busy = true;
    this.show();
    try {
      const { n } = await app.api.post("api/decide-all", { min_confidence: this.confidence, expected: this.expected });
      await app.store.poll();
      this.dialog.close();
      app.announce(`${groups(n)} approved; ${app.keyNames("undo")[0] || "Undo"} takes all of them back`);
      await app.advance();
    } catch (error) {
      await app.store.poll();
      this.#explain(error);
    } finally {
      this.busy = false;
      this.show();
    }
  }

  #explain(error) {
    const text = error.code === "changed" ? "Suggestions or decisions have changed meanwhile: look at the number again." :
      `Nothing was decided: ${error.message}`;
    this.problem.textContent = text;
    this.problem.hidden = false;
  }
}

let open = null;
let listening = false;

export function openBulk(app) {
  if (isOpen("bulk-dialog")) return;
  if (!listening) app.store.on("changes", () => open && open.show());
  listening = true;
  open = new Bulk(app);
}
