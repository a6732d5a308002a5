// filters.js: which groups are shown, in which order. Pure functions of what the store knows.

export const patternOf = (stages) => stages.map((stage) => (stage === null ? "?" : String(stage))).join(" · ");

/** Patterns with how many groups have them, the most frequent first. */
export function patterns(stages) {
  const counts = new Map();
  for (const list of stages) counts.set(patternOf(list), (counts.get(patternOf(list)) || 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1]);
}

const shows = {
  all: () => true,
  undecided: (s) => s.outcome === null,
  unsure: (s) => s.state === "ready" && !s.sure,
  nothing: (s) => s.keep_nothing,
  pick: (s) => s.outcome === "pick",
  reject: (s) => s.outcome === "reject",
  skip: (s) => s.outcome === "skip",
};

// What is not known yet comes last.
const known = (value, otherwise) => (value === null || value === undefined ? otherwise : value);
const compares = {
  doubt: (a, b) => known(a.confidence, 2) - known(b.confidence, 2),
  anomaly: (a, b) => known(b.anomaly, -1) - known(a.anomaly, -1),
};

/** Indices of the groups that are shown. */
export function ordered(store, { order, filter, pattern }) {
  const list = [];
  for (let i = 0; i < store.n; i++)
    if (shows[filter](store.status[i]) && (!pattern || patternOf(store.stages[i]) === pattern)) list.push(i);
  const compare = compares[order];
  if (compare) list.sort((a, b) => compare(store.status[a], store.status[b]) || a - b);
  return list;
}

/** Those that the server means (api/decide-all): undecided, worked out, sure, and at or above the confidence. */
export function meant(statuses, confidence) {
  let picks = 0, cropped = 0, rejects = 0;
  for (const status of statuses) {
    if (!status || status.outcome !== null || status.state !== "ready" || !status.sure || !(status.confidence >= confidence)) continue;
    if (status.keep_nothing) rejects++;
    else picks++;
    if (!status.keep_nothing && status.has_crop) cropped++;
  }
  return { picks, cropped, rejects, all: picks + rejects };
}
