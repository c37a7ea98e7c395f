// The page: its state, its runs, and the parts that show them.

import * as cell from './cell.js';
import * as copy from './copy.js';
import * as devices from './devices.js';
import { choice, make, one, set } from './dom.js';
import { check, start } from './engine.js';
import * as examples from './examples.js';
import * as layers from './layers.js';
import { decode, encode } from './link.js';
import * as maps from './maps.js';
import * as numbers from './numbers.js';
import { keep } from './offline.js';
import { Pictures } from './picture.js';
import { apply, followSystem, setTheme, theme } from './preferences.js';
import { Runs } from './runs.js';
import { lookInside } from './state.js';
import { letPass } from './wheel.js';
import { LANGUAGES, firstLanguage, language, setLanguage, t } from './words.js';

/** @import {Result, State} from './types' */
/** @import {Page, View} from './views' */
/** @import {Theme} from './preferences.js' */

const LINK_MILLISECONDS = 300;

let { state, language: linked, broken } = decode(location.hash);
/** @type {Result | null} */
let result = null;
/** The words of the GPU that did not open; then the CPU takes its place. @type {string | null} */
let noGpu = null;

/** @type {Page} */
const page = { t, language, update, engines: devices.engines };
const runs = new Runs({ compute, shown, failed });
const pictures = new Pictures(one('#picture'), page, { renew: () => void runs.request(), idle: () => runs.idle });
/** @type {{show(seen: import('./layers.js').Seen): void}[]} */
let controls = [];
/** @type {View[]} */
let views = [];

/** Changes the state; runs where that asks for other numbers. @param {(state: State) => void} change */
function update(change) {
  const next = structuredClone(state);
  change(next);
  pictures.follow(next.picture);
  const before = calculated(state);
  state = next;
  const sizes = inspected();
  lookInside(state, sizes.checked);
  if (calculated(state) !== before) void runs.request();
  showControls(sizes);
  if (runs.idle) showLast();
  holdLink();
}

/** What of a state its numbers depend on. @param {State} state */
const calculated = ({ picture, layers, device }) => JSON.stringify([picture, layers, device]);

/** Runs the layers that are in order. @returns {Promise<Result>} */
async function compute() {
  await openDevice();
  const now = state;
  const engine = await devices.open(now.device);
  const picture = pictures.tensor(now.picture);
  const checked = check(picture.shape, now.layers);
  const possible = checked.filter(({ ok }) => ok).length;
  const begin = performance.now();
  const outputs = await engine.run(picture, now.layers.slice(0, possible)).catch((error) => {
    devices.forget(now.device);
    throw error;
  });
  const took = performance.now() - begin;
  const tensors = [picture];
  checked.forEach((layer, index) => {
    if (layer.ok) tensors.push({ shape: layer.output, values: outputs[index] });
  });
  return { state: now, checked, tensors, device: engine.name, took };
}

/** Opens the GPU where it is asked for, and takes the CPU where there is none. */
async function openDevice() {
  if (state.device === 'cpu') return;
  try {
    await devices.open('gpu');
    noGpu = null;
  } catch (error) {
    devices.forget('gpu');
    noGpu = words(error);
    state = { ...state, device: 'cpu' };
  }
}

/** @param {Result} ran @param {boolean} newest whether no other state waits */
function shown(ran, newest) {
  result = newest ? { ...ran, state } : ran;
  for (const id of ['#failure', '#loading']) set(one(id), 'hidden', true);
  showControls();
  showViews(result);
  document.documentElement.dataset.runs = String(runs.finished);
  document.documentElement.dataset.ready = 'true';
}

/** Says what went wrong. @param {unknown} error */
function failed(error) {
  const failure = one('#failure');
  set(one('#loading'), 'hidden', true);
  failure.textContent = t('page.failed', { why: words(error) });
  set(failure, 'hidden', false);
  console.error(error);
}

/** @param {unknown} error */
const words = (error) => (error instanceof Error ? error.message : String(error));

/** The picture's shape, and what the crate says of the layers for it. */
function inspected() {
  const { shape } = pictures.tensor(state.picture);
  return { shape, checked: check(shape, state.layers) };
}

