// learn.js: how learning in the background goes, and when the model was swapped and by how much.

import { isOpen, openDialog } from "./dialog.js";
import { element, percent } from "./dom.js";

/** For the header. */
export function learnText(learn) {
  if (!learn) return "";
  if (learn.state === "off") return "not learning";
  if (learn.state === "training") return "learning …";
  if (learn.state === "comparing") return "comparing models …";
  const last = learn.events.filter((event) => event.swapped).pop();
  const next = Math.max(0, learn.next_at - learn.decisions);
  if (last) return `learned: ${percent(last.before)} → ${percent(last.after)}`;
  return `learns in ${next} ${next === 1 ? "decision" : "decisions"}`;
}

const known = (value) => value !== null && value !== undefined;

function row(event) {
  const points = known(event.before) && known(event.after) ? 100 * (event.after - event.before) : null;
  const change = points === null ? "" : `${points < 0 ? "−" : "+"}${Math.abs(points).toFixed(1)} points`;
  const cells = [new Date(event.time).toLocaleString(), event.swapped ? "swapped" : "kept the old one",
    known(event.before) ? percent(event.before, 1) : "–", known(event.after) ? percent(event.after, 1) : "–", change,
    known(event.held_out) ? String(event.held_out) : "–", known(event.p) ? event.p.toPrecision(2) : "–", event.message || ""];
  return element(`tr${event.swapped ? ".swapped" : ""}`, {}, ...cells.map((text) => element("td", {}, text)));
}

function fill(body, learn) {
  const heads = ["when", "what", "before", "after", "change", "held-out decisions", "p", ""];
  const events = [...learn.events].reverse();
  body.replaceChildren(
    element("p", { role: "status" }, learn.message || `${learn.decisions} decisions so far; the next training at ${learn.next_at}. ` +
      ({ training: "Training now.", comparing: "Comparing now." }[learn.state] || "")),
    element("p.note", {}, "A new ranker takes the old one's place only if it names more winners among the quarter of your decisions that none ever learns from."),
    events.length === 0 ? element("p", {}, "No model has been trained yet.") :
      element("div.events", { tabIndex: 0, role: "region", ariaLabel: "trainings" }, element("table", {},
        element("thead", {}, element("tr", {}, ...heads.map((text) => element("th", { scope: "col" }, text || "note")))),
        element("tbody", { dataset: { testid: "learn-events" } }, ...events.map(row)))));
}

let open = null;
let listening = false;

export function openLearn(app) {
  if (isOpen("learn-dialog") || !app.store.changes.learn) return;
  if (!listening) app.store.on("changes", () => open && app.store.changes.learn && fill(open.body, app.store.changes.learn));
  listening = true;
  open = openDialog("learn-dialog", "Learning", { onClose: () => (open = null) });
  fill(open.body, app.store.changes.learn);
}
