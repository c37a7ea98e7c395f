// The other way round: what an input cell reaches, and through which weights.

import { colourOf, inkOn, scaleOf } from './colour.js';
import { make } from './dom.js';
import { row, svg, table } from './drawn.js';
import { reach, weight } from './engine.js';
import { full, short } from './figures.js';
import { originAt, windowOf } from './geometry.js';
import { inputShown, look, lookedAt } from './look.js';

/** @import {LookedAt} from './look.js' */
/** @import {Cell, Pair, Reach, Result} from './types' */
/** @import {Page} from './views' */

/** The weights between two channels; null in a pooling. @param {LookedAt} seen @param {number} channel
 * @returns {number[] | null} */
function weightsOf({ layer, checked, channel: out }, channel) {
  if (layer.type !== 'Conv2d') return null;
  const { values, shape } = weight(layer, checked.input[0]);
  const from = (out * shape[1] + (channel % shape[1])) * shape[2] * shape[3];
  return values.slice(from, from + shape[2] * shape[3]);
}

/** The kernel, with the weights lit that see the cell. @param {Pair} size @param {number[] | null} weights
 * @param {Reach['outputs']} outputs @param {string} label */
function drawing([height, width], weights, outputs, label) {
  const scale = scaleOf(weights ?? []);
  const lit = new Set(outputs.map(({ kernel_y, kernel_x }) => kernel_y * width + kernel_x));
  const cells = Array.from({ length: height * width }, (_, k) => {
    const value = weights ? weights[k] : 0;
    const text = width > 9 ? '' : weights ? short(value) : `${Math.floor(k / width)}, ${k % width}`;
    const place = `translate(${(k % width) * 40} ${Math.floor(k / width) * 40})`;
    return svg(
      'g',
      { class: lit.has(k) ? 'lit' : 'unlit', transform: place },
      svg('rect', { x: 2, y: 2, width: 36, height: 36, fill: colourOf(value, scale) }),
      svg('text', { x: 20, y: 21, fill: inkOn(value, scale) }, text),
    );
  });
  const box = `0 0 ${width * 40} ${height * 40}`;
  return svg(
    'svg',
    { class: 'kernel-used', viewBox: box, width: Math.min(200, width * 40), role: 'img', 'aria-label': label },
    ...cells,
  );
}

/** The weights that an input cell goes through, by name. @param {Reach['outputs']} outputs @param {number} all how
 * many the kernel has @param {Page} page */
function namesOf(outputs, all, page) {
  const sorted = [...outputs].sort((a, b) => a.kernel_y - b.kernel_y || a.kernel_x - b.kernel_x);
  const names = [...new Set(sorted.map(({ kernel_y, kernel_x }) => `w[${kernel_y}, ${kernel_x}]`))];
  if (names.length === all && all > 1) return page.t('reach.all', { count: all });
  return names.length > 12 ? `${names.slice(0, 11).join(', ')}, …` : names.join(', ');
}

/** In words, what an input cell reaches. @param {LookedAt} seen @param {Cell} cell @param {Reach} reached
 * @param {Page} page */
function told({ layer, checked, channel }, cell, { outputs, gradient }, page) {
  const { kernel } = windowOf(layer, checked);
  const count = new Set(outputs.map((to) => `${to.y},${to.x}`)).size;
  const won = outputs.filter(({ weight }) => weight > 0).length;
  const names = namesOf(outputs, kernel[0] * kernel[1], page);
  const named = page.t(checked.input[0] > 1 ? 'reach.cell.channel' : 'reach.cell', { ...cell });
  const values = { cell: named, count, channel, won, names, gradient: full(gradient), reads: outputs.length };
  if (count === 0) return page.t('reach.nothing', values);
  if (layer.type === 'ReLU') return page.t(gradient > 0 ? 'reach.relu.passed' : 'reach.relu.stopped', values);
  const text = page.t(`reach.${layer.type}.${count === 1 ? 'one' : 'many'}`, values);
  return outputs.length > count ? `${text} ${page.t('reach.copied', values)}` : text;
}

/** @param {HTMLElement} host @param {Page} page @param {() => void} mark draws the maps again */
export function mount(host, page, mark) {
  const title = make('h3');
  const words = make('p', { 'aria-live': 'polite', 'data-test': 'reach' });
  const kernel = make('div');
  const summary = make('summary');
  const list = make('div', { class: 'wide' });
  const details = make('details', {}, summary, list);
  host.append(make('section', { class: 'backward' }, title, words, kernel, details));

  /** @type {LookedAt | null} */
  let seen = null;
  /** @type {Pair | null} */
  let place = null;
  /** @type {Reach['outputs']} */
  let outputs = [];
  /** The last that were asked for. @type {{key: string, values: number[] | null}} */
  let weights = { key: '', values: null };

  /** The words of a place over padding. @param {LookedAt} now @param {Pair} at */
  function overPadding(now, [y, x]) {
    const { from, source } = originAt(now.layer, now.checked, [y, x]);
    const [to_y, to_x] = source ?? [0, 0];
    return page.t(source ? 'reach.copy' : `reach.${from}`, { y, x, to_y, to_x, mode: from });
  }

  function write() {
    outputs = [];
    words.textContent = say();
    details.hidden = outputs.length === 0 || seen?.layer.type === 'ReLU';
    if (details.open) fill();
    kernel.replaceChildren(...draw());
  }

  /** Finds the outputs of the place, and says so. */
  function say() {
    if (!seen || !place) return page.t('reach.none');
    if (originAt(seen.layer, seen.checked, place).from !== 'input') return overPadding(seen, place);
    const cell = { channel: inputShown(seen).channel ?? 0, y: place[0], x: place[1] };
    const reached = reach(seen.layer, seen.input, cell, seen.channel);
    outputs = reached.outputs;
    return told(seen, cell, reached, page);
  }

  function draw() {
    if (!seen || seen.layer.type === 'ReLU') return [];
    const channel = inputShown(seen).channel ?? 0;
    const key = JSON.stringify([seen.layer, seen.checked.input, seen.channel, channel]);
    if (weights.key !== key) weights = { key, values: weightsOf(seen, channel) };
    const { kernel: size } = windowOf(seen.layer, seen.checked);
    const label = page.t('reach.kernel', { names: namesOf(outputs, size[0] * size[1], page) });
    return [drawing(size, weights.values, outputs, label)];
  }

  function fill() {
    const head = ['reach.output', 'reach.tap', 'reach.weight'].map((key) => page.t(key));
    const rows = outputs.map((to) => row([`(${to.y}, ${to.x})`, `[${to.kernel_y}, ${to.kernel_x}]`, full(to.weight)]));
    list.replaceChildren(table(head, rows));
  }

  /** @param {Pair | null} to */
  function point(to) {
    if (to && place && to[0] === place[0] && to[1] === place[1]) return;
    if (!to && !place) return;
    place = to;
    write();
    mark();
  }

  /** @param {Result} result */
  function show(result) {
    seen = lookedAt(result);
    const { pads, input } = seen?.checked ?? { pads: [[0, 0], [0, 0]], input: [0, 0, 0] };
    if (place && (place[0] >= input[1] + pads[0][1] || place[1] >= input[2] + pads[1][1])) place = null;
    title.textContent = page.t('reach.title');
    summary.textContent = page.t('reach.list');
    words.setAttribute('aria-live', look.playing ? 'off' : 'polite');
    write();
  }

  details.addEventListener('toggle', () => details.open && fill());
  return { show, point, place: () => place, outputs: () => outputs };
}
