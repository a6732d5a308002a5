// help.js: all keys, by subject, as this session has them; and what the marks on the pictures mean.

import { openDialog, isOpen } from "./dialog.js";
import { element } from "./dom.js";

const range = (name, n) => Array.from({ length: n }, (_, i) => `${name}${i + 1}`);

const subjects = [
  ["Decide", [
    [["approve"], "do what is suggested, or keep what is marked"],
    [range("pick", 9), "keep picture 1 to 9, whole"],
    [range("pick_crop", 4), "keep picture 1 to 4 with its crop"],
    [range("also", 9), "mark picture 1 to 9 to be kept too, or take the mark off"],
    [range("later", 4), "keep picture 1 to 4, and crop it later elsewhere"],
    [["reject"], "reject all"],
    [["skip"], "skip"],
    [["undo"], "take back; its group comes back on screen"],
    [["redo"], "do again"],
  ]],
  ["Look", [
    [["edit_crop"], "edit the crop of the picture that has the focus"],
    [["zoom"], "zoom into one picture"],
    [["compare"], "compare side by side"],
    [["overview"], "overview of all groups"],
    [["next"], "next group"],
    [["previous"], "previous group"],
    [["first_undecided"], "the first that is undecided"],
  ]],
  ["The rest", [
    [["finalize"], "finalize: see what would be moved"],
    [["theme"], "dark or light"],
    [["help"], "this list"],
  ]],
];

const fixed = [
  ["While a crop is edited", [
    ["← → ↑ ↓", "move the box"], ["+ −", "larger, smaller, about its centre"], ["Shift", "with these: larger steps"],
    ["Enter", "keep the picture with this crop"], ["Escape", "leave all as it was"],
  ]],
  ["While you zoom or compare", [
    ["+ −, wheel", "nearer, farther"], ["← → ↑ ↓, drag", "move all pictures together; where they are whole, ← → go to another"],
    ["0", "whole pictures"], ["n", "one pixel for one"], ["p", "pin the picture as the best so far, and see the others beside it"],
    [", .", "the other picture before, after"], ["Escape", "back to the group"],
  ]],
];

const marks = [
  ["blue frame", "the suggested picture"], ["green frame", "what you decided to keep"], ["yellow frame", "marked, to be kept together"],
  ["box", "the suggested crop; yellow: yours"], ["stage, image", "the two parts of the score: what pictures of this stage usually get, and what " +
    "this picture adds; to the right: for it"],
];

/** One list of keys, with "1 … 9" for the many. */
function keysOf(app, actions) {
  const keys = actions.flatMap((action) => app.keyNames(action));
  const nodes = [];
  for (const [i, key] of keys.entries()) {
    if (keys.length > 4 && i > 0 && i < keys.length - 1) {
      if (i === 1) nodes.push(" … ");
      continue;
    }
    if (i > 0 && keys.length <= 4) nodes.push(" ");
    nodes.push(element("kbd", {}, key));
  }
  return nodes.length > 0 ? nodes : ["no key"];
}

function table(title, rows) {
  return element("section", {}, element("h3", {}, title), element("dl", {}, ...rows.flatMap(([keys, text]) =>
    [element("dt", {}, ...keys), element("dd", {}, text)])));
}

export function openHelp(app) {
  if (isOpen("help-dialog")) return;
  const toggles = (event) => event.key === "?" && (dialog.close(), true);
  const dialog = openDialog("help-dialog", "Keys and marks", { onKey: toggles });
  dialog.body.append(element("div.help-columns", {},
    ...subjects.map(([title, rows]) => table(title, rows.map(([actions, text]) => [keysOf(app, actions), text]))),
    ...fixed.map(([title, rows]) => table(title, rows.map(([keys, text]) => [[element("kbd", {}, keys)], text]))),
    table("Marks", marks.map(([mark, text]) => [[element("b", {}, mark)], text]))),
  element("p.note", {}, "Other keys: start the review with ", element("code", {}, "--keys FILE"), ", a JSON file such as ",
    element("code", {}, '{"skip": ["n", "Space"], "reject": ["Delete"]}'), ". Digits are taken by their place on the keyboard."));
}
