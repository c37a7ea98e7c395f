// The filters of a convolution: classic, random, or one's own numbers; as coloured numbers.

import { colourOf, inkOn } from './colour.js';
import { make, set } from './dom.js';
import * as engine from './engine.js';
import { full } from './figures.js';
import { select } from './inputs.js';
import { numberTable } from './table.js';

/** @import {Conv2d, Kernel, Pair, Rows, Shape, Weight} from './types' */
/** @import {Page} from './views' */
/** @import {Seen} from './layers.js' */

const OWN = 'own';
const RANDOM = 'random';
/** The side of the largest kernel that is edited by hand. */
const LARGEST = 7;

/** @param {Page} page @param {number} index of the layer */
export function editor(page, index) {
  const { t, update } = page;
  const test = `layer-${index}`;
  const filters = engine.filters();
  let channel = 0;
  let in_channel = 0;

  /** @param {(layer: Conv2d) => void} edit */
  const change = (edit) =>
    update(({ layers }) => {
      const layer = layers[index];
      if (layer.type === 'Conv2d') edit(layer);
    });
  /** Sets the filter of the channel shown. @param {Kernel} kernel @param {Pair} [size] */
  const choose = (kernel, size) =>
    change((layer) => {
      const { kernels } = layer;
      layer.kernels = Array.from({ length: layer.out_channels }, (_, o) => kernels[o % kernels.length]);
      layer.kernels[channel] = kernel;
      if (size) layer.kernel_size = size;
    });

  /** What a filter is in the list. @param {Kernel} kernel */
  const kindOf = (kernel) => {
    if (typeof kernel !== 'string') return OWN;
    return filters.some(({ name }) => name === kernel) ? kernel : RANDOM;
  };
  /** Begins one's own filter with the numbers of the input channel shown. */
  const begin = () => {
    const inputs = weight?.shape[1] ?? 1;
    const random = kindOf(layer.kernels[channel % layer.kernels.length]) === RANDOM;
    begun = { channel, words: random && inputs > 1 ? t('kernel.begun', { source: in_channel }) : '' };
    choose(rounded(random ? wholeFilter(in_channel) : shown));
  };

  const channels = select({
    label: t('kernel.channel'),
    test: `${test}-channel`,
    choices: [],
    changed: (value) =>
      update(({ at }) => {
        at.layer = index;
        at.channel = Number(value);
      }),
  });
  const kinds = select({
    label: t('kernel.filter'),
    test: `${test}-filter`,
    choices: [
      ...filters.map(({ name }) => ({ value: name, text: `${name}: ${t(`filter.${name}`)}` })),
      { value: RANDOM, text: t('kernel.random') },
      { value: OWN, text: t('kernel.own') },
    ],
    changed: (name) => {
      const classic = filters.find((filter) => filter.name === name);
      if (name === OWN) begin();
      else choose(name, classic && sizeFor(classic.kernel, layer.kernel_size));
    },
  });
  const button = (/** @type {string} */ key, /** @type {() => void} */ pressed) =>
    make('button', { type: 'button', 'data-test': `${test}-${key.split('.')[1]}`, onclick: pressed }, t(key));
  const again = button('kernel.again', () => change((layer) => (layer.seed = (layer.seed + 1) % 2 ** 32)));
  const buttons = make(
    'div',
    { class: 'choice', role: 'group', 'aria-label': t('kernel.all') },
    button('kernel.each', () => change((layer) => oneEach(layer, filters))),
    button('kernel.all-random', () => change((layer) => (layer.kernels = [RANDOM]))),
  );
  const sources = select({
    label: t('kernel.source'),
    test: `${test}-source`,
    choices: [],
    changed: (value) => {
      in_channel = Number(value);
      draw();
    },
  });
  const from = make('label', { class: 'line' }, t('kernel.source'), sources.element);
  const about = make('p', { class: 'about' });
  const own = make('div');
  const large = make('p', { class: 'about', 'data-test': `${test}-large` }, t('kernel.large', { most: LARGEST }));
  const numbers = make('div', {
    class: 'scroll',
    tabindex: 0,
    role: 'group',
    'aria-label': 'weight',
    'data-test': `${test}-kernel`,
  });
  const element = make(
    'fieldset',
    { class: 'parameter kernel' },
    make('legend', {}, make('code', {}, 'weight')),
    make('label', { class: 'line' }, t('kernel.channel'), channels.element),
    make('label', { class: 'line' }, t('kernel.filter'), kinds.element),
    make('div', { class: 'choice' }, again),
    own,
    large,
    from,
    numbers,
    about,
    buttons,
  );

  /** @type {Conv2d} */
  let layer;
  /** The filter as rows, before it is divided. @type {Rows} */
  let shown = [];
  /** @type {Weight | null} */
  let weight = null;
  let drawn = '';
  /** Where the own numbers of a channel come from. */
  let begun = { channel: -1, words: '' };
  let table = { size: '', show: (/** @type {Rows} */ _rows) => {} };

  /** The filter of an input channel, before it is divided. @param {number} source @returns {Rows} */
  function wholeFilter(source) {
    const [, inputs, height, width] = weight?.shape ?? [0, 1, ...layer.kernel_size];
    const start = (channel * inputs + source) * height * width;
    const values = weight?.values.slice(start, start + height * width) ?? [];
    return split(
      values.map((value) => value * inputs),
      [height, width],
    );
  }

  /** The kernel of the input channel chosen, coloured by the largest of this output channel. */
  function draw() {
    const [, inputs, height, width] = weight?.shape ?? [0, 0, 0, 0];
    in_channel = Math.min(in_channel, Math.max(inputs - 1, 0));
    options(sources.element, inputs, in_channel);
    set(from, 'hidden', inputs < 2);
    const all = weight?.values.slice(channel * inputs * height * width, (channel + 1) * inputs * height * width) ?? [];
    const scale = all.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    const rows = split(all.slice(in_channel * height * width), [height, width]);
    numbers.replaceChildren(coloured(rows, scale, t('kernel.caption', { channel, source: in_channel })));
  }

  /** @param {Seen} seen @param {Conv2d} current @param {Shape | null} before */
  function show(seen, current, before) {
    layer = current;
    const { at } = seen.state;
    channel = at.layer === index ? Math.min(at.channel, Math.max(layer.out_channels - 1, 0)) : 0;
    options(channels.element, layer.out_channels, channel);
    const kernel = layer.kernels[channel % layer.kernels.length];
    const mine = typeof kernel !== 'string';
    const [height, width] = layer.kernel_size;
    kinds.show(kindOf(kernel));
    set(again, 'hidden', mine || kinds.element.value !== RANDOM);
    const now = JSON.stringify([before?.[0], layer, channel, document.documentElement.dataset.theme]);
    if (now === drawn) return;
    drawn = now;

    const possible = before !== null && seen.checked[index]?.ok === true;
    weight = possible ? engine.weight(layer, before[0]) : null;
    const inputs = weight?.shape[1] ?? 1;
    shown = mine ? centred(kernel, layer.kernel_size) : wholeFilter(0);
    const origin = mine && begun.channel === channel ? begun.words : '';
    const divided = inputs > 1 && kinds.element.value !== RANDOM ? t('kernel.divided', { inputs }) : '';
    about.textContent = `${origin} ${divided}`;
    const tooLarge = height > LARGEST || width > LARGEST;
    set(large, 'hidden', !mine || !tooLarge);
    edit(mine && !tooLarge && height > 0 && width > 0);
    draw();
  }

  /** Shows the table of one's own numbers, or not. @param {boolean} wanted */
  function edit(wanted) {
    set(own, 'hidden', !wanted);
    if (!wanted) return;
    const size = layer.kernel_size.join();
    if (table.size !== size) {
      const made = numberTable({
        size: layer.kernel_size,
        caption: t('kernel.table'),
        label: (y, x) => t('kernel.cell', { y, x }),
        test: `${test}-own`,
        t,
        changed: (y, x, value) =>
          choose(shown.map((row, at_y) => row.map((old, at_x) => (at_y === y && at_x === x ? value : old)))),
      });
      table = { size, show: made.show };
      own.replaceChildren(made.element);
    }
    table.show(shown);
  }
  return { element, show };
}

