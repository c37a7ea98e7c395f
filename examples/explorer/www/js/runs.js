// Runs of the layers: one in flight, and the newest state waits.

/** @import {Result} from './types' */

export class Runs {
  #busy = false;
  #waiting = false;
  finished = 0;

  /** @param {{compute(): Promise<Result>, shown(result: Result, newest: boolean): void, failed(error: unknown): void}}
   * work what a run is, and what comes of it */
  constructor(work) {
    this.work = work;
  }

  /** Whether no run is in flight. */
  get idle() {
    return !this.#busy;
  }

  /** Runs, or runs again after the one in flight. */
  async request() {
    this.#waiting = true;
    if (this.#busy) return;
    this.#busy = true;
    await null; // Requests of one task are one run.
    while (this.#waiting) {
      this.#waiting = false;
      try {
        const result = await this.work.compute();
        this.finished += 1;
        this.work.shown(result, !this.#waiting);
      } catch (error) {
        this.work.failed(error);
      }
    }
    this.#busy = false;
  }
}
