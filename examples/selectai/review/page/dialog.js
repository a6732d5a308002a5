// dialog.js: a window in front of the page. It keeps keys to itself; the browser gives the focus back when it closes.

import { element } from "./dom.js";

let made = 0;

/**
 * name: class and data-testid. onKey(event) -> true: the key was meant for the dialog. Returns {node, body, close};
 * the node is removed when it closes.
 */
export function openDialog(name, title, { onKey = () => false, onClose = () => {} } = {}) {
  const id = `dialog-${++made}`;
  const body = element("div.dialog-body");
  const close = () => node.close();
  const closer = element("button.dialog-close", { type: "button", ariaLabel: "close", title: "Escape", onclick: close,
    dataset: { testid: `${name}-close` } }, "×");
  const node = element(`dialog.${name}`, { dataset: { testid: name } },
    element("header.dialog-top", {}, element("h2", { id }, title), closer), body);
  node.setAttribute("aria-labelledby", id);
  node.addEventListener("keydown", (event) => {
    if (!node.open) return; // Escape has closed it, and the focus is still on its way back: the page's
    event.stopPropagation(); // also where the key closes the dialog: the page would take it for its own
    if (!event.defaultPrevented && !event.isComposing && onKey(event)) event.preventDefault();
  });
  node.addEventListener("close", () => {
    if (!node.isConnected) return;
    moveSaid(document.querySelector("dialog[open]") || document.body);
    node.remove();
    onClose();
  });
  document.body.append(node);
  // After a click the page's keys are wanted again when the dialog closes, not the button.
  if (!document.activeElement.matches(":focus-visible")) document.activeElement.blur();
  node.showModal();
  moveSaid(node);
  return { node, body, close };
}

/** What is said must be in front of the dialog too, and screen readers hear nothing from behind it. */
function moveSaid(where) {
  where.append(document.getElementById("said"));
}

/** Is one of this name open? */
export const isOpen = (name) => Boolean(document.querySelector(`dialog.${name}[open]`));

/** Does the key belong to a field or a button that has the focus? */
export function isForField(event) {
  if (event.target.matches("input, select, textarea")) return true;
  return event.target.matches("button, a, summary") && (event.key === "Enter" || event.key === " ");
}
