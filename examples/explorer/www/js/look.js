// What the views share beside the state, and no link holds.

/** @import {Result, Pair, State} from './types' */
/** @import {Fitting} from './geometry.js' */
/** @import {Tensor} from './views' */

import { channelsRead } from './geometry.js';

export const look = {
  /** The input channel that is shown; null for a picture's own colours. @type {number | null} */
  input: null,
  /** While playing: cells of the output after this one, in reading order, are dim. @type {number | null} */
  until: null,
  /** Whether cells come faster than one should read them aloud. */
  playing: false,
};

/** The layer looked at, with what it reads and gives; null while it is not in order. @param {Result} result */
export function lookedAt(result) {
  const at = result.state.at.layer;
  const checked = result.checked[at];
  if (!checked?.ok || !result.tensors[at + 1]) return null;
  const layer = result.state.layers[at];
  const output = result.tensors[at + 1];
  const channel = Math.min(result.state.at.channel, output.shape[0] - 1);
  const cell = result.state.at.cell;
  const inside = cell && cell.y < output.shape[1] && cell.x < output.shape[2];
  return {
    layer,
    checked,
    input: result.tensors[at],
    output,
    channel,
    cell: inside ? { channel, y: cell.y, x: cell.x } : null,
    first: at === 0,
  };
}

/** @typedef {NonNullable<ReturnType<typeof lookedAt>>} LookedAt */

/** The input channels to choose from, and the one shown: null for a picture's own colours. @param {LookedAt} seen */
export function inputShown({ layer, checked, channel, first }) {
  const channels = channelsRead(layer, checked, channel);
  const colours = first && channels.length === 3;
  if (look.input !== null && channels.includes(look.input)) return { channels, colours, channel: look.input };
  return { channels, colours, channel: colours ? null : channels[0] };
}

/** A channel's numbers. @param {Tensor} tensor @param {number} channel */
export function planeOf({ shape: [, height, width], values }, channel) {
  return values.subarray(channel * height * width, (channel + 1) * height * width);
}
