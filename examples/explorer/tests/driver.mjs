// The page in Chromium, and the reference that its numbers are held to.

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

import { launch } from '../../../tests/browser/chromium.mjs';

const SECONDS = 60;

/** Fails with these words. */
export function ensure(holds, words) {
  if (!holds) throw new Error(words);
}

/** The crate's reference, in a process of its own: a question and an answer a line. */
export class Reference {
  /** @param {string} executable */
  constructor(executable) {
    this.process = spawn(executable, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.lines = createInterface({ input: this.process.stdout })[Symbol.asyncIterator]();
  }

  /** The outputs of all layers. */
  async outputs(shape, values, layers) {
    this.process.stdin.write(`${JSON.stringify({ shape, values, layers })}\n`);
    const { value, done } = await this.lines.next();
    ensure(!done, 'the reference gives no answer');
    // JSON has no infinity: a maximum of no cell.
    return JSON.parse(value).map((output) => output.map((number) => number ?? -Infinity));
  }

  close() {
    this.process.stdin.end();
  }
}

/** Whether a number of f32 arithmetic is this one, in an output whose largest number is `most`. */
export const isNear = (number, expected, most) =>
  number === expected || Math.abs(number - expected) <= 1e-4 * Math.max(1, most);

/** The page, opened. */
export class Explorer {
  /** @param {{url: string, webgpu: boolean, hash?: string, viewport?: {width: number, height: number}}} options */
  static async open({ url, webgpu, hash = '', viewport }) {
    const browser = await launch({ webgpu, viewport });
    const explorer = new Explorer(browser);
    const { page } = browser;
    page.on('request', (request) => {
      const from = new URL(request.url());
      const own = from.protocol === 'data:' || from.protocol === 'blob:' || from.origin === new URL(url).origin;
      if (!own) browser.errors.push(`something is loaded from elsewhere: ${request.url()}`);
    });
    await page.goto(`${url}${hash}`);
    await explorer.settle();
    return explorer;
  }

  constructor(browser) {
    this.browser = browser;
    this.page = browser.page;
  }

  /** Waits until the page shows the numbers of its state. */
  async settle() {
    await this.page.waitForFunction(
      () => {
        if (document.documentElement.dataset.ready !== 'true') return false;
        const asked = window.explorer.state();
        const shown = window.explorer.result()?.state;
        const calculated = (state) => JSON.stringify([state.picture, state.layers, state.device]);
        return shown && calculated(asked) === calculated(shown);
      },
      null,
      { timeout: SECONDS * 1000 },
    );
  }

  state() {
    return this.page.evaluate(() => window.explorer.state());
  }

  /** What was computed, with plain arrays. */
  result() {
    return this.page.evaluate(() => {
      const { state, checked, tensors, device } = window.explorer.result();
      const plain = tensors.map(({ shape, values }) => ({ shape, values: [...values] }));
      return { state, checked, tensors: plain, device };
    });
  }

  /** The element of this name. */
  at(name) {
    return this.page.locator(`[data-test="${name}"]`);
  }

  /** Writes a value into a field, as somebody who types. */
  async type(name, value) {
    await this.at(name).fill(String(value));
    await this.settle();
  }

  async choose(name, value) {
    await this.at(name).selectOption(value);
    await this.settle();
  }

  async click(name) {
    await this.at(name).click();
    await this.settle();
  }

  /** Goes to a state by its link. */
  async go(hash) {
    await this.page.evaluate((to) => {
      location.hash = to;
    }, hash);
    await this.page.waitForTimeout(50);
    await this.settle();
  }

  /** Clicks a cell of the output that is shown. */
  async clickOutput(y, x) {
    const { state, tensors } = await this.result();
    const { layer } = (await this.state()).at;
    const [, height, width] = tensors[layer + 1].shape;
    ensure(state.layers.length > layer, 'no layer is looked at');
    const box = await this.at('output-map').boundingBox();
    const position = { x: ((x + 0.5) * box.width) / width, y: ((y + 0.5) * box.height) / height };
    await this.at('output-map').click({ position });
    const { cell } = (await this.state()).at;
    ensure(cell?.y === y && cell.x === x, `a click on (${y}, ${x}) selects ${JSON.stringify(cell)}`);
  }

  /** The exact number of an element. */
  async number(name) {
    return Number(await this.at(name).first().getAttribute('value'));
  }

  /** Holds every output to the reference, and what the page says of the selected cell. */
  async compare(reference, words) {
    const { state, checked, tensors } = await this.result();
    const layers = state.layers.slice(0, tensors.length - 1);
    ensure(checked.every(({ ok }) => ok), `${words}: ${JSON.stringify(checked.at(-1))}`);
    const [picture, ...outputs] = tensors;
    const expected = await reference.outputs(picture.shape, picture.values, layers);
    outputs.forEach(({ shape, values }, layer) => {
      const most = expected[layer].filter(Number.isFinite).reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      ensure(values.length === expected[layer].length && values.length > 0, `${words}: the shape of layer ${layer} is ${shape}`);
      const wrong = values.findIndex((value, index) => !isNear(value, expected[layer][index], most));
      ensure(wrong < 0, `${words}: number ${wrong} of layer ${layer} is ${values[wrong]}, not ${expected[layer][wrong]}`);
    });
    const { layer, cell } = (await this.state()).at;
    const [, height, width] = outputs[layer].shape;
    const should = expected[layer][(cell.channel * height + cell.y) * width + cell.x];
    const says = await this.number('cell-value');
    ensure(isNear(says, should, Math.abs(should)), `${words}: the page explains ${says} for ${should}`);
  }

  async close() {
    await this.browser.close();
  }
}
