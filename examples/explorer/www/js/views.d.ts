// What main.js gives the views.

import type { Engine } from './engine.js';
import type { Result, Shape, State } from './types';

export interface Page {
  /** The words of a key in the language chosen. */
  t(key: string, values?: Record<string, string | number>): string;
  language(): string;
  /** Changes a copy of the state, runs again where the layers need it, and shows. */
  update(change: (state: State) => void): void;
  /** The devices there are; opened once. */
  engines(): Promise<{ gpu?: Engine; cpu: Engine }>;
}

export interface View {
  /** After each run, and when the language or the theme has changed. */
  show(result: Result): void;
}

export interface Tensor {
  shape: Shape;
  values: Float32Array;
}
