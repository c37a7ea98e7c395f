// Where to start: questions, and the states that answer them.

import { make, set } from './dom.js';
import { check, explain, reach } from './engine.js';
import { full, times } from './figures.js';
import { conv2d, defaultState, gridOf, lookInside, newLayer } from './state.js';

/** @import {Cell, Kernel, Layer, Rows, State} from './types' */
/** @import {Page, Tensor} from './views' */

/** A setting to compare; `at` where it needs a cell of its own. @typedef {{text: string, layers: Layer[],
 *   at?: State['at']}} Variant */
/** A question, its settings with the one that it begins with, and what a setting gives for a cell.
 * @typedef {{name: string, first: number, variants: Variant[], picture: State['picture'], at: State['at'],
 *   gives(layers: Layer[], picture: Tensor, cell: Cell): string}} Question */

/** @param {string} grid @returns {State['picture']} */
const numbers = (grid) => ({ ...defaultState().picture, kind: 'grid', shrink: 1, grid: gridOf(grid) });

/** @param {number} layer @param {number} y @param {number} x @returns {State['at']} */
const at = (layer, y, x) => ({ layer, channel: 0, cell: { channel: 0, y, x } });

/** @type {Rows} */
const COUNTED = [
  [1, 2, 3],
  [4, 5, 6],
  [7, 8, 9],
];
/** The one of the grid `impulse`. */
const PIXEL = { channel: 0, y: 4, x: 4 };

/** A convolution of one channel. @param {Kernel} kernel @param {Parameters<typeof conv2d>[0]} options */
const single = (kernel, options) => conv2d({ out_channels: 1, kernels: [kernel], ...options });

/** @type {Question[]} */
const QUESTIONS = [
  {
    name: 'dilation',
    first: 1,
    picture: { ...defaultState().picture, grey: true },
    at: at(1, 45, 56),
    variants: [1, 2, 3].map((dilation) => ({
      text: `dilation=${dilation}`,
      layers: ['sobel-x', 'box'].map((kernel) => single(kernel, { dilation: [dilation, dilation], padding: 'same' })),
    })),
    gives(layers, { shape }) {
      const last = check(shape, layers).at(-1);
      return last?.ok ? times(last.field.size) : '';
    },
  },
  {
    name: 'reflect',
    first: 1,
    picture: numbers('ramp'),
    at: at(0, 3, 0),
    variants: /** @type {const} */ (['zeros', 'reflect', 'replicate', 'circular']).map((padding_mode) => ({
      text: `padding_mode='${padding_mode}'`,
      layers: [single('gaussian', { padding: [1, 1], padding_mode })],
    })),
    gives: ([layer], picture, cell) => full(explain(layer, picture, cell).value),
  },
  {
    name: 'divisor',
    first: 0,
    picture: numbers('counted'),
    at: at(0, 0, 1),
    variants: [false, true].map((count_include_pad) => ({
      text: `count_include_pad=${count_include_pad ? 'True' : 'False'}`,
      layers: [{ ...newLayer('AvgPool2d'), kernel_size: [3, 3], padding: [1, 1], count_include_pad }],
    })),
    gives: ([layer], picture, cell) => `÷ ${explain(layer, picture, cell).divisor?.value}`,
  },
  {
    name: 'pixel',
    first: 0,
    picture: numbers('impulse'),
    at: at(0, 3, 3),
    variants: [
      { stride: 1, cell: 3 },
      { stride: 2, cell: 2 },
    ].map(({ stride, cell }) => ({
      text: `stride=${stride}`,
      layers: [single(COUNTED, { padding: [1, 1], stride: [stride, stride] })],
      at: at(0, cell, cell),
    })),
    gives([layer], picture) {
      const weights = reach(layer, picture, PIXEL, 0).outputs.map(({ weight }) => weight);
      return weights.sort((a, b) => a - b).join(', ');
    },
  },
];

/** What is looked at with a variant: the cell that is chosen already, where the variant needs no other.
 * @param {Question} question @param {Variant} variant @param {State['at']} now */
