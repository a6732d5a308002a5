// main.js: puts the page together: keys, buttons, filters, and what comes from the server.

import { app } from "./app.js";
import { api } from "./api.js";
import { announce, banner, hasBanner, unbanner } from "./banners.js";
import { element } from "./dom.js";
import { patterns } from "./filters.js";
import { showHeader, showPlace } from "./header.js";
import { actionOf, isTyping, makeTable } from "./keys.js";
import { store } from "./store.js";
import { openBulk } from "./bulk.js";
import { openCompare } from "./compare.js";
import { openExports } from "./exports.js";
import { openFinalize } from "./finalize.js";
import { openHelp } from "./help.js";
import { learnText, openLearn } from "./learn.js";
import { openOverview } from "./overview.js";
import { toggleTheme } from "./theme.js";

let table = new Map();

/* ---- Actions ---- */

Object.assign(app.actions, {
  approve: () => app.approve(),
  reject: () => app.decide({ outcome: "reject" }),
  skip: () => app.decide({ outcome: "skip" }),
  next: () => app.step(1),
  previous: () => app.step(-1),
  first_undecided: () => {
    const i = app.order.find((k) => store.status[k].outcome === null);
    return i === undefined ? announce("nothing is undecided") : app.goTo(i);
  },
  edit_crop: () => app.editCrop(),
  zoom: () => openCompare(app, "zoom"),
  compare: () => openCompare(app, "compare"),
  overview: () => openOverview(app),
  undo: () => app.back("undo"),
  redo: () => app.back("redo"),
  help: () => openHelp(app),
  finalize: () => openFinalize(app),
  theme: () => announce(`theme: ${toggleTheme()}`),
});
for (let i = 0; i < 9; i++) {
  app.actions[`pick${i + 1}`] = () => app.pick(i, false);
  app.actions[`also${i + 1}`] = () => app.mark(i);
  app.actions[`pick_crop${i + 1}`] = () => app.pick(i, true);
  app.actions[`later${i + 1}`] = () => app.later(i);
}

const tools = { bulk: openBulk, exports: openExports };

/* ---- Keys and buttons ---- */

function onKey(event) {
  if (event.defaultPrevented || event.isComposing || isTyping(event)) return;
  const { editor } = app.view;
  if (editor) {
    const ends = { Enter: true, Escape: false };
    if (event.key in ends) app.endCrop(ends[event.key]);
    else if (!editor.key(event)) return;
    event.preventDefault();
    return;
  }
  const action = actionOf(table, event);
  if (!action || (event.repeat && !["next", "previous"].includes(action))) return;
  event.preventDefault();
  app.act(action);
}

function onClick(event) {
  const button = event.target.closest("button[data-action], button[data-tool]");
  if (!button || button.disabled) return;
  if (button.dataset.action) app.act(button.dataset.action);
  else tools[button.dataset.tool](app);
  if (event.detail > 0 && !document.querySelector("dialog[open]")) button.blur(); // Enter is for the group again
}

function labelButtons() {
  for (const button of document.querySelectorAll("button[data-action]")) {
    const keys = app.keyNames(button.dataset.action);
    if (keys.length > 0) button.title = keys.join(" or ");
  }
}

/* ---- Filters ---- */

function fillPatterns() {
  const select = document.getElementById("pattern");
  const options = patterns(store.stages).slice(0, 100).map(([name, n]) => element("option", { value: name }, `${name}  (${n})`));
  select.replaceChildren(element("option", { value: "" }, "any"), ...options);
  select.value = app.wanted.pattern;
  if (select.selectedIndex < 0) select.selectedIndex = 0;
}

function onFilter() {
  for (const name of ["order", "filter", "pattern"]) app.wanted[name] = document.getElementById(name).value;
  app.reorder();
  if (app.order.length === 0) announce("no group is like that");
  else if (!app.order.includes(app.current) || app.wanted.order !== "time") app.goTo(app.order[0]);
}

/* ---- What the server says ---- */

let shownWriter = "";

