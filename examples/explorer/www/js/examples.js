// Where to start: questions, and the states that answer them.

import { make, set } from './dom.js';
import { conv2d, defaultState, gridOf, newLayer } from './state.js';

/** @import {Kernel, Layer, Rows, State} from './types' */
/** @import {Page} from './views' */

/** A question, and the settings to compare for it, with the one that it begins with.
 * @typedef {{name: string, first: number, variants: {text: string, layers: Layer[]}[], picture: State['picture'],
 *   at: State['at']}} Question */

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
  },
  {
    name: 'pixel',
    first: 0,
    picture: numbers('impulse'),
    at: at(0, 3, 3),
    variants: [1, 2].map((stride) => ({
      text: `stride=${stride}`,
      layers: [single(COUNTED, { padding: [1, 1], stride: [stride, stride] })],
    })),
  },
];

/** The question that was asked last, until the cat comes back. */
let asked = -1;

/** @param {HTMLElement} host @param {Page} page @returns {{show(state: State): void}} */
export function mount(host, { t, update }) {
  const hint = make('p', { role: 'status', 'data-test': 'hint' });
  const variants = make('div', {
    class: 'choice',
    role: 'group',
    'aria-label': t('start.compare'),
    'data-test': 'variants',
  });
  const see = make('a', { href: '#cell-title' }, t('start.see'));
  const answer = make('div', { class: 'hint', hidden: true }, hint, variants, see);

  /** @param {Question} question @param {number} index of the variant */
  const take = ({ picture, at, variants }, index) =>
    update((state) => {
      state.picture = structuredClone(picture);
      state.layers = structuredClone(variants[index].layers);
      state.at = structuredClone(at);
    });
  const answerTo = (/** @type {Question} */ question) => {
    hint.textContent = t(`start.${question.name}.hint`);
    variants.replaceChildren(
      ...question.variants.map(({ text }, variant) =>
        make(
          'button',
          { type: 'button', 'data-test': `variant-${variant}`, onclick: () => take(question, variant) },
          text,
        ),
      ),
    );
    set(answer, 'hidden', false);
  };
  const ask = (/** @type {number} */ index) => {
    asked = index;
    answerTo(QUESTIONS[index]);
    take(QUESTIONS[index], QUESTIONS[index].first);
  };
  const again = () => {
    asked = -1;
    variants.replaceChildren();
    set(answer, 'hidden', true);
    update((state) => Object.assign(state, { ...defaultState(), device: state.device }));
  };
  const questions = QUESTIONS.map(({ name }, index) =>
    make('button', { type: 'button', 'data-test': `start-${name}`, onclick: () => ask(index) }, t(`start.${name}`)),
  );
  const cat = make('button', { type: 'button', 'data-test': 'start-cat', onclick: again }, t('start.cat'));
  if (asked >= 0) answerTo(QUESTIONS[asked]);
  host.replaceChildren(make('div', { class: 'questions' }, ...questions, cat), answer);
  return {
    show({ layers }) {
      questions.forEach((button, index) => set(button, 'aria-pressed', String(index === asked)));
      const now = JSON.stringify(layers);
      const question = QUESTIONS[asked];
      [...variants.children].forEach((button, index) =>
        set(button, 'aria-pressed', String(JSON.stringify(question.variants[index].layers) === now)),
      );
    },
  };
}
