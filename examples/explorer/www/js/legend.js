// What colours and letters mean.

import { colourOf } from './colour.js';
import { make } from './dom.js';
import { full } from './figures.js';
import { letters, overPadding } from './geometry.js';

/** @import {Origin} from './geometry.js' */
/** @import {LookedAt} from './look.js' */
/** @import {Painter} from './paint.js' */
/** @import {Page} from './views' */

/** The scale of a map. @param {HTMLElement} host @param {Painter} paint @param {Page} page */
export function legend(host, paint, page) {
  host.replaceChildren();
  if (paint.kind === 'colours') return;
  const low = paint.kind === 'signed' ? -1 : 0;
  const stops = Array.from({ length: 17 }, (_, k) => {
    const at = low + ((1 - low) * k) / 16;
    return paint.kind === 'grey' ? `rgb(${[255, 255, 255].map((c) => Math.round(c * at)).join(' ')})` : colourOf(at, 1);
  });
  const ends = [full(low * paint.scale), ...(low ? ['0'] : []), full(paint.scale)];
  host.append(
    make('div', { class: 'legend-bar', style: `background: linear-gradient(to right, ${stops.join(', ')})` }),
    make('div', { class: 'legend-ends', 'data-test': 'scale' }, ...ends.map((end) => make('span', {}, end))),
  );
  host.setAttribute('title', page.t('maps.scale'));
}

/** The sign of an origin. @param {Origin} from */
export const sign = (from) =>
  make('span', { class: 'sign', style: `--of: var(--from-${from})`, 'aria-hidden': 'true' }, letters[from]);

/** What lies around and over the input. @param {HTMLElement} host @param {LookedAt} seen @param {Page} page */
export function origins(host, { layer, checked }, page) {
  const { pads, overhang, unvisited } = checked;
  /** @type {Node[]} */
  const parts = [];
  const add = (/** @type {Node} */ mark, /** @type {string} */ words) =>
    parts.push(make('span', { class: 'origin' }, mark, words));
  const from = overPadding(layer);
  if (pads.flat().some((count) => count > 0)) add(sign(from), page.t(`from.${from}.about`));
  if (overhang.some((count) => count > 0)) {
    const [rows, columns] = overhang;
    add(sign('beyond'), page.t('maps.overhang', { rows, columns }));
  }
  if (unvisited.some((count) => count > 0)) {
    const [rows, columns] = unvisited;
    add(make('span', { class: 'sign hatched', 'aria-hidden': 'true' }), page.t('maps.unvisited', { rows, columns }));
  }
  host.replaceChildren(...parts);
}
