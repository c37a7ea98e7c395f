// Where the number of the selected cell comes from.

import { make } from './dom.js';
import { row, table } from './drawn.js';
import { check, explain } from './engine.js';
import * as field from './field.js';
import { either, full, isRounded, times } from './figures.js';
import { spanOf, windowOf } from './geometry.js';
import { inputShown, look, lookedAt, planeOf } from './look.js';
import { painter } from './paint.js';
import { figure, tapTables, totals } from './sum.js';
import { drawing } from './window.js';

/** @import {LookedAt} from './look.js' */
/** @import {Cell, Explanation, Layer, PaddingMode, Result} from './types' */
/** @import {Page, View} from './views' */

/** @type {PaddingMode[]} */
const modes = ['zeros', 'reflect', 'replicate', 'circular'];

/** In words, how the value comes about. @param {Explanation} explanation @param {Page} page @returns {string} */
function manner(explanation, page) {
  const { type, taps, bias, maximum, divisor } = explanation;
  if (type === 'Conv2d') return page.t(bias === null ? 'cell.conv' : 'cell.conv.bias', { count: taps.length });
  if (divisor) return page.t(`cell.average.${reason(divisor)}`, average(divisor));
  if (type === 'ReLU') return page.t('cell.relu', { value: full(taps[0].value) });
  if (!maximum) return page.t('cell.maximum.none');
  const { kernel_y, kernel_x, y, x } = taps[maximum.tap];
  const { ties, index } = maximum;
  const values = { tap: `[${kernel_y}, ${kernel_x}]`, y, x, ties, index };
  return page.t(ties > 1 ? 'cell.maximum.ties' : 'cell.maximum', values);
}

/** @typedef {NonNullable<Explanation['divisor']>} Divisor */

/** Which words tell why it is that number. @param {Divisor} divisor */
function reason({ rule, taps, padded, inside }) {
  if (rule === 'divisor_override') return 'override';
  if (inside === taps) return 'plain';
  if (inside === padded) return 'beyond';
  if (rule === 'inside the input') return padded < taps ? 'inside.beyond' : 'inside';
  return padded < taps ? 'padded.beyond' : 'padded';
}

/** @param {Divisor} divisor */
const average = ({ value, taps, padded, inside }) => ({
  divisor: value,
  taps,
  padded,
  inside,
  over: padded - inside,
  beyond: taps - padded,
});

/** In words, what the padding and the dilation have to do with it. @param {LookedAt} seen
 * @param {Explanation} explanation @param {Page} page @returns {string[]} */
function remarks({ layer, checked }, { taps, divisor }, page) {
  const window = windowOf(layer, checked);
  const channels = new Set(taps.map(({ channel }) => channel)).size;
  const outside = taps.filter(({ from }) => from !== 'input');
  const words = [];
  if (window.dilation.some((step) => step > 1)) {
    words.push(
      page.t('cell.dilation', {
        taps: times(window.kernel),
        span: times(spanOf(window)),
        dilation: either(window.dilation),
      }),
    );
  }
  const padding = outside.filter(({ from }) => from !== 'beyond');
  const beyond = (outside.length - padding.length) / channels;
  if (padding.length > 0 && !divisor) {
    const key = padding.length === channels ? 'one' : 'many';
    words.push(page.t(`cell.over.${padding[0].from}.${key}`, { count: padding.length / channels }));
  }
  if (beyond > 0 && !divisor) words.push(page.t('cell.over.beyond', { count: beyond }));
  return words;
}

/** The layer with the other settings of what makes its border cells. @param {Layer} layer
 * @returns {{name: string, test: string, layer: Layer, chosen: boolean}[]} */
function variants(layer) {
  if (layer.type === 'Conv2d') {
    return modes.map((padding_mode) => ({
      name: `padding_mode='${padding_mode}'`,
      test: `with-${padding_mode}`,
      layer: { ...layer, padding_mode },
      chosen: padding_mode === layer.padding_mode,
    }));
  }
  if (layer.type !== 'AvgPool2d' || layer.divisor_override !== null) return [];
  return [true, false].map((count_include_pad) => ({
    name: `count_include_pad=${count_include_pad ? 'True' : 'False'}`,
    test: `with-${count_include_pad}`,
    layer: { ...layer, count_include_pad },
    chosen: count_include_pad === layer.count_include_pad,
  }));
}

