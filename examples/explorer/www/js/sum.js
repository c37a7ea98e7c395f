// The taps of a window with their products, and what becomes of them, as tables.

import { make } from './dom.js';
import { row, table } from './drawn.js';
import { full, placed } from './figures.js';
import { sign } from './legend.js';

/** @import {Explanation, Tap} from './types' */
/** @import {Page} from './views' */

/** With more taps, each channel's are behind a line that opens. */
const few = 50;

/** A number that a driver can read exactly. @param {number} value @param {string} [test] */
export const figure = (value, test) => make('data', { value: String(value), 'data-test': test ?? null }, full(value));

/** @param {Explanation['type']} type @param {boolean} mixed @param {Page} page */
function headOf(type, mixed, page) {
  const from = mixed ? ['cell.from'] : [];
  const products = type === 'Conv2d' ? ['cell.weight', 'cell.product'] : [];
  return ['cell.tap', 'cell.place', ...from, 'cell.value', ...products].map((key) => page.t(key));
}

/** Where a tap's value comes from. @param {Tap} tap @param {Page} page */
function fromOf({ from, source }, page) {
  if (from === 'input') return page.t('cell.from.input');
  if (!source) return make('span', {}, sign(from), ' ', page.t(`cell.from.${from}`));
  return make('span', { title: from }, sign(from), make('span', { class: 'unseen' }, from), ' ', placed(source));
}

/** @param {Explanation} explanation @param {Tap} tap @param {boolean} mixed @param {Page} page */
function tapRow({ type, taps, maximum }, tap, mixed, page) {
  const names = [`[${tap.kernel_y}, ${tap.kernel_x}]`, placed([tap.y, tap.x])];
  const from = mixed ? [fromOf(tap, page)] : [];
  const value = tap.from === 'skipped' || tap.from === 'beyond' ? '–' : full(tap.value);
  const products = type === 'Conv2d' ? [`× ${full(tap.weight)}`, `= ${full(tap.product)}`] : [];
  return row([...names, ...from, value, ...products], maximum && taps[maximum.tap] === tap ? 'best' : '');
}

/** The taps of one channel; where they read is told unless all lie in the input. @param {Explanation} explanation
 * @param {Tap[]} taps @param {Page} page */
function tapsTable(explanation, taps, page) {
  const mixed = taps.some(({ from }) => from !== 'input');
  const rows = taps.map((tap) => tapRow(explanation, tap, mixed, page));
  const attributes = { class: mixed ? 'taps mixed' : 'taps', 'data-test': 'taps' };
  return make('div', { class: 'wide' }, table(headOf(explanation.type, mixed, page), rows, attributes));
}

/** All taps by input channel. @param {Explanation} explanation @param {Page} page @param {Set<number>} open channels
 * whose taps are shown although there are many; kept by what opens and closes them */
export function tapTables(explanation, page, open) {
  const channels = [...new Set(explanation.taps.map(({ channel }) => channel))];
  return channels.map((channel) => {
    const taps = explanation.taps.filter((tap) => tap.channel === channel);
    const subtotal = taps.reduce((sum, { product }) => sum + product, 0);
    const title =
      explanation.type === 'Conv2d'
        ? page.t('cell.channel.sum', { channel, sum: full(subtotal), count: taps.length })
        : page.t('cell.channel.taps', { channel, count: taps.length });
    if (explanation.taps.length <= few) {
      const named = channels.length > 1 ? [make('h4', {}, title)] : [];
      return make('div', {}, ...named, tapsTable(explanation, taps, page));
    }
    const details = make('details', { open: open.has(channel) }, make('summary', {}, title));
    const fill = () => details.childElementCount === 1 && details.append(tapsTable(explanation, taps, page));
    if (details.open) fill();
    details.addEventListener('toggle', () => {
      if (details.open) fill();
      if (details.open) open.add(channel);
      else open.delete(channel);
    });
    return details;
  });
}

/** From the sum to the value. @param {Explanation} explanation @param {number} device what the device gave
 * @param {Page} page */
export function totals({ type, taps, sum, bias, value, divisor }, device, page) {
  /** @type {HTMLTableRowElement[]} */
  const rows = [];
  const add = (/** @type {string} */ words, /** @type {string} */ before, /** @type {Node | string} */ number) =>
    rows.push(row([words, make('span', {}, before, number)]));
  if (type === 'Conv2d') add(page.t('cell.products', { count: taps.length }), '', figure(sum, 'cell-sum'));
  if (bias !== null) add('bias', bias < 0 ? '− ' : '+ ', figure(Math.abs(bias), 'cell-bias'));
  if (divisor) {
    add(page.t('cell.values', { count: divisor.inside }), '', figure(sum, 'cell-sum'));
    add(page.t('cell.divisor'), '÷ ', figure(divisor.value, 'divisor'));
  }
  add(page.t('cell.result'), rows.length > 0 ? '= ' : '', figure(value, 'cell-result'));
  if (differs(value, device)) add(page.t('cell.device'), '', figure(device, 'cell-device'));
  return table([page.t('cell.step'), page.t('cell.number')], rows, { class: 'totals' });
}

/** Whether the device's number is not the explanation's. @param {number} value @param {number} device */
function differs(value, device) {
  if (Object.is(value, device) || value === device) return false;
  return !(Math.abs(value - device) <= 1e-4 * Math.abs(value));
}
