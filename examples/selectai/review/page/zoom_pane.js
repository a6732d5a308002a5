// zoom_pane.js: one picture in the zoom: where it lies, how large, and which of its sizes is loaded.

import { api } from "./api.js";
import { element, stageName } from "./dom.js";
import { fitted, held } from "./zoom_geometry.js";

const first = 1280; // what the server has ready; the file itself is fetched where more pixels are seen

const aspectOf = (image) => (image.width && image.height ? image.width / image.height : 1);

export class ZoomPane {
  constructor(image, index, { marks, buttons }) {
    this.image = image;
    this.index = index;
    this.side = first;
    this.picture = element("img", { alt: `picture ${index + 1}, ${stageName(image.stage)}`, draggable: false,
      src: api.picture(image.id, first) });
    this.area = element("div.pane-area", {}, this.picture);
    this.node = element("section.pane", { dataset: { testid: `pane-${index + 1}` } }, this.area,
      element("div.pane-bar", {}, element("span.number", {}, String(index + 1)), element("span", {}, stageName(image.stage)),
        ...marks.map((mark) => element("b.mark", {}, mark)), element("span.gap"), ...buttons));
    this.node.setAttribute("aria-label", `picture ${index + 1}`);
    if (image.error) this.#say(image.error);
    else this.picture.addEventListener("error", () => this.#say("this picture cannot be shown"));
  }

  #say(text) {
    this.picture.hidden = true;
    if (!this.area.querySelector(".problem")) this.area.append(element("p.problem", {}, text));
  }

  /** Where the picture lies for a view {scale, x, y}. */
  place(view) {
    const { clientWidth: w, clientHeight: h } = this.area;
    const fit = fitted(aspectOf(this.image), w, h);
    const width = fit.width * view.scale, height = fit.height * view.scale;
    const x = held(view.x, width, w), y = held(view.y, height, h);
    return { width, height, x, y, left: w / 2 - x * width, top: h / 2 - y * height };
  }

  show(view) {
    const { width, height, left, top } = this.place(view);
    Object.assign(this.picture.style, { width: `${width}px`, height: `${height}px`, transform: `translate(${left}px, ${top}px)` });
    const seen = Math.max(width, height) * (window.devicePixelRatio || 1);
    this.picture.classList.toggle("pixels", this.image.width && seen > 2 * Math.max(this.image.width, this.image.height));
    if (seen > first * 1.1 && this.side !== 0 && Math.max(this.image.width || 0, this.image.height || 0) > first) this.#whole();
  }

  /** The file's own size; the smaller picture stays until it is there. */
  async #whole() {
    this.side = 0;
    const whole = new Image();
    whole.src = api.picture(this.image.id, 0);
    try {
      await whole.decode();
      this.picture.src = whole.src;
    } catch {
      /* the smaller one stays */
    }
  }

  /** The scale at which one pixel of the file is one of the screen. */
  native() {
    const { clientWidth: w, clientHeight: h } = this.area;
    const { width } = fitted(aspectOf(this.image), w, h);
    return this.image.width ? this.image.width / width / (window.devicePixelRatio || 1) : 2;
  }

  /** The point of the picture (fractions) below a pointer. */
  pointAt(view, clientX, clientY) {
    const rect = this.area.getBoundingClientRect();
    const { left, top, width, height } = this.place(view);
    const px = clientX - rect.left, py = clientY - rect.top;
    return { fx: (px - left) / width, fy: (py - top) / height, dx: rect.width / 2 - px, dy: rect.height / 2 - py };
  }
}