function showWriter(writer) {
  const texts = {
    other: "Another window decides; this one follows.",
    process: "Another program reviews this folder; this window follows. Close it and start again to decide here.",
  };
  if (shownWriter === writer) return;
  shownWriter = writer;
  unbanner("writer");
  if (texts[writer])
    banner("writer", texts[writer], writer === "other" ? { buttons: [["Take over", () => claim(true)]] } : {});
}

async function claim(take) {
  if (!take && ["other", "process"].includes(store.changes.writer)) return; // it would be refused
  try {
    await api.post("api/claim", { take });
  } catch (error) {
    if (error.status !== 409) throw error;
  }
  await store.poll();
}

function showLearn(learn) {
  const button = document.getElementById("learn");
  button.hidden = !learn;
  if (learn) button.textContent = learnText(learn);
}

function onChanges(changed) {
  const { writer, moving, finalize, learn } = store.changes;
  showWriter(writer);
  if (writer === "none" && !document.hidden) claim(false).catch(() => {});
  if (moving && moving.total > 0) banner("moving", `Files are being moved: ${moving.done} of ${moving.total}`);
  else unbanner("moving");
  if (finalize.unfinished && !moving && !hasBanner("unfinished"))
    banner("unfinished", "Moving files was interrupted.", { buttons: [["Look", () => openFinalize(app)]] });
  else if (!finalize.unfinished) unbanner("unfinished");
  showLearn(learn);
  showHeader(app);
  if (changed.includes(app.current) && !app.deciding && !app.view.editor) app.refresh();
}

async function onEpoch() {
  const before = app.group ? app.group.id : store.session.cursor;
  fillPatterns();
  app.reorder();
  showHeader(app);
  const i = store.indices.get(before) ?? store.indices.get(store.session.cursor) ?? (store.n > 0 ? 0 : -1);
  if (i >= 0) await app.goTo(i);
  else showNothing();
}

function showNothing() {
  app.current = -1;
  app.group = null;
  document.getElementById("group").replaceChildren(element("p.nothing", { dataset: { testid: "nothing" } },
    "No groups are left here: what was decided has been moved, or the folder holds no files named ",
    element("code", {}, "YYYYMMDD_HHMMSS_stageN.png"), " in two stages or more."));
  document.getElementById("suggestion").replaceChildren();
  document.getElementById("approve-text").textContent = "Approve";
  document.body.dataset.ready = "true";
  showPlace(app);
  showHeader(app);
}

async function start() {
  app.start();
  await store.load();
  table = makeTable(store.session.keys);
  document.getElementById("project").textContent = store.session.project;
  labelButtons();
  fillPatterns();
  if (["none", "you"].includes(store.changes.writer)) await claim(false); // where another decides it would be refused
  store.on("changes", onChanges);
  store.on("epoch", onEpoch);
  store.on("gone", () => banner("gone", "The server does not answer; trying again. " +
    (app.unsent ? "Your last decision is kept, and sent when it does." : "Nothing is lost."), { kind: "bad" }));
  store.on("back", async () => {
    unbanner("gone");
    await claim(false);
    await app.sendAgain();
    if (!app.group && app.current >= 0) await app.goTo(app.current);
  });
  store.on("lost", () => {
    unbanner("gone");
    banner("lost", "The program that this page belongs to has ended, and another one runs in its place: open the link that it printed." +
      (app.unsent ? " Your last decision had not reached it." : " Nothing is lost."), { kind: "bad" });
    showHeader(app);
  });
  store.on("trouble", (error) => app.fail(`what has changed is not known: ${error.message}`));
  onChanges([]);
  app.reorder();
  document.addEventListener("keydown", onKey);
  document.addEventListener("click", onClick);
  document.getElementById("learn").addEventListener("click", () => openLearn(app));
  for (const name of ["order", "filter", "pattern"]) document.getElementById(name).addEventListener("change", onFilter);
  store.start();
  const first = store.indices.get(store.session.cursor) ?? (store.n > 0 ? 0 : -1);
  if (first >= 0) await app.goTo(first);
  else showNothing();
}

start().catch((error) => banner("start", `The page cannot start: ${error.message}`, { kind: "bad" }));
