// group_view.js: the pictures of one group: as large as the space allows, with what is suggested and decided.

import { api, sideFor } from "./api.js";
import { element, percent, signed, stageName } from "./dom.js";
import { CropEditor, makeBox } from "./crop_box.js";
import { inWords as boxInWords, isWhole } from "./crop_geometry.js";
import { cropOf, suggestedIndex, suggestsNothing } from "./suggested.js";

const captionHeight = 64; // CSS pixels at the base size; measured once there is one

/** Columns for n pictures of these aspects (width / height) so that they are shown as large as possible. */
export function columnsFor(aspects, width, height, caption, gap) {
  let best = { columns: 1, area: -1 };
  for (let columns = 1; columns <= aspects.length; columns++) {
    const rows = Math.ceil(aspects.length / columns);
    const w = (width - gap * (columns - 1)) / columns;
    const h = (height - gap * (rows - 1)) / rows - caption;
    let area = 0;
    for (const aspect of aspects) area += w > 0 && h > 0 ? Math.min(w, h * aspect) ** 2 / aspect : 0;
    if (area > best.area) best = { columns, area, width: w, height: h };
  }
  return best;
}

const aspectOf = (image) => (image.width && image.height ? image.width / image.height : 1);

function bar(name, value, most) {
  const share = most > 0 ? Math.min(1, Math.abs(value) / most) : 0;
  const fill = element(value < 0 ? "i.less" : "i.more");
  fill.style.width = `${50 * share}%`;
  return element("span.part", { title: `${name} ${signed(value)} log-odds` }, element("span.part-name", {}, name),
    element("span.part-bar", { role: "img", "aria-label": `${name} ${signed(value)}` }, fill));
}

export class GroupView {
  constructor(node, app) {
    this.node = node;
    this.app = app;
    this.group = null;
    this.figures = [];
    this.editor = null;
    new ResizeObserver(() => this.layout()).observe(node);
  }

  /** Resolves when the pictures are there, or cannot be. */
  async show(group) {
    this.closeEditor();
    this.group = group;
    this.node.dataset.group = group.id;
    this.node.setAttribute("aria-label", `group ${group.index + 1}: ${group.name}`);
    const loads = [];
    this.figures = group.images.map((image, i) => this.#figure(image, i, loads));
    this.node.replaceChildren(...this.figures.map((figure) => figure.node));
    this.layout();
    this.update();
    await Promise.all(loads);
  }

  #figure(image, i, loads) {
    const picture = element("img", { alt: `picture ${i + 1}, ${stageName(image.stage)}, ${image.name}`, draggable: false,
      decoding: "async" });
    const frame = element("div.frame", {}, picture);
    const marks = element("span.marks");
    const caption = element("figcaption", {},
      element("span.number", {}, String(i + 1)),
      element("span.stage", { title: image.name }, stageName(image.stage)),
      image.width ? element("span.size", {}, `${image.width} × ${image.height}`) : null,
      marks,
      element("span.numbers", { dataset: { testid: `numbers-${i + 1}` } }));
    const node = element("figure.picture", { tabIndex: 0, dataset: { testid: `picture-${i + 1}`, image: image.id } },
      frame, caption);
    node.addEventListener("click", (event) => {
      if (!event.target.closest(".crop-box")) this.app.focusPicture(i);
    });
    node.addEventListener("dblclick", () => this.app.act(`pick${i + 1}`));
    node.addEventListener("focus", () => this.app.focusPicture(i));
    const figure = { node, frame, picture, caption, marks, numbers: caption.querySelector(".numbers"), image };
    loads.push(this.#load(figure));
    return figure;
  }

  async #load(figure) {
    const { picture, frame, image } = figure;
    if (image.error) {
      this.#showProblem(frame, `${image.name}: ${image.error}`);
      return;
    }
    const longest = Math.max(this.node.clientWidth, this.node.clientHeight) * (window.devicePixelRatio || 1);
    picture.src = api.picture(image.id, sideFor(longest / Math.min(2, Math.ceil(this.group.images.length / 2))));
    try {
      await picture.decode();
    } catch {
      // What the server says about it is more than the browser knows.
      if (picture.isConnected) this.#showProblem(frame, await this.#reason(image));
    }
  }

