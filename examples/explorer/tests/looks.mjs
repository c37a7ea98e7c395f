// Languages, themes, links, sizes, code, offline, and a picture of each main state.

import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';

import { Explorer, ensure } from './driver.mjs';

const PROGRAM = fileURLToPath(new URL('copied/program.rs', import.meta.url));

/** No text is missing in a language, and both differ. */
async function languages(explorer) {
  const titles = [];
  for (const language of ['es', 'en']) {
    await explorer.click(`language-${language}`);
    ensure((await explorer.page.getAttribute('html', 'lang')) === language, `the language is not ${language}`);
    titles.push(await explorer.page.locator('h1').textContent());
    for (const start of ['dilation', 'reflect', 'divisor', 'pixel', 'cat']) {
      await explorer.click(`start-${start}`);
      const text = await explorer.page.locator('body').innerText();
      const keys = text.match(/\b(page|cell|maps|reach|play|numbers|kernel|layers|picture|start|copy|measure|field|filter|grid|thumbs|device|theme|from|pair|bias|Conv2d|MaxPool2d|AvgPool2d|ReLU)\.[a-z_-]+(\.[a-z_-]+)*\b/g);
      ensure(!keys, `${language}: texts are missing: ${keys}`);
      ensure(!/\{[a-z_]+\}|undefined|NaN/.test(text), `${language}: ${text.match(/.*(\{[a-z_]+\}|undefined|NaN).*/)?.[0]}`);
    }
  }
  ensure(titles[0] !== titles[1], 'both languages have one title');
}

/** A link gives back the state; a broken one is said and harmless. */
async function links(explorer, reference) {
  await explorer.click('start-divisor');
  await explorer.clickOutput(0, 0);
  await explorer.page.waitForTimeout(500);
  const before = await explorer.state();
  await explorer.page.reload();
  await explorer.settle();
  const after = await explorer.state();
  ensure(JSON.stringify(after) === JSON.stringify(before), `the link gives ${JSON.stringify(after)}`);
  await explorer.compare(reference, 'the state of a link');
  await explorer.go('#en.bm9uc2Vuc2U');
  ensure(await explorer.at('broken-link').isVisible(), 'a broken link is not said');
  await explorer.compare(reference, 'after a broken link');
}

/** Every option of a chain in the code for Rust, which the package's tests compile and run. */
async function code(explorer, reference, { write }) {
  await explorer.click('start-reflect');
  await explorer.choose('layer-0-padding_mode', 'reflect');
  await explorer.type('layer-0-out_channels', '2');
  await explorer.type('layer-0-padding', '2');
  await explorer.type('layer-0-dilation', '2');
  await explorer.click('layer-0-bias');
  await explorer.type('layer-0-bias-0', '-0.25');
  await explorer.click('add-ReLU');
  await explorer.click('add-Conv2d');
  await explorer.type('layer-2-groups', '2');
  await explorer.choose('layer-2-padding-kind', 'same');
  await explorer.click('add-MaxPool2d');
  await explorer.click('layer-3-ceil_mode');
  await explorer.type('layer-3-kernel_size', '3');
  await explorer.type('layer-3-padding', '1');
  await explorer.type('layer-3-dilation', '2');
  await explorer.click('add-AvgPool2d');
  await explorer.type('layer-4-padding', '1');
  await explorer.click('layer-4-count_include_pad');
  await explorer.click('layer-4-divisor_override-none');
  await explorer.type('layer-4-divisor_override', '3');
  await explorer.compare(reference, 'the chain of the code');
  await explorer.clickOutput(1, 1);
  await explorer.click('copy-code');
  await explorer.click('code-PyTorch');
  const python = await explorer.at('code').textContent();
  for (const part of ['nn.Conv2d(', 'padding_mode="reflect"', 'groups=2', 'padding="same"', 'divisor_override=3', '[0, 0, 1, 1]']) {
    ensure(python.includes(part), `the code for PyTorch has no ${part}`);
  }
  await explorer.click('code-Rust');
  const rust = await explorer.at('code').textContent();
  await explorer.page.keyboard.press('Escape');
  if (write) writeFileSync(PROGRAM, rust);
  ensure(readFileSync(PROGRAM, 'utf8') === rust, `the code for Rust is not ${PROGRAM}: read it, then write it with --write`);
}

/** The times on both devices. */
async function times(explorer, _, { webgpu }) {
  await explorer.click('start-cat');
  await explorer.click('measure');
  await explorer.page.waitForFunction(() => document.querySelectorAll('[data-test="times"] tbody tr').length > 0, null, { timeout: 60_000 });
  const text = await explorer.at('times').innerText();
  ensure(/\d/.test(text) && text.includes('ms') && (!webgpu || /GPU/.test(text)), `the times are: ${text}`);
}

/** Once loaded, it works without the network. */
async function offline(explorer, reference) {
  const { context } = explorer.browser;
  await explorer.page.waitForFunction(() => navigator.serviceWorker.ready.then(() => true));
  await explorer.page.reload();
  await explorer.settle();
  await context.setOffline(true);
  try {
    await explorer.page.reload();
    await explorer.settle();
    await explorer.compare(reference, 'offline');
  } finally {
    await context.setOffline(false);
  }
}

export const checks = { languages, links, code, times, offline };

/** A picture of each main state, and no page wider than the screen. */
export async function pictures({ url, webgpu }, folder) {
  const wide = { width: 1280, height: 900 };
  const phone = { width: 360, height: 740 };
  for (const [name, start, theme, language, viewport] of [
    ['cat', 'cat', 'light', 'en', wide],
    ['cat-dark', 'cat', 'dark', 'es', wide],
    ['dilation', 'dilation', 'light', 'en', wide],
    ['reflect', 'reflect', 'light', 'en', wide],
    ['divisor', 'divisor', 'dark', 'en', wide],
    ['pixel', 'pixel', 'light', 'es', wide],
    ['phone', 'reflect', 'light', 'es', phone],
  ]) {
    const explorer = await Explorer.open({ url, webgpu, viewport });
    await explorer.click(`language-${language}`);
    await explorer.click(`theme-${theme}`);
    await explorer.click(`start-${start}`);
    const width = await explorer.page.evaluate(() => document.documentElement.scrollWidth);
    const cut = await explorer.page.evaluate(() =>
      [...document.querySelectorAll('.views .wide')].filter((each) => each.scrollWidth > each.clientWidth).map((each) => each.textContent.slice(0, 80)),
    );
    ensure(cut.length === 0, `${name}: what is wider than its place: ${cut.join(' | ')}`);
    ensure(width <= viewport.width, `${name}: the page is ${width} wide on a screen of ${viewport.width}`);
    await explorer.page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
    ensure(explorer.browser.errors.length === 0, `${name}: ${explorer.browser.errors.join('\n')}`);
    await explorer.close();
  }
}
