// The parameters of the layers: what each means, and the inputs that change it.

import { make, set } from './dom.js';
import { check, number, pair, real, select } from './inputs.js';
import { MOST } from './state.js';

/** @import {AvgPool2d, Conv2d, Layer, MaxPool2d, Shape} from './types' */
/** @import {Page} from './views' */
/** @import {Input} from './inputs.js' */

/** A change of the layer that a card is for. @template {Layer} L
 * @typedef {(change: (layer: L) => void) => void} Change */
/** The input of a parameter, for any layer of its type, and the numbers in its meaning.
 * @template {Layer} L
 * @typedef {{name: string, input: Input<L>, values(layer: L, input: Shape | null): Record<string, string | number>}}
 * Parameter */
/** Layers that slide a window. @typedef {Conv2d | MaxPool2d | AvgPool2d} Windowed */

const SLIDERS = /** @type {const} */ ({
  out_channels: [1, 16],
  kernel_size: [1, 7],
  stride: [1, 5],
  padding: [0, 5],
  dilation: [1, 5],
  groups: [1, 4],
  divisor_override: [1, 16],
});

/** The parameters of a layer. @param {Layer['type']} type @param {Page} page @param {string} test prefix of `data-test`
 * @param {Change<any>} change @returns {Parameter<any>[]} */
export function parametersOf(type, page, test, change) {
  const of = new Parameters(page, test, change);
  switch (type) {
    case 'Conv2d':
      return [
        of.whole('out_channels'),
        of.pair('kernel_size'),
        of.pair('stride'),
        of.padding(),
        of.padding_mode(),
        of.pair('dilation'),
        of.whole('groups'),
        of.bias(),
      ];
    case 'MaxPool2d':
      return [of.pair('kernel_size'), of.stride(), of.pair('padding'), of.pair('dilation'), of.truth('ceil_mode')];
    case 'AvgPool2d':
      return [
        of.pair('kernel_size'),
        of.stride(),
        of.pair('padding'),
        of.truth('ceil_mode'),
        of.truth('count_include_pad'),
        of.divisor_override(),
      ];
    case 'ReLU':
      return [];
  }
}

class Parameters {
  /** @param {Page} page @param {string} test @param {Change<any>} change */
  constructor(page, test, change) {
    this.page = page;
    this.test = test;
    this.change = change;
  }

  /** @param {'out_channels' | 'groups'} name @returns {Parameter<Conv2d>} */
  whole(name) {
    const input = this.#number(name, 0);
    return { name, input: { ...input, show: (layer) => input.show(layer[name]) }, values: wholeValues };
  }

  /** @param {'kernel_size' | 'stride' | 'padding' | 'dilation'} name @returns {Parameter<any>} */
  pair(name) {
    const input = this.#pair(name);
    return { name, input: { ...input, show: (layer) => input.show(layer[name]) }, values: windowValues };
  }