  async #reason(image) {
    try {
      const response = await fetch(api.picture(image.id, 320), { cache: "no-store" });
      return response.ok ? "the picture cannot be shown" : (await response.json()).error.message;
    } catch {
      return "the picture cannot be loaded";
    }
  }

  #showProblem(frame, text) {
    frame.classList.add("broken");
    frame.append(element("p.problem", { dataset: { testid: "picture-problem" } }, text));
  }

  layout() {
    if (!this.group) return;
    const style = getComputedStyle(this.node);
    const gap = parseFloat(style.columnGap) || 12;
    const caption = Math.max(captionHeight / 2, ...this.figures.map((f) => f.caption.offsetHeight));
    const inside = [this.node.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight),
      this.node.clientHeight - parseFloat(style.paddingTop) - parseFloat(style.paddingBottom)];
    const { columns, width, height } = columnsFor(this.group.images.map(aspectOf), ...inside, caption, gap);
    this.node.style.setProperty("--columns", columns);
    for (const { frame, image } of this.figures) {
      const w = Math.max(40, Math.min(width || 40, (height || 40) * aspectOf(image)));
      frame.style.width = `${w}px`;
      frame.style.height = `${w / aspectOf(image)}px`;
    }
  }

  /** Marks, boxes and numbers, by what the app knows now. */
  update() {
    const { app, group } = this;
    const best = suggestedIndex(group);
    const decision = group.decision;
    const most = Math.max(0.5, ...group.images.flatMap((image) => [Math.abs(image.prior || 0), Math.abs(image.image || 0)]));
    this.figures.forEach((figure, i) => {
      const { node, image } = figure;
      const winner = decision && decision.outcome === "pick" && decision.winners.find((w) => w.image === image.id);
      node.classList.toggle("suggested", i === best && !suggestsNothing(group));
      node.classList.toggle("chosen", Boolean(winner));
      node.classList.toggle("lost", Boolean(decision && decision.outcome !== "skip" && !winner));
      node.classList.toggle("marked", app.marked.has(image.id));
      node.classList.toggle("focused", i === app.focused);
      this.#mark(figure, i === best, winner);
      this.#numbers(figure, most);
      this.#box(figure, winner);
    });
  }

  #mark(figure, isBest, winner) {
    const { group, app } = this;
    const marks = [];
    if (isBest && !suggestsNothing(group)) {
      marks.push(element("b.mark.best", {}, group.suggestion ? "suggested" : group.state === "pending" ? "…" : "highest stage"));
    }
    if (winner) marks.push(element("b.mark.kept", {}, winner.crop === "later" ? "kept, crop later" : "kept"));
    if (app.marked.has(figure.image.id)) marks.push(element("b.mark.also", {}, "and this"));
    figure.marks.replaceChildren(...marks);
  }

  #numbers(figure, most) {
    const { image } = figure;
    const parts = [];
    if (image.probability !== null && image.probability !== undefined) parts.push(element("span.chance", {}, percent(image.probability)));
    if (image.prior !== null && image.prior !== undefined) parts.push(bar("stage", image.prior, most));
    if (image.image !== null && image.image !== undefined) parts.push(bar("image", image.image, most));
    figure.numbers.replaceChildren(...parts);
  }

  #box(figure, winner) {
    if (this.editor && this.editor.frame === figure.frame) return;
    for (const old of figure.frame.querySelectorAll(".crop-box, .box-words")) old.remove();
    const edited = this.app.edits.get(figure.image.id) || (winner && winner.crop === "edited" ? winner.box : null);
    const box = edited || (winner && winner.crop === "whole" ? null : figure.image.crop);
    if (!box || isWhole(box)) return;
    figure.frame.append(makeBox(box, edited ? "edited" : "suggested"));
  }

  /** Editing begins with the box that is drawn, else with the whole picture a little reduced. */
  openEditor(i) {
    this.closeEditor();
    const figure = this.figures[i];
    if (!figure || figure.frame.classList.contains("broken")) return false;
    const { image, frame } = figure;
    const before = this.app.edits.get(image.id) || cropOf(image) || { x1: 0.1, y1: 0.1, x2: 0.9, y2: 0.9 };
    for (const old of frame.querySelectorAll(".crop-box")) old.remove();
    const words = element("output.box-words", { dataset: { testid: "crop-numbers" } });
    this.editor = new CropEditor(frame, before, {
      label: `crop of picture ${i + 1}`,
      onChange: (box) => (words.textContent = boxInWords(box, image.width, image.height)),
    });
    this.editor.index = i;
    this.editor.image = image;
    frame.append(this.editor.node, words);
    this.editor.node.focus();
    return true;
  }

  closeEditor() {
    if (!this.editor) return;
    const { frame } = this.editor;
    this.editor = null;
    for (const old of frame.querySelectorAll(".crop-box, .box-words")) old.remove();
    if (this.group) this.update();
  }
}