const placeOf = (question, variant, now) => structuredClone(variant.at ?? (now.cell ? now : question.at));

/** What a variant gives. @param {Question} question @param {Variant} variant @param {State} state
 * @param {Tensor} picture */
function answerOf(question, variant, state, picture) {
  const { layers } = variant;
  const seen = { ...state, layers, at: placeOf(question, variant, state.at) };
  lookInside(seen, check(picture.shape, layers));
  return seen.at.cell ? question.gives(layers, picture, seen.at.cell) : '';
}

/** Whether a state is still about a question. @param {Question} question @param {State} state */
function isAbout({ picture, variants: [{ layers }] }, state) {
  const types = (/** @type {Layer[]} */ chain) => chain.map(({ type }) => type).join();
  return state.picture.kind === picture.kind && types(state.layers) === types(layers);
}

/** One column, where the maps are not beside the questions. */
const narrow = matchMedia('(max-width: 59.99rem)');

/** The question that was asked last, as long as the state is about it. */
let asked = -1;

/** @param {HTMLElement} host @param {HTMLElement} answer @param {Page} page
 * @returns {{show(state: State, picture: Tensor): void}} */
export function mount(host, answer, { t, update }) {
  const hint = make('p', { role: 'status', 'data-test': 'hint' });
  const variants = make('div', {
    class: 'choice',
    role: 'group',
    'aria-label': t('start.compare'),
    'data-test': 'variants',
  });
  /** What each variant gives. @type {HTMLElement[]} */
  let gifts = [];

  const ask = (/** @type {number} */ index) => {
    asked = index;
    const question = QUESTIONS[index];
    const variant = question.variants[question.first];
    write();
    update((state) => {
      state.picture = structuredClone(question.picture);
      state.layers = structuredClone(variant.layers);
      state.at = structuredClone(variant.at ?? question.at);
    });
    if (narrow.matches) answer.scrollIntoView();
  };
  const compare = (/** @type {Question} */ question, /** @type {Variant} */ variant) =>
    update((state) => {
      state.layers = structuredClone(variant.layers);
      state.at = placeOf(question, variant, state.at);
    });
  const again = () => {
    asked = -1;
    update((state) => Object.assign(state, { ...defaultState(), device: state.device }));
  };

  /** The hint and the variants of the question that is asked. */
  function write() {
    const question = QUESTIONS[asked];
    hint.textContent = t(`start.${question.name}.hint`);
    gifts = question.variants.map(() => make('span', { class: 'gives' }));
    const buttons = question.variants.map((variant, index) =>
      make(
        'button',
        { type: 'button', 'data-test': `variant-${index}`, onclick: () => compare(question, variant) },
        variant.text,
        gifts[index],
      ),
    );
    variants.replaceChildren(...buttons);
  }

  const questions = QUESTIONS.map(({ name }, index) =>
    make('button', { type: 'button', 'data-test': `start-${name}`, onclick: () => ask(index) }, t(`start.${name}`)),
  );
  const cat = make('button', { type: 'button', 'data-test': 'start-cat', onclick: again }, t('start.cat'));
  if (asked >= 0) write();
  host.replaceChildren(make('div', { class: 'questions' }, ...questions, cat));
  answer.replaceChildren(hint, variants, make('a', { href: '#cell-title' }, t('start.see')));
  return {
    show(state, picture) {
      if (asked >= 0 && !isAbout(QUESTIONS[asked], state)) asked = -1;
      questions.forEach((button, index) => set(button, 'aria-pressed', String(index === asked)));
      set(answer, 'hidden', asked < 0);
      if (asked < 0) return;
      const question = QUESTIONS[asked];
      const now = JSON.stringify(state.layers);
      question.variants.forEach((variant, index) => {
        set(variants.children[index], 'aria-pressed', String(JSON.stringify(variant.layers) === now));
        gifts[index].textContent = ` → ${answerOf(question, variant, state, picture)}`;
      });
    },
  };
}
