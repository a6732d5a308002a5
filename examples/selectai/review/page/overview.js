// overview.js: all groups as small pictures, with what was decided about each; 10,000 are no more work than 100.

import { api } from "./api.js";
import { isForField, isOpen, openDialog } from "./dialog.js";
import { element, percent } from "./dom.js";
import { actionOf, makeTable } from "./keys.js";
import { VirtualRows } from "./virtual.js";

const cropped = (status) => status.crops.some((crop) => crop === "suggested" || crop === "edited");

const filters = [
  ["all", "All", () => true],
  ["undecided", "Undecided", (s) => s.outcome === null],
  ["pick", "Kept", (s) => s.outcome === "pick"],
  ["cropped", "Cropped", (s) => s.outcome === "pick" && cropped(s)],
  ["later", "Crop later", (s) => s.outcome === "pick" && s.crops.includes("later")],
  ["reject", "Rejected", (s) => s.outcome === "reject"],
  ["skip", "Skipped", (s) => s.outcome === "skip"],
  ["differs", "Not as suggested", (s) => s.outcome !== null && s.agreed === false],
];

/** [symbol, words] for the state of a group. */
export function stateWords(status) {
  if (status.outcome === "reject") return ["✗", "rejected"];
  if (status.outcome === "skip") return ["»", "skipped"];
  if (status.outcome === "pick") {
    const which = status.winners.map((i) => i + 1).join(" and ");
    const how = cropped(status) ? ", cropped" : status.crops.includes("later") ? ", crop later" : "";
    return ["✓", `kept ${which}${how}`];
  }
  if (status.state === "pending") return ["", "…"];
  if (status.keep_nothing) return ["?", "keep nothing?"];
  return ["", status.confidence === null ? "undecided" : `undecided, ${percent(status.confidence)}`];
}

class Overview {
  constructor(app) {
    this.app = app;
    this.filter = "all";
    this.table = makeTable(app.store.session.keys);
    this.dialog = openDialog("overview", "Overview", { onKey: (event) => this.key(event), onClose: () => this.end() });
    this.buttons = filters.map(([name, text]) => element("button", { type: "button", dataset: { filter: name },
      onclick: () => this.choose(name) }, element("span", {}, text), " ", element("span.count")));
    this.grid = element("div.cells", { tabIndex: 0, role: "listbox", dataset: { testid: "overview-cells" } });
    this.grid.setAttribute("aria-label", "groups; arrows move, Enter opens");
    this.grid.addEventListener("click", (event) => this.#click(event));
    this.dialog.body.append(element("div.filters", { role: "group", ariaLabel: "show" }, ...this.buttons), this.grid);
    this.resized = new ResizeObserver(() => this.arrange());
    this.resized.observe(this.grid);
    this.size = this.#cellSize();
    this.rows = new VirtualRows(this.grid, this.size.height, (row) => this.#row(row));
    this.choose("all");
    this.grid.focus();
  }

  end() {
    this.resized.disconnect();
    this.rows.end();
    if (open === this) open = null;
  }

  #cellSize() {
    const em = parseFloat(getComputedStyle(document.documentElement).fontSize);
    return { width: Math.round(12 * em), height: Math.round(11 * em) };
  }

  choose(name) {
    this.filter = name;
    for (const button of this.buttons) button.ariaPressed = String(button.dataset.filter === name);
    this.list();
    this.active = Math.max(0, this.shown.indexOf(this.app.current));
    this.rows.reveal(Math.floor(this.active / this.columns));
    this.arrange();
  }

  /** Which groups are shown, and how many each filter has. */
  list() {
    const { app } = this;
    for (const [k, [, , is]] of filters.entries()) {
      const n = app.order.reduce((sum, i) => sum + (is(app.store.status[i]) ? 1 : 0), 0);
      this.buttons[k].querySelector(".count").textContent = String(n);
    }
    const is = filters.find(([name]) => name === this.filter)[2];
    this.shown = app.order.filter((i) => is(app.store.status[i]));
    this.active = Math.min(this.active || 0, Math.max(0, this.shown.length - 1));
    this.arrange();
  }

  arrange() {
    if (!this.shown) return;
    this.columns = Math.max(1, Math.floor(this.grid.clientWidth / this.size.width));
    this.rows.reset(Math.ceil(this.shown.length / this.columns));
    this.#point();
  }

  #row(row) {
    const from = row * this.columns;
    const cells = this.shown.slice(from, from + this.columns).map((i, k) => this.#cell(i, from + k));
    const node = element("div.cell-row", { role: "presentation" }, ...cells);
    node.style.setProperty("--columns", this.columns);
    return node;
  }

  #cell(i, place) {
    const { store, current } = this.app;
    const status = store.status[i];
    const which = status.outcome === "pick" ? status.winners[0] : status.state === "ready" ? status.winner : store.images[i].length - 1;
    const [symbol, words] = stateWords(status);
    const side = (window.devicePixelRatio || 1) * this.size.width > 200 ? 320 : 160;
    const picture = element("img", { alt: "", draggable: false, dataset: { src: api.picture(store.images[i][which], side) } });
    picture.addEventListener("error", () => picture.classList.add("lost"));
    const node = element("div.cell", { id: `cell-${place}`, role: "option", dataset: { testid: "overview-cell", i: String(i),
      group: store.ids[i], outcome: status.outcome || "" } },
    picture, element("div.cell-words", {}, element("b", {}, `${symbol} `), words), element("div.cell-name", {}, store.names[i]));
    node.classList.toggle("current", i === current);
    node.setAttribute("aria-selected", String(i === current));
    node.setAttribute("aria-setsize", String(this.shown.length));
    node.setAttribute("aria-posinset", String(place + 1));
    node.classList.toggle("active", place === this.active);
    return node;
  }

  /** Shows which cell the keys mean. */
  #point() {
    for (const cell of this.grid.querySelectorAll(".cell.active")) cell.classList.remove("active");
    const cell = document.getElementById(`cell-${this.active}`);
    if (cell) cell.classList.add("active");
    if (cell) this.grid.setAttribute("aria-activedescendant", cell.id);
    else this.grid.removeAttribute("aria-activedescendant");
  }

  #go(place) {
    this.active = Math.min(Math.max(0, place), Math.max(0, this.shown.length - 1));
    this.rows.reveal(Math.floor(this.active / this.columns));
    this.#point();
  }

  #open(i) {
    this.dialog.close();
    if (i !== undefined) this.app.goTo(i);
  }

  #click(event) {
    const cell = event.target.closest(".cell");
    if (cell) this.#open(Number(cell.dataset.i));
  }

  key(event) {
    if (actionOf(this.table, event) === "overview") {
      this.dialog.close();
      return true;
    }
    if (isForField(event) || event.ctrlKey || event.altKey || event.metaKey) return false;
    const page = Math.max(1, Math.floor(this.grid.clientHeight / this.size.height)) * this.columns;
    const moves = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -this.columns, ArrowDown: this.columns, PageUp: -page, PageDown: page,
      Home: -Infinity, End: Infinity };
    if (event.key in moves) this.#go(this.active + moves[event.key]);
    else if (event.key === "Enter") this.#open(this.shown[this.active]);
    else return false;
    return true;
  }
}

let open = null;
let listening = false;

export function openOverview(app) {
  if (isOpen("overview")) return;
  if (!listening) {
    app.store.on("changes", (changed) => open && changed.length > 0 && open.list());
    app.store.on("epoch", () => open && open.dialog.close());
    listening = true;
  }
  open = new Overview(app);
}