function showControls(sizes = inspected()) {
  pictures.show(state);
  for (const control of controls) control.show({ state, ...sizes });
}

/** The last result, looked at as the state says where it is of the same layers. */
const looked = () => result && (calculated(result.state) === calculated(state) ? { ...result, state } : result);

function showLast() {
  const seen = looked();
  if (seen) showViews(seen);
}

/** @param {Result} seen */
function showViews(seen) {
  for (const view of views) view.show(seen);
}

/** Builds the controls in the page's language, and shows all. */
function build() {
  pictures.build();
  const start = examples.mount(one('#start'), one('#answer'), page);
  const chain = layers.mount(one('#layers'), page);
  const device = choice({
    label: t('device.label'),
    test: 'device',
    choices: [
      { value: /** @type {'gpu' | 'cpu'} */ ('gpu'), text: 'WebGPU' },
      { value: /** @type {'gpu' | 'cpu'} */ ('cpu'), text: 'CPU' },
    ],
    chosen: (kind) => update((next) => (next.device = kind)),
  });
  one('#device').replaceChildren(device.element);
  const showDevice = () => {
    device.show(state.device);
    const missing = one('#no-gpu');
    set(missing, 'hidden', noGpu === null);
    const details = make('details', {}, make('summary', {}, t('device.why')), make('p', {}, noGpu ?? ''));
    missing.replaceChildren(make('p', {}, t('device.missing')), details);
  };
  controls = [{ show: ({ state }) => start.show(state, pictures.tensor(state.picture)) }, chain, { show: showDevice }];
  buildSettings();
  copy.build(page, looked, () => encode(told(), language()));
  showAll();
}

/** Shows all again, in other words or colours. */
function showAll() {
  showControls();
  showLast();
}

/** The language and the theme. */
function buildSettings() {
  const languages = choice({
    label: t('page.language'),
    test: 'language',
    choices: LANGUAGES.map((value) => ({ value, text: value.toUpperCase() })),
    chosen: (chosen) => {
      setLanguage(chosen);
      build();
      one('#settings [aria-pressed="true"]').focus();
      holdLink();
    },
  });
  languages.show(language());
  const themes = choice({
    label: t('page.theme'),
    test: 'theme',
    choices: /** @type {Theme[]} */ (['auto', 'light', 'dark']).map((value) => ({ value, text: t(`theme.${value}`) })),
    chosen: (chosen) => {
      setTheme(chosen);
      themes.show(chosen);
      showAll();
    },
  });
  themes.show(theme());
  one('#settings').replaceChildren(languages.element, themes.element);
}

/** The state as a link tells it: where a GPU is missing here, one may be there. @returns {State} */
const told = () => (noGpu === null ? state : { ...state, device: 'gpu' });

/** @type {ReturnType<typeof setTimeout> | null} */
let holding = null;

/** Keeps the address up to date. */
function holdLink() {
  holding ??= setTimeout(() => {
    holding = null;
    history.replaceState(null, '', `#${encode(told(), language())}`);
  }, LINK_MILLISECONDS);
}

/** Follows a link that is put into the address by hand; a place on the page is none. */
function followLink() {
  if (!location.hash.includes('.')) {
    holdLink();
    return;
  }
  const found = decode(location.hash);
  set(one('#broken'), 'hidden', !found.broken);
  if (found.language !== null && LANGUAGES.includes(found.language) && found.language !== language()) {
    setLanguage(found.language);
    build();
  }
  update((next) => Object.assign(next, found.state));
}

async function main() {
  apply(theme());
  setLanguage(firstLanguage(linked));
  set(one('#broken'), 'hidden', !broken);
  await Promise.all([start(), pictures.load()]);
  views = [maps.mount(one('#maps'), page), cell.mount(one('#cell'), page), numbers.mount(one('#numbers'), page)];
  update(() => {});
  build();
  followSystem(showAll);
  letPass(one('.controls'));
  addEventListener('hashchange', followLink);
  Object.assign(window, { explorer: { state: () => state, result: () => result } });
  await runs.request();
  await keep().catch(console.warn);
}

addEventListener('error', ({ error }) => error && failed(error));
addEventListener('unhandledrejection', ({ reason }) => failed(reason));
main().catch(failed);
