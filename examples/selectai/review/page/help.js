// help.js: all keys, as they are set, and what the marks mean.

import { openDialog } from "./dialog.js";
import { element } from "./dom.js";

const subjects = [
  ["Decide", [["approve", "do what is suggested (the button says what)"], ["pick1 pick2 pick3 pick4", "keep that picture, whole"],
    ["pick_crop1 pick_crop2 pick_crop3 pick_crop4", "keep it with its crop"], ["also1 also2 also3 also4", "mark one more to be kept"],
    ["later1 later2 later3 later4", "keep it, crop it later"], ["reject", "reject all of them"], ["skip", "skip: nothing is decided"]]],
  ["Crop", [["edit_crop", "edit the crop of the picture that has the focus; arrows move it, + and − scale it, Shift in larger steps, Enter takes it, Escape leaves"]]],
  ["Look", [["zoom", "zoom into the picture"], ["compare", "compare side by side"], ["overview", "overview of all groups"]]],
  ["Go", [["next", "next group"], ["previous", "previous group"], ["first_undecided", "first undecided group"]]],
  ["Take back", [["undo", "take back the last decision, and show its group"], ["redo", "do it again"]]],
  ["Page", [["finalize", "move files as decided, or back"], ["theme", "dark or light"], ["help", "this list"]]],
];

const marks = [
  ["suggested", "what the ranker would keep; “highest stage”: there is no model"],
  ["kept", "what you decided to keep"],
  ["stage, image", "the two parts of the score: what pictures of this stage usually get, and what this picture shows; to the left: against it"],
  ["the box", "the suggested crop, or yours; dashed where it belongs to a picture that is not suggested"],
];

function keysOf(app, actions) {
  const names = actions.split(" ").map((action) => app.keyNames(action).join(" or ")).filter(Boolean);
  return names.length > 0 ? names.join("  ") : "no key";
}

export function openHelp(app) {
  openDialog("help-dialog", "Keys", (body) => {
    for (const [subject, rows] of subjects)
      body.append(element("h3", {}, subject), element("dl.keys", {}, ...rows.flatMap(([actions, text]) =>
        [element("dt", {}, keysOf(app, actions)), element("dd", {}, text)])));
    body.append(element("h3", {}, "Marks"), element("dl.keys", {}, ...marks.flatMap(([name, text]) =>
      [element("dt", {}, name), element("dd", {}, text)])));
    body.append(element("p.hint", {}, "Other keys: selectai review … --keys FILE, a JSON object such as ",
      element("code", {}, '{"skip": ["n"], "reject": ["Delete"]}'), "."));
  });
}
