// A window over its neighbourhood of the input, drawn with its numbers.

import { inkOnRgb } from './colour.js';
import { svg } from './drawn.js';
import { full, short, whole } from './figures.js';
import { bow, letters, originAt } from './geometry.js';

/** @import {LookedAt} from './look.js' */
/** @import {Painter} from './paint.js' */
/** @import {Explanation, Pair, Tap} from './types' */

/** Of a cell, in units of the drawing. */
const side = 60;
/** The drawing reaches out to far sources up to so many cells. */
const widest = 14;

/** @typedef {{top: number, left: number, bottom: number, right: number}} Crop both ends included */

/** @param {Pair[]} places @returns {Crop} */
const around = (places) => ({
  top: Math.min(...places.map(([y]) => y)),
  left: Math.min(...places.map(([, x]) => x)),
  bottom: Math.max(...places.map(([y]) => y)),
  right: Math.max(...places.map(([, x]) => x)),
});

/** What is drawn: the taps, the cells that those over padding read where they are not far, and a cell around them.
 * @param {LookedAt} seen @param {Tap[]} taps @returns {Crop} */
function cropOf({ checked }, taps) {
  /** @type {Pair[]} */
  const places = taps.map(({ y, x }) => [y, x]);
  const sources = taps.flatMap(({ source }) => (source ? [source] : []));
  const near = around(places);
  const far = around([...places, ...sources]);
  const fits = Math.max(far.bottom - far.top, far.right - far.left) < widest;
  const crop = fits ? far : near;
  const [, height, width] = checked.input;
  const [[top, bottom], [left, right]] = checked.pads;
  return {
    top: Math.min(crop.top, Math.max(crop.top - 1, -top)),
    left: Math.min(crop.left, Math.max(crop.left - 1, -left)),
    bottom: Math.max(crop.bottom, Math.min(crop.bottom + 1, height + bottom - 1)),
    right: Math.max(crop.right, Math.min(crop.right + 1, width + right - 1)),
  };
}

/** A text in the middle of a cell, so small that it stays inside. @param {string} kind @param {number} y
 * @param {number} size of the font @param {string} text */
const fitted = (kind, y, size, text) =>
  svg('text', { class: kind, x: side / 2, y, 'font-size': Math.min(size, (1.25 * side) / text.length) }, text);

/** One cell with its number, and its sign over padding. @param {LookedAt} seen @param {Painter} paint
 * @param {Pair} place @param {Tap | undefined} tap @param {boolean} maximal @param {Crop} crop */
function cellOf(seen, paint, place, tap, maximal, crop) {
  const { from, source } = originAt(seen.layer, seen.checked, place);
  const index = source && source[0] * seen.checked.input[2] + source[1];
  const value = from === 'zeros' || source ? paint.number(index) : null;
  const rgb = paint.rgb(index);
  const group = svg('g', {
    class: `window-cell ${tap ? 'tap' : 'gap'} ${from === 'input' ? '' : 'over'} ${maximal ? 'maximal' : ''}`,
    transform: `translate(${(place[1] - crop.left) * side} ${(place[0] - crop.top) * side})`,
    style: `--of: var(--from-${from}); --fill: rgb(${rgb.join(' ')}); --text: ${inkOnRgb(rgb)}`,
  });
  group.append(svg('rect', { class: value === null ? 'empty' : 'ground', width: side, height: side }));
  if (value !== null) {
    group.append(fitted('number', side / 2 + 1, tap ? 15 : 13, short(value)));
    const factor = tap && seen.layer.type === 'Conv2d' ? ` × ${full(tap.weight)}` : '';
    group.append(svg('title', {}, `${full(value)}${factor}`));
  }
  if (tap) group.append(svg('rect', { class: 'outline', x: 3, y: 3, width: side - 6, height: side - 6 }));
  if (from !== 'input') {
    group.append(svg('circle', { class: 'badge', cx: 13, cy: 13, r: 7.5 }));
    group.append(svg('text', { class: 'letter', x: 13, y: 13.5 }, letters[from]));
  }
  if (tap && seen.layer.type === 'Conv2d') {
    group.append(fitted('weight', side - 11, 12, `× ${short(tap.weight)}`));
  }
  const hidden = source && from !== 'input' && outside(crop, source);
  if (tap && hidden) group.append(svg('text', { class: 'from', x: side - 6, y: 13 }, source.join(', ')));
  return group;
}

