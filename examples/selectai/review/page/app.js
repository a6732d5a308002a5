// app.js: what is on screen, and what is done with it: going from group to group, deciding, taking back.

import { api } from "./api.js";
import { announce, banner, unbanner } from "./banners.js";
import { ordered } from "./filters.js";
import { GroupView } from "./group_view.js";
import { showHeader, showPlace } from "./header.js";
import { keyName } from "./keys.js";
import { Stopwatch } from "./stopwatch.js";
import { store } from "./store.js";
import { approval, cropOf, inWords, pastWords, saysTheSame, suggestedIndex, suggestsCrop, winnerOf } from "./suggested.js";
import { showWhy } from "./why.js";

const ahead = 3; // groups whose pictures are fetched before they are wanted

export const app = {
  api,
  store,
  announce,
  order: [],
  current: -1,
  group: null,
  focused: 0, // picture that keys without a number mean
  edits: new Map(), // image id -> box, of the group on screen
  marked: new Set(), // ids of pictures to be kept together
  wanted: { order: "time", filter: "all", pattern: "" },
  view: null,
  actions: {}, // name -> function; main.js

  start() {
    this.view = new GroupView(document.getElementById("group"), this);
    this.watch = new Stopwatch();
  },

  fail: (text) => banner("failed", text, { kind: "bad", closable: true }),
  keyNames: (action) => ((store.session && store.session.keys[action]) || []).map(keyName),
  canDecide: () => Boolean(store.changes && store.changes.writer === "you" && !store.changes.moving),
  act(name) {
    if (this.actions[name]) this.actions[name]();
  },

  /* ---- Which group ---- */

  reorder() {
    this.order = ordered(store, this.wanted);
    showPlace(this);
  },

  /** Shows group i. Only the last call counts where several overlap. */
  async goTo(i) {
    if (i < 0 || i >= store.n) return;
    const turn = (this.turn = (this.turn || 0) + 1);
    this.current = i;
    this.group = null; // keys that come too early mean nothing
    document.body.dataset.ready = "false";
    showPlace(this);
    let group;
    try {
      group = await store.document(i);
    } catch (error) {
      if (turn === this.turn && error.status !== 0) this.fail(`this group cannot be shown: ${error.message}`);
      return;
    }
    if (turn !== this.turn) return;
    this.take(group);
    this.watch.restart();
    this.tellServer();
    await this.view.show(group);
    if (turn !== this.turn) return;
    document.body.dataset.ready = "true";
    this.fetchAhead();
  },

  /** What is on screen anew, because it changed. */
  async refresh() {
    const i = this.current;
    if (i < 0) return;
    const group = await store.document(i).catch(() => null);
    if (!group || i !== this.current) return;
    this.group = group;
    this.view.group = group;
    this.view.figures.forEach((figure, k) => (figure.image = group.images[k]));
    this.view.update();
    this.showRest();
  },

  /** The next that is undecided: behind this one in time, or the first by doubt or anomaly, which is most wanted. */
  async advance() {
    const undecided = (k) => store.status[k].outcome === null && k !== this.current;
    const place = this.order.indexOf(this.current);
    if (this.wanted.order !== "time" || this.wanted.filter !== "all") this.reorder();
    const from = this.wanted.order === "time" ? Math.max(0, place) : 0;
    const next = this.order.slice(from).find(undecided) ?? this.order.find(undecided);
    if (next !== undefined) return this.goTo(next);
    announce(this.order.length === store.n ? "all groups are decided" : "all groups that are shown are decided");
    return this.refresh();
  },

  step(by) {
    if (this.order.length === 0) return announce("no group is shown by this filter");
    const place = this.order.indexOf(this.current);
    const next = place < 0 ? 0 : place + by;
    if (next < 0 || next >= this.order.length) return announce(by < 0 ? "this is the first group" : "this is the last group");
    return this.goTo(this.order[next]);
  },

  following() {
    const place = this.order.indexOf(this.current);
    return this.order.slice(place + 1).filter((k) => store.status[k].outcome === null);
  },

  tellServer() {
    const order = this.following().slice(0, 8).map((k) => store.ids[k]);
    api.post("api/view", { group: store.ids[this.current], order }).catch(() => {});
  },

  fetchAhead() {
    for (const k of this.following().slice(0, ahead))
      store.document(k).then((group) => {
        const shown = this.view.figures[0];
        const side = shown ? new URL(shown.picture.src, location.href).searchParams.get("side") : "1280";
        for (const image of group.images) if (!image.error) new Image().src = api.picture(image.id, side || 1280);
      }, () => {});
  },

  /* ---- What is shown ---- */

  take(group) {
    this.group = group;
    this.edits.clear();
    this.marked.clear();
    const decided = group.decision && group.decision.outcome === "pick" ? group.decision.winners : [];
    if (decided.length > 1) for (const winner of decided) this.marked.add(winner.image);
    for (const winner of decided) if (winner.crop === "edited") this.edits.set(winner.image, winner.box);
    this.focused = suggestedIndex(group);
    this.showRest();
  },

  /** Everything but the pictures themselves. */
  showRest() {
    if (!this.group) return;
    showWhy(document.getElementById("suggestion"), this.group, this);
    const pending = this.group.state === "pending" && this.marked.size === 0 && this.edits.size === 0;
    const words = pending ? "…" : inWords(approval(this.group, this.edits, this.marked), this.group);
    document.getElementById("approve-text").textContent = `${this.keyNames("approve")[0] || "Approve"}: ${words}`;
    const decision = this.group.decision;
    document.body.dataset.outcome = decision ? decision.outcome : "";
    showHeader(this);
  },

  focusPicture(i) {
    if (this.focused === i || !this.group || i >= this.group.images.length) return;
    this.focused = i;
    this.view.update();
  },

  /* ---- Decisions ---- */

  /** Decides the group on screen and goes on. true: it is decided. */
  async decide(decision) {
    const { group } = this;
    if (!group || this.deciding) return false;
    if (!this.canDecide() || this.unsent) {
      announce(this.unsent ? "the last decision waits for the server" : "this window only looks on");
      return false;
    }
    const sent = { group: group.id, decision, seconds: this.watch.seconds, shown: group.images.map((image) => image.id) };
    if (!(await this.send(sent))) return false;
    announce(`${group.name}: ${pastWords(decision, group)}`);
    await this.advance();
    return true;
  },

  /** true: the server has it. */
  async send(sent) {
    this.deciding = true;
    try {
      await api.post("api/decide", sent);
    } catch (error) {
      this.notSent(sent, error);
      return false;
    } finally {
      this.deciding = false;
    }
    unbanner("failed");
    unbanner("disk");
    await store.poll();
    return true;
  },

  notSent(sent, error) {
    if (error.status === 0) {
      this.unsent = sent;
      store.poll(); // finds out that the server is gone, and says so
    } else if (error.status === 507) {
      banner("disk", `Nothing was decided: ${error.message}. Make room and try again.`, {
        kind: "bad", closable: true, buttons: [["Try again", async () => {
          if ((await this.send(sent)) && this.group && this.group.id === sent.group) await this.advance();
        }]] });
    } else {
      this.fail(`Nothing was decided: ${error.message}`);
      store.poll();
    }
  },

  /** After the server was gone: what was decided meanwhile is sent once. */
  async sendAgain() {
    if (!this.unsent) return;
    const sent = this.unsent;
    this.unsent = null;
    const i = store.indices.get(sent.group);
    if (i === undefined) return;
    const arrived = saysTheSame(store.status[i], sent.decision, store.images[i]); // only its answer was lost
    if (!arrived && !(await this.send(sent))) return;
    announce("the decision that waited was sent");
    if (this.current === i) await this.advance();
  },

  pick(i, crop) {
    const image = this.group && this.group.images[i];
    if (!image) return announce(`there is no picture ${i + 1}`);
    if (crop && !cropOf(image) && !this.edits.has(image.id)) {
      announce("no crop is suggested for it: draw one");
      return this.editCrop(i);
    }
    const others = this.group.images.filter((other) => this.marked.has(other.id) && other !== image);
    const best = this.group.images[suggestedIndex(this.group)];
    const winners = [...others.map((other) => winnerOf(other, this.edits, other === best && suggestsCrop(this.group))),
      winnerOf(image, crop ? this.edits : new Map(), crop)];
    const place = (winner) => this.group.images.findIndex((other) => other.id === winner.image);
    return this.decide({ outcome: "pick", winners: winners.sort((a, b) => place(a) - place(b)) });
  },

  later(i) {
    const image = this.group && this.group.images[i];
    if (!image) return announce(`there is no picture ${i + 1}`);
    return this.decide({ outcome: "pick", winners: [{ image: image.id, crop: "later" }] });
  },

  mark(i) {
    const image = this.group && this.group.images[i];
    if (!image) return announce(`there is no picture ${i + 1}`);
    if (this.marked.has(image.id)) this.marked.delete(image.id);
    else this.marked.add(image.id);
    announce(this.marked.size > 0 ? `${this.marked.size} marked: Enter keeps them` : "nothing marked");
    this.view.update();
    return this.showRest();
  },

  approve() {
    if (!this.group) return undefined;
    if (this.group.state === "pending" && this.marked.size === 0 && this.edits.size === 0)
      return announce("the suggestion is being worked out");
    return this.decide(approval(this.group, this.edits, this.marked));
  },

  editCrop(i = this.focused) {
    if (!this.group || !this.canDecide()) return;
    if (this.view.openEditor(i)) announce("arrows move the crop, plus and minus scale it, Enter takes it");
    else announce("this picture cannot be cropped");
  },

  /** Enter in the editor: picks the picture with the box; Escape leaves all as it was. */
  endCrop(take) {
    const { editor } = this.view;
    if (!editor) return undefined;
    const { image, index, box } = editor;
    if (take) this.edits.set(image.id, box);
    this.view.closeEditor();
    this.view.figures[index].node.focus();
    this.view.update();
    this.showRest();
    return take ? this.pick(index, true) : undefined;
  },

  async back(what) {
    if (!this.canDecide()) return announce("this window only looks on");
    if (!store.changes[what]) await store.poll(); // another window may have decided just now
    if (!store.changes[what]) return announce(`there is nothing to ${what}`);
    try {
      const { group, n } = await api.post(`api/${what}`);
      await store.poll();
      const done = what === "undo" ? "taken back" : "done again";
      const i = store.indices.get(group);
      if (i === undefined) return announce(`${done}; its group is not there any more`);
      await this.goTo(i);
      if (this.group)
        announce(`${done}: ${n > 1 ? `${n} groups` : store.names[i]}, now ${pastWords(this.group.decision, this.group)}`);
    } catch (error) {
      if (error.code === "nothing") announce(`there is nothing to ${what}`);
      else this.fail(`${what}: ${error.message}`);
    }
    return undefined;
  },
};
