// The input and the output of the layer looked at, side by side, and all channels of all layers.

import * as backward from './backward.js';
import { Board, ink } from './board.js';
import { make } from './dom.js';
import { either, full, grouped, placed, times } from './figures.js';
import { spanOf, windowOf } from './geometry.js';
import { legend, origins } from './legend.js';
import { inputShown, look, lookedAt, planeOf } from './look.js';
import * as marks from './marks.js';
import { painter } from './paint.js';
import * as play from './play.js';
import { followInput, followOutput } from './pointing.js';
import * as thumbs from './thumbs.js';

/** @import {LookedAt} from './look.js' */
/** @import {Painter} from './paint.js' */
/** @import {Pair, Result} from './types' */
/** @import {Page, View} from './views' */

/** Cells are no larger. */
const largest = 44;
/** Maps are no higher. */
const highest = 350;

/** A map's figure. @param {string} name of its `data-test` */
function figure(name) {
  const canvas = make('canvas', { tabindex: 0, role: 'application', 'data-test': name });
  const caption = make('span');
  const choice = make('select', { 'data-test': `${name}-channel` });
  const scale = make('div', { class: 'legend' });
  const box = make('div', { class: 'map-canvas' }, canvas);
  const all = make('figure', { class: 'map' }, make('figcaption', {}, caption, choice), box, scale);
  return { all, canvas, caption, choice, scale, board: new Board(canvas) };
}

/** The size of cells of both maps. The output's are larger where it would be too small to click.
 * @param {number} width @param {Pair} input @param {Pair} output @returns {Pair} of both */
function sizes(width, input, output) {
  const fits = (/** @type {Pair} */ [rows, columns]) => Math.min(largest, width / columns, highest / rows);
  const neat = (/** @type {number} */ size) => (size >= 3 ? Math.floor(size) : size);
  const size = neat(Math.min(fits(input), fits(output)));
  const small = output[1] * size < 0.4 * width && output[0] * size < 0.4 * highest;
  if (size >= 30 || !small) return [size, size];
  return [size, Math.max(size, neat(Math.min(largest, fits(output), (0.6 * width) / output[1])))];
}

