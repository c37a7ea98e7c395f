// A canvas of cells, with a margin around them.

import { theme } from './colour.js';

/** @import {Pair} from './types' */

/** Cells at least so large carry numbers. */
export const legible = 30;

/** @type {Map<string, string>} */
const inks = new Map();

/** A colour of the page in the theme that is shown. @param {string} name */
export function ink(name) {
  const key = `${theme()} ${name}`;
  const known = inks.get(key) ?? getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  inks.set(key, known);
  return known;
}

export class Board {
  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.canvas = canvas;
    this.context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
    /** A pixel for each cell. */
    this.base = document.createElement('canvas');
    /** What `base` shows. @type {{paint: object | null, around: string}} */
    this.shown = { paint: null, around: '' };
    /** Cells of the margin above and to the left. @type {Pair} */
    this.margin = [0, 0];
    /** All cells, the margin's too. @type {Pair} */
    this.cells = [1, 1];
    /** Of a cell, in pixels of CSS. */
    this.size = 1;
  }

  /** @param {Pair} cells @param {Pair} margin @param {number} size */
  fit(cells, margin, size) {
    this.cells = cells;
    this.margin = margin;
    this.size = size;
    const ratio = window.devicePixelRatio || 1;
    const [height, width] = [Math.ceil(cells[0] * size), Math.ceil(cells[1] * size)];
    if (this.canvas.width !== Math.round(width * ratio) || this.canvas.height !== Math.round(height * ratio)) {
      this.canvas.width = Math.round(width * ratio);
      this.canvas.height = Math.round(height * ratio);
      this.canvas.style.width = `${width}px`;
      this.canvas.style.height = `${height}px`;
    }
    this.context.setTransform(ratio, 0, 0, ratio, 0, 0);
  }

  /** The cells without any mark. */
  draw() {
    const [height, width] = this.cells;
    this.context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    this.context.imageSmoothingEnabled = this.size < 1;
    this.context.drawImage(this.base, 0, 0, width * this.size, height * this.size);
  }

  /** The pixels of cells. @param {number} y @param {number} x @param {number} [height] @param {number} [width]
   * @returns {[number, number, number, number]} */
  rect(y, x, height = 1, width = 1) {
    const { size, margin } = this;
    return [(x + margin[1]) * size, (y + margin[0]) * size, width * size, height * size];
  }

  /** The middle of a cell. @param {Pair} cell @returns {Pair} x and y in pixels */
  middle([y, x]) {
    const [left, top, width, height] = this.rect(y, x);
    return [left + width / 2, top + height / 2];
  }

  /** The cell under a pointer; in the margin it lies below 0 or beyond. @param {MouseEvent} event @returns {Pair} */
  at(event) {
    const place = (/** @type {number} */ from, /** @type {0 | 1} */ axis) =>
      Math.max(0, Math.min(this.cells[axis] - 1, Math.floor(from / this.size))) - this.margin[axis];
    return [place(event.offsetY, 0), place(event.offsetX, 1)];
  }

  /** @param {Pair} cell @param {string} text @param {string} colour @param {number} [part] of the cell's size */
  write(cell, text, colour, part = 0.34) {
    const { context, size } = this;
    context.fillStyle = colour;
    context.font = `${Math.round(size * (text.length > 4 ? part * 0.82 : part))}px system-ui, sans-serif`;
    context.textAlign = 'center';
    context.textBaseline = 'middle';
    context.fillText(text, ...this.middle(cell), size * 0.94);
  }

  /** Covers a cell, but for its rim where there is room. @param {Pair} cell @param {string} colour */
  fill(cell, colour) {
    const [x, y, width, height] = this.rect(...cell);
    const rim = this.size < 6 ? 0 : Math.round(this.size / 5);
    this.context.fillStyle = colour;
    this.context.fillRect(x + rim, y + rim, width - 2 * rim, height - 2 * rim);
  }

  /** A letter in a cell's upper left corner. @param {Pair} cell @param {string} text @param {string} colour */
  corner([y, x], text, colour) {
    const [left, top] = this.rect(y, x);
    const { context, size } = this;
    context.fillStyle = ink('paper');
    context.fillRect(left + size * 0.04, top + size * 0.04, size * 0.3, size * 0.3);
    context.fillStyle = colour;
    context.font = `bold ${Math.round(size * 0.28)}px system-ui, sans-serif`;
    context.textAlign = 'center';
    context.textBaseline = 'middle';
    context.fillText(text, left + size * 0.19, top + size * 0.2);
  }

  /** A label at a cell's lower edge, on paper. @param {Pair} cell @param {string} text */
  tag([y, x], text) {
    const [left, top] = this.rect(y, x);
    const { context, size } = this;
    context.font = `bold ${Math.round(size * 0.26)}px system-ui, sans-serif`;
    const width = Math.min(size, context.measureText(text).width + 4);
    context.fillStyle = ink('paper');
    context.fillRect(left + (size - width) / 2, top + size * 0.68, width, size * 0.3);
    context.fillStyle = ink('mark');
    context.textAlign = 'center';
    context.textBaseline = 'middle';
    context.fillText(text, left + size / 2, top + size * 0.84, size);
  }

  /** A frame in a colour, with paper around it so that it shows on any. @param {[number, number, number, number]} rect
   * @param {string} colour @param {number} width @param {number[]} [dash] */
  frame([x, y, width_, height], colour, width, dash = []) {
    const { context } = this;
    const limit = (/** @type {number} */ at, /** @type {number} */ end) => Math.max(width, Math.min(end - width, at));
    const left = limit(x, this.cells[1] * this.size);
    const top = limit(y, this.cells[0] * this.size);
    const right = limit(x + width_, this.cells[1] * this.size);
    const bottom = limit(y + height, this.cells[0] * this.size);
    context.setLineDash([]);
    context.lineWidth = width + 2;
    context.strokeStyle = ink('paper');
    context.strokeRect(left, top, right - left, bottom - top);
    context.setLineDash(dash);
    context.lineWidth = width;
    context.strokeStyle = colour;
    context.strokeRect(left, top, right - left, bottom - top);
    context.setLineDash([]);
  }

  /** A frame around one cell, so large that it is seen. @param {Pair} cell @param {string} colour */
  around(cell, colour) {
    const [x, y, width, height] = this.rect(...cell);
    const grow = Math.max(0, (8 - this.size) / 2);
    this.frame([x - grow, y - grow, width + 2 * grow, height + 2 * grow], colour, this.size < 12 ? 2 : 2.5);
  }

  /** Stripes over cells. @param {[number, number, number, number]} rect @param {string} colour */
  hatch([x, y, width, height], colour) {
    if (width <= 0 || height <= 0) return;
    const { context } = this;
    context.save();
    context.beginPath();
    context.rect(x, y, width, height);
    context.clip();
    context.globalAlpha = 0.45;
    context.fillStyle = ink('paper');
    context.fillRect(x, y, width, height);
    context.globalAlpha = 1;
    context.strokeStyle = colour;
    context.lineWidth = 1.2;
    context.beginPath();
    for (let at = Math.floor((x - height) / 6) * 6; at < x + width; at += 6) {
      context.moveTo(at, y + height);
      context.lineTo(at + height, y);
    }
    context.stroke();
    context.restore();
  }
}
