// The inputs of a parameter. Each has `show`, which leaves alone what is being typed.

import { make, set } from './dom.js';

/** @import {Pair} from './types' */
/** @typedef {import('./views').Page['t']} Translate */

/** @template T @typedef {{element: HTMLElement, inputs: HTMLElement[], show(value: T): void}} Input */

/** The words below a field on what it takes, while something else is in it.
 * @param {HTMLInputElement} field @param {string} words */
function complaint(field, words) {
  const wrong = make('span', { class: 'wrong', role: 'alert', hidden: true });
  return {
    wrong,
    /** @param {boolean} fits whether the field holds what it takes */
    judge(fits) {
      field.setCustomValidity(fits ? '' : words);
      set(field, 'aria-invalid', fits ? null : 'true');
      wrong.textContent = fits ? '' : words;
      set(wrong, 'hidden', fits);
    },
  };
}

/** A whole number: a slider for the usual ones, a field for all.
 * @param {object} options
 * @param {string} options.label
 * @param {string} options.test
 * @param {Translate} options.t
 * @param {Pair} options.slider its ends
 * @param {Pair} options.range of the field
 * @param {(value: number) => void} options.changed
 * @returns {Input<number>} */
export function number({ label, test, t, slider: [low, high], range: [least, most], changed }) {
  const slider = make('input', {
    type: 'range',
    min: low,
    max: high,
    'aria-label': label,
    'data-test': `${test}-slider`,
    oninput: () => {
      field.value = slider.value;
      judge(true);
      changed(slider.valueAsNumber);
    },
  });
  const field = make('input', {
    type: 'number',
    min: least,
    max: most,
    step: 1,
    inputmode: 'numeric',
    'aria-label': label,
    'data-test': test,
    oninput: () => {
      const value = field.valueAsNumber;
      const fits = Number.isInteger(value) && value >= least && value <= most;
      judge(fits);
      if (fits) changed(value);
    },
    onblur: () => {
      field.value = String(shown);
      if (!field.validity.valid) judge(true);
    },
  });
  const { wrong, judge } = complaint(field, t('number.whole', { least, most }));
  let shown = least;
  return {
    element: make('span', { class: 'entered' }, make('span', { class: 'number' }, slider, field), wrong),
    inputs: [slider, field],
    show(value) {
      shown = value;
      slider.value = String(value);
      if (document.activeElement !== field) field.value = String(value);
    },
  };
}

/** A pair of whole numbers, one for both until the switch is on.
 * @param {object} options
 * @param {string} options.name of the parameter
 * @param {string} options.test
 * @param {Translate} options.t
 * @param {Pair} options.slider
 * @param {Pair} options.range
 * @param {(value: Pair) => void} options.changed
 * @returns {Input<Pair>} */
export function pair({ name, test, t, slider, range, changed }) {
  /** @type {Pair} */
  let now = [0, 0];
  let apart = false;
  const side = (/** @type {0 | 1} */ axis) =>
    number({
      label: `${name}, ${t(axis === 0 ? 'pair.height' : 'pair.width')}`,
      test: `${test}-${axis === 0 ? 'height' : 'width'}`,
      t,
      slider,
      range,
      changed: (value) => changed(axis === 0 ? [value, now[1]] : [now[0], value]),
    });
  const both = number({ label: name, test, t, slider, range, changed: (value) => changed([value, value]) });
  const [height, width] = [side(0), side(1)];
  const one = make('div', { class: 'sides' }, both.element);
  const two = make(
    'div',
    { class: 'sides apart' },
    make('span', { 'aria-hidden': 'true' }, t('pair.height')),
    height.element,
    make('span', { 'aria-hidden': 'true' }, t('pair.width')),
    width.element,
  );
  const button = make(
    'button',
    {
      type: 'button',
      class: 'small',
      'aria-label': `H ≠ W, ${name}: ${t('pair.apart')}`,
      title: t('pair.apart'),
      'data-test': `${test}-apart`,
      onclick: () => {
        apart = !apart;
        if (apart) show(now);
        else changed([now[0], now[0]]);
      },
    },
    'H ≠ W',
  );

  /** @param {Pair} value */
  function show(value) {
    now = value;
    if (value[0] !== value[1]) apart = true;
    set(button, 'aria-pressed', String(apart));
    set(one, 'hidden', apart);
    set(two, 'hidden', !apart);
    both.show(value[0]);
    height.show(value[0]);
    width.show(value[1]);
  }
  return {
    element: make('div', { class: 'pair' }, one, two, button),
    inputs: [both, height, width].flatMap(({ inputs }) => inputs),
    show,
  };
}

/** One of several names. @param {{label: string, test: string, choices: {value: string, text: string}[],
 * changed(value: string): void}} options @returns {Input<string> & {element: HTMLSelectElement}} */
export function select({ label, test, choices, changed }) {
  const element = make(
    'select',
    { 'aria-label': label, 'data-test': test, onchange: () => changed(element.value) },
    ...choices.map(({ value, text }) => make('option', { value }, text)),
  );
  return { element, inputs: [element], show: (value) => (element.value = value) };
}

/** True or false. @param {{text: string, test: string, changed(value: boolean): void}} options
 * @returns {Input<boolean>} */
export function check({ text, test, changed }) {
  const input = make('input', { type: 'checkbox', 'data-test': test, onchange: () => changed(input.checked) });
  return {
    element: make('label', { class: 'check' }, input, ` ${text}`),
    inputs: [input],
    show: (value) => (input.checked = value),
  };
}

/** Any number, without a slider. @param {{label: string, test: string, t: Translate, changed(value: number): void}}
 * options @returns {Input<number>} */
export function real({ label, test, t, changed }) {
  const field = make('input', {
    type: 'number',
    step: 'any',
    'aria-label': label,
    'data-test': test,
    oninput: () => {
      const value = field.valueAsNumber;
      judge(Number.isFinite(value));
      if (Number.isFinite(value)) changed(value);
    },
    onblur: () => {
      field.value = String(shown);
      judge(true);
    },
  });
  const { wrong, judge } = complaint(field, t('number.any'));
  let shown = 0;
  return {
    element: make('span', { class: 'entered' }, field, wrong),
    inputs: [field],
    show(value) {
      shown = value;
      if (document.activeElement !== field) field.value = String(value);
    },
  };
}
