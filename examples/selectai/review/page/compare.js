// compare.js: one picture large, or several side by side, which are moved and scaled together.

import { openDialog, isForField, isOpen } from "./dialog.js";
import { element } from "./dom.js";
import { columnsFor } from "./group_view.js";
import { actionOf, makeTable } from "./keys.js";
import { suggestedIndex, suggestsNothing } from "./suggested.js";
import { followPointers } from "./zoom_pointers.js";
import { ZoomPane } from "./zoom_pane.js";

const step = 1.25; // of the scale
const most = 64;

class Compare {
  constructor(app, mode) {
    this.app = app;
    this.group = app.group;
    this.single = mode === "zoom";
    this.focused = app.focused;
    this.pinned = -1; // the best so far: it stays while the others change beside it
    this.view = { scale: 1, x: 0.5, y: 0.5 };
    this.table = makeTable(app.store.session.keys);
    this.panes = [];
    this.dialog = openDialog("compare", this.single ? "Zoom" : "Compare", {
      onKey: (event) => this.key(event),
      onClose: () => this.observer.disconnect(),
    });
    this.area = element("div.panes", { tabIndex: 0, role: "group", ariaLabel: "pictures: plus and minus scale, arrows move" });
    this.scaleText = element("output.scale", { dataset: { testid: "zoom-scale" } });
    this.dialog.body.append(this.#tools(), this.area);
    this.observer = new ResizeObserver(() => this.layout());
    this.observer.observe(this.area);
    this.build();
    this.area.focus();
  }

  #tools() {
    const button = (text, title, action) => element("button", { type: "button", title, onclick: action }, text);
    return element("div.pane-tools", {},
      button("−", "farther: −", () => this.scale(1 / step)), button("+", "nearer: +", () => this.scale(step)),
      button("Whole", "0", () => this.fit()), button("1 : 1", "n", () => this.native()), this.scaleText,
      element("span.gap"),
      button("←", "the picture before: ,", () => this.turn(-1)), button("→", "the picture after: .", () => this.turn(1)),
      button(this.single ? "Side by side" : "One alone", this.single ? "v" : "z", () => this.toggle()));
  }

  /** Indices of the pictures that are on screen. */
  shown() {
    if (this.single) return [this.focused];
    if (this.pinned >= 0 && this.group.images.length > 1) return [this.pinned, this.focused];
    return this.group.images.map((_, i) => i);
  }

  build() {
    if (this.pinned >= 0 && this.focused === this.pinned && !this.single) this.focused = this.#after(this.pinned, 1);
    const had = document.activeElement;
    const within = this.area.contains(had);
    this.panes = this.shown().map((i) => this.#pane(i));
    this.area.replaceChildren(...this.panes.map((pane) => pane.node));
    this.layout();
    // The button that had the focus is gone: without one in the dialog its keys would be nobody's.
    if (within) (this.area.querySelector(`[data-testid="${had.dataset.testid}"]`) || this.area).focus();
  }

  #pane(i) {
    const image = this.group.images[i];
    const marks = [];
    if (i === this.pinned) marks.push("best so far");
    if (i === suggestedIndex(this.group) && this.group.suggestion && !suggestsNothing(this.group)) marks.push("suggested");
    const keep = element("button", { type: "button", dataset: { testid: `keep-${i + 1}` }, onclick: () => this.pick(`pick${i + 1}`) },
      `Keep ${i + 1}`);
    const pin = element("button", { type: "button", ariaPressed: String(i === this.pinned), title: "p",
      dataset: { testid: `pin-${i + 1}` }, onclick: () => this.pin(i) }, "Pin");
    const pane = new ZoomPane(image, i, { marks, buttons: this.single ? [keep] : [pin, keep] });
    pane.node.classList.toggle("pinned", i === this.pinned);
    pane.node.addEventListener("pointerenter", () => (this.under = i));
    followPointers(pane.area, {
      drag: (dx, dy) => this.drag(pane, dx, dy),
      scale: (factor, x, y) => this.scale(factor, pane, x, y),
      twice: (x, y) => (this.view.scale > 1.01 ? this.fit() : this.scale(Math.max(2, pane.native()), pane, x, y)),
    });
    return pane;
  }

  layout() {
    if (this.panes.length === 0) return;
    const aspects = this.panes.map(({ image }) => (image.width && image.height ? image.width / image.height : 1));
    const { columns } = columnsFor(aspects, this.area.clientWidth, this.area.clientHeight, 40, 4);
    this.area.style.setProperty("--columns", columns);
    this.show();
  }

