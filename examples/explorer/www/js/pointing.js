// Pointers and keys on the maps.

import { isSame, nearest, windowOf } from './geometry.js';

/** @import {Board} from './board.js' */
/** @import {LookedAt} from './look.js' */
/** @import {Pair} from './types' */

/**
 * @typedef {object} Pointed
 * @property {(to: Pair | null) => void} hover shows a place for as long as the pointer is there
 * @property {(to: Pair | null) => void} pin holds a place, or lets go
 * @property {() => Pair | null} place that is shown
 * @property {() => Pair | null} pinned
 */

/** Where a key leads to. @param {string} key @param {Pair | null} from @param {Pair} size @returns {Pair | null} */
function moved(key, from, [height, width]) {
  const [y, x] = from ?? [0, 0];
  /** @type {Record<string, Pair>} */
  const ways = {
    ArrowUp: [y - 1, x],
    ArrowDown: [y + 1, x],
    ArrowLeft: [y, x - 1],
    ArrowRight: [y, x + 1],
    Home: [y, 0],
    End: [y, width - 1],
    PageUp: [0, x],
    PageDown: [height - 1, x],
  };
  const to = ways[key];
  if (!to) return null;
  if (!from) return [0, 0];
  return [Math.max(0, Math.min(height - 1, to[0])), Math.max(0, Math.min(width - 1, to[1]))];
}

/** Clicks, drags and arrow keys on an output select a cell. @param {Board} board @param {() => LookedAt | null} seen
 * @param {(cell: Pair) => void} select */
export function followOutput(board, seen, select) {
  const pick = (/** @type {PointerEvent} */ event) => {
    if (event.buttons & 1) select(board.at(event));
  };
  board.canvas.addEventListener('pointerdown', pick);
  board.canvas.addEventListener('pointermove', pick);
  board.canvas.addEventListener('keydown', (event) => {
    const now = seen();
    if (!now) return;
    const [, height, width] = now.output.shape;
    const to = moved(event.key, now.cell && [now.cell.y, now.cell.x], [height, width]);
    if (!to) return;
    event.preventDefault();
    select(to);
  });
}

/** A pointer over an input points at a cell; a click holds it and selects the output above it, a second one or Escape
 * lets go. The arrow keys move what is held, and Enter selects. @param {Board} board @param {() => LookedAt | null} seen @param {Pointed} pointed
 * @param {(cell: Pair) => void} select */
export function followInput(board, seen, pointed, select) {
  const near = (/** @type {Pair} */ place) => {
    const now = seen();
    if (now) select(nearest(windowOf(now.layer, now.checked), now.output.shape, place));
  };
  board.canvas.addEventListener('pointermove', (event) => {
    if (event.pointerType !== 'touch') pointed.hover(board.at(event));
  });
  board.canvas.addEventListener('pointerleave', () => pointed.hover(null));
  board.canvas.addEventListener('click', (event) => {
    const place = board.at(event);
    const isHeld = isSame(place, pointed.pinned());
    pointed.pin(isHeld ? null : place);
    if (!isHeld) near(place);
  });
  board.canvas.addEventListener('keydown', (event) => {
    const now = seen();
    if (!now) return;
    const place = pointed.place();
    if (place && event.key === 'Enter') near(place);
    if (event.key === 'Escape') pointed.pin(null);
    const [, height, width] = now.input.shape;
    const to = moved(event.key, place, [height, width]);
    if (!to) return;
    event.preventDefault();
    pointed.pin(to);
  });
}
