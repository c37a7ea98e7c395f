// Drives the page in Chromium, with WebGPU and without: `node tests/page.mjs [--write] [FOLDER_OF_PICTURES]`.
//
// The page is built before, by `cargo explorer`. `--write` writes the copied program anew.

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { missing, serve } from '../../../tests/browser/chromium.mjs';
import { checks as cells } from './cells.mjs';
import { Explorer, Reference, ensure } from './driver.mjs';
import { checks as looks, pictures } from './looks.mjs';
import { checks as parameters } from './parameters.mjs';
import { checks as sources } from './pictures.mjs';
import { compareLanguages } from './words.mjs';

const path = (name) => fileURLToPath(new URL(name, import.meta.url));

/** Builds the reference and gives its executable. */
function build() {
  const manifest = ['--manifest-path', path('../Cargo.toml')];
  const messages = execFileSync('cargo', ['build', ...manifest, '--bin', 'reference', '--message-format', 'json-render-diagnostics'], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  const files = messages.split('\n').filter((line) => line.includes('"executable":"'));
  return JSON.parse(files.at(-1)).executable;
}

/** All checks in one browser. Gives what failed. */
async function drive(reference, { url, webgpu, write }) {
  const kind = webgpu ? 'WebGPU' : 'without WebGPU';
  const explorer = await Explorer.open({ url, webgpu });
  const { device } = await explorer.result();
  const cpu = device.startsWith('CPU') || device.includes('(CPU');
  const notice = await explorer.at('no-gpu').isVisible();
  console.log(`${kind}: ${device}`);
  ensure(cpu === !webgpu && notice === !webgpu, `${kind}: the device is ${device}, the notice ${notice ? 'shown' : 'hidden'}`);
  const failures = [];
  for (const [name, check] of Object.entries({ ...parameters, ...cells, ...sources, ...looks })) {
    const begin = performance.now();
    try {
      await check(explorer, reference, { webgpu, write });
      ensure(!(await explorer.at('failure').isVisible()), `the page says: ${await explorer.at('failure').textContent()}`);
      ensure(explorer.browser.errors.length === 0, explorer.browser.errors.splice(0).join('\n'));
    } catch (error) {
      failures.push(`${kind}, ${name}: ${error.message}`);
    }
    console.log(`  ${name} ${((performance.now() - begin) / 1000).toFixed(1)} s`);
  }
  await explorer.close();
  return failures;
}

const write = process.argv.includes('--write');
const folder = process.argv.slice(2).find((argument) => !argument.startsWith('--'));
if (!existsSync(path('../www/pkg/explorer.js'))) missing('the page is not built: cargo explorer');
const reference = new Reference(build());
const { url, close } = await serve(path('../www'));
const failures = compareLanguages();
for (const webgpu of [true, false]) failures.push(...(await drive(reference, { url, webgpu, write })));
if (folder) {
  mkdirSync(folder, { recursive: true });
  await pictures({ url, webgpu: true }, folder);
}
reference.close();
await close();
for (const failure of failures) console.error(failure);
console.log(failures.length === 0 ? 'the page is as it should be' : `${failures.length} checks fail`);
process.exit(failures.length === 0 ? 0 : 1);
