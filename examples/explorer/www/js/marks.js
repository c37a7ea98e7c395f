// What is drawn on the cells of a board.

import { ink, legible } from './board.js';
import { theme } from './colour.js';
import { short } from './figures.js';
import { bow, firstTap, isSame, letters, originAt, spanOf } from './geometry.js';
import { inkOf } from './paint.js';

/** @import {Board} from './board.js' */
/** @import {Window} from './geometry.js' */
/** @import {LookedAt} from './look.js' */
/** @import {Painter} from './paint.js' */
/** @import {Pair, Reach} from './types' */

/** The places of a board that lie outside of the tensor. @param {Board} board @param {Pair} size @returns {Pair[]} */
function around({ cells, margin }, [height, width]) {
  /** @type {Pair[]} */
  const places = [];
  for (let y = -margin[0]; y < cells[0] - margin[0]; y++) {
    const inner = y >= 0 && y < height;
    for (let x = -margin[1]; x < cells[1] - margin[1]; x++) {
      if (inner && x === 0) x = width;
      if (x < cells[1] - margin[1]) places.push([y, x]);
    }
  }
  return places;
}

/** Puts a tensor on a board, with what stands over its padding muted. @param {Board} board @param {Painter} paint
 * @param {LookedAt | null} seen of an input; null for a map without padding */
export function putBase(board, paint, seen) {
  const surroundings = JSON.stringify([theme(), board.cells, board.margin, seen?.layer]);
  if (board.shown.paint === paint && board.shown.around === surroundings) return;
  board.shown = { paint, around: surroundings };
  [board.base.height, board.base.width] = board.cells;
  const context = /** @type {CanvasRenderingContext2D} */ (board.base.getContext('2d'));
  const image = paint.image();
  context.putImageData(image, board.margin[1], board.margin[0]);
  if (!seen) return;
  context.globalAlpha = 0.45;
  for (const [y, x] of around(board, [image.height, image.width])) {
    const { from, source } = originAt(seen.layer, seen.checked, [y, x]);
    if (from === 'skipped' || from === 'beyond') continue;
    context.fillStyle = `rgb(${paint.rgb(source && source[0] * image.width + source[1]).join(' ')})`;
    context.fillRect(x + board.margin[1], y + board.margin[0], 1, 1);
  }
  context.globalAlpha = 1;
}

/** The numbers of cells, where there is room. @param {Board} board @param {Painter} paint @param {Pair} size */
export function putNumbers(board, paint, [height, width]) {
  if (board.size < legible || paint.kind === 'colours') return;
  for (let k = 0; k < height * width; k++) {
    board.write([Math.floor(k / width), k % width], short(paint.number(k) ?? 0), inkOf(paint, k));
  }
}

/** The edge of the tensor, and around it where the numbers over the padding come from. @param {Board} board
 * @param {Painter} paint @param {LookedAt} seen */
export function putPadding(board, paint, seen) {
  const [, height, width] = seen.checked.input;
  const { context, size } = board;
  for (const place of around(board, [height, width])) {
    const { from, source } = originAt(seen.layer, seen.checked, place);
    const [x, y, w, h] = board.rect(...place);
    if (size >= 5) {
      const line = Math.max(1, Math.min(2, size / 14));
      context.lineWidth = line;
      context.strokeStyle = ink(`from-${from}`);
      context.setLineDash(from === 'beyond' ? [2, 2] : []);
      context.strokeRect(x + line, y + line, w - 2 * line, h - 2 * line);
      context.setLineDash([]);
    } else {
      context.globalAlpha = 0.5;
      context.fillStyle = ink(`from-${from}`);
      context.fillRect(x, y, w, h);
      context.globalAlpha = 1;
    }
    if (size >= legible) {
      const value = from === 'zeros' || source ? paint.number(source && source[0] * width + source[1]) : null;
      if (value !== null) board.write(place, short(value), ink('soft'), 0.3);
    }
  }
  if (board.cells[0] > height || board.cells[1] > width) {
    context.lineWidth = size >= 5 ? 2 : 1;
    context.strokeStyle = ink('ink');
    context.strokeRect(...board.rect(0, 0, height, width));
  }
}

/** The signs of what lies over the padding; zeros are their own. @param {Board} board @param {LookedAt} seen */
export function putSigns(board, { layer, checked }) {
  if (board.size < legible) return;
  const [, height, width] = checked.input;
  for (const place of around(board, [height, width])) {
    const { from } = originAt(layer, checked, place);
    if (from !== 'zeros') board.corner(place, letters[from], ink(`from-${from}`));
  }
}

/** Hatches what no window reads at the end. @param {Board} board @param {LookedAt} seen */
export function putUnvisited(board, { checked }) {
  const [, height, width] = checked.input;
  const [[top, bottom], [left, right]] = checked.pads;
  const [rows, columns] = checked.unvisited;
  const tall = top + height + bottom;
  const wide = left + width + right;
  board.hatch(board.rect(tall - top - rows, -left, rows, wide), ink('soft'));
  board.hatch(board.rect(-top, wide - left - columns, tall - rows, columns), ink('soft'));
}

