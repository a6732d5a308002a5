// keys.js: from a key press to the name of an action, by the keys that the session was given.

const modifiers = (event) =>
  (event.ctrlKey || event.metaKey ? "Ctrl+" : "") + (event.altKey ? "Alt+" : "") + (event.shiftKey ? "Shift+" : "");

/** All ways in which a press may be written: Shift is part of "?" already, and "!" is Shift+1. */
export function namesOf(event) {
  const key = event.key === " " ? "Space" : event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const prefix = modifiers(event);
  const names = [prefix + key, prefix + key.toUpperCase()];
  if (event.shiftKey && event.key.length === 1) names.push(prefix.replace("Shift+", "") + event.key);
  const digit = /^(?:Digit|Numpad)([0-9])$/.exec(event.code || "");
  if (digit) names.push(prefix + digit[1]);
  return names;
}

export function makeTable(keys) {
  const table = new Map();
  for (const [action, list] of Object.entries(keys)) for (const key of list) table.set(key, action);
  return table;
}

export function actionOf(table, event) {
  for (const name of namesOf(event)) if (table.has(name)) return table.get(name);
  return null;
}

/** A key as people write it. */
const shown = { ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓", " ": "Space" };
export function keyName(key) {
  return key.split("+").map((part) => shown[part] || (part.length === 1 ? part.toUpperCase() : part)).join("+") || key;
}

/** Does a press belong to what has the focus? */
export function isTyping(event) {
  const element = event.target;
  if (document.querySelector("dialog[open]")) return true;
  if (!(element instanceof HTMLElement)) return false;
  if (element.matches("input, textarea, select, [contenteditable]")) return true;
  // Enter and Space press the button that has the focus.
  return element.matches("button, a, summary") && (event.key === "Enter" || event.key === " ");
}
