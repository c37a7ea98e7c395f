// What of the picture the selected cell depends on, through the whole chain.

import { Board, ink } from './board.js';
import { make } from './dom.js';
import { field } from './engine.js';
import { grouped, placed, times } from './figures.js';
import { lookedAt } from './look.js';
import { putBase } from './marks.js';
import { painter } from './paint.js';

/** @import {Painter} from './paint.js' */
/** @import {Field, Pair, Result} from './types' */
/** @import {Page, View} from './views' */

/** The picture is no larger, in pixels. */
const side = 288;
/** Pixels of the picture that are drawn smaller are shown enlarged too. */
const small = 8;
/** Pixels that are shown around an enlarged field. */
const around = 2;

/** How many cells of an axis the windows span, how many of those lie in the picture, and over how many the pixels that
 * are read are spread. @param {number} first @param {number} last @param {number[]} read @param {number} size of the
 * picture */
function along(first, last, read, size) {
  const [from, to] = [Math.max(0, first), Math.min(size - 1, last)];
  const isFar = read.some((at) => at < first || at > last);
  const extent = read.length > 0 ? read[read.length - 1] - read[0] + 1 : 0;
  return { span: last - first + 1, inside: Math.max(0, to - from + 1), isFar, spread: isFar ? last - first + 1 : extent };
}

/** In words, on how many pixels a cell depends and how they lie. @param {Field} read @param {Pair} cell
 * @param {Pair} picture its height and width @param {Page} page */
function told({ top, left, bottom, right, rows, columns }, cell, picture, page) {
  const axes = [along(top, bottom, rows, picture[0]), along(left, right, columns, picture[1])];
  const pair = (/** @type {'span' | 'inside' | 'spread'} */ name) => /** @type {Pair} */ (axes.map((axis) => axis[name]));
  const product = (/** @type {Pair} */ [height, width]) => height * width;
  const count = rows.length * columns.length;
  const values = { cell: placed(cell), count: grouped(count), spread: times(pair('spread')) };
  if (count === 0) return page.t('field.none', values);
  const words = [page.t(count === product(pair('spread')) ? 'field.whole' : 'field.spread', values)];
  if (product(pair('inside')) < product(pair('span'))) {
    const key = axes.some(({ isFar }) => isFar) ? 'field.cut.far' : 'field.cut';
    words.push(page.t(key, { span: times(pair('span')), inside: times(pair('inside')) }));
  }
  return words.join(' ');
}

/** Marks the pixels: one frame where nothing lies between them. @param {Board} board @param {Field} read */
function putField(board, { rows, columns }) {
  const [height, width] = [rows, columns].map((axis) => axis[axis.length - 1] - axis[0] + 1);
  if (height === rows.length && width === columns.length) {
    board.frame(board.rect(rows[0], columns[0], height, width), ink('mark'), 2);
    return;
  }
  for (const y of rows) for (const x of columns) board.fill([y, x], ink('mark'));
}

/** @param {HTMLElement} host @param {Page} page @returns {View} */
export function mount(host, page) {
  const title = make('h3');
  const words = make('p', { 'data-test': 'field' });
  const whole = make('canvas', { role: 'img', 'data-test': 'field-map' });
  const near = make('canvas', { role: 'img', 'data-test': 'field-near' });
  host.append(make('section', { class: 'field' }, title, words, make('div', { class: 'field-maps' }, whole, near)));
  const boards = { whole: new Board(whole), near: new Board(near) };

  /** Shows the pixels around the field enlarged. @param {Field} read @param {Pair} picture @param {Painter} paint */
  function enlarge(read, [height, width], paint) {
    const from = /** @type {Pair} */ ([Math.max(0, read.top - around), Math.max(0, read.left - around)]);
    const to = [Math.min(height - 1, read.bottom + around), Math.min(width - 1, read.right + around)];
    const cells = /** @type {Pair} */ ([to[0] - from[0] + 1, to[1] - from[1] + 1]);
    const size = Math.min(16, Math.floor(side / Math.max(...cells)));
    near.hidden = boards.whole.size >= small || size <= boards.whole.size || Math.min(...cells) < 1;
    if (near.hidden) return;
    boards.near.fit(cells, [-from[0], -from[1]], size);
    putBase(boards.near, paint, null);
    boards.near.draw();
    putField(boards.near, read);
  }

  /** @param {Result} result */
  function show(result) {
    const seen = lookedAt(result);
    const picture = result.tensors[0];
    if (!seen || !picture) return;
    const { layers, at, picture: kind } = result.state;
    const size = /** @type {Pair} */ (picture.shape.slice(1));
    const { size: span, jump } = seen.checked.field;
    const next = page.t(jump[0] === jump[1] ? 'field.next' : 'field.next.apart', { down: jump[0], right: jump[1] });
    const paint = painter(picture, picture.shape[0] === 3 ? null : 0, kind.kind !== 'grid');
    title.textContent = page.t('field.title');
    boards.whole.fit(size, [0, 0], Math.min(24, side / Math.max(...size)));
    putBase(boards.whole, paint, null);
    boards.whole.draw();
    near.hidden = true;
    words.textContent = `${page.t('field.about', { span: times(span) })} ${next}`;
    if (seen.cell) {
      const { y, x } = seen.cell;
      const read = field(picture.shape, layers.slice(0, at.layer + 1), y, x);
      words.textContent = `${told(read, [y, x], size, page)} ${next}`;
      if (read.rows.length * read.columns.length > 0) {
        putField(boards.whole, read);
        enlarge(read, size, paint);
      }
    }
    whole.setAttribute('aria-label', words.textContent);
    near.setAttribute('aria-label', page.t('field.near'));
  }
  return { show };
}