/** The same cell with those settings. @param {LookedAt} seen @param {Cell} cell @param {Page} page */
function comparison({ layer: current, input }, cell, page) {
  const rows = variants(current).map(({ name, test, layer, chosen }) => {
    const possible = check(input.shape, [layer])[0].ok;
    const value = possible ? figure(explain(layer, input, cell).value, test) : page.t('cell.impossible');
    return row([make('code', {}, name), value], chosen ? 'best' : '');
  });
  if (rows.length === 0) return [];
  const head = [page.t('cell.compared'), page.t('cell.value')];
  return [make('div', { class: 'wide' }, table(head, rows, { class: 'compared', 'data-test': 'compared' }))];
}

/** @param {HTMLElement} host @param {Page} page @returns {View} */
export function mount(host, page) {
  const words = make('p', { class: 'cell-words', 'aria-live': 'polite', 'data-test': 'cell-words' });
  const choice = make('select', { 'data-test': 'cell-channel' });
  const choiceWords = make('span');
  const chosen = make('label', { class: 'cell-channel' }, choiceWords, ' ', choice);
  const picture = make('div', { class: 'wide' });
  const sums = make('div', { class: 'cell-sums' });
  const fieldHost = make('div', { class: 'cell-field' });
  const roundedNote = make('p', { class: 'soft' });
  const drawn = make('div', { class: 'cell-drawn' }, picture, roundedNote, fieldHost);
  host.append(words, chosen, make('div', { class: 'cell-parts' }, drawn, sums));
  const fields = field.mount(fieldHost, page);
  /** @type {Set<number>} */
  const open = new Set();

  /** @param {Result} result */
  function show(result) {
    const seen = lookedAt(result);
    words.setAttribute('aria-live', look.playing ? 'off' : 'polite');
    fieldHost.hidden = !seen;
    fields.show(result);
    if (!seen?.cell) {
      words.textContent = page.t(seen ? 'cell.none' : 'cell.stale');
      for (const part of [picture, roundedNote, sums]) part.replaceChildren();
      chosen.hidden = true;
      return;
    }
    const explanation = explain(seen.layer, seen.input, seen.cell);
    const channel = inputShown(seen).channel ?? explanation.taps[0].channel;
    choose(seen, channel);
    say(seen, explanation);
    const photograph = seen.first && result.state.picture.kind !== 'grid';
    const label = page.t('cell.drawing', { channel });
    const numbers = explanation.taps.filter((tap) => tap.channel === channel).flatMap(({ value, weight }) => [value, weight]);
    roundedNote.textContent = numbers.some(isRounded) ? page.t('cell.rounded') : '';
    picture.replaceChildren(drawing(seen, painter(seen.input, channel, photograph), explanation, channel, label));
    const { y, x } = seen.cell;
    const device = planeOf(seen.output, seen.channel)[y * seen.output.shape[2] + x];
    const outside = explanation.taps.some(({ from }) => from !== 'input');
    sums.replaceChildren(
      totals(explanation, device, page),
      ...(outside ? comparison(seen, seen.cell, page) : []),
      ...tapTables(explanation, page, open),
    );
  }

  /** @param {LookedAt} seen @param {number} channel */
  function choose(seen, channel) {
    const { channels } = inputShown(seen);
    chosen.hidden = channels.length < 2;
    choiceWords.textContent = page.t('cell.channel');
    if (choice.dataset.channels !== channels.join()) {
      choice.dataset.channels = channels.join();
      choice.replaceChildren(...channels.map((k) => make('option', { value: k }, String(k))));
    }
    choice.value = String(channel);
  }

  /** @param {LookedAt} seen @param {Explanation} explanation */
  function say(seen, explanation) {
    const { channel, y, x } = explanation.cell;
    const where = page.t('cell.where', { channel, y, x });
    const text = [manner(explanation, page), ...remarks(seen, explanation, page)].join(' ');
    words.replaceChildren(where, ' ', make('strong', {}, figure(explanation.value, 'cell-value')), ' ', text);
  }

  choice.addEventListener('change', () => {
    look.input = Number(choice.value);
    page.update(() => {});
  });
  return { show };
}
