// suggested.js: what a suggestion means for a decision: what Enter does, and in words. Pure functions.

/** The picture that approving keeps: of the suggestion, or the highest stage where there is none. */
export function suggestedIndex(group) {
  return group.suggestion ? group.suggestion.winner : group.images.length - 1;
}

export function suggestsNothing(group) {
  return Boolean(group.suggestion && group.suggestion.keep_nothing);
}

/** The crop that is proposed for a picture; null too where it is all of it: then there is nothing to draw or to keep. */
export function cropOf(image) {
  const box = image.crop;
  return box && (box.x1 > 0 || box.y1 > 0 || box.x2 < 1 || box.y2 < 1) ? box : null;
}

/** Is the suggested crop part of the suggestion? Not where it is more likely that the person does not crop. */
export function suggestsCrop(group) {
  const suggestion = group.suggestion;
  return Boolean(suggestion && cropOf(group.images[suggestion.winner]) && !(suggestion.no_crop >= 0.5));
}

/** A winner: edits (image id -> box) go before what is suggested. crop: keep the suggested one. */
export function winnerOf(image, edits, crop) {
  const edited = edits.get(image.id);
  if (edited) return { image: image.id, crop: "edited", box: edited };
  if (crop && cropOf(image)) return { image: image.id, crop: "suggested", box: cropOf(image) };
  return { image: image.id, crop: "whole" };
}

/** What approving decides. marked: ids of pictures that are to be kept together, if any. */
export function approval(group, edits, marked) {
  const best = suggestedIndex(group);
  if (marked.size > 0) {
    const winners = group.images.filter((image) => marked.has(image.id));
    const cropped = (image) => suggestsCrop(group) && image === group.images[best];
    return { outcome: "pick", winners: winners.map((image) => winnerOf(image, edits, cropped(image))) };
  }
  if (suggestsNothing(group) && edits.size === 0) return { outcome: "reject" };
  return { outcome: "pick", winners: [winnerOf(group.images[best], edits, suggestsCrop(group))] };
}

/** Is this decision what the status of a group (api/changes) says? images: the group's ids. */
export function saysTheSame(status, decision, images) {
  if (status.outcome !== decision.outcome) return false;
  if (decision.outcome !== "pick") return true;
  const winners = decision.winners.map((winner) => images.indexOf(winner.image));
  return winners.length === status.winners.length &&
    winners.every((place, k) => place === status.winners[k] && decision.winners[k].crop === status.crops[k]);
}

const cropWords = { whole: "", suggested: ", cropped", edited: ", with your crop", later: ", crop later" };

/** "keep 3, cropped" */
export function inWords(decision, group) {
  if (!decision) return "undecided";
  if (decision.outcome === "reject") return "reject all";
  if (decision.outcome === "skip") return "skip";
  const parts = decision.winners.map((winner) => {
    const number = group.images.findIndex((image) => image.id === winner.image) + 1;
    return `${number}${cropWords[winner.crop]}`;
  });
  return `keep ${parts.join(" and ")}`;
}

/** The same for what was decided. */
export function pastWords(decision, group) {
  return inWords(decision, group)
    .replace(/^keep/, "kept")
    .replace(/^reject all/, "rejected all")
    .replace(/^skip/, "skipped");
}
