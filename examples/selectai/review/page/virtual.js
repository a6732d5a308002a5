// virtual.js: a long list of rows of one height, of which only those that can be seen are in the document.

import { element } from "./dom.js";

const beyond = 3; // rows above and below that are ready before they are seen
const patience = 100; // milliseconds: what is scrolled past more quickly need not be loaded

/** Without an address a picture is not fetched any further. */
function drop(row) {
  row.remove();
  for (const picture of row.querySelectorAll("img")) picture.removeAttribute("src");
}

export class VirtualRows {
  #rows = new Map();
  #count = 0;
  #frame = 0;
  #timer = 0;

  /** scroller: the element that scrolls. make(i) -> the element of row i. */
  constructor(scroller, rowHeight, make) {
    this.scroller = scroller;
    this.rowHeight = rowHeight;
    this.make = make;
    this.inside = element("div.virtual", { role: "presentation" });
    scroller.append(this.inside);
    scroller.addEventListener("scroll", () => this.#soon(), { passive: true });
    this.observer = new ResizeObserver(() => this.#soon());
    this.observer.observe(scroller);
  }

  end() {
    this.observer.disconnect();
    cancelAnimationFrame(this.#frame);
    clearTimeout(this.#timer);
    for (const row of this.#rows.values()) drop(row);
  }

  /** Pictures have their address in data-src until their row has been there for a while. */
  #load() {
    this.#timer = 0;
    for (const picture of this.inside.querySelectorAll("img[data-src]")) {
      picture.src = picture.dataset.src;
      delete picture.dataset.src;
    }
  }

  #soon() {
    if (!this.#frame) this.#frame = requestAnimationFrame(() => this.draw());
  }

  /** Another number of rows, or the same with other contents. */
  reset(count) {
    this.#count = count;
    for (const row of this.#rows.values()) drop(row);
    this.#rows.clear();
    this.inside.style.height = `${count * this.rowHeight}px`;
    this.draw();
  }

  draw() {
    this.#frame = 0;
    const { scroller, rowHeight } = this;
    const first = Math.max(0, Math.floor(scroller.scrollTop / rowHeight) - beyond);
    const last = Math.min(this.#count, Math.ceil((scroller.scrollTop + scroller.clientHeight) / rowHeight) + beyond);
    for (const [i, row] of this.#rows)
      if (i < first || i >= last) {
        drop(row);
        this.#rows.delete(i);
      }
    for (let i = first; i < last; i++) if (!this.#rows.has(i)) this.#add(i);
    if (!this.#timer) this.#timer = setTimeout(() => this.#load(), patience);
  }

  #add(i) {
    const row = this.make(i);
    row.style.top = `${i * this.rowHeight}px`;
    row.style.height = `${this.rowHeight}px`;
    row.classList.add("virtual-row");
    this.#rows.set(i, row);
    this.inside.append(row);
  }

  /** Scrolls as little as possible, so that row i can be seen. */
  reveal(i) {
    const { scroller, rowHeight } = this;
    const top = i * rowHeight;
    if (top < scroller.scrollTop) scroller.scrollTop = top;
    else if (top + rowHeight > scroller.scrollTop + scroller.clientHeight) scroller.scrollTop = top + rowHeight - scroller.clientHeight;
    this.draw();
  }
}
