// The other way round: what an input cell reaches, and through which weights.

import { colourOf, inkOn, scaleOf } from './colour.js';
import { make } from './dom.js';
import { row, svg, table } from './drawn.js';
import { reach, weight } from './engine.js';
import { full, placed, short, whole } from './figures.js';
import { isSame, originAt, windowOf } from './geometry.js';
import { inputShown, look, lookedAt } from './look.js';

/** @import {LookedAt} from './look.js' */
/** @import {Cell, Pair, Reach, Result} from './types' */
/** @import {Page} from './views' */

/** Of a weight in the drawing. */
const side = 46;

/** The weights of a convolution between two channels. @param {LookedAt} seen @param {number} channel */
function weightsOf({ layer, checked, channel: out }, channel) {
  const { values, shape } = weight(layer, checked.input[0]);
  const from = (out * shape[1] + (channel % shape[1])) * shape[2] * shape[3];
  return values.slice(from, from + shape[2] * shape[3]);
}

/** The kernel, with the weights lit that see the cell. @param {Pair} size @param {number[]} weights
 * @param {Reach['outputs']} outputs @param {string} label */
function drawing([height, width], weights, outputs, label) {
  const scale = scaleOf(weights);
  const lit = new Set(outputs.map(({ kernel_y, kernel_x }) => kernel_y * width + kernel_x));
  const cells = Array.from({ length: height * width }, (_, k) => {
    const value = weights[k];
    const place = `translate(${(k % width) * side} ${Math.floor(k / width) * side})`;
    return svg(
      'g',
      { class: lit.has(k) ? 'lit' : 'unlit', transform: place },
      svg('rect', { x: 2, y: 2, width: side - 4, height: side - 4, fill: colourOf(value, scale) }),
      svg('text', { x: side / 2, y: side / 2 + 1, fill: inkOn(value, scale) }, width > 9 ? '' : short(value)),
      svg('title', {}, `w[${Math.floor(k / width)}, ${k % width}] = ${full(value)}`),
    );
  });
  const box = `0 0 ${width * side} ${height * side}`;
  return svg(
    'svg',
    { class: 'kernel-used', viewBox: box, width: Math.min(230, width * side), role: 'img', 'aria-label': label },
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
  const held = make('button', { type: 'button', class: 'small', 'data-test': 'unpin' });
  const words = make('p', { tabindex: -1, 'aria-live': 'polite', 'data-test': 'reach' });
  const kernel = make('div');
  const summary = make('summary');
  const list = make('div', { class: 'wide' });
  const details = make('details', {}, summary, list);
  host.append(make('section', { class: 'backward' }, title, words, kernel, held, details));

  /** @type {LookedAt | null} */
  let seen = null;
  /** Under the pointer, and held by a click. @type {{hovered: Pair | null, pinned: Pair | null}} */
  const at = { hovered: null, pinned: null };
  /** The layer and the shape that they lie in. */
  let ground = '';
  /** @type {Reach['outputs']} */
  let outputs = [];
  /** The last that were asked for. @type {{key: string, values: number[]}} */
  let weights = { key: '', values: [] };

  const place = () => at.hovered ?? at.pinned;

  /** The words of a place over padding. @param {LookedAt} now @param {Pair} at */
  function overPadding(now, [y, x]) {
    const { from, source } = originAt(now.layer, now.checked, [y, x]);
    const [to_y, to_x] = source ?? [0, 0];
    return page.t(source ? 'reach.copy' : `reach.${from}`, { y: whole(y), x: whole(x), to_y, to_x, mode: from });
  }

  function write() {
    outputs = [];
    words.textContent = say();
    details.hidden = outputs.length === 0 || seen?.layer.type === 'ReLU';
    held.hidden = at.pinned === null;
    if (at.pinned) held.textContent = page.t('reach.unpin', { place: placed(at.pinned) });
    if (details.open) fill();
    kernel.replaceChildren(...draw());
  }

  /** Finds the outputs of the place, and says so. */
  function say() {
    const shown = place();
    if (!seen || !shown) return page.t(`reach.none.${seen?.layer.type ?? 'Conv2d'}`);
    if (originAt(seen.layer, seen.checked, shown).from !== 'input') return overPadding(seen, shown);
    const cell = { channel: inputShown(seen).channel ?? 0, y: shown[0], x: shown[1] };
    const reached = reach(seen.layer, seen.input, cell, seen.channel);
    outputs = reached.outputs;
    return told(seen, cell, reached, page);
  }

  function draw() {
    if (seen?.layer.type !== 'Conv2d') return [];
    const channel = inputShown(seen).channel ?? 0;
    const key = JSON.stringify([seen.layer, seen.checked.input, seen.channel, channel]);
    if (weights.key !== key) weights = { key, values: weightsOf(seen, channel) };
    const { kernel: size } = windowOf(seen.layer, seen.checked);
    const label = page.t('reach.kernel', { names: namesOf(outputs, size[0] * size[1], page) });
    return [drawing(size, weights.values, outputs, label)];
  }

  function fill() {
    const last = seen?.layer.type === 'Conv2d' ? 'reach.weight' : 'reach.gradient';
    const head = ['reach.output', 'reach.tap', last].map((key) => page.t(key));
    const rows = outputs.map((to) => row([`(${to.y}, ${to.x})`, `[${to.kernel_y}, ${to.kernel_x}]`, full(to.weight)]));
    list.replaceChildren(table(head, rows));
  }

  /** @param {'hovered' | 'pinned'} way @param {Pair | null} to */
  function point(way, to) {
    if (isSame(at[way], to)) return;
    at[way] = to;
    write();
    mark();
  }
  const hover = (/** @type {Pair | null} */ to) => point('hovered', to);
  const pin = (/** @type {Pair | null} */ to) => point('pinned', to);

  /** @param {Result} result */
  function show(result) {
    seen = lookedAt(result);
    const { pads, input } = seen?.checked ?? { pads: [[0, 0], [0, 0]], input: [0, 0, 0] };
    const now = `${result.state.at.layer} ${input}`;
    if (now !== ground) at.pinned = null;
    ground = now;
    for (const way of /** @type {const} */ (['hovered', 'pinned'])) {
      const [y, x] = at[way] ?? [0, 0];
      if (y >= input[1] + pads[0][1] || x >= input[2] + pads[1][1]) at[way] = null;
    }
    title.textContent = page.t(`reach.title.${seen?.layer.type ?? 'Conv2d'}`);
    summary.textContent = page.t('reach.list');
    words.setAttribute('aria-live', look.playing ? 'off' : 'polite');
    write();
  }

  held.addEventListener('click', () => {
    pin(null);
    words.focus();
  });
  details.addEventListener('toggle', () => details.open && fill());
  return { show, hover, pin, place, pinned: () => at.pinned, outputs: () => outputs };
}
