// compare.js: pictures side by side, or one alone, zoomed and moved together.

import { sideFor } from "./api.js";
import { button, openDialog } from "./dialog.js";
import { element, stageName } from "./dom.js";

const most = 16; // times the fitted size

class Compare {
  constructor(app, mode) {
    this.app = app;
    this.group = app.group;
    this.scale = 1;
    this.x = this.y = 0.5; // the point of the pictures, in fractions, that lies in the middle of each pane
    this.pinned = -1;
    const all = this.group.images.map((_, i) => i);
    this.shown = mode === "zoom" ? [app.focused] : all;
    this.panes = [];
    this.row = element("div.panes", { dataset: { testid: "compare-panes" } });
    this.said = element("output.zoom-said", { dataset: { testid: "zoom" } });
  }

  open() {
    this.dialog = openDialog("compare", this.shown.length > 1 ? "Compare" : "Zoom", (body, dialog) => {
      dialog.classList.add("full");
      body.append(this.row, element("div.buttons.start", {},
        button("−", () => this.zoom(1 / 1.5)), button("+", () => this.zoom(1.5)), button("Fit", () => this.fit()),
        button("Pixels", () => this.pixels()), this.said,
        element("span.hint", {}, "wheel or + − zoom, drag or arrows move, Tab goes through, P pins, 1–9 keeps")));
    }, { onClose: () => this.observer.disconnect() });
    if (!this.dialog) return;
    this.dialog.addEventListener("keydown", (event) => this.key(event));
    this.build();
    this.observer = new ResizeObserver(() => this.draw());
    this.observer.observe(this.row);
  }

  build() {
    const order = this.pinned >= 0 ? [this.pinned, ...this.shown.filter((i) => i !== this.pinned)] : this.shown;
    this.panes = order.map((i) => this.pane(i));
    this.row.replaceChildren(...this.panes.map((pane) => pane.node));
    this.row.style.setProperty("--panes", Math.min(this.panes.length, this.row.clientWidth > this.row.clientHeight ? 4 : 2));
    this.draw();
    this.panes[0].node.focus();
  }

  pane(i) {
    const image = this.group.images[i];
    const picture = element("img", { src: this.app.api.picture(image.id, 1280), alt: `picture ${i + 1}, ${stageName(image.stage)}`, draggable: false });
    const caption = element("span.pane-name", {}, `${i + 1} · ${stageName(image.stage)}${i === this.pinned ? " · pinned" : ""}`);
    const node = element("div.pane", { tabIndex: 0, role: "img", dataset: { testid: `pane-${i + 1}`, index: String(i) } }, picture, caption);
    node.setAttribute("aria-label", `picture ${i + 1}, ${stageName(image.stage)}`);
    const pane = { node, picture, image, i, full: false };
    picture.addEventListener("load", () => this.draw());
    node.addEventListener("wheel", (event) => this.wheel(event, pane), { passive: false });
    this.listen(node, pane);
    return pane;
  }

  /* ---- Pointers: one drags, two pinch ---- */

