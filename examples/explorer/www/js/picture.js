// Where the picture comes from: the cat, a file, the camera, or a grid of numbers.

import * as camera from './camera.js';
import { choice, make, set } from './dom.js';
import * as grid from './grid.js';
import { Refused, decode, shrinks, tensorOf, tensorOfGrid } from './source.js';

/** @import {Pixels} from './source.js' */
/** @import {State} from './types' */
/** @import {Page, Tensor} from './views' */
/** @typedef {State['picture']['kind']} Kind */

export class Pictures {
  /** @type {Partial<Record<Kind, Pixels>>} */
  #pixels = {};
  /** @type {{pixels: Pixels, shrink: number, grey: boolean, tensor: Tensor} | null} */
  #last = null;
  /** @type {() => void} */
  #stop = () => {};
  /** Grows with each choice: a camera that was allowed too late, or a file that was read too late, is not wanted any
   * more. */
  #turn = 0;
  /** What was chosen last. @type {Kind} */
  #kind = 'cat';
  /** @type {{show(state: State): void} | null} */
  #panel = null;
  /** What is said of the last file or of the camera: a key with its values.
   * @type {{key: string, values: Record<string, string | number>} | null} */
  #said = null;

  /** @param {HTMLElement} host @param {Page} page
   * @param {{renew(): void, idle(): boolean}} runs to run again for new pixels, and whether no run is in flight */
  constructor(host, page, runs) {
    this.host = host;
    this.page = page;
    this.runs = runs;
    this.file = make('input', { type: 'file', accept: 'image/*', hidden: true, 'data-test': 'file' });
    this.file.addEventListener('change', () => {
      const [file] = this.file.files ?? [];
      if (file) void this.open(file);
      this.file.value = '';
    });
    takeDrops((file) => void this.open(file));
  }

  /** Loads the cat. */
  async load() {
    const response = await fetch('cat.png');
    if (!response.ok) throw new Error(`cat.png: ${response.status}`);
    this.#pixels.cat = await decode(await response.blob(), 'cat.png');
  }

  /** The picture as numbers. @param {State['picture']} picture @returns {Tensor} */
  tensor({ kind, shrink, grey, grid: rows }) {
    if (kind === 'grid') return tensorOfGrid(rows);
    const pixels = this.#pixels[kind];
    if (!pixels) throw new Error(`no picture: ${kind}`);
    if (this.#last?.pixels !== pixels || this.#last.shrink !== shrink || this.#last.grey !== grey) {
      this.#last = { pixels, shrink, grey, tensor: tensorOf(pixels, shrink, grey) };
    }
    return this.#last.tensor;
  }

  /** Ends the camera where another picture is chosen, also one that the browser still asks about, and makes
   * `shrink` fit. @param {State['picture']} picture */
  follow(picture) {
    if (picture.kind !== this.#kind) this.#turn += 1;
    this.#kind = picture.kind;
    if (picture.kind !== 'webcam') this.#stop();
    const size = this.size(picture);
    picture.shrink = size ? Math.min(picture.shrink, size.width, size.height) : 1;
  }

  /** The size of the picture before it shrinks. @param {State['picture']} picture */
  size({ kind }) {
    return this.#pixels[kind] ?? null;
  }

  /** Shows a file. @param {File} file */
  async open(file) {
    this.#turn += 1;
    const turn = this.#turn;
    /** @type {Pixels} */
    let pixels;
    try {
      pixels = await decode(file, file.name);
    } catch (error) {
      if (turn !== this.#turn) return;
      if (error instanceof Refused) this.#say(error.key, error.values);
      else this.#say('picture.failed', { name: file.name, why: String(error) });
      return;
    }
    if (turn !== this.#turn) return;
    this.#choose('own', pixels);
    this.#say('picture.opened', { name: file.name });
  }

  async #startCamera() {
    this.#stop();
    this.#say('picture.camera-asked', {});
    this.#turn += 1;
    const turn = this.#turn;
    let first = true;
    const framed = (/** @type {Pixels} */ pixels) => {
      if (!first) {
        this.#pixels.webcam = pixels;
        this.runs.renew();
        return;
      }
      if (turn !== this.#turn) {
        stop();
        return;
      }
      first = false;
      this.#choose('webcam', pixels, stop);
      this.#say('picture.camera-runs', {});
    };
    /** @type {() => void} */
    let stop = () => {};
    try {
      stop = await camera.start(
        framed,
        () => this.runs.idle(),
        () => this.#say('picture.camera-stopped', {}),
      );
    } catch (error) {
      this.#say('picture.camera-refused', { why: error instanceof Error ? error.message : String(error) });
    }
  }

  /** Another source. @param {Kind} kind @param {Pixels} [pixels] @param {() => void} [stop] of the camera */
  #choose(kind, pixels, stop = () => {}) {
    if (kind === 'webcam') this.#stop = stop;
    this.#turn += 1;
    if (pixels) this.#pixels[kind] = pixels;
    const size = this.#pixels[kind];
    this.page.update(({ picture }) => {
      picture.kind = kind;
      if (size) picture.shrink = shrinks(size).first;
    });
    if (pixels) this.runs.renew();
  }

  /** @param {string} key @param {Record<string, string | number>} values */
  #say(key, values) {
    this.#said = { key, values };
    const status = this.host.querySelector('[role=status]');
    if (status) status.textContent = this.page.t(key, values);
  }

