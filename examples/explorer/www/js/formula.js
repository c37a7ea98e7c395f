// The formulas of sizes with their numbers filled in.

import { grouped } from './figures.js';
import { windowOf } from './geometry.js';

/** @import {Fitting} from './geometry.js' */
/** @import {Conv2d, Layer} from './types' */

/** The output's size along an axis. @param {Layer} layer @param {Fitting} checked @param {0 | 1} axis 0 for the
 * height @returns {{text: string, dropped: boolean}} `dropped`: with ceil_mode one window less than the formula's */
export function sizeOf(layer, checked, axis) {
  const window = windowOf(layer, checked);
  const [kernel, stride, dilation] = [window.kernel[axis], window.stride[axis], window.dilation[axis]];
  const [before, after] = checked.pads[axis];
  const size = checked.input[axis + 1];
  const output = checked.output[axis + 1];
  const ceil = 'ceil_mode' in layer && layer.ceil_mode;
  const steps = (size + before + after - dilation * (kernel - 1) - 1) / stride;
  const result = (ceil ? Math.ceil(steps) : Math.floor(steps)) + 1;
  const inner = `${size} + ${before} + ${after} − ${dilation}·(${kernel} − 1) − 1`;
  const text = `${ceil ? 'ceil' : 'floor'}((${inner}) / ${stride}) + 1 = ${result}`;
  return { text: result === output ? text : `${text} → ${output}`, dropped: result !== output };
}

/** The weights of a convolution as a product. @param {Conv2d} layer @param {Fitting} checked */
export function weightsOf(layer, checked) {
  const factors = [layer.out_channels, checked.input[0] / layer.groups, ...layer.kernel_size];
  const bias = layer.bias === null ? '' : ` (+ ${layer.out_channels} bias)`;
  return `${factors.join('·')} = ${grouped(checked.weights)}${bias}`;
}

/** The weights of a dense layer as a product. @param {Fitting} checked */
export function denseOf({ input, output, dense_weights }) {
  const count = (/** @type {number[]} */ shape) => grouped(shape.reduce((product, size) => product * size, 1));
  return `${count(input)} × ${count(output)} = ${grouped(dense_weights)}`;
}

/** How a receptive field grows, along an axis. @param {Layer} layer @param {Fitting} checked
 * @param {Fitting | null} before the layer before it @param {0 | 1} axis */
export function fieldOf(layer, checked, before, axis) {
  const { kernel, stride, dilation } = windowOf(layer, checked);
  const size = before ? before.field.size[axis] : 1;
  const jump = before ? before.field.jump[axis] : 1;
  return {
    size: `${size} + (${kernel[axis]} − 1)·${dilation[axis]}·${jump} = ${checked.field.size[axis]}`,
    jump: `${jump}·${stride[axis]} = ${checked.field.jump[axis]}`,
  };
}