  show() {
    for (const pane of this.panes) pane.show(this.view);
    const { image } = this.panes[0];
    this.scaleText.textContent = image.width ? `${Math.round((100 * this.view.scale) / this.panes[0].native())} %` : "";
  }

  /* ---- Moving, scaling ---- */

  /** About a point of the window, or the middle. */
  scale(factor, pane = this.panes[0], x = null, y = null) {
    const before = this.view;
    const least = Math.min(1, this.panes[0].native()); // a small picture may be seen in its own pixels
    const scale = Math.min(most, Math.max(least, before.scale * factor));
    const held = pane.place(before);
    let middle = { x: held.x, y: held.y };
    if (x !== null) {
      const at = pane.pointAt(before, x, y);
      const grown = scale / before.scale;
      middle = { x: at.fx + at.dx / (held.width * grown), y: at.fy + at.dy / (held.height * grown) };
    }
    this.view = { scale, ...middle };
    this.#settle(pane);
  }

  drag(pane, dx, dy) {
    const { width, height, x, y } = pane.place(this.view);
    this.view = { ...this.view, x: x - dx / width, y: y - dy / height };
    this.#settle(pane);
  }

  /** What lies outside is not remembered: moving back is seen at once. */
  #settle(pane) {
    const { x, y } = pane.place(this.view);
    this.view = { ...this.view, x, y };
    this.show();
  }

  fit() {
    this.view = { scale: 1, x: 0.5, y: 0.5 };
    this.show();
  }

  native() {
    this.scale(this.panes[0].native() / this.view.scale);
  }

  /* ---- Which pictures ---- */

  #after(i, by) {
    const n = this.group.images.length;
    let next = i;
    do next = (next + by + n) % n;
    while (next === this.pinned && n > 1 && !this.single);
    return next;
  }

  turn(by) {
    if (!this.single && this.pinned < 0) return this.app.announce("all pictures are shown: pin one to see the others beside it");
    this.focused = this.#after(this.focused, by);
    this.build();
    return this.app.announce(`picture ${this.focused + 1}`);
  }

  pin(i) {
    if (this.single) return;
    this.pinned = this.pinned === i ? -1 : i;
    this.app.announce(this.pinned < 0 ? "nothing pinned" : `${i + 1} pinned as the best so far`);
    this.build();
  }

  pick(action) {
    this.dialog.close();
    this.app.act(action);
  }

  toggle() {
    this.dialog.close();
    this.app.focusPicture(this.focused);
    openCompare(this.app, this.single ? "compare" : "zoom");
  }

  /* ---- Keys ---- */

  key(event) {
    if (isForField(event)) return false;
    const pan = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    if (pan && !event.ctrlKey && !event.altKey && !event.metaKey) return this.#arrow(event, pan);
    const does = {
      "+": () => this.scale(step), "=": () => this.scale(step), "-": () => this.scale(1 / step), 0: () => this.fit(),
      n: () => this.native(), ",": () => this.turn(-1), ".": () => this.turn(1), p: () => this.pin(this.#pinnable()),
    }[event.ctrlKey || event.altKey || event.metaKey ? "" : event.key];
    if (does) {
      does();
      return true;
    }
    const action = actionOf(this.table, event);
    if (action === "zoom" || action === "compare") return this.#other(action);
    if (!action || !/^(pick|pick_crop|later)[1-9]$/.test(action) || event.repeat) return false;
    this.pick(action);
    return true;
  }

  #pinnable() {
    const pane = this.panes.find(({ node }) => node.contains(document.activeElement));
    return pane ? pane.index : this.pinned >= 0 ? this.focused : this.under ?? this.focused;
  }

  #other(action) {
    if ((action === "zoom") === this.single) this.dialog.close();
    else this.toggle();
    return true;
  }

  #arrow(event, [dx, dy]) {
    if (this.view.scale > 1.01) {
      const share = event.shiftKey ? 0.5 : 0.1;
      this.drag(this.panes[0], dx * share * this.panes[0].area.clientWidth, dy * share * this.panes[0].area.clientHeight);
    } else if (dx !== 0 && (this.single || this.pinned >= 0)) this.turn(-dx);
    return true;
  }
}

/** mode: "zoom": the picture that has the focus; "compare": all of the group. */
export function openCompare(app, mode) {
  if (app.group && !isOpen("compare")) new Compare(app, mode);
}