  /** Builds the panel, in the page's language. */
  build() {
    const { t, update } = this.page;
    const kinds = choice({
      label: t('picture.kind'),
      test: 'picture',
      choices: /** @type {Kind[]} */ (['cat', 'own', 'webcam', 'grid']).map((kind) => ({
        value: kind,
        text: t(`picture.${kind}`),
      })),
      chosen: (kind) => {
        if (kind === 'own') this.file.click();
        else if (kind === 'webcam') void this.#startCamera();
        else this.#choose(kind);
      },
    });
    const slider = make('input', {
      type: 'range',
      id: 'shrink',
      'data-test': 'shrink',
      oninput: () => update(({ picture }) => (picture.shrink = slider.valueAsNumber)),
    });
    const sizes = make('output', { for: 'shrink', 'data-test': 'picture-size' });
    const shrink = make('p', { class: 'line' }, make('label', { for: 'shrink' }, t('picture.shrink')), slider, sizes);
    const grey = make('input', {
      type: 'checkbox',
      'data-test': 'grey',
      onchange: () => update(({ picture }) => (picture.grey = grey.checked)),
    });
    const greyLine = make('p', {}, make('label', {}, grey, ` ${t('picture.grey')}`));
    const status = make('p', { role: 'status', 'data-test': 'picture-status' });
    if (this.#said) status.textContent = t(this.#said.key, this.#said.values);
    const table = make('div');
    const numbers = grid.mount(table, this.page);
    const hint = make('p', { class: 'about' }, t('picture.hint'));
    this.host.replaceChildren(kinds.element, this.file, hint, status, shrink, greyLine, table);
    this.#panel = {
      show: ({ picture }) => {
        kinds.show(picture.kind);
        const size = this.size(picture);
        for (const line of [shrink, greyLine]) set(line, 'hidden', picture.kind === 'grid');
        set(table, 'hidden', picture.kind !== 'grid');
        grey.checked = picture.grey;
        if (picture.kind === 'grid') numbers.show(picture.grid);
        if (!size) return;
        const { least, most } = shrinks(size);
        slider.min = String(least);
        slider.max = String(most);
        slider.value = String(picture.shrink);
        const { shape } = this.tensor(picture);
        sizes.textContent = t('picture.size', {
          shrink: picture.shrink,
          height: size.height,
          width: size.width,
          rows: shape[1],
          columns: shape[2],
        });
      },
    };
  }

  /** @param {State} state */
  show(state) {
    this.#panel?.show(state);
  }
}

/** Takes pictures that are dropped on the page or pasted. @param {(file: File) => void} open */
function takeDrops(open) {
  const take = (/** @type {Event} */ event, /** @type {DataTransfer | null} */ data) => {
    const [file] = data?.files ?? [];
    if (!file) return;
    event.preventDefault();
    open(file);
  };
  document.addEventListener('dragover', (event) => event.preventDefault());
  document.addEventListener('drop', (event) => take(event, event.dataTransfer));
  document.addEventListener('paste', (event) => take(event, event.clipboardData));
}
