// why.js: the suggestion in words: how sure, why, and which past decisions are like it.

import { api } from "./api.js";
import { element, percent, stageName } from "./dom.js";
import { cropOf, suggestedIndex, suggestsCrop, suggestsNothing } from "./suggested.js";

function headline(group, app) {
  if (group.state === "pending") return ["Working it out …", "The highest stage is marked until then."];
  if (!group.suggestion) {
    const problem = app.store.changes && app.store.changes.problem;
    return ["No model: highest stage", problem ? `Why: ${problem}` : "Nothing was learned for this suggestion."];
  }
  const { suggestion } = group;
  const number = suggestedIndex(group) + 1;
  if (suggestsNothing(group)) return [`Keep nothing? Kept with ${percent(suggestion.keep)}`, suggestion.why];
  const sure = suggestion.sure ? "" : " — not sure";
  return [`${number} with ${percent(suggestion.confidence)}${sure}`, suggestion.why];
}

function cropLine(group) {
  const { suggestion } = group;
  if (!suggestion || !group.images[suggestion.winner].crop) return null;
  const parts = [];
  if (suggestion.no_crop !== null) parts.push(`not cropped with ${percent(suggestion.no_crop)}`);
  if (suggestion.crop_iou !== null)
    parts.push(`overlap with yours expected ${percent(suggestion.crop_iou)} (${percent(suggestion.crop_iou_low)} to ` +
      `${percent(suggestion.crop_iou_high)})`);
  const whole = !cropOf(group.images[suggestion.winner]);
  const what = whole ? "Crop: the whole picture" : suggestsCrop(group) ? "Crop" : "Crop, not taken by Enter";
  return element("p.crop-line", {}, `${what}: ${parts.join("; ") || "as proposed"}`);
}

function neighbour(past) {
  const losers = past.loser_stages.map((stage) => (stage === null ? "?" : stage)).join(", ");
  const text = `${stageName(past.winner_stage)} over ${losers || "nothing"}`;
  const like = percent(Math.max(0, past.similarity));
  return element("li", { title: past.name },
    past.image ? element("img", { src: api.picture(past.image, 160), alt: "" }) : null,
    element("span", {}, text, past.anomaly ? element("b.anomaly", {}, " lower stage") : null),
    element("span.like", {}, `${like} alike`));
}

/** Fills the panel below the pictures. */
export function showWhy(panel, group, app) {
  const [title, text] = headline(group, app);
  const past = group.suggestion ? group.suggestion.neighbours : [];
  panel.replaceChildren(
    element("h2", { dataset: { testid: "suggestion-title" } }, title),
    element("p.why", {}, text || ""),
    ...[cropLine(group)].filter(Boolean),
    ...(past.length > 0
      ? [element("details.past", { open: window.innerHeight > 900 }, element("summary", {}, `${past.length} past decisions like it`),
          element("ul", {}, ...past.map(neighbour)))]
      : []));
}
