// stopwatch.js: how long a group was on screen, while the window could be seen.

export class Stopwatch {
  #total = 0;
  #since = null;

  constructor() {
    document.addEventListener("visibilitychange", () => (document.hidden ? this.#pause() : this.#go()));
  }

  restart() {
    this.#total = 0;
    this.#since = null;
    if (!document.hidden) this.#go();
  }

  #go() {
    if (this.#since === null) this.#since = performance.now();
  }

  #pause() {
    if (this.#since !== null) this.#total += performance.now() - this.#since;
    this.#since = null;
  }

  get seconds() {
    const running = this.#since === null ? 0 : performance.now() - this.#since;
    return Math.round((this.#total + running) / 10) / 100;
  }
}
