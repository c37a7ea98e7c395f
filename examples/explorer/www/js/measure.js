// The chain's time on each device.

import * as devices from './devices.js';
import { make } from './dom.js';
import { row, table } from './drawn.js';
import { factor, full } from './figures.js';

/** @import {Result} from './types' */
/** @import {Page, View} from './views' */

/** A GPU that is a program on the CPU, by its name. */
const software = /swiftshader|llvmpipe|lavapipe|software|basic render/i;

/** @typedef {{name: string, milliseconds: number}} Time */

/** @param {HTMLElement} host @param {Page} page @returns {View} */
export function mount(host, page) {
  const title = make('h3');
  const about = make('p', { class: 'soft' });
  const button = make('button', { type: 'button', 'data-test': 'measure' });
  const shown = make('div', { class: 'wide', 'aria-live': 'polite', 'data-test': 'times' });
  host.append(title, about, button, shown);

  /** @type {Result | null} */
  let last = null;
  /** What was measured. @type {{gpu: Time | null, cpu: Time, of: string} | null} */
  let times = null;
  /** The crate's words on why nothing could be measured. */
  let failure = '';
  let busy = false;

  /** Whether all layers are in order. */
  const ready = () => last !== null && last.checked.every(({ ok }) => ok);

  /** What a time depends on. @param {Result} result */
  const subject = ({ tensors, state }) => JSON.stringify([tensors[0]?.shape, state.layers]);

  async function measure() {
    if (busy || !last) return;
    const { tensors, state } = last;
    const of = subject(last);
    busy = true;
    failure = '';
    write();
    try {
      const { gpu, cpu } = await page.engines();
      const time = async (/** @type {'gpu' | 'cpu'} */ kind, /** @type {typeof cpu} */ engine) => {
        const milliseconds = await engine.time(tensors[0], state.layers).catch((error) => {
          devices.forget(kind);
          throw error;
        });
        return { name: engine.name, milliseconds };
      };
      times = { gpu: gpu ? await time('gpu', gpu) : null, cpu: await time('cpu', cpu), of };
    } catch (error) {
      failure = error instanceof Error ? error.message : String(error);
    }
    busy = false;
    write();
  }

  function write() {
    title.textContent = page.t('measure.title');
    about.textContent = page.t('measure.about');
    button.textContent = page.t(busy ? 'measure.busy' : 'measure.button');
    button.setAttribute('aria-disabled', String(busy || !ready()));
    if (failure) shown.replaceChildren(make('p', { class: 'failure' }, failure));
    else if (times && last && times.of === subject(last)) shown.replaceChildren(...report(times));
    else shown.replaceChildren();
  }

  /** @param {NonNullable<typeof times>} measured @returns {Node[]} */
  function report({ gpu, cpu }) {
    const line = (/** @type {string} */ device, /** @type {Time} */ { name, milliseconds }) =>
      row([device, name, make('data', { value: String(milliseconds) }, `${full(milliseconds)} ms`)]);
    const rows = [...(gpu ? [line('GPU', gpu)] : []), line('CPU', cpu)];
    const notes = [];
    if (!gpu) notes.push(page.t('measure.no_gpu'));
    else {
      const [fast, slow] = gpu.milliseconds < cpu.milliseconds ? ['GPU', 'CPU'] : ['CPU', 'GPU'];
      const ratio = Math.max(gpu.milliseconds, cpu.milliseconds) / Math.min(gpu.milliseconds, cpu.milliseconds);
      notes.push(page.t('measure.ratio', { fast, slow, ratio: factor(ratio) }));
      if (software.test(gpu.name)) notes.push(page.t('measure.software'));
    }
    const head = ['measure.device', 'measure.name', 'measure.time'].map((key) => page.t(key));
    return [table(head, rows), ...notes.map((note) => make('p', {}, note))];
  }

  button.addEventListener('click', () => ready() && measure());

  /** @param {Result} result */
  function show(result) {
    last = result;
    write();
  }
  return { show };
}
