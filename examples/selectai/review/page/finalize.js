// finalize.js: what would move where, moving it, and taking it back.

import { button, openDialog, virtualList } from "./dialog.js";
import { element } from "./dom.js";

const kinds = { selected: "selected", original: "original kept", "crop-later": "crop later", staging: "staged for deletion", crop: "cropped" };
const rowHeight = 26;

const countWords = (c) => [`${c.selected} selected (${c.cropped} cropped)`, `${c.later} to crop later`, `${c.staged} staged for deletion`,
  `${c.companions} companions`, c.renamed > 0 ? `${c.renamed} renamed, since their names are taken` : null,
  `${c.undecided} undecided and ${c.skipped} skipped groups stay`].filter(Boolean).join(" · ");

class FinalizeDialog {
  constructor(app) {
    this.app = app;
    this.counts = element("p.count", { dataset: { testid: "finalize-counts" } }, "…");
    this.state = element("p", { role: "status", dataset: { testid: "finalize-state" } });
    this.bar = element("progress", { max: 1, value: 0, hidden: true, ariaLabel: "files moved" });
    this.problems = element("ul.problems", { dataset: { testid: "finalize-problems" } });
    this.search = element("input", { type: "search", placeholder: "search names", ariaLabel: "search the moves" });
    this.run = button("Move", () => this.start("finalize", { plan: this.plan.plan }), { main: true, testid: "finalize-run" });
    this.undo = button("Take back the last run", () => this.start("undo-finalize"), { testid: "finalize-undo" });
    this.resume = button("Go on", () => this.start("resume-finalize"), { testid: "finalize-resume" });
    this.moves = [];
    this.list = virtualList(0, rowHeight, (i) => this.row(this.moves[i]), { label: "moves", testid: "finalize-list" });
  }

  row(move) {
    return element("div.move", { role: "listitem", dataset: { testid: "finalize-move" } },
      element("span.kind", {}, kinds[move.kind] || move.kind), element("span.from", { title: move.from }, move.from),
      element("span.to", { title: move.to }, `→ ${move.to}`));
  }

  open() {
    this.dialog = openDialog("finalize-dialog", "Finalize", (body) => {
      body.append(element("p", {}, "Winners go to __selected/ (cropped ones as new files, their originals to __originals/), crops for later to __crop/, the rest to " +
        "__delete_staging/, each with its companions. Nothing is deleted or written over, and all of it can be taken back."),
      this.counts, this.search, this.list, this.state, this.bar, this.problems,
      element("div.buttons", {}, this.undo, this.resume, button("Close", () => this.dialog.close()), this.run));
    }, { wide: true, onClose: () => (this.closed = true) });
    if (!this.dialog) return;
    this.search.addEventListener("input", () => this.filter());
    this.app.store.on("changes", () => !this.closed && this.follow());
    this.app.store.on("epoch", () => !this.closed && this.load());
    this.buttons();
    this.load();
  }

  filter() {
    const text = this.search.value.trim().toLowerCase();
    this.moves = this.plan ? this.plan.moves.filter((m) => !text || `${m.from} ${m.to}`.toLowerCase().includes(text)) : [];
    this.list.setCount(this.moves.length);
  }

  async load() {
    try {
      this.plan = await this.app.api.get("api/finalize");
      this.counts.textContent = countWords(this.plan.counts);
      this.filter();
    } catch (error) {
      this.plan = null;
      this.counts.textContent = error.message;
    }
    this.buttons();
  }

  buttons() {
    const { moving, finalize } = this.app.store.changes;
    const may = this.app.canDecide() && !moving && !this.busy;
    const n = this.plan ? this.plan.moves.length : 0;
    this.run.textContent = `Move ${n} files`;
    this.run.disabled = !may || n === 0 || finalize.unfinished;
    this.undo.disabled = !may || !finalize.can_undo;
    this.resume.hidden = !finalize.unfinished;
    this.resume.disabled = !may;
  }

  async start(what, body = {}) {
    this.busy = true;
    this.buttons();
    this.problems.replaceChildren();
    try {
      await this.app.api.post(`api/${what}`, body);
      this.state.textContent = "Moving …";
      this.running = true;
    } catch (error) {
      this.state.textContent = error.code === "changed" ? "Decisions were made meanwhile: this is the new list. Look again." : error.message;
    }
    this.busy = false;
    await this.app.store.poll();
    if (!this.running) await this.load();
  }

  follow() {
    const { moving, moved } = this.app.store.changes;
    this.bar.hidden = !moving;
    if (moving) {
      this.bar.max = Math.max(1, moving.total);
      this.bar.value = moving.done;
      this.state.textContent = `${moving.done} of ${moving.total}`;
      this.running = true;
    } else if (this.running && moved) {
      this.running = false;
      this.ended(moved);
    }
    this.buttons();
  }

  ended(moved) {
    const verb = moved.what === "undo-finalize" ? "moved back" : "moved";
    const failed = moved.failed > 0 ? `; ${moved.failed} could not be` : "";
    this.state.textContent = moved.error || `${moved.done} of ${moved.total} files ${verb}${failed}.`;
    this.problems.replaceChildren(...moved.problems.slice(0, 200).map((p) => element("li", {}, `${p.path}: ${p.message}`)));
    this.app.announce(this.state.textContent);
    this.load();
  }
}

export function openFinalize(app) {
  new FinalizeDialog(app).open();
}
