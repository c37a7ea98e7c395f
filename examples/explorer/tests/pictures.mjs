// Where the picture comes from: sizes, one's own file, a grid of numbers, the camera.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { ensure } from './driver.mjs';

const file = (name) => fileURLToPath(new URL(`../../../tests/data/pictures/${name}`, import.meta.url));

async function sizes(explorer, reference) {
  await explorer.click('start-dilation');
  ensure(await explorer.at('grey').isChecked(), 'the box of a grey picture is empty');
  await explorer.click('start-cat');
  ensure(!(await explorer.at('grey').isChecked()), 'the box of a picture in colour is ticked');
  await explorer.at('grey').setChecked(true);
  await explorer.settle();
  ensure((await explorer.result()).tensors[0].shape[0] === 1, 'grey is one channel');
  await explorer.compare(reference, 'a grey picture');
  await explorer.type('shrink', '7');
  ensure((await explorer.result()).tensors[0].shape.join() === '1,42,64', 'a picture of 451 x 300, seven by seven');
  await explorer.compare(reference, 'a smaller picture');
}

/** One's own file by the button, by a drop and by a paste, and one that is none. */
async function own(explorer, reference) {
  await explorer.click('start-cat');
  const status = () => explorer.at('picture-status').textContent();
  await explorer.at('file').setInputFiles(file('grey.jpg'));
  await explorer.page.waitForFunction(() => window.explorer.state().picture.kind === 'own');
  await explorer.settle();
  await explorer.compare(reference, "one's own picture");
  ensure((await status()).includes('grey.jpg'), `of a file is said: ${await status()}`);

  await explorer.at('file').setInputFiles({ name: 'none.png', mimeType: 'image/png', buffer: Buffer.from('none') });
  await explorer.page.waitForFunction(() => document.querySelector('[data-test="picture-status"]').textContent.includes('none.png'));
  await explorer.compare(reference, 'after a file that is no picture');

  const bytes = [...readFileSync(file('palette.png'))];
  for (const way of ['drop', 'paste']) {
    await explorer.click('picture-cat');
    await explorer.page.evaluate(
      ([content, kind]) => {
        const data = new DataTransfer();
        data.items.add(new File([new Uint8Array(content)], 'palette.png', { type: 'image/png' }));
        const options = { bubbles: true, cancelable: true };
        const event =
          kind === 'drop'
            ? new DragEvent('drop', { ...options, dataTransfer: data })
            : new ClipboardEvent('paste', { ...options, clipboardData: data });
        document.body.dispatchEvent(event);
      },
      [bytes, way],
    );
    await explorer.page.waitForFunction(() => window.explorer.state().picture.kind === 'own');
    await explorer.settle();
    await explorer.compare(reference, `a picture by ${way}`);
  }
}

async function grid(explorer, reference) {
  await explorer.click('start-reflect');
  for (const name of ['edge', 'impulse', 'checkerboard', 'counted', 'ramp']) {
    await explorer.click(`grid-${name}`);
    await explorer.compare(reference, `grid ${name}`);
  }
  await explorer.type('grid-2-5', '-7.5');
  ensure((await explorer.result()).tensors[0].values[2 * 8 + 5] === -7.5, 'a number of the grid');
  await explorer.compare(reference, 'a number of the grid');
}

/** The frames of the camera run through the layers, until another picture is chosen. */
async function camera(explorer) {
  await explorer.click('start-cat');
  await explorer.at('picture-webcam').click();
  await explorer.page.waitForFunction(() => window.explorer.result().state.picture.kind === 'webcam');
  const runs = () => explorer.page.evaluate(() => Number(document.documentElement.dataset.runs));
  const before = await runs();
  await explorer.page.waitForFunction((from) => Number(document.documentElement.dataset.runs) > from + 2, before);
  await explorer.click('picture-cat');
  await explorer.page.waitForTimeout(300);
  const stopped = await runs();
  await explorer.page.waitForTimeout(300);
  ensure((await runs()) === stopped, 'the camera runs on');
}

export const checks = { sizes, own, grid, camera };
