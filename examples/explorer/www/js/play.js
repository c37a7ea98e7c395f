// The window runs over the output in reading order.

import { make } from './dom.js';
import { placed } from './figures.js';
import { look, lookedAt } from './look.js';

/** @import {Result} from './types' */
/** @import {Page, View} from './views' */

/** @param {HTMLElement} host @param {Page} page @returns {View} */
export function mount(host, page) {
  const button = (/** @type {string} */ name) => {
    const [sign, words] = [make('span', { 'aria-hidden': 'true' }), make('span')];
    return { all: make('button', { type: 'button', 'data-test': `play-${name}` }, sign, ' ', words), sign, words };
  };
  const [start, back, next, stop] = ['start', 'back', 'next', 'stop'].map(button);
  const veil = make('p', { class: 'veil', 'data-test': 'veil' });
  const speed = make('input', { type: 'range', min: 0, max: 8, step: 1, value: 2, 'data-test': 'play-speed' });
  const position = make('input', { type: 'range', min: 0, value: 0, 'data-test': 'play-position' });
  const [speedWords, positionWords, where] = [make('span'), make('span'), make('output')];
  const title = make('h3');
  host.append(
    make(
      'section',
      { class: 'play' },
      title,
      make('div', { class: 'play-buttons' }, back.all, start.all, next.all, stop.all),
      veil,
      make('label', {}, positionWords, position, where),
      make('label', {}, speedWords, speed),
    ),
  );
  const still = matchMedia('(prefers-reduced-motion: reduce)');

  let [height, width, channel, index] = [1, 1, 0, -1];
  /** The layer and the size of the output that the window runs over. */
  let ground = '';
  /** When the next cell is due, in milliseconds of the frame clock. */
  let due = 0;

  /** Cells in a second. */
  const pace = () => 2 ** Number(speed.value);

  /** @param {number} to */
  function go(to) {
    const at = Math.max(0, Math.min(height * width - 1, to));
    look.until = at;
    index = at;
    page.update((state) => {
      state.at.cell = { channel, y: Math.floor(at / width), x: at % width };
    });
  }

  /** @param {number} now */
  function frame(now) {
    if (!look.playing) return;
    const steps = Math.floor(((now - due) / 1000) * pace());
    if (steps > 0) {
      due += (steps * 1000) / pace();
      if (index + steps >= height * width - 1) look.playing = false;
      go(index + steps);
    }
    requestAnimationFrame(frame);
  }

  /** @param {boolean} playing */
  function run(playing) {
    look.playing = playing;
    if (playing) {
      due = performance.now();
      requestAnimationFrame(frame);
      go(look.until === null || index >= height * width - 1 ? 0 : index);
    } else {
      page.update(() => {});
    }
  }

  function label() {
    for (const [made, sign, name] of /** @type {[ReturnType<typeof button>, string, string][]} */ ([
      [back, '▏◀', 'back'],
      look.playing ? [start, '❚❚', 'pause'] : [start, '▶', 'start'],
      [next, '▶▏', 'next'],
      [stop, '■', 'stop'],
    ])) {
      made.sign.textContent = sign;
      made.words.textContent = page.t(`play.${name}`);
      made.all.title = page.t(`play.${name}.about`);
    }
    start.all.hidden = still.matches;
    veil.hidden = look.until === null;
    veil.textContent = page.t('play.veil');
    title.textContent = page.t('play.title');
    speedWords.textContent = page.t('play.speed', { count: pace() });
    positionWords.textContent = page.t('play.position');
    where.textContent = index < 0 ? '–' : `${index + 1} / ${height * width}`;
  }

  /** @param {Result} result */
  function show(result) {
    const seen = lookedAt(result);
    if (seen) [channel, height, width] = [seen.channel, seen.output.shape[1], seen.output.shape[2]];
    const now = `${result.state.at.layer} ${height} ${width}`;
    if (now !== ground) look.until = null;
    ground = now;
    if (look.until === null) look.playing = false;
    index = look.until ?? (seen?.cell ? seen.cell.y * width + seen.cell.x : -1);
    position.max = String(height * width - 1);
    position.value = String(Math.max(0, index));
    position.setAttribute('aria-valuetext', index < 0 ? '–' : placed([Math.floor(index / width), index % width]));
    label();
  }

  start.all.addEventListener('click', () => run(!look.playing));
  back.all.addEventListener('click', () => {
    look.playing = false;
    go(index - 1);
  });
  next.all.addEventListener('click', () => {
    look.playing = false;
    go(index + 1);
  });
  stop.all.addEventListener('click', () => {
    look.until = null;
    run(false);
  });
  position.addEventListener('input', () => {
    look.playing = false;
    go(Number(position.value));
  });
  speed.addEventListener('input', () => {
    due = performance.now();
    label();
  });
  document.addEventListener('visibilitychange', () => document.hidden && look.playing && run(false));
  return { show };
}
