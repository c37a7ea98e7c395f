// Where windows lie.

import { source } from './engine.js';

/** @import {Checked, Layer, Pair, PaddingMode, Shape} from './types' */

/** @typedef {Extract<Checked, {ok: true}>} Fitting */
/** @typedef {PaddingMode | 'input' | 'skipped' | 'beyond'} Origin */
/** @typedef {{kernel: Pair, stride: Pair, dilation: Pair, start: Pair}} Window `start` is that of the first window */

/** The sign of an origin, beside its colour. @type {Record<Origin, string>} */
export const letters = {
  input: '',
  zeros: '0',
  reflect: 'R',
  replicate: 'E',
  circular: 'W',
  skipped: '–',
  beyond: '×',
};

/** Whether two places are one. @param {Pair | null} a @param {Pair | null} b */
export const isSame = (a, b) => a === b || (a !== null && b !== null && a[0] === b[0] && a[1] === b[1]);

/** How a layer's windows lie. @param {Layer} layer @param {Fitting} checked @returns {Window} */
export function windowOf(layer, checked) {
  if (layer.type === 'ReLU') return { kernel: [1, 1], stride: [1, 1], dilation: [1, 1], start: [0, 0] };
  return {
    kernel: layer.kernel_size,
    stride: layer.stride ?? layer.kernel_size,
    dilation: layer.type === 'AvgPool2d' ? [1, 1] : layer.dilation,
    start: [-checked.pads[0][0], -checked.pads[1][0]],
  };
}

/** How many cells a window spans. @param {Window} window @returns {Pair} */
export const spanOf = ({ kernel, dilation }) => [
  dilation[0] * (kernel[0] - 1) + 1,
  dilation[1] * (kernel[1] - 1) + 1,
];

/** Where the first tap of an output cell's window lies. @param {Window} window @param {Pair} cell @returns {Pair} */
export const firstTap = ({ start, stride }, [y, x]) => [start[0] + y * stride[0], start[1] + x * stride[1]];

/** The output cell whose window has its middle nearest to an input cell. @param {Window} window @param {Shape} output
 * @param {Pair} cell @returns {Pair} */
export function nearest(window, output, cell) {
  const span = spanOf(window);
  const along = (/** @type {0 | 1} */ axis) => {
    const at = (cell[axis] - window.start[axis] - (span[axis] - 1) / 2) / window.stride[axis];
    return Math.max(0, Math.min(output[axis + 1] - 1, Math.round(at)));
  };
  return [along(0), along(1)];
}

/** What a layer puts over its padding. @param {Layer} layer @returns {Origin} */
export function overPadding(layer) {
  if (layer.type === 'Conv2d') return layer.padding_mode;
  return layer.type === 'AvgPool2d' ? 'zeros' : 'skipped';
}

/** What the crate answered. @type {Map<string, number | null>} */
const sources = new Map();

/** Of an axis of `size` cells, which one stands at a place over padding; null where none does.
 * @param {PaddingMode} mode @param {number} size @param {number} place */
function sourceAt(mode, size, place) {
  const key = `${mode} ${size} ${place}`;
  const known = sources.get(key);
  if (known !== undefined) return known;
  const answer = source(mode, size, place);
  sources.set(key, answer);
  return answer;
}

/** Where the value at a place comes from. @param {Layer} layer @param {Fitting} checked @param {Pair} place
 * @returns {{from: Origin, source: Pair | null}} */
export function originAt(layer, checked, [y, x]) {
  const [, height, width] = checked.input;
  const [[, bottom], [, right]] = checked.pads;
  if (y >= 0 && y < height && x >= 0 && x < width) return { from: 'input', source: [y, x] };
  if (y >= height + bottom || x >= width + right) return { from: 'beyond', source: null };
  const from = overPadding(layer);
  const mode = layer.type === 'Conv2d' ? layer.padding_mode : 'zeros';
  const row = sourceAt(mode, height, y);
  const column = sourceAt(mode, width, x);
  return { from, source: row === null || column === null ? null : [row, column] };
}

/** The channels of the input that an output channel reads. @param {Layer} layer @param {Fitting} checked
 * @param {number} channel @returns {number[]} */
export function channelsRead(layer, checked, channel) {
  if (layer.type !== 'Conv2d') return [channel];
  const each = checked.input[0] / layer.groups;
  const group = Math.floor((channel * layer.groups) / layer.out_channels);
  return Array.from({ length: each }, (_, k) => group * each + k);
}

/** A bowed line between two points, without its ends. @param {Pair} start as x and y @param {Pair} end
 * @param {number} gap at both ends @returns {{from: Pair, over: Pair, to: Pair}} `over` bends it */
export function bow([x1, y1], [x2, y2], gap) {
  const length = Math.hypot(x2 - x1, y2 - y1);
  const [x, y] = [((x2 - x1) * gap) / length, ((y2 - y1) * gap) / length];
  const bend = 0.2;
  return {
    from: [x1 + x, y1 + y],
    over: [(x1 + x2) / 2 + (y2 - y1) * bend, (y1 + y2) / 2 - (x2 - x1) * bend],
    to: [x2 - x, y2 - y],
  };
}
