// Drawings and tables.

import { make } from './dom.js';

/** An element of SVG. @template {keyof SVGElementTagNameMap} T @param {T} tag
 * @param {Record<string, string | number>} [attributes] @param {...(Node | string)} children
 * @returns {SVGElementTagNameMap[T]} */
export function svg(tag, attributes = {}, ...children) {
  const made = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  made.append(...children);
  return made;
}

/** A row of a table; its first cell names it. @param {(Node | string)[]} cells @param {string} [kind] its class */
export function row(cells, kind = '') {
  const cell = (/** @type {Node | string} */ text, /** @type {number} */ k) =>
    k === 0 ? make('th', { scope: 'row' }, text) : make('td', {}, text);
  return make('tr', { class: kind || null }, ...cells.map(cell));
}

/** A table with a head. @param {string[]} head @param {HTMLTableRowElement[]} rows
 * @param {Record<string, string>} [attributes] */
export function table(head, rows, attributes = {}) {
  return make(
    'table',
    attributes,
    make('thead', {}, make('tr', {}, ...head.map((text) => make('th', { scope: 'col' }, text)))),
    make('tbody', {}, ...rows),
  );
}
