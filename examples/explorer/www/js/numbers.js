// Sizes, weights, receptive fields and times.

import { make } from './dom.js';
import { row, table } from './drawn.js';
import { factor, grouped, times } from './figures.js';
import { denseOf, fieldOf, sizeOf, weightsOf } from './formula.js';
import * as measure from './measure.js';

/** @import {Fitting} from './geometry.js' */
/** @import {Checked, Layer, Result} from './types' */
/** @import {Page, View} from './views' */

/** @param {Checked | undefined} checked @returns {Fitting | null} */
const fitting = (checked) => (checked?.ok ? checked : null);

const shapeOf = (/** @type {number[]} */ shape) => shape.map(grouped).join(' × ');

/** A text for each axis, or one for two that are the same. @param {Page} page @param {(axis: 0 | 1) => string} along
 * @returns {Node} */
function axes(page, along) {
  const [height, width] = [along(0), along(1)];
  if (height === width) return make('code', {}, height);
  return make(
    'span',
    { class: 'axes' },
    make('span', {}, page.t('numbers.height'), ' ', make('code', {}, height)),
    make('span', {}, page.t('numbers.width'), ' ', make('code', {}, width)),
  );
}

/** The weights, beside those of a dense layer. @param {Layer} layer @param {Fitting} checked @param {Page} page */
function weightRows(layer, checked, page) {
  if (layer.type !== 'Conv2d') return [row([page.t('numbers.weights'), page.t('numbers.weights.none')])];
  const ratio = page.t('numbers.ratio', { ratio: factor(checked.dense_weights / checked.weights) });
  const dense = make('code', { 'data-test': 'dense' }, denseOf(checked));
  return [
    row([page.t('numbers.weights'), make('code', { 'data-test': 'weights' }, weightsOf(layer, checked))]),
    row([page.t('numbers.dense'), make('span', {}, dense, make('small', {}, ratio))]),
  ];
}

/** What there is to count in the layer looked at. @param {Layer} layer @param {Fitting} checked
 * @param {Fitting | null} before @param {Page} page */
function layerTable(layer, checked, before, page) {
  const dropped = sizeOf(layer, checked, 0).dropped || sizeOf(layer, checked, 1).dropped;
  const shape = `${shapeOf(checked.input)} → ${shapeOf(checked.output)}`;
  const rows = [row([page.t('numbers.shape'), make('span', { 'data-test': 'shape' }, shape)])];
  if (layer.type !== 'ReLU') {
    const size = axes(page, (axis) => sizeOf(layer, checked, axis).text);
    const note = dropped ? make('small', {}, page.t('numbers.dropped')) : '';
    rows.push(row([page.t('numbers.size'), make('span', { 'data-test': 'formula' }, size, note)]));
  }
  rows.push(...weightRows(layer, checked, page));
  rows.push(row([page.t('numbers.operations'), grouped(checked.multiply_adds)]));
  rows.push(row([page.t('numbers.field'), axes(page, (axis) => fieldOf(layer, checked, before, axis).size)]));
  rows.push(row([page.t('numbers.jump'), axes(page, (axis) => fieldOf(layer, checked, before, axis).jump)]));
  return table([page.t('numbers.what'), page.t('numbers.how')], rows, { class: 'layer-numbers' });
}

/** All layers. @param {Result} result @param {Page} page */
function chainTable({ checked, state }, page) {
  const head = ['layer', 'shape', 'weights', 'operations', 'field', 'jump'].map((key) => page.t(`numbers.${key}`));
  const rows = checked.filter((one) => one.ok).map((one, k) =>
    row(
      [
        `${k + 1}. ${state.layers[k].type}`,
        shapeOf(one.output),
        grouped(one.weights),
        grouped(one.multiply_adds),
        times(one.field.size),
        times(one.field.jump),
      ],
      k === state.at.layer ? 'best' : '',
    ),
  );
  return table(head, rows, { class: 'chain', 'data-test': 'chain' });
}

/** @param {HTMLElement} host @param {Page} page @returns {View} */
export function mount(host, page) {
  const layer = make('div', { class: 'wide' });
  const field = make('p', { class: 'soft' });
  const title = make('h3');
  const chain = make('div', { class: 'wide' });
  const timing = make('div');
  host.append(layer, field, title, chain, timing);
  const clock = measure.mount(timing, page);

  /** @param {Result} result */
  function show(result) {
    const at = result.state.at.layer;
    const now = fitting(result.checked[at]);
    layer.replaceChildren(
      ...(now ? [layerTable(result.state.layers[at], now, fitting(result.checked[at - 1]), page)] : []),
    );
    field.textContent = page.t('numbers.field.about');
    title.textContent = page.t('numbers.chain');
    chain.replaceChildren(chainTable(result, page));
    clock.show(result);
  }
  return { show };
}
