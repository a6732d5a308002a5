// header.js: how far the work is: progress, time per group, how often the suggestion was followed.

import { percent } from "./dom.js";

const byId = (id) => document.getElementById(id);

function progress(store, stats) {
  const total = Math.max(1, store.n);
  byId("progress").max = total;
  byId("progress").value = stats.decided;
  byId("progress-text").textContent = `${stats.decided} of ${store.n} decided`;
}

function facts(stats) {
  const parts = [];
  if (stats.skipped > 0) parts.push(`${stats.skipped} skipped`);
  if (stats.seconds.n > 0) parts.push(`${stats.seconds.median.toFixed(1)} s a group`);
  if (stats.compared > 0) parts.push(`agreed with ${percent(stats.agreed / stats.compared)} of ${stats.compared}`);
  byId("facts").textContent = parts.join(" · ");
}

export function showHeader(app) {
  const { store } = app;
  const { stats, suggested } = store.changes;
  progress(store, stats);
  facts(stats);
  const pending = store.session.ranker && suggested < store.n;
  byId("working").textContent = pending ? `suggestions: ${suggested} of ${store.n}` : "";
  for (const [name, possible] of [["undo", store.changes.undo], ["redo", store.changes.redo]])
    document.querySelector(`[data-action="${name}"]`).disabled = !possible || !app.canDecide();
  for (const name of ["approve", "edit_crop", "reject", "skip"])
    document.querySelector(`[data-action="${name}"]`).disabled = !app.canDecide() || !app.group;
}

export function showPlace(app) {
  const { store, order, current } = app;
  const place = order.indexOf(current);
  const name = current >= 0 ? store.names[current] : "";
  const among = order.length === store.n ? `${place + 1} of ${store.n}` : `${place >= 0 ? place + 1 : "–"} of ${order.length} shown`;
  byId("place").textContent = current >= 0 ? `${name} · ${among}` : "no group to show";
  document.title = current >= 0 ? `${place + 1}/${order.length} ${store.session.project} – selectai review` : "selectai review";
}