/** A kernel as a table of coloured numbers. @param {Rows} rows @param {number} scale @param {string} caption */
function coloured(rows, scale, caption) {
  const cell = (/** @type {number} */ value) =>
    make('td', { style: `background: ${colourOf(value, scale)}; color: ${inkOn(value, scale)}` }, full(value));
  const body = rows.map((row) => make('tr', {}, ...row.map(cell)));
  return make('table', { class: 'kernel-numbers' }, make('caption', {}, caption), make('tbody', {}, ...body));
}

/** Rows without the noise of f32. @param {Rows} rows */
const rounded = (rows) => rows.map((row) => row.map((value) => Number(value.toPrecision(6))));

/** @param {number[]} values @param {Pair} size @returns {Rows} */
const split = (values, [height, width]) =>
  Array.from({ length: height }, (_, y) => Array.from({ length: width }, (_, x) => values[y * width + x] ?? 0));

/** Rows in the middle of a kernel of this size, as the crate puts them there. @param {Rows} rows @param {Pair} size
 * @returns {Rows} */
export function centred(rows, [height, width]) {
  const shift = (/** @type {number} */ has, /** @type {number} */ size) =>
    Math.floor(Math.max(has - size, 0) / 2) - Math.floor(Math.max(size - has, 0) / 2);
  const [down, right] = [shift(rows.length, height), shift(rows[0].length, width)];
  return Array.from({ length: height }, (_, y) =>
    Array.from({ length: width }, (_, x) => rows[y + down]?.[x + right] ?? 0),
  );
}

/** The kernel size that holds a classic filter. @param {Rows} rows @param {Pair} now @returns {Pair} */
const sizeFor = (rows, [height, width]) => [Math.max(height, rows.length), Math.max(width, rows[0].length)];

/** Another classic filter for each channel. @param {Conv2d} layer @param {{name: string, kernel: Rows}[]} filters */
function oneEach(layer, filters) {
  const [height, width] = layer.kernel_size;
  const telling = filters.filter(({ name }) => name !== 'identity');
  const fitting = telling.filter(({ kernel }) => kernel.length <= height && kernel[0].length <= width);
  const names = (fitting.length > 0 ? fitting : telling).map(({ name }) => name);
  layer.kernels = Array.from({ length: Math.max(layer.out_channels, 1) }, (_, o) => names[o % names.length]);
}

/** Numbers from 0 as the options of a select. @param {HTMLSelectElement} list @param {number} count
 * @param {number} chosen */
function options(list, count, chosen) {
  if (list.length !== count) {
    list.replaceChildren(...Array.from({ length: count }, (_, o) => make('option', { value: o }, String(o))));
  }
  list.value = String(chosen);
}
