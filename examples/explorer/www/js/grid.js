// The picture as a small table of numbers to calculate along.

import { make } from './dom.js';
import { GRIDS, GRID_SIZE, gridOf } from './state.js';
import { numberTable } from './table.js';

/** @import {Rows} from './types' */
/** @import {Page} from './views' */

/** @param {HTMLElement} host @param {Page} page @returns {{show(rows: Rows): void}} */
export function mount(host, { t, update }) {
  const table = numberTable({
    size: [GRID_SIZE, GRID_SIZE],
    caption: t('grid.caption'),
    label: (y, x) => t('grid.cell', { y, x }),
    test: 'grid',
    t,
    changed: (y, x, value) => update(({ picture }) => (picture.grid[y][x] = value)),
  });
  const presets = Object.keys(GRIDS).map((name) =>
    make(
      'button',
      {
        type: 'button',
        'data-test': `grid-${name}`,
        onclick: () => update(({ picture }) => (picture.grid = gridOf(name))),
      },
      t(`grid.${name}`),
    ),
  );
  const begin = make('div', { class: 'choice', role: 'group', 'aria-label': t('grid.presets') }, ...presets);
  host.replaceChildren(begin, table.element, make('p', { class: 'about' }, t('grid.keys')));
  return { show: table.show };
}
