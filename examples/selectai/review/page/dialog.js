// dialog.js: a dialog of the page: made when it is opened, gone when it is closed; the focus goes back to where it was.

import { element } from "./dom.js";

/**
 * Opens a modal dialog with a title and a close button. build(body, dialog) fills it; onClose is called once.
 * Returns the <dialog>, or null where it is open already.
 */
export function openDialog(name, title, build, { wide = false, onClose } = {}) {
  if (document.querySelector(`dialog[data-testid="${name}"]`)) return null;
  const before = document.activeElement;
  const heading = element("h2", { id: `${name}-title` }, title);
  const close = element("button.close", { type: "button", ariaLabel: "close", onclick: () => dialog.close() }, "×");
  const body = element("div.dialog-body", { tabIndex: 0, role: "group" });
  body.setAttribute("aria-labelledby", heading.id);
  const dialog = element("dialog", { dataset: { testid: name } }, element("header", {}, heading, close), body);
  dialog.setAttribute("aria-labelledby", heading.id);
  dialog.classList.toggle("wide", wide);
  dialog.addEventListener("close", () => {
    dialog.remove();
    if (onClose) onClose();
    if (before instanceof HTMLElement && before.isConnected && before !== document.body) before.focus();
  });
  document.body.append(dialog);
  build(body, dialog);
  dialog.showModal();
  return dialog;
}

export const button = (text, onclick, { main = false, testid } = {}) =>
  element(`button${main ? ".main" : ""}`, { type: "button", onclick, dataset: testid ? { testid } : {} }, text);

/** A list of which only what can be seen is in the page. rows of one height, in CSS pixels. row(i) makes one. */
export function virtualList(n, height, row, { label, testid }) {
  const filler = element("div.filler");
  const list = element("div.virtual", { tabIndex: 0, role: "list", dataset: { testid } }, filler);
  list.setAttribute("aria-label", label);
  let first = -1, last = -1, count = n;
  const draw = () => {
    const from = Math.max(0, Math.floor(list.scrollTop / height) - 4);
    const to = Math.min(count, Math.ceil((list.scrollTop + list.clientHeight) / height) + 4);
    if (from === first && to === last) return;
    [first, last] = [from, to];
    filler.style.height = `${count * height}px`;
    filler.replaceChildren(...Array.from({ length: to - from }, (_, k) => {
      const node = row(from + k);
      node.style.top = `${(from + k) * height}px`;
      node.style.height = `${height}px`;
      return node;
    }));
  };
  list.addEventListener("scroll", draw, { passive: true });
  new ResizeObserver(draw).observe(list);
  list.setCount = (value) => {
    count = value;
    first = last = -1;
    list.scrollTop = 0;
    draw();
  };
  return list;
}
