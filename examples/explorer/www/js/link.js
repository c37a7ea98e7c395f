// The state in the page's address: what is not a default, as JSON in base64url behind the language.

import { GRID_SIZE, MOST, MOST_LAYERS, conv2d, defaultState, newLayer } from './state.js';

/** @import {Kernel, Layer, Pair, Rows, State} from './types' */
/** @typedef {Record<string, unknown>} Fields */

/** The part of an address behind `#`. One's own picture and the camera's cannot be in it: the cat takes their
 * place. @param {State} state @param {string} language */
export function encode(state, language) {
  const start = defaultState();
  const elsewhere = state.picture.kind === 'own' || state.picture.kind === 'webcam';
  const picture = elsewhere ? { ...start.picture, grey: state.picture.grey } : state.picture;
  const told = {
    picture: changed(picture, start.picture),
    layers: state.layers.map((layer) => ({ type: layer.type, ...changed(layer, newLayer(layer.type)) })),
    at: state.at,
    ...changed({ device: state.device }, { device: start.device }),
  };
  const bytes = new TextEncoder().encode(JSON.stringify(told));
  const base64 = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
  return `${language}.${base64.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')}`;
}

/** The state and the language of an address; the default state where it holds none, or a broken one.
 * @param {string} hash @returns {{state: State, language: string | null, broken: boolean}} */
export function decode(hash) {
  const [language, base64 = ''] = hash.replace(/^#/, '').split('.', 2);
  try {
    if (base64 === '') return { state: defaultState(), language: language || null, broken: false };
    const binary = atob(base64.replaceAll('-', '+').replaceAll('_', '/'));
    const text = new TextDecoder('utf-8', { fatal: true }).decode(Uint8Array.from(binary, (c) => c.charCodeAt(0)));
    return { state: readState(fields(JSON.parse(text))), language, broken: false };
  } catch {
    return { state: defaultState(), language: language || null, broken: true };
  }
}

/** The fields that differ from the defaults. @param {object} value @param {object} defaults @returns {Fields} */
function changed(value, defaults) {
  const plain = /** @type {Fields} */ (defaults);
  const differs = (/** @type {[string, unknown]} */ [name, field]) =>
    JSON.stringify(field) !== JSON.stringify(plain[name]);
  return Object.fromEntries(Object.entries(value).filter(differs));
}

/** @param {Fields} told @returns {State} */
function readState(told) {
  const start = defaultState();
  const picture = { ...start.picture, ...fields(told.picture) };
  const at = fields(told.at);
  const cell = at.cell === null ? null : fields(at.cell);
  const layers = list(told.layers, 1, MOST_LAYERS).map((layer) => readLayer(fields(layer)));
  return {
    picture: {
      kind: among(picture.kind, /** @type {const} */ (['cat', 'grid'])),
      shrink: whole(picture.shrink, 1, MOST.shrink),
      grey: truth(picture.grey),
      grid: rows(picture.grid, [GRID_SIZE, GRID_SIZE]),
    },
    layers,
    at: {
      layer: whole(at.layer, 0, layers.length - 1),
      channel: whole(at.channel, 0, MOST.out_channels),
      cell: cell && {
        channel: whole(cell.channel, 0, MOST.out_channels),
        y: whole(cell.y, 0, 99999),
        x: whole(cell.x, 0, 99999),
      },
    },
    device: among(told.device ?? start.device, /** @type {const} */ (['gpu', 'cpu'])),
  };
}

/** @param {Fields} told @returns {Layer} */
function readLayer(told) {
  const type = among(told.type, /** @type {const} */ (['Conv2d', 'MaxPool2d', 'AvgPool2d', 'ReLU']));
  const layer = { ...fields(newLayer(type)), ...told };
  switch (type) {
    case 'Conv2d':
      return readConv2d(layer);
    case 'MaxPool2d':
      return { ...newLayer(type), ...readPooling(layer), dilation: pair(layer.dilation, MOST.dilation) };
    case 'AvgPool2d':
      return {
        ...newLayer(type),
        ...readPooling(layer),
        count_include_pad: truth(layer.count_include_pad),
        divisor_override:
          layer.divisor_override === null
            ? null
            : whole(layer.divisor_override, -MOST.divisor_override, MOST.divisor_override),
      };
    case 'ReLU':
      return { type };
  }
}

/** @param {Fields} told */
function readConv2d(told) {
  const named = told.padding === 'valid' || told.padding === 'same';
  return conv2d({
    out_channels: whole(told.out_channels, 0, MOST.out_channels),
    kernel_size: pair(told.kernel_size, MOST.kernel_size),
    stride: pair(told.stride, MOST.stride),
    padding: named ? /** @type {'valid' | 'same'} */ (told.padding) : pair(told.padding, MOST.padding),
    dilation: pair(told.dilation, MOST.dilation),
    groups: whole(told.groups, 0, MOST.groups),
    bias: told.bias === null ? null : list(told.bias, 0, MOST.out_channels).map(finite),
    padding_mode: among(told.padding_mode, /** @type {const} */ (['zeros', 'reflect', 'replicate', 'circular'])),
    kernels: list(told.kernels, 1, MOST.out_channels).map(readKernel),
    seed: whole(told.seed, 0, 2 ** 32 - 1),
  });
}

/** @param {Fields} told */
function readPooling(told) {
  return {
    kernel_size: pair(told.kernel_size, MOST.kernel_size),
    stride: told.stride === null ? null : pair(told.stride, MOST.stride),
    padding: pair(told.padding, MOST.padding),
    ceil_mode: truth(told.ceil_mode),
  };
}

/** @param {unknown} value @returns {Kernel} */
function readKernel(value) {
  if (Array.isArray(value)) return rows(value, [value.length, list(value[0], 1, MOST.kernel_size).length]);
  if (typeof value !== 'string' || !/^[a-z0-9-]{1,40}$/.test(value)) throw new Error('not the name of a filter');
  return value;
}

/** @param {unknown} value @returns {Fields} */
function fields(value) {
  if (value === undefined) return {};
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error('not an object');
  return /** @type {Fields} */ (value);
}

/** @param {unknown} value @param {number} least @param {number} most @returns {unknown[]} */
function list(value, least, most) {
  if (!Array.isArray(value) || value.length < least || value.length > most) throw new Error('not a list');
  return value;
}

/** @param {unknown} value @param {Pair} size @returns {Rows} */
const rows = (value, [height, width]) =>
  list(value, height, Math.min(height, MOST.kernel_size)).map((row) => list(row, width, width).map(finite));

/** @param {unknown} value @param {number} most @returns {Pair} */
function pair(value, most) {
  const [height, width] = list(value, 2, 2);
  return [whole(height, 0, most), whole(width, 0, most)];
}

/** @param {unknown} value */
function finite(value) {
  if (typeof value !== 'number' || !Number.isFinite(value)) throw new Error('not a number');
  return value;
}

/** @param {unknown} value @param {number} least @param {number} most */
function whole(value, least, most) {
  if (!Number.isInteger(value) || finite(value) < least || finite(value) > most) throw new Error('not such a number');
  return finite(value);
}

/** @param {unknown} value */
function truth(value) {
  if (typeof value !== 'boolean') throw new Error('not true or false');
  return value;
}

/** @template {string} T @param {unknown} value @param {readonly T[]} choices @returns {T} */
function among(value, choices) {
  const found = choices.find((choice) => choice === value);
  if (found === undefined) throw new Error('not one of the choices');
  return found;
}