/** @param {HTMLElement} host @param {Page} page @returns {View} */
export function mount(host, page) {
  const about = make('p', { class: 'maps-about' });
  const input = figure('input-map');
  const output = figure('output-map');
  const pair = make('div', { class: 'maps-pair' }, input.all, output.all);
  const sources = make('p', { class: 'origins' });
  const parts = make('div', { class: 'maps-parts' });
  const strip = make('div');
  host.append(strip, about, pair, sources, parts);
  const views = [thumbs.mount(strip, page), play.mount(parts, page)];
  const pointed = backward.mount(parts, page, mark);
  views.push(pointed);
  const selected = make('button', { type: 'button', class: 'selected', 'data-test': 'selected' });
  output.choice.replaceWith(selected);

  /** @type {LookedAt | null} */
  let seen = null;
  /** @type {Result | null} */
  let last = null;
  /** @type {{input: Painter, output: Painter}} */
  let paint;
  /** There is for a map. */
  let width = 300;

  /** Draws what may change without a run. */
  function mark() {
    if (!seen) return;
    const window = windowOf(seen.layer, seen.checked);
    const [, height, width] = seen.input.shape;
    const size = /** @type {Pair} */ (seen.output.shape.slice(1));
    input.board.draw();
    marks.putNumbers(input.board, paint.input, [height, width]);
    marks.putPadding(input.board, paint.input, seen);
    marks.putUnvisited(input.board, seen);
    output.board.draw();
    marks.putNumbers(output.board, paint.output, size);
    if (look.until !== null) marks.putVeil(output.board, size, look.until);
    if (seen.cell) {
      const cell = /** @type {Pair} */ ([seen.cell.y, seen.cell.x]);
      marks.putLines(input.board, seen, marks.tapsOutside(window, cell, [height, width]));
      marks.putWindow(input.board, window, cell);
      output.board.around(cell, ink('mark'));
    }
    marks.putSigns(input.board, seen);
    marks.putReached(output.board, pointed.outputs());
    marks.putPointed(input.board, seen, pointed.place(), pointed.pinned());
  }

  /** @param {Result} result */
  function show(result) {
    last = result;
    seen = lookedAt(result);
    host.classList.toggle('is-stale', !seen);
    for (const view of views) view.show(result);
    if (!seen) return;
    fit(seen, result);
    write(seen);
    mark();
  }

  /** @param {LookedAt} now @param {Result} result */
  function fit(now, result) {
    const { input: from, output: to, checked } = now;
    const [[top, bottom], [left, right]] = checked.pads;
    const [below, beside] = checked.overhang;
    /** @type {Pair} */
    const cells = [from.shape[1] + top + bottom + below, from.shape[2] + left + right + beside];
    const size = /** @type {Pair} */ (to.shape.slice(1));
    const [small, large] = sizes(width, cells, size);
    const photograph = now.first && result.state.picture.kind !== 'grid';
    paint = {
      input: painter(from, inputShown(now).channel, photograph),
      output: painter(to, now.channel, false),
    };
    input.board.fit(cells, [top, left], small);
    output.board.fit(size, [0, 0], large);
    marks.putBase(input.board, paint.input, now);
    marks.putBase(output.board, paint.output, null);
  }

  /** @param {LookedAt} now */
  function write(now) {
    const { layer, checked, channel } = now;
    const window = windowOf(layer, checked);
    const shown = inputShown(now);
    const size = (/** @type {number[]} */ shape) => shape.map(grouped).join(' × ');
    const dilated = window.dilation.some((step) => step > 1);
    const key = layer.type === 'ReLU' ? 'maps.about.relu' : dilated ? 'maps.about.dilated' : 'maps.about';
    about.textContent = page.t(key, {
      taps: times(window.kernel),
      span: times(spanOf(window)),
      stride: either(window.stride),
      dilation: either(window.dilation),
    });
    input.caption.textContent = page.t(now.first ? 'maps.picture' : 'maps.input', { shape: size(checked.input) });
    output.caption.textContent = page.t('maps.output', { shape: size(checked.output), channel });
    input.canvas.setAttribute('aria-label', page.t('maps.input.label', { shape: size(checked.input) }));
    output.canvas.setAttribute('aria-label', page.t('maps.output.label', { shape: size(checked.output), channel }));
    choose(shown);
    selected.hidden = !now.cell;
    if (now.cell) {
      const { y, x } = now.cell;
      const value = planeOf(now.output, channel)[y * now.output.shape[2] + x];
      selected.textContent = `${placed([y, x])} = ${full(value)} ↓`;
      selected.title = page.t('maps.selected');
    }
    legend(input.scale, paint.input, page);
    legend(output.scale, paint.output, page);
    origins(sources, now, page);
  }

  /** @param {ReturnType<typeof inputShown>} shown */
  function choose({ channels, colours, channel }) {
    const { choice } = input;
    const values = [...(colours ? ['colours'] : []), ...channels.map(String)];
    const names = values.map((value) =>
      value === 'colours' ? page.t('maps.colours') : page.t('maps.channel', { channel: value }),
    );
    choice.hidden = values.length < 2;
    choice.setAttribute('aria-label', page.t('maps.channel.label'));
    if (choice.dataset.names !== names.join()) {
      choice.dataset.names = names.join();
      choice.replaceChildren(...values.map((value, k) => make('option', { value }, names[k])));
    }
    choice.value = channel === null ? 'colours' : String(channel);
  }

  /** @param {Pair} to a cell of the output */
  function select([y, x]) {
    if (!seen || (seen.cell?.y === y && seen.cell.x === x && look.until === null)) return;
    const { channel } = seen;
    look.until = null;
    page.update((state) => {
      state.at.cell = { channel, y, x };
    });
  }

  selected.addEventListener('click', () => document.querySelector('#cell')?.scrollIntoView());
  input.choice.addEventListener('change', () => {
    look.input = input.choice.value === 'colours' ? null : Number(input.choice.value);
    page.update(() => {});
  });
  followOutput(output.board, () => seen, select);
  followInput(input.board, () => seen, pointed, select);
  new ResizeObserver(() => {
    width = input.all.clientWidth;
    if (last) show(last);
  }).observe(pair);
  return { show };
}
