// move_list.js: the moves of a preview, all of them, with a search.

import { element } from "./dom.js";
import { VirtualRows } from "./virtual.js";

const kinds = { selected: "chosen", original: "original", "crop-later": "crop later", staging: "not chosen", crop: "cropped" };

export class MoveList {
  constructor(node, moves) {
    this.all = moves;
    this.shown = moves;
    const em = parseFloat(getComputedStyle(document.documentElement).fontSize);
    this.search = element("input", { type: "search", placeholder: "part of a name", dataset: { testid: "finalize-search" } });
    this.kind = element("select", { ariaLabel: "kind of move" }, element("option", { value: "" }, "every kind"),
      ...Object.entries(kinds).map(([value, text]) => element("option", { value }, text)));
    this.count = element("span.count", { role: "status", dataset: { testid: "finalize-shown" } });
    this.scroller = element("div.move-scroll", { tabIndex: 0, role: "list", ariaLabel: "moves", dataset: { testid: "finalize-moves" } });
    this.search.addEventListener("input", () => this.filter());
    this.kind.addEventListener("change", () => this.filter());
    node.append(element("div.move-tools", {}, element("label", {}, "Search ", this.search), this.kind, this.count), this.scroller);
    this.rows = new VirtualRows(this.scroller, Math.round(3 * em), (i) => this.#row(i));
    this.filter();
  }

  end() {
    this.rows.end();
  }

  filter() {
    const text = this.search.value.toLowerCase();
    this.shown = this.all.filter(({ kind, from, to }) => (!this.kind.value || kind === this.kind.value) &&
      (!text || from.toLowerCase().includes(text) || to.toLowerCase().includes(text)));
    this.count.textContent = this.shown.length === this.all.length ? `${this.all.length} moves` : `${this.shown.length} of ${this.all.length} moves`;
    this.scroller.scrollTop = 0;
    this.rows.reset(this.shown.length);
  }

  #row(i) {
    const { kind, from, to } = this.shown[i];
    const node = element("div.move", { role: "listitem", dataset: { testid: "finalize-move", kind } },
      element(`span.kind.${kind}`, {}, kinds[kind] || kind),
      element("span.paths", { title: `${from} → ${to}` }, element("span.from", {}, from), element("span.to", {}, `→ ${to}`)));
    node.setAttribute("aria-setsize", String(this.shown.length));
    node.setAttribute("aria-posinset", String(i + 1));
    return node;
  }
}
