// A table of numbers that can be written over; arrow keys go from cell to cell.

import { make, set } from './dom.js';

/** @import {Pair, Rows} from './types' */

/** @type {Record<string, Pair>} */
const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1], Enter: [1, 0] };

/** @param {object} options
 * @param {Pair} options.size
 * @param {string} options.caption
 * @param {(y: number, x: number) => string} options.label of a cell
 * @param {string} options.test prefix of the cells' `data-test`
 * @param {import('./views').Page['t']} options.t
 * @param {(y: number, x: number, value: number) => void} options.changed
 * @returns {{element: HTMLElement, show(rows: Rows): void}} */
export function numberTable({ size: [height, width], caption, label, test, t, changed }) {
  /** @type {Rows} */
  let shown = [];
  const wrong = make('p', { class: 'wrong', role: 'alert', 'data-test': `${test}-wrong`, hidden: true });
  const cells = range(height).map((y) => range(width).map((x) => cell(y, x)));

  /** @param {number} y @param {number} x */
  function cell(y, x) {
    const input = make('input', {
      type: 'text',
      inputmode: 'decimal',
      autocomplete: 'off',
      'aria-label': label(y, x),
      'data-test': `${test}-${y}-${x}`,
      tabindex: y === 0 && x === 0 ? 0 : -1,
      onfocus: () => {
        for (const other of cells.flat()) other.tabIndex = other === input ? 0 : -1;
        input.select();
      },
      oninput: () => {
        const value = numberIn(input.value);
        set(input, 'aria-invalid', value === null ? 'true' : null);
        complain(value === null ? input.value : null);
        if (value !== null) changed(y, x, value);
      },
      onblur: () => {
        if (numberIn(input.value) !== null) return;
        write(input, shown[y][x]);
        complain(null);
      },
      onkeydown: (/** @type {KeyboardEvent} */ event) => {
        const step = STEPS[event.key];
        if (!step || event.ctrlKey || event.metaKey || event.altKey) return;
        event.preventDefault();
        cells[y + step[0]]?.[x + step[1]]?.focus();
      },
    });
    return input;
  }

  /** Says that a text is no number. @param {string | null} text */
  function complain(text) {
    set(wrong, 'hidden', text === null);
    wrong.textContent = text === null ? '' : t('number.none', { text });
  }

  const head = make('tr', {}, make('td'), ...range(width).map((x) => make('th', { scope: 'col' }, String(x))));
  const body = cells.map((row, y) =>
    make('tr', {}, make('th', { scope: 'row' }, String(y)), ...row.map((input) => make('td', {}, input))),
  );
  const table = make(
    'table',
    { class: 'entry' },
    make('caption', {}, caption),
    make('thead', {}, head),
    make('tbody', {}, ...body),
  );
  return {
    element: make('div', { class: 'scroll' }, table, wrong),
    show(rows) {
      shown = rows;
      cells.forEach((row, y) =>
        row.forEach((input, x) => {
          const typed = input === document.activeElement && numberIn(input.value) === null;
          if (!typed && numberIn(input.value) !== rows[y][x]) write(input, rows[y][x]);
        }),
      );
    },
  };
}

/** @param {HTMLInputElement} input @param {number} value */
function write(input, value) {
  input.value = String(value);
  set(input, 'aria-invalid', null);
}

/** The number that a text is, with a comma or a point; null if it is none. @param {string} text */
export function numberIn(text) {
  const value = Number(text.trim().replace(',', '.'));
  return text.trim() === '' || !Number.isFinite(value) ? null : value;
}

/** @param {number} length */
const range = (length) => [...Array(length).keys()];