  /** @param {'kernel_size' | 'stride' | 'padding' | 'dilation'} name */
  #pair(name) {
    return pair({
      name,
      test: `${this.test}-${name}`,
      t: this.page.t,
      slider: [...SLIDERS[name]],
      range: [0, MOST[name]],
      changed: (value) => this.change((layer) => (layer[name] = value)),
    });
  }

  /** The stride of a pooling, which can be None. @returns {Parameter<MaxPool2d | AvgPool2d>} */
  stride() {
    return this.#optional('stride', 'None (= kernel_size)', this.#pair('stride'), (layer) => [...layer.kernel_size]);
  }

  /** @returns {Parameter<AvgPool2d>} */
  divisor_override() {
    const name = 'divisor_override';
    const taps = (/** @type {AvgPool2d} */ { kernel_size: [height, width] }) => Math.max(1, height * width);
    return this.#optional(name, 'None', this.#number(name, -MOST[name]), taps);
  }

  /** @param {'out_channels' | 'groups' | 'divisor_override'} name @param {number} least */
  #number(name, least) {
    return number({
      label: name,
      test: `${this.test}-${name}`,
      t: this.page.t,
      slider: [...SLIDERS[name]],
      range: [least, MOST[name]],
      changed: (value) => this.change((layer) => (layer[name] = value)),
    });
  }

  /** A parameter that can be None. @param {string} name @param {string} none @param {Input<any>} input
   * @param {(layer: any) => unknown} first what it begins with @returns {Parameter<any>} */
  #optional(name, none, input, first) {
    const box = check({
      text: none,
      test: `${this.test}-${name}-none`,
      changed: (absent) => this.change((layer) => (layer[name] = absent ? null : first(layer))),
    });
    return {
      name,
      input: {
        element: make('div', { class: 'optional' }, box.element, input.element),
        inputs: [...box.inputs, ...input.inputs],
        show(layer) {
          box.show(layer[name] === null);
          set(input.element, 'hidden', layer[name] === null);
          if (layer[name] !== null) input.show(layer[name]);
        },
      },
      values: windowValues,
    };
  }

  /** @param {'ceil_mode' | 'count_include_pad'} name @returns {Parameter<any>} */
  truth(name) {
    const input = check({
      text: 'True',
      test: `${this.test}-${name}`,
      changed: (value) => this.change((layer) => (layer[name] = value)),
    });
    return { name, input: { ...input, show: (layer) => input.show(layer[name]) }, values: windowValues };
  }

  /** The padding of a convolution: numbers, or how much a name stands for. @returns {Parameter<Conv2d>} */
  padding() {
    const numbers = this.#pair('padding');
    const kinds = select({
      label: 'padding',
      test: `${this.test}-padding-kind`,
      choices: [
        { value: 'numbers', text: this.page.t('padding.numbers') },
        { value: 'valid', text: "'valid'" },
        { value: 'same', text: "'same'" },
      ],
      changed: (kind) => this.change((layer) => (layer.padding = kind === 'numbers' ? [1, 1] : kind)),
    });
    return {
      name: 'padding',
      input: {
        element: make('div', { class: 'optional' }, kinds.element, numbers.element),
        inputs: [...kinds.inputs, ...numbers.inputs],
        show({ padding }) {
          const named = typeof padding === 'string';
          kinds.show(named ? padding : 'numbers');
          set(numbers.element, 'hidden', named);
          if (!named) numbers.show(padding);
        },
      },
      values: windowValues,
    };
  }

  /** @returns {Parameter<Conv2d>} */
  padding_mode() {
    const input = select({
      label: 'padding_mode',
      test: `${this.test}-padding_mode`,
      choices: ['zeros', 'reflect', 'replicate', 'circular'].map((value) => ({ value, text: `'${value}'` })),
      changed: (value) => this.change((layer) => (layer.padding_mode = value)),
    });
    const values = (/** @type {Conv2d} */ layer) => ({ mode: this.page.t(`padding_mode.${layer.padding_mode}`) });
    return { name: 'padding_mode', input: { ...input, show: (layer) => input.show(layer.padding_mode) }, values };
  }

  /** A number for each output channel, or none. @returns {Parameter<Conv2d>} */
  bias() {
    const { test, change, page } = this;
    const box = check({
      text: 'True',
      test: `${test}-bias`,
      changed: (there) => change((layer) => (layer.bias = there ? Array(layer.out_channels).fill(0) : null)),
    });
    const row = make('div', { class: 'biases' });
    /** @type {Input<number>[]} */
    let fields = [];
    return {
      name: 'bias',
      input: {
        element: make('div', { class: 'optional' }, box.element, row),
        inputs: box.inputs,
        show({ bias, out_channels }) {
          box.show(bias !== null);
          set(row, 'hidden', bias === null);
          if (fields.length !== out_channels) {
            fields = Array.from({ length: out_channels }, (_, channel) =>
              real({
                label: page.t('bias.of', { channel }),
                test: `${test}-bias-${channel}`,
                t: page.t,
                changed: (value) =>
                  change((layer) => {
                    layer.bias = Array.from({ length: layer.out_channels }, (_, c) => layer.bias[c] ?? 0);
                    layer.bias[channel] = value;
                  }),
              }),
            );
            row.replaceChildren(...fields.map(({ element }) => element));
          }
          fields.forEach((field, channel) => field.show(bias?.[channel] ?? 0));
        },
      },
      values: () => ({}),
    };
  }
}

/** @param {Conv2d} layer @param {Shape | null} input */
function wholeValues({ out_channels, groups }, input) {
  const channels = input?.[0] ?? 0;
  return { out_channels, groups, in_channels: channels, each: groups > 0 ? channels / groups : 0 };
}

/** The numbers of a window, along the height. @param {Windowed} layer */
function windowValues(layer) {
  const dilation = layer.type === 'AvgPool2d' ? 1 : layer.dilation[0];
  const [kernel, across] = layer.kernel_size;
  const stride = (layer.stride ?? layer.kernel_size)[0];
  const padding = typeof layer.padding === 'string' ? 0 : layer.padding[0];
  const span = kernel === 0 ? 0 : dilation * (kernel - 1) + 1;
  return { kernel, dilation, span, stride, padding, taps: kernel * across, across, same: span - 1 };
}
