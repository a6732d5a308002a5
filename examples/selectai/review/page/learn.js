// learn.js: the ranker that learns while one decides: what it does, and when it was exchanged.

import { openDialog } from "./dialog.js";
import { element, percent } from "./dom.js";

export function learnText(learn) {
  if (learn.state === "training") return "learning …";
  if (learn.state === "comparing") return "comparing …";
  if (learn.state === "off") return "not learning";
  const swaps = learn.events.filter((event) => event.swapped);
  const last = swaps[swaps.length - 1];
  const next = Math.max(0, learn.next_at - learn.decisions);
  return last ? `learned: ${percent(last.before)} → ${percent(last.after)}` : `learns in ${next} decisions`;
}

const when = (time) => new Date(time).toLocaleTimeString();

function row(event) {
  const figures = event.before === null ? "" : `${percent(event.before)} → ${percent(event.after)} of ${event.held_out} held out`;
  const chance = event.p === null || event.p === undefined ? "" : `, p = ${event.p.toFixed(3)}`;
  return element("tr", {}, element("td", {}, when(event.time)), element("td", {}, event.swapped ? "exchanged" : "kept"),
    element("td", {}, figures + chance), element("td", {}, event.message || ""));
}

export function openLearn(app) {
  const { learn } = app.store.changes;
  openDialog("learn-dialog", "Learning", (body) => {
    body.append(element("p", {}, learn.message ||
      `${learn.decisions} decisions; the ranker is trained again at ${learn.next_at}, and exchanged only if it names more winners ` +
      "among the quarter of your decisions that it never learns from."));
    if (learn.events.length > 0)
      body.append(element("table", {}, element("thead", {}, element("tr", {},
        ...["when", "ranker", "winner named first", ""].map((text) => element("th", {}, text)))),
      element("tbody", {}, ...[...learn.events].reverse().map(row))));
  }, { wide: true });
}
