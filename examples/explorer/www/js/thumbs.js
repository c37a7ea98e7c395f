// The picture and every channel of every layer, each a button.

import { make } from './dom.js';
import { look } from './look.js';
import { painter } from './paint.js';
import { theme } from './colour.js';

/** @import {Result, Shape, State} from './types' */
/** @import {Page, View, Tensor} from './views' */

/** @typedef {{button: HTMLButtonElement, canvas: HTMLCanvasElement, words: HTMLElement}} Thumb */

/** @returns {Thumb} */
function thumb() {
  const canvas = make('canvas', { 'aria-hidden': 'true' });
  const words = make('span', { class: 'thumb-words' });
  return { button: make('button', { type: 'button', class: 'thumb' }, canvas, words), canvas, words };
}

/** @param {HTMLElement} host @param {Page} page @returns {View} */
export function mount(host, page) {
  const rows = make('div', { class: 'thumbs', role: 'group' });
  host.append(rows);
  /** @type {Thumb[][]} */
  let made = [];
  /** What is drawn. @type {{values: Float32Array | null, theme: string}[]} */
  let drawn = [];
  let shape = '';
  /** @type {Shape[]} */
  let shapes = [];

  /** @param {Result} result */
  function build(result) {
    drawn = [];
    made = result.tensors.map((tensor, k) => {
      const channels = k === 0 ? 1 : tensor.shape[0];
      return Array.from({ length: channels }, (_, channel) => {
        const one = thumb();
        one.button.addEventListener('click', () => choose(k - 1, channel));
        one.button.dataset.test = k === 0 ? 'thumb-picture' : `thumb-${k - 1}-${channel}`;
        return one;
      });
    });
    rows.replaceChildren(
      ...made.map((row, k) => {
        const name = make('span', { class: 'thumb-title' }, k === 0 ? '' : `${k}. ${result.state.layers[k - 1].type}`);
        return make('div', { class: 'thumb-layer' }, name, make('div', {}, ...row.map(({ button }) => button)));
      }),
    );
  }

  /** @param {number} layer @param {number} channel */
  function choose(layer, channel) {
    if (layer < 0) look.input = null;
    look.until = null;
    page.update((state) => {
      if (layer !== state.at.layer && layer >= 0) look.input = null;
      state.at.cell = moved(state.at, Math.max(0, layer), channel);
      state.at.layer = Math.max(0, layer);
      state.at.channel = channel;
    });
  }

  /** The cell at about the same place of another map. @param {State['at']} at @param {number} layer
   * @param {number} channel */
  function moved({ cell, layer: from }, layer, channel) {
    if (!cell || !shapes[from + 1]) return null;
    const scaled = (/** @type {number} */ place, /** @type {1 | 2} */ axis) =>
      Math.floor(((place + 0.5) * shapes[layer + 1][axis]) / shapes[from + 1][axis]);
    return { channel, y: scaled(cell.y, 1), x: scaled(cell.x, 2) };
  }

  /** @param {Tensor} tensor @param {number} k @param {boolean} photograph */
  function draw(tensor, k, photograph) {
    const now = { values: tensor.values, theme: theme() };
    if (drawn[k]?.values === now.values && drawn[k].theme === now.theme) return;
    drawn[k] = now;
    made[k].forEach(({ canvas }, channel) => {
      const own = k === 0 && tensor.shape[0] === 3 ? null : channel;
      canvas.height = tensor.shape[1];
      canvas.width = tensor.shape[2];
      canvas.getContext('2d')?.putImageData(painter(tensor, own, k === 0 && photograph).image(), 0, 0);
    });
  }

  /** @param {Result} result */
  function show(result) {
    const { layers, at, picture } = result.state;
    const now = result.tensors.map((tensor, k) => `${tensor.shape} ${layers[k - 1]?.type}`).join();
    if (now !== shape) build(result);
    shape = now;
    shapes = result.tensors.map((tensor) => tensor.shape);
    rows.setAttribute('aria-label', page.t('thumbs.title'));
    result.tensors.forEach((tensor, k) => {
      draw(tensor, k, picture.kind !== 'grid');
      made[k].forEach(({ button, words }, channel) => {
        const name =
          k === 0 ? page.t('thumbs.picture') : page.t('thumbs.channel', { type: layers[k - 1].type, channel });
        words.textContent = k === 0 ? name : String(channel);
        button.setAttribute('aria-label', k === 0 ? name : `${k}. ${name}`);
        button.title = name;
        button.setAttribute('aria-pressed', String(k - 1 === at.layer && channel === at.channel));
      });
    });
  }
  return { show };
}
