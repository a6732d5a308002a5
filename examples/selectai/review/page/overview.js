// overview.js: all groups at a glance: what was decided, or is suggested. Only the rows that can be seen are in the page.

import { openDialog } from "./dialog.js";
import { element } from "./dom.js";

const cell = { width: 150, height: 178 }; // CSS pixels
const filters = [["all", "all"], [null, "undecided"], ["pick", "picked"], ["reject", "rejected"], ["skip", "skipped"]];
const words = { pick: "kept", reject: "rejected", skip: "skipped" };

function wordsOf(status) {
  if (status.outcome === null) return "undecided";
  const cropped = status.crops.some((crop) => crop === "suggested" || crop === "edited");
  const later = status.crops.includes("later");
  return words[status.outcome] + (cropped ? ", cropped" : later ? ", crop later" : "");
}

class Overview {
  constructor(app) {
    this.app = app;
    this.wanted = "all";
    this.filler = element("div.filler");
    this.grid = element("div.overview-grid", { tabIndex: 0, role: "listbox", dataset: { testid: "overview-grid" } }, this.filler);
    this.grid.setAttribute("aria-label", "groups");
    this.count = element("span.count", { role: "status" });
    this.first = this.last = -1;
  }

  open() {
    this.dialog = openDialog("overview", "Overview", (body) => {
      const buttons = filters.map(([outcome, text]) => element("button", { type: "button", ariaPressed: String(outcome === this.wanted),
        dataset: { testid: `overview-${text}` }, onclick: (event) => this.filter(outcome, event.target) }, text));
      body.append(element("div.buttons.start", {}, ...buttons, this.count), this.grid);
    }, { wide: true, onClose: () => this.observer.disconnect() });
    if (!this.dialog) return;
    this.dialog.classList.add("full");
    this.grid.addEventListener("scroll", () => this.draw(), { passive: true });
    this.grid.addEventListener("keydown", (event) => this.key(event));
    this.observer = new ResizeObserver(() => this.layout());
    this.observer.observe(this.grid);
    this.collect();
    this.selected = Math.max(0, this.list.indexOf(this.app.current));
    this.layout();
    this.reveal();
    this.grid.focus();
  }

  filter(outcome, pressed) {
    this.wanted = outcome;
    for (const other of pressed.parentNode.querySelectorAll("button")) other.setAttribute("aria-pressed", String(other === pressed));
    this.collect();
    this.selected = 0;
    this.grid.scrollTop = 0;
    this.layout();
  }

  collect() {
    const { order, store } = this.app;
    this.list = this.wanted === "all" ? order : order.filter((i) => store.status[i].outcome === this.wanted);
    this.count.textContent = `${this.list.length} groups`;
  }

  layout() {
    this.columns = Math.max(1, Math.floor((this.grid.clientWidth - 8) / cell.width));
    this.filler.style.height = `${Math.ceil(this.list.length / this.columns) * cell.height}px`;
    this.first = this.last = -1;
    this.draw();
  }

  draw() {
    const from = Math.max(0, Math.floor(this.grid.scrollTop / cell.height) - 1) * this.columns;
    const to = Math.min(this.list.length, (Math.ceil((this.grid.scrollTop + this.grid.clientHeight) / cell.height) + 1) * this.columns);
    if (from === this.first && to === this.last) return;
    [this.first, this.last] = [from, to];
    const kept = new Map([...this.filler.children].map((node) => [node.dataset.place, node]));
    const nodes = [];
    for (let place = from; place < to; place++) nodes.push(kept.get(`${place}:${this.list[place]}`) || this.cell(place));
    this.filler.replaceChildren(...nodes);
    this.mark();
  }

  cell(place) {
    const { store, api } = this.app;
    const i = this.list[place];
    const status = store.status[i];
    const shown = status.outcome === "pick" ? status.winners[0] : status.winner;
    const image = store.images[i][Math.min(shown, store.images[i].length - 1)];
    const text = wordsOf(status);
    const node = element("div.cell", { id: `cell-${place}`, role: "option", dataset: { testid: "overview-cell", place: `${place}:${i}`, outcome: status.outcome || "undecided" },
      onclick: () => this.go(place) },
    element("img", { src: api.picture(image, 160), alt: "", loading: "lazy" }),
    element("span.cell-name", {}, store.names[i]), element("span.cell-state", {}, text));
    node.style.left = `${(place % this.columns) * cell.width}px`;
    node.style.top = `${Math.floor(place / this.columns) * cell.height}px`;
    return node;
  }

  mark() {
    for (const node of this.filler.children) {
      const is = node.id === `cell-${this.selected}`;
      node.classList.toggle("selected", is);
      node.setAttribute("aria-selected", String(is));
    }
    this.grid.setAttribute("aria-activedescendant", `cell-${this.selected}`);
  }

  reveal() {
    const top = Math.floor(this.selected / this.columns) * cell.height;
    if (top < this.grid.scrollTop) this.grid.scrollTop = top;
    else if (top + cell.height > this.grid.scrollTop + this.grid.clientHeight) this.grid.scrollTop = top + cell.height - this.grid.clientHeight;
    this.draw();
    this.mark();
  }

  key(event) {
    const page = Math.max(1, Math.floor(this.grid.clientHeight / cell.height)) * this.columns;
    const moves = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -this.columns, ArrowDown: this.columns, PageUp: -page, PageDown: page,
      Home: -this.list.length, End: this.list.length };
    if (event.key === "Enter") this.go(this.selected);
    else if (event.key in moves) {
      this.selected = Math.min(Math.max(0, this.selected + moves[event.key]), Math.max(0, this.list.length - 1));
      this.reveal();
    } else return;
    event.preventDefault();
  }

  go(place) {
    const i = this.list[place];
    if (i === undefined) return;
    this.dialog.close();
    this.app.goTo(i);
  }
}

export function openOverview(app) {
  new Overview(app).open();
}