  listen(node, pane) {
    const down = new Map();
    const spread = () => {
      const [a, b] = [...down.values()];
      return b ? Math.hypot(a.x - b.x, a.y - b.y) : 0;
    };
    node.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      node.setPointerCapture(event.pointerId);
      down.set(event.pointerId, { x: event.clientX, y: event.clientY });
    });
    node.addEventListener("pointermove", (event) => {
      const before = down.get(event.pointerId);
      if (!before) return;
      const wide = spread();
      const size = this.sizeOf(pane);
      this.move(-(event.clientX - before.x) / down.size / size.width, -(event.clientY - before.y) / down.size / size.height);
      down.set(event.pointerId, { x: event.clientX, y: event.clientY });
      if (wide > 0) this.zoom(spread() / wide);
    });
    for (const end of ["pointerup", "pointercancel"]) node.addEventListener(end, (event) => down.delete(event.pointerId));
  }

  wheel(event, pane) {
    event.preventDefault();
    const rect = pane.node.getBoundingClientRect();
    const size = this.sizeOf(pane);
    const dx = (event.clientX - rect.left - rect.width / 2) / size.width;
    const dy = (event.clientY - rect.top - rect.height / 2) / size.height;
    const before = this.scale;
    this.scale = Math.min(Math.max(1, this.scale * Math.exp(-event.deltaY / 400)), most);
    const kept = 1 - before / this.scale; // what lies under the pointer stays there
    this.move(dx * kept, dy * kept);
  }

  /* ---- Where everything lies ---- */

  fitted(pane) {
    const aspect = pane.image.width ? pane.image.width / pane.image.height : 1;
    const width = Math.min(pane.node.clientWidth, pane.node.clientHeight * aspect);
    return { width, height: width / aspect };
  }

  sizeOf(pane) {
    const { width, height } = this.fitted(pane);
    return { width: Math.max(1, width * this.scale), height: Math.max(1, height * this.scale) };
  }

  move(dx, dy) {
    this.x = Math.min(Math.max(0, this.x + dx), 1);
    this.y = Math.min(Math.max(0, this.y + dy), 1);
    this.draw();
  }

  zoom(factor) {
    this.scale = Math.min(Math.max(1, this.scale * factor), most);
    this.draw();
  }

  fit() {
    this.scale = 1;
    this.x = this.y = 0.5;
    this.draw();
  }

  /** One pixel of the largest picture is one of the screen. */
  pixels() {
    const ratios = this.panes.map((pane) => (pane.image.width || 1) / (window.devicePixelRatio || 1) / Math.max(1, this.fitted(pane).width));
    this.scale = Math.min(Math.max(1, ...ratios), most);
    this.draw();
  }

  draw() {
    for (const pane of this.panes) {
      const { width, height } = this.sizeOf(pane);
      const room = pane.node.getBoundingClientRect();
      const at = (position, size, space) => (size <= space ? (space - size) / 2 : Math.min(0, Math.max(space - size, space / 2 - position * size)));
      pane.picture.style.width = `${width}px`;
      pane.picture.style.height = `${height}px`;
      pane.picture.style.transform = `translate(${at(this.x, width, room.width)}px, ${at(this.y, height, room.height)}px)`;
      this.sharpen(pane, width);
    }
    this.said.textContent = `${Math.round(100 * this.scale)} %`;
  }

  /** A larger picture where what is there would be blown up. */
  sharpen(pane, width) {
    const wanted = width * (window.devicePixelRatio || 1);
    if (pane.full || wanted <= 1280 || !pane.image.width) return;
    pane.full = true;
    const full = new Image();
    full.src = this.app.api.picture(pane.image.id, pane.image.width > 2560 ? 0 : sideFor(Math.max(pane.image.width, pane.image.height)));
    full.decode().then(() => (pane.picture.src = full.src), () => {});
  }

  /* ---- Keys ---- */

  pin() {
    const i = Number(document.activeElement.dataset && document.activeElement.dataset.index);
    if (!Number.isInteger(i)) return;
    this.pinned = this.pinned === i ? -1 : i;
    this.build();
    this.app.announce(this.pinned < 0 ? "nothing is pinned" : `picture ${i + 1} is pinned as the best`);
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const step = 0.1 / this.scale;
    const keys = {
      ArrowLeft: () => this.move(-step, 0), ArrowRight: () => this.move(step, 0), ArrowUp: () => this.move(0, -step),
      ArrowDown: () => this.move(0, step), "+": () => this.zoom(1.25), "=": () => this.zoom(1.25), "-": () => this.zoom(0.8),
      0: () => this.fit(), p: () => this.pin(), z: () => this.dialog.close(), v: () => this.dialog.close(),
    };
    const digit = /^[1-9]$/.exec(event.key);
    if (digit) {
      this.dialog.close();
      this.app.act(`pick${digit[0]}`);
    } else if (keys[event.key]) keys[event.key]();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}

export function openCompare(app, mode) {
  if (app.group) new Compare(app, mode).open();
}
