// filtro in wasm, with the types of this page.

import load, * as wasm from '../pkg/explorer.js';

/** @import {Cell, Checked, Explanation, Field, Filter, Layer, PaddingMode, Reach, Shape, Weight} from './types' */

/** Loads the wasm; once, before anything else here. */
export async function start() {
  await load();
}

/** The classic filters that the crate has. @returns {Filter[]} */
export const filters = () => JSON.parse(wasm.filters());

/** What the crate says of each layer, up to the first that is impossible.
 * @param {Shape} shape @param {Layer[]} layers @returns {Checked[]} */
export const check = (shape, layers) => JSON.parse(wasm.check(new Uint32Array(shape), JSON.stringify(layers)));

/** The weight of a convolution. @param {Layer} layer @param {number} in_channels @returns {Weight} */
export const weight = (layer, in_channels) => JSON.parse(wasm.weight(JSON.stringify(layer), in_channels));

/** Where the number of an output cell comes from. `input` is what the layer reads, of that shape.
 * @param {Layer} layer @param {{shape: Shape, values: Float32Array}} input @param {Cell} cell
 * @returns {Explanation} */
export const explain = (layer, input, cell) =>
  JSON.parse(wasm.explain(JSON.stringify(layer), new Uint32Array(input.shape), input.values, cell.channel, cell.y, cell.x));

/** What a cell of a layer's input reaches in a channel of its output.
 * @param {Layer} layer @param {{shape: Shape, values: Float32Array}} input @param {Cell} cell of the input
 * @param {number} out_channel @returns {Reach} */
export const reach = (layer, input, cell, out_channel) =>
  JSON.parse(
    wasm.reach(JSON.stringify(layer), new Uint32Array(input.shape), input.values, cell.channel, cell.y, cell.x, out_channel),
  );

/** What of the picture an output cell of the last of these layers depends on.
 * @param {Shape} shape of the picture @param {Layer[]} layers @param {number} y @param {number} x
 * @returns {Field} */
export const field = (shape, layers, y, x) =>
  JSON.parse(wasm.field(new Uint32Array(shape), JSON.stringify(layers), y, x));

/** The cell of an axis of this size whose value a position has; null where nothing is read.
 * @param {PaddingMode} mode @param {number} size @param {number} position @returns {number | null} */
export const source = (mode, size, position) => wasm.source(mode, size, position) ?? null;

/** A device of the crate. */
export class Engine {
  /** @param {wasm.Engine} inner */
  constructor(inner) {
    this.inner = inner;
    /** The device's words for itself. */
    this.name = inner.name();
  }

  /** @param {'gpu' | 'cpu'} kind @returns {Promise<Engine>} fails with the crate's words */
  static async open(kind) {
    return new Engine(await wasm.Engine.open(kind));
  }

  /** The outputs of all layers. @param {{shape: Shape, values: Float32Array}} picture
   * @param {Layer[]} layers @returns {Promise<Float32Array[]>} */
  run(picture, layers) {
    return this.inner.run(new Uint32Array(picture.shape), picture.values, JSON.stringify(layers));
  }

  /** Median milliseconds of the chain on tensors that are on the device, without transfers.
   * @param {{shape: Shape, values: Float32Array}} picture @param {Layer[]} layers
   * @returns {Promise<number>} */
  time(picture, layers) {
    return this.inner.time(new Uint32Array(picture.shape), picture.values, JSON.stringify(layers));
  }
}