/** @param {Crop} crop @param {Pair} place */
const outside = ({ top, left, bottom, right }, [y, x]) => y < top || y > bottom || x < left || x > right;

/** From a tap over padding to the cell that it reads. @param {Tap} tap @param {Crop} crop */
function lineOf({ y, x, from, source }, crop) {
  /** @returns {Pair} */
  const middle = (/** @type {Pair} */ [row, column]) => [
    (column - crop.left + 0.5) * side,
    (row - crop.top + 0.5) * side,
  ];
  const line = bow(middle([y, x]), middle(/** @type {Pair} */ (source)), 14);
  return svg(
    'g',
    { class: 'line', style: `--of: var(--from-${from})` },
    svg('path', { d: `M ${line.from} Q ${line.over} ${line.to}` }),
    svg('circle', { cx: line.to[0], cy: line.to[1], r: 3.5 }),
  );
}

/** The edges of the input that lie in the drawing. @param {LookedAt} seen @param {Crop} crop */
function edgeOf({ checked }, crop) {
  const [, height, width] = checked.input;
  const within = (/** @type {number} */ at, /** @type {number} */ low, /** @type {number} */ high) =>
    Math.max(low, Math.min(high, at));
  const x = (/** @type {number} */ at) => (within(at, crop.left, crop.right + 1) - crop.left) * side;
  const y = (/** @type {number} */ at) => (within(at, crop.top, crop.bottom + 1) - crop.top) * side;
  const rows = [0, height].filter((at) => at >= crop.top && at <= crop.bottom + 1);
  const columns = [0, width].filter((at) => at >= crop.left && at <= crop.right + 1);
  return svg('path', {
    class: 'edge',
    d: [
      ...rows.map((at) => `M ${x(0)} ${y(at)} H ${x(width)}`),
      ...columns.map((at) => `M ${x(at)} ${y(0)} V ${y(height)}`),
    ].join(' '),
  });
}

/** Rows and columns by their numbers. @param {Crop} crop */
function numbersOf(crop) {
  const columns = Array.from({ length: crop.right - crop.left + 1 }, (_, k) =>
    svg('text', { class: 'axis', x: (k + 0.5) * side, y: -8 }, whole(crop.left + k)),
  );
  const rows = Array.from({ length: crop.bottom - crop.top + 1 }, (_, k) =>
    svg('text', { class: 'axis', x: -12, y: (k + 0.5) * side }, whole(crop.top + k)),
  );
  return svg('g', { 'aria-hidden': 'true' }, ...columns, ...rows);
}

/** The window of one input channel. @param {LookedAt} seen @param {Painter} paint of that channel
 * @param {Explanation} explanation @param {number} channel @param {string} label */
export function drawing(seen, paint, explanation, channel, label) {
  const taps = explanation.taps.filter((tap) => tap.channel === channel);
  const crop = cropOf(seen, taps);
  const at = new Map(taps.map((tap) => [`${tap.y},${tap.x}`, tap]));
  const maximum = explanation.maximum && explanation.taps[explanation.maximum.tap];
  const [rows, columns] = [crop.bottom - crop.top + 1, crop.right - crop.left + 1];
  /** @type {SVGElement[]} */
  const cells = [];
  for (let y = crop.top; y <= crop.bottom; y++) {
    for (let x = crop.left; x <= crop.right; x++) {
      const tap = at.get(`${y},${x}`);
      cells.push(cellOf(seen, paint, [y, x], tap, tap !== undefined && tap === maximum, crop));
    }
  }
  const lines = taps
    .filter(({ from, source }) => from !== 'input' && source && !outside(crop, source))
    .map((tap) => lineOf(tap, crop));
  const [margin, width, height] = [24, columns * side, rows * side];
  return svg(
    'svg',
    {
      class: 'window',
      viewBox: `${-margin} ${-margin} ${width + margin + 4} ${height + margin + 4}`,
      width: width + margin + 4,
      style: `min-width: ${columns * 30}px`,
      role: 'img',
      'aria-label': label,
      'data-test': 'window',
    },
    ...cells,
    edgeOf(seen, crop),
    svg('g', { class: lines.length > 12 ? 'faint' : '' }, ...lines),
    numbersOf(crop),
  );
}
