// The chain of layers: a card for each, with its parameters.

import { make, set } from './dom.js';
import * as kernel from './kernel.js';
import { parametersOf } from './parameters.js';
import { MOST_LAYERS, newLayer } from './state.js';

/** @import {Checked, Layer, Shape, State} from './types' */
/** @import {Page} from './views' */
/** @import {Parameter} from './parameters.js' */

/** What the controls show. @typedef {{state: State, checked: Checked[], shape: Shape}} Seen */
/** @typedef {{element: HTMLElement, details: HTMLDetailsElement, show(seen: Seen): void}} Card */

const REMOVE = 'layers.remove';

/** @param {Shape} shape */
const written = (shape) => `[${shape.join(', ')}]`;

/** @param {HTMLElement} host @param {Page} page @returns {{show(seen: Seen): void}} */
export function mount(host, page) {
  const { t, update } = page;
  const list = make('ol', { class: 'cards' });
  const types = /** @type {const} */ (['Conv2d', 'MaxPool2d', 'AvgPool2d', 'ReLU']);
  const adders = types.map((type) =>
    make(
      'button',
      { type: 'button', 'data-test': `add-${type}`, onclick: () => update((state) => add(state, type)) },
      `+ ${type}`,
    ),
  );
  const adding = make('div', { class: 'choice', role: 'group', 'aria-label': t('layers.add') }, ...adders);
  const full = make('p', { class: 'about' }, t('layers.full', { most: MOST_LAYERS }));
  const begin = make('p', { class: 'shape', 'data-test': 'picture-shape' });
  host.replaceChildren(begin, list, adding, full);

  /** @type {Card[]} */
  let cards = [];
  let built = '';
  let open = -1;
  return {
    show(seen) {
      const { layers, at } = seen.state;
      const wanted = layers.map(({ type }) => type).join();
      const moved = list.contains(document.activeElement) ? document.activeElement?.getAttribute('data-move') : null;
      const from = cards.findIndex(({ element }) => element.contains(document.activeElement));
      const other = wanted !== built || open !== at.layer;
      if (wanted !== built) {
        built = wanted;
        cards = layers.map((layer, index) => card(page, layer.type, index, layers.length));
        list.replaceChildren(...cards.map(({ element }) => element));
      }
      if (other) {
        open = at.layer;
        cards.forEach(({ details }, index) => (details.open = index === open));
      }
      begin.textContent = t('layers.picture', { shape: written(seen.shape) });
      cards.forEach(({ show }) => show(seen));
      for (const button of adders) button.disabled = layers.length >= MOST_LAYERS;
      set(full, 'hidden', layers.length < MOST_LAYERS);
      const to = moved === REMOVE ? Math.min(from, cards.length - 1) : open;
      if (other && moved) focusAgain(cards[to].element, moved);
    },
  };
}

/** Focuses the button of another card that was pressed in the one before. @param {Element} element
 * @param {string} move */
function focusAgain(element, move) {
  const button = element.querySelector(`[data-move='${move}']:not(:disabled)`) ?? element.querySelector('summary');
  if (button instanceof HTMLElement) button.focus();
}

/** @param {State} state @param {Layer['type']} type */
function add(state, type) {
  state.layers.push(newLayer(type));
  lookAt(state, state.layers.length - 1);
}

/** @param {State} state @param {number} index */
function lookAt(state, index) {
  if (state.at.layer === index) return;
  state.at = { layer: index, channel: 0, cell: state.at.cell };
}

/** @param {State} state @param {number} index @param {number} to */
function move({ layers, at }, index, to) {
  layers.splice(to, 0, ...layers.splice(index, 1));
  at.layer = to;
}

/** @param {State} state @param {number} index */
function remove(state, index) {
  state.layers.splice(index, 1);
  if (state.at.layer === index) lookAt(state, Math.max(0, index - 1));
  else if (state.at.layer > index) state.at.layer -= 1;
}

