// store.js: what the server knows, kept up to date by asking once a second for what has changed.

import { api, windowId } from "./api.js";

const pause = 1000; // milliseconds between two questions

const unknown = () => ({ outcome: null, winners: [], crops: [], source: null, agreed: null, state: "pending", winner: 0,
  confidence: null, anomaly: null, sure: false, keep_nothing: false, has_crop: false });

class Store {
  session = null;
  changes = null;
  status = [];
  gone = false;
  lost = false; // the token is refused: the program of this page has ended, and another one has its port
  #revision = 0;
  #listeners = new Map();
  #documents = new Map();
  #timer = 0;
  #asking = null;

  get n() {
    return this.ids ? this.ids.length : 0;
  }

  on(name, listener) {
    if (!this.#listeners.has(name)) this.#listeners.set(name, []);
    this.#listeners.get(name).push(listener);
  }

  #tell(name, value) {
    for (const listener of this.#listeners.get(name) || []) listener(value);
  }

  async load() {
    this.session = await api.get("api/session");
    const groups = await api.get("api/groups");
    this.epoch = groups.epoch;
    this.ids = groups.id;
    this.names = groups.name;
    this.stages = groups.stages;
    this.images = groups.images;
    this.status = this.ids.map(unknown);
    this.indices = new Map(this.ids.map((id, i) => [id, i]));
    this.#documents.clear();
    this.#revision = 0;
    await this.#ask();
  }

  start() {
    clearTimeout(this.#timer);
    if (this.lost) return;
    this.#timer = setTimeout(async () => {
      await this.poll();
      this.start();
    }, this.gone ? 2 * pause : pause);
  }

  /** Asks now; questions do not overlap. */
  async poll() {
    if (this.lost) return undefined;
    if (!this.#asking) this.#asking = this.#pollOnce().finally(() => (this.#asking = null));
    return this.#asking;
  }

  async #pollOnce() {
    try {
      await this.#ask();
      if (this.gone) {
        this.gone = false;
        this.#tell("back");
      }
    } catch (error) {
      if (error.status === 403) {
        this.lost = true;
        this.changes = { ...this.changes, writer: "none" };
        this.#tell("lost");
      } else if (error.status !== 0) this.#tell("trouble", error);
      else if (!this.gone) {
        this.gone = true;
        this.#tell("gone");
      }
    }
  }

  async #ask() {
    const changes = await api.get(`api/changes?since=${this.#revision}&window=${windowId}`);
    if (changes.epoch !== this.epoch) {
      await this.load();
      this.#tell("epoch");
      return;
    }
    const changed = changes.groups.map((group) => group.i);
    for (const group of changes.groups) {
      this.status[group.i] = group;
      this.#documents.delete(group.i);
    }
    this.#revision = changes.revision;
    this.changes = changes;
    this.#tell("changes", changed);
  }

  /** All about group i; kept until it changes. */
  document(i) {
    let kept = this.#documents.get(i);
    if (!kept) {
      kept = api.get(`api/group/${this.ids[i]}`);
      this.#documents.set(i, kept);
      kept.catch(() => this.#documents.delete(i));
      if (this.#documents.size > 64) this.#documents.delete(this.#documents.keys().next().value);
    }
    return kept;
  }
}

export const store = new Store();