/** A window's taps, with the gaps between them. @param {Board} board @param {Window} window @param {Pair} cell */
export function putWindow(board, window, cell) {
  const { context, size } = board;
  const [top, left] = firstTap(window, cell);
  const colour = ink('mark');
  const line = Math.max(1, Math.min(2, size / 12));
  for (let k = 0; k < window.kernel[0] * window.kernel[1]; k++) {
    const y = top + Math.floor(k / window.kernel[1]) * window.dilation[0];
    const x = left + (k % window.kernel[1]) * window.dilation[1];
    const [px, py, w, h] = board.rect(y, x);
    if (size < 6) {
      context.globalAlpha = 0.65;
      context.fillStyle = colour;
      context.fillRect(px + size * 0.1, py + size * 0.1, w - size * 0.2, h - size * 0.2);
      context.globalAlpha = 1;
    } else {
      board.frame([px + line + 2, py + line + 2, w - 2 * line - 4, h - 2 * line - 4], colour, line);
    }
  }
  board.frame(board.rect(top, left, ...spanOf(window)), colour, size < 6 ? 1.5 : 2.5);
}

/** With more lines none is told from the others. */
const many = 12;

/** Lines from the taps over padding to the cells that they read. @param {Board} board @param {LookedAt} seen
 * @param {Pair[]} places */
export function putLines(board, { layer, checked }, places) {
  const { context, size } = board;
  if (size < 12 || places.length > many) return;
  for (const place of places) {
    const { from, source } = originAt(layer, checked, place);
    if (from === 'input' || !source) continue;
    const { from: start, over, to: end } = bow(board.middle(place), board.middle(source), size * 0.3);
    for (const [width, colour] of /** @type {[number, string][]} */ ([[3, ink('paper')], [1.5, ink(`from-${from}`)]])) {
      context.lineWidth = width;
      context.strokeStyle = colour;
      context.fillStyle = colour;
      context.beginPath();
      context.moveTo(...start);
      context.quadraticCurveTo(...over, ...end);
      context.stroke();
      context.beginPath();
      context.arc(...end, 1 + width, 0, 7);
      context.fill();
    }
  }
}

/** The places of a window's taps that lie outside of the input. @param {Window} window @param {Pair} cell
 * @param {Pair} size @returns {Pair[]} */
export function tapsOutside(window, cell, [height, width]) {
  const [top, left] = firstTap(window, cell);
  /** @type {Pair[]} */
  const places = [];
  for (let ky = 0; ky < window.kernel[0]; ky++) {
    for (let kx = 0; kx < window.kernel[1]; kx++) {
      const [y, x] = [top + ky * window.dilation[0], left + kx * window.dilation[1]];
      if (y < 0 || x < 0 || y >= height || x >= width) places.push([y, x]);
    }
  }
  return places;
}

/** Dims the cells after one, in reading order. @param {Board} board @param {Pair} size @param {number} until */
export function putVeil(board, [height, width], until) {
  const [row, column] = [Math.floor(until / width), until % width];
  board.context.globalAlpha = 0.86;
  board.context.fillStyle = ink('paper');
  board.context.fillRect(...board.rect(row, column + 1, 1, width - column - 1));
  board.context.fillRect(...board.rect(row + 1, 0, height - row - 1, width));
  board.context.globalAlpha = 1;
}

/** The output cells that an input cell reaches. @param {Board} board @param {Reach['outputs']} outputs */
export function putReached(board, outputs) {
  const line = Math.max(1, Math.min(2.5, board.size / 10));
  /** @type {Map<string, {cell: Pair, weight: number}>} */
  const reached = new Map();
  for (const { y, x, weight } of outputs) {
    const before = reached.get(`${y},${x}`)?.weight ?? 0;
    reached.set(`${y},${x}`, { cell: [y, x], weight: before + weight });
  }
  for (const { cell, weight } of reached.values()) {
    const [px, py, w, h] = board.rect(...cell);
    if (board.size < 6) board.frame([px, py, w, h], ink('mark'), 1);
    else board.frame([px + line, py + line, w - 2 * line, h - 2 * line], ink('mark'), line, [4, 3]);
    if (board.size >= legible) board.tag(cell, `×${short(weight)}`);
  }
}

/** The input cell that is pointed at, and the one that is held. @param {Board} board @param {LookedAt} seen
 * @param {Pair | null} place @param {Pair | null} pinned */
export function putPointed(board, seen, place, pinned) {
  if (pinned) board.around(pinned, ink('accent'));
  if (!place) return;
  putLines(board, seen, [place]);
  board.around(place, ink(isSame(place, pinned) ? 'accent' : 'ink'));
}