/** @param {Page} page @param {Layer['type']} type @param {number} index @param {number} count @returns {Card} */
function card(page, type, index, count) {
  const { t, update } = page;
  const test = `layer-${index}`;
  const change = (/** @type {(layer: any) => void} */ edit) => update(({ layers }) => edit(layers[index]));
  const look = () => update((state) => lookAt(state, index));
  let looked = false;
  const rows = parametersOf(type, page, test, change).map((parameter) => row(page, type, parameter, test));
  const filters = type === 'Conv2d' ? kernel.editor(page, index) : null;

  const button = (
    /** @type {string} */ key,
    /** @type {string} */ sign,
    /** @type {boolean} */ off,
    /** @type {(state: State) => void} */ edit,
  ) =>
    make(
      'button',
      {
        type: 'button',
        class: 'small',
        disabled: off,
        'aria-label': t(key, { layer: `${index + 1} ${type}` }),
        title: t(key, { layer: `${index + 1} ${type}` }),
        'data-test': `${test}-${key.split('.')[1]}`,
        'data-move': key,
        onclick: () => update(edit),
      },
      sign,
    );
  const buttons = make(
    'div',
    { class: 'card-buttons' },
    button('layers.up', '↑', index === 0, (state) => move(state, index, index - 1)),
    button('layers.down', '↓', index === count - 1, (state) => move(state, index, index + 1)),
  );
  const away = button(REMOVE, '×', count === 1, (state) => remove(state, index));
  const shapes = make('span', { class: 'shape', 'data-test': `${test}-shapes` });
  const wrong = make('p', { class: 'wrong', role: 'alert', 'data-test': 'error', hidden: true });
  const summary = make(
    'summary',
    {
      onclick: (/** @type {Event} */ event) => {
        if (looked) return;
        event.preventDefault();
        look();
      },
    },
    make('span', { class: 'card-name' }, `${index + 1} ${type}`),
    shapes,
  );
  const focused = (/** @type {Event} */ event) => {
    if (!looked && event.target !== summary) look();
  };
  const inside = make('output', { 'data-test': `${test}-in_channels` });
  const details = make(
    'details',
    { class: 'card', 'data-test': test, onfocusin: focused },
    summary,
    buttons,
    wrong,
    make('p', { class: 'about' }, t(`${type}.about`)),
    type === 'Conv2d'
      ? make(
          'p',
          { class: 'line' },
          make('code', {}, 'in_channels'),
          inside,
          make('span', { class: 'about' }, t('Conv2d.in_channels')),
        )
      : null,
    ...rows.map((each) => each.element),
    filters && filters.element,
  );
  return {
    element: make('li', {}, away, details),
    details,
    show(seen) {
      const layer = seen.state.layers[index];
      const checked = seen.checked[index];
      const before = index === 0 ? seen.shape : shapeAfter(seen.checked[index - 1]);
      looked = seen.state.at.layer === index;
      set(details, 'aria-current', looked ? 'true' : null);
      set(details, 'data-wrong', checked?.ok === false);
      shapes.textContent = shapesOf(before, checked);
      inside.textContent = String(before?.[0] ?? '');
      const error = checked?.ok === false ? checked : null;
      const placed = rows.map((each) => each.show(layer, before, error)).includes(true);
      set(wrong, 'hidden', error === null || placed);
      wrong.textContent = error && !placed ? error.message : '';
      if (filters && layer.type === 'Conv2d') filters.show(seen, layer, before);
    },
  };
}

/** @param {Checked | undefined} checked @returns {Shape | null} */
const shapeAfter = (checked) => (checked?.ok ? checked.output : null);

/** @param {Shape | null} before @param {Checked | undefined} checked */
function shapesOf(before, checked) {
  if (before === null) return '';
  return checked?.ok ? `${written(before)} → ${written(checked.output)}` : `${written(before)} → ✕`;
}

/** A parameter: its name, its input, what it means, and what is wrong with it.
 * @param {Page} page @param {Layer['type']} type @param {Parameter<any>} parameter @param {string} test */
function row({ t }, type, { name, input, values }, test) {
  const id = `${test}-${name}`;
  const about = make('p', { class: 'about', id: `${id}-about` });
  const wrong = make('p', { class: 'wrong', id: `${id}-wrong`, role: 'alert', 'data-test': 'error', hidden: true });
  const element = make(
    'fieldset',
    { class: 'parameter', 'data-test': `${id}-row` },
    make('legend', {}, make('code', {}, name)),
    input.element,
    about,
    wrong,
  );
  for (const field of input.inputs) field.setAttribute('aria-describedby', about.id);
  return {
    element,
    /** Whether the error is about this parameter. @param {Layer} layer @param {Shape | null} before
     * @param {{argument: string, message: string} | null} error */
    show(layer, before, error) {
      input.show(layer);
      const text = t(`${type}.${name}`, values(layer, before));
      if (about.textContent !== text) about.textContent = text;
      const mine = error?.argument === name;
      set(wrong, 'hidden', !mine);
      const message = mine ? error.message : '';
      if (wrong.textContent !== message) wrong.textContent = message;
      for (const field of input.inputs) {
        set(field, 'aria-invalid', mine || field.matches(':invalid') ? 'true' : null);
        set(field, 'aria-describedby', mine ? `${wrong.id} ${about.id}` : about.id);
      }
      return mine;
    },
  };
}
