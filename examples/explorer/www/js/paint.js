// A channel, or a picture's own colours, as pixels.

import { inkOnRgb, pixelsOf, rgbOf, scaleOf } from './colour.js';
import { planeOf } from './look.js';

/** @import {Rgb} from './colour.js' */
/** @import {Tensor} from './views' */

/**
 * @typedef {object} Painter
 * @property {'signed' | 'positive' | 'grey' | 'colours'} kind
 * @property {number} scale the end of the scale
 * @property {(index: number | null) => Rgb} rgb of a cell, or of a zero
 * @property {(index: number | null) => number | null} number of a cell, or zero; null where colours have three
 * @property {() => ImageData} image
 */

const byte = (/** @type {number} */ value) => Math.round(255 * Math.max(0, Math.min(1, value || 0)));

/** Light as pixels. @param {Float32Array[]} planes of red, green and blue @param {number} width */
function photographOf(planes, width) {
  const image = new ImageData(width, planes[0].length / width);
  for (let k = 0; k < planes[0].length; k++) {
    for (let c = 0; c < 3; c++) image.data[4 * k + c] = byte(planes[c][k]);
    image.data[4 * k + 3] = 255;
  }
  return image;
}

/** @param {Tensor} tensor @param {number | null} channel @param {boolean} photograph @returns {Painter} */
function made(tensor, channel, photograph) {
  const width = tensor.shape[2];
  const planes = (channel === null ? [0, 1, 2] : [channel, channel, channel]).map((k) => planeOf(tensor, k));
  const number = (/** @type {number | null} */ k) => (k === null ? 0 : planes[0][k]);
  if (channel === null || photograph) {
    const light = (/** @type {number} */ c, /** @type {number | null} */ k) => (k === null ? 0 : byte(planes[c][k]));
    return {
      kind: channel === null ? 'colours' : 'grey',
      scale: 1,
      rgb: (k) => [light(0, k), light(1, k), light(2, k)],
      number: channel === null ? () => null : number,
      image: () => photographOf(planes, width),
    };
  }
  const scale = scaleOf(planes[0]);
  return {
    kind: planes[0].some((value) => value < 0) ? 'signed' : 'positive',
    scale,
    rgb: (k) => rgbOf(number(k), scale),
    number,
    image: () => pixelsOf(planes[0], width, scale),
  };
}

/** Made before, by the numbers and the channel. @type {WeakMap<Float32Array, Map<string, Painter>>} */
const known = new WeakMap();

/** @param {Tensor} tensor @param {number | null} channel null for three channels in colour
 * @param {boolean} photograph its numbers are light, from 0 to 1 @returns {Painter} */
export function painter(tensor, channel, photograph) {
  const ways = known.get(tensor.values) ?? new Map();
  known.set(tensor.values, ways);
  const key = `${channel} ${photograph}`;
  const paint = ways.get(key) ?? made(tensor, channel, photograph);
  ways.set(key, paint);
  return paint;
}

/** The colour of text on a cell. @param {Painter} paint @param {number | null} index */
export const inkOf = (paint, index) => inkOnRgb(paint.rgb(index));
