// What of the picture the selected cell depends on, through the whole chain.

import { Board, ink } from './board.js';
import { make } from './dom.js';
import { field } from './engine.js';
import { times } from './figures.js';
import { lookedAt } from './look.js';
import { putBase } from './marks.js';
import { painter } from './paint.js';

/** @import {Result} from './types' */
/** @import {Page, View} from './views' */

/** The picture is no larger, in pixels. */
const side = 288;

/** @param {HTMLElement} host @param {Page} page @returns {View} */
export function mount(host, page) {
  const title = make('h3');
  const words = make('p', { 'data-test': 'field' });
  const canvas = make('canvas', { role: 'img', 'data-test': 'field-map' });
  host.append(make('section', { class: 'field' }, title, words, canvas));
  const board = new Board(canvas);

  /** @param {Result} result */
  function show(result) {
    const seen = lookedAt(result);
    const picture = result.tensors[0];
    if (!seen || !picture) return;
    const { layers, at, picture: kind } = result.state;
    const [, height, width] = picture.shape;
    const { size, jump } = seen.checked.field;
    title.textContent = page.t('field.title');
    const key = jump[0] === jump[1] ? 'field.about' : 'field.about.apart';
    words.textContent = page.t(key, { size: times(size), down: jump[0], right: jump[1] });
    canvas.setAttribute('aria-label', words.textContent);
    const paint = painter(picture, picture.shape[0] === 3 ? null : 0, kind.kind !== 'grid');
    board.fit([height, width], [0, 0], Math.min(24, side / Math.max(height, width)));
    putBase(board, paint, null);
    board.draw();
    if (!seen.cell) return;
    const { y, x } = seen.cell;
    const { top, left, bottom, right } = field(picture.shape, layers.slice(0, at.layer + 1), y, x);
    board.frame(board.rect(top, left, bottom - top + 1, right - left + 1), ink('mark'), 2);
  }
  return { show };
}
