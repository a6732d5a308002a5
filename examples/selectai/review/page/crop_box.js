// crop_box.js: a box over a picture: drawn, and where it may be changed, pulled by mouse, touch and keys.

import { element } from "./dom.js";
import * as geometry from "./crop_geometry.js";

const handles = ["nw", "n", "ne", "e", "se", "s", "sw", "w"];
const near = 10; // CSS pixels within which an edge snaps

export function draw(node, box) {
  node.style.left = `${100 * box.x1}%`;
  node.style.top = `${100 * box.y1}%`;
  node.style.width = `${100 * (box.x2 - box.x1)}%`;
  node.style.height = `${100 * (box.y2 - box.y1)}%`;
}

/** kind: "suggested" or "edited". */
export function makeBox(box, kind) {
  const node = element("div.crop-box", { dataset: { testid: "crop-box", kind } });
  draw(node, box);
  return node;
}

/** Editing the box of one picture. The caller adds `node` to the frame, which has the picture's size. */
export class CropEditor {
  constructor(frame, box, { onChange, label }) {
    this.frame = frame;
    this.box = geometry.locked(box);
    this.onChange = onChange;
    this.node = element("div.crop-box.editing", { tabIndex: 0, role: "application", dataset: { testid: "crop-editor" } });
    this.node.setAttribute("aria-label", `${label}: arrows move, plus and minus scale, Enter takes it, Escape leaves`);
    for (const handle of handles)
      this.node.append(element(`span.handle.${handle}`, { dataset: { handle } }));
    this.node.addEventListener("pointerdown", (event) => this.#grab(event));
    this.node.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    this.#show();
  }

  #show() {
    draw(this.node, this.box);
    this.onChange(this.box);
  }

  #near() {
    const { width, height } = this.frame.getBoundingClientRect();
    return [near / Math.max(1, width), near / Math.max(1, height)];
  }

  set(box, snap) {
    this.box = snap ? geometry.snapped(box, ...this.#near()) : box;
    this.#show();
  }

  #grab(event) {
    if (event.button !== 0) return;
    event.preventDefault();
    this.node.focus();
    this.node.setPointerCapture(event.pointerId);
    const handle = event.target.dataset.handle || "";
    const rect = this.frame.getBoundingClientRect();
    const start = this.box;
    const at = (e) => [(e.clientX - rect.left) / rect.width, (e.clientY - rect.top) / rect.height];
    const [fromX, fromY] = at(event);
    const pull = (e) => {
      const [x, y] = at(e);
      const box = handle ? geometry.pulled(start, handle, x, y) : geometry.moved(start, x - fromX, y - fromY);
      // A corner that is pulled to the frame lies on it already; one that is moved snaps.
      this.set(handle ? this.#snappedPull(start, handle, x, y, box) : box, !handle);
    };
    const drop = () => {
      this.node.removeEventListener("pointermove", pull);
      this.node.removeEventListener("pointerup", drop);
      this.node.removeEventListener("pointercancel", drop);
    };
    this.node.addEventListener("pointermove", pull);
    this.node.addEventListener("pointerup", drop);
    this.node.addEventListener("pointercancel", drop);
  }

  /** Near the frame the pointer counts as on it, so that the opposite corner stays where it is. */
  #snappedPull(start, handle, x, y, box) {
    const [nx, ny] = this.#near();
    const onto = (value, n) => (value < n ? 0 : value > 1 - n ? 1 : value);
    const sx = handle.includes("w") || handle.includes("e") ? onto(x, nx) : x;
    const sy = handle.includes("n") || handle.includes("s") ? onto(y, ny) : y;
    return sx !== x || sy !== y ? geometry.pulled(start, handle, sx, sy) : box;
  }

  #wheel(event) {
    event.preventDefault();
    this.set(geometry.scaled(this.box, event.deltaY > 0 ? 0.97 : 1 / 0.97), true);
  }

  /** true: the key was for the box. */
  key(event) {
    const step = event.shiftKey ? 0.05 : 0.01;
    const moves = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] };
    if (event.ctrlKey || event.metaKey || event.altKey) return false;
    if (moves[event.key]) this.set(geometry.moved(this.box, ...moves[event.key]), false);
    else if (event.key === "+" || event.key === "=" || event.key === "*") this.set(geometry.scaled(this.box, 1 + step), false);
    else if (event.key === "-" || event.key === "_") this.set(geometry.scaled(this.box, 1 / (1 + step)), false);
    else return false;
    return true;
  }
}
