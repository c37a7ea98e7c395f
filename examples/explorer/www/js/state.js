// The state that a page begins with, and the layers that are added to it.

/** @import {Checked, Conv2d, Layer, Rows, State} from './types' */

export const GRID_SIZE = 8;
export const MOST_LAYERS = 5;
/** What fields and links take at most: a page has to answer while a slider moves. */
export const MOST = {
  out_channels: 16,
  kernel_size: 31,
  stride: 99,
  padding: 64,
  dilation: 99,
  groups: 99,
  divisor_override: 9999,
  shrink: 999,
};

/** The grids that one can begin with. @type {Record<string, (y: number, x: number) => number>} */
export const GRIDS = {
  ramp: (_, x) => x + 1,
  edge: (_, x) => (x < GRID_SIZE / 2 ? 0 : 1),
  impulse: (y, x) => (y === 4 && x === 4 ? 1 : 0),
  checkerboard: (y, x) => (y + x) % 2,
  counted: (y, x) => y * GRID_SIZE + x,
};

/** @param {string} name of one of `GRIDS` @returns {Rows} */
export function gridOf(name) {
  const sides = [...Array(GRID_SIZE).keys()];
  return sides.map((y) => sides.map((x) => GRIDS[name](y, x)));
}

/** A layer with PyTorch's defaults and the least that it needs beside them.
 * @template {Layer['type']} T @param {T} type @returns {Extract<Layer, {type: T}>} */
export function newLayer(type) {
  /** @type {{[K in Layer['type']]: Extract<Layer, {type: K}>}} */
  const layers = {
    Conv2d: {
      type: 'Conv2d',
      out_channels: 4,
      kernel_size: [3, 3],
      stride: [1, 1],
      padding: [0, 0],
      dilation: [1, 1],
      groups: 1,
      bias: null,
      padding_mode: 'zeros',
      kernels: ['random'],
      seed: 1,
    },
    MaxPool2d: {
      type: 'MaxPool2d',
      kernel_size: [2, 2],
      stride: null,
      padding: [0, 0],
      dilation: [1, 1],
      ceil_mode: false,
    },
    AvgPool2d: {
      type: 'AvgPool2d',
      kernel_size: [2, 2],
      stride: null,
      padding: [0, 0],
      ceil_mode: false,
      count_include_pad: true,
      divisor_override: null,
    },
    ReLU: { type: 'ReLU' },
  };
  return layers[type];
}

/** A convolution with some of its options. @param {Partial<Conv2d>} options @returns {Conv2d} */
export const conv2d = (options) => ({ ...newLayer('Conv2d'), ...options });

/** What a page begins with. @returns {State} */
export function defaultState() {
  return {
    picture: { kind: 'cat', shrink: 3, grey: false, grid: gridOf('ramp') },
    layers: [
      conv2d({ padding: [1, 1], kernels: ['sobel-x', 'sobel-y', 'laplacian', 'emboss'] }),
      newLayer('ReLU'),
      newLayer('MaxPool2d'),
    ],
    at: { layer: 0, channel: 0, cell: { channel: 0, y: 45, x: 56 } },
    device: 'gpu',
  };
}

/** Moves what is looked at into the output that there is. @param {State} state @param {Checked[]} checked */
export function lookInside({ at, layers }, checked) {
  at.layer = Math.min(at.layer, layers.length - 1);
  const there = checked[at.layer];
  if (!there?.ok) return;
  const [channels, height, width] = there.output;
  at.channel = Math.min(at.channel, channels - 1);
  if (at.cell === null) return;
  at.cell = { channel: at.channel, y: Math.min(at.cell.y, height - 1), x: Math.min(at.cell.x, width - 1) };
}
