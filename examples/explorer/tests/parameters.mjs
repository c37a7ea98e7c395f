// Every parameter, changed by its field, gives the numbers of the reference; impossible ones give the crate's words.

import { ensure } from './driver.mjs';

const CONV2D = [
  ['out_channels', '3', (layer) => layer.out_channels === 3],
  ['kernel_size', '5', (layer) => layer.kernel_size.join() === '5,5'],
  ['padding', '2', (layer) => layer.padding.join() === '2,2'],
  ['stride', '2', (layer) => layer.stride.join() === '2,2'],
  ['dilation', '2', (layer) => layer.dilation.join() === '2,2'],
];
const MODES = ['reflect', 'replicate', 'circular', 'zeros'];
const MAX_POOL2D = [
  ['kernel_size', '3', (layer) => layer.kernel_size.join() === '3,3'],
  ['padding', '1', (layer) => layer.padding.join() === '1,1'],
  ['dilation', '2', (layer) => layer.dilation.join() === '2,2'],
];
const AVG_POOL2D = MAX_POOL2D.slice(0, 2);

/** Types a value and holds the numbers to the reference. */
async function change(explorer, reference, index, [name, value, holds]) {
  await explorer.type(`layer-${index}-${name}`, value);
  const layer = (await explorer.state()).layers[index];
  ensure(holds(layer), `${name} ${value} gives ${JSON.stringify(layer)}`);
  await explorer.compare(reference, `${layer.type} with ${name} ${value}`);
}

/** The cat, small: its numbers go through two processes. */
async function smallCat(explorer) {
  await explorer.click('start-cat');
  await explorer.type('shrink', '8');
}

async function convolution(explorer, reference) {
  await smallCat(explorer);
  for (const parameter of CONV2D) await change(explorer, reference, 0, parameter);
  await explorer.click('layer-0-dilation-apart');
  await change(explorer, reference, 0, ['dilation-height', '1', (layer) => layer.dilation.join() === '1,2']);
  for (const mode of MODES) {
    await explorer.choose('layer-0-padding_mode', mode);
    ensure((await explorer.state()).layers[0].padding_mode === mode, `padding_mode ${mode}`);
    await explorer.compare(reference, `padding_mode ${mode}`);
  }
  await explorer.type('layer-0-stride', '1');
  for (const kind of ['same', 'valid']) {
    await explorer.choose('layer-0-padding-kind', kind);
    ensure((await explorer.state()).layers[0].padding === kind, `padding ${kind}`);
    await explorer.compare(reference, `padding ${kind}`);
  }
  await explorer.click('layer-0-bias');
  await explorer.type('layer-0-bias-1', '0.5');
  ensure((await explorer.state()).layers[0].bias[1] === 0.5, 'bias');
  await explorer.compare(reference, 'bias');
}

async function filters(explorer, reference) {
  await smallCat(explorer);
  const names = await explorer.at('layer-0-filter').locator('option').evaluateAll((options) => options.map(({ value }) => value));
  ensure(names.length > 5, `the filters are ${names}`);
  for (const name of names) {
    await explorer.choose('layer-0-filter', name);
    await explorer.compare(reference, `filter ${name}`);
  }
  await explorer.type('layer-0-own-0-0', '-2.5');
  const { kernels } = (await explorer.state()).layers[0];
  ensure(kernels[0][0][0] === -2.5, `one's own number gives ${JSON.stringify(kernels[0])}`);
  await explorer.compare(reference, "one's own number");
  await explorer.choose('layer-0-filter', 'random');
  const before = (await explorer.state()).layers[0].seed;
  await explorer.click('layer-0-again');
  ensure((await explorer.state()).layers[0].seed !== before, 'new random numbers');
  await explorer.compare(reference, 'new random numbers');
  for (const all of ['each', 'all-random']) {
    await explorer.click(`layer-0-${all}`);
    await explorer.compare(reference, `all filters: ${all}`);
  }
}

async function poolings(explorer, reference) {
  await smallCat(explorer);
  await explorer.click('add-AvgPool2d');
  for (const parameter of AVG_POOL2D) await change(explorer, reference, 3, parameter);
  await explorer.click('layer-3-stride-none');
  await change(explorer, reference, 3, ['stride', '2', (layer) => layer.stride.join() === '2,2']);
  for (const name of ['ceil_mode', 'count_include_pad']) {
    const before = (await explorer.state()).layers[3][name];
    await explorer.click(`layer-3-${name}`);
    ensure((await explorer.state()).layers[3][name] === !before, name);
    await explorer.compare(reference, `AvgPool2d with another ${name}`);
  }
  await explorer.click('layer-3-divisor_override-none');
  await change(explorer, reference, 3, ['divisor_override', '7', (layer) => layer.divisor_override === 7]);
  await explorer.click('layer-3-remove');
  for (const parameter of MAX_POOL2D) await change(explorer, reference, 2, parameter);
  await explorer.click('layer-2-ceil_mode');
  await explorer.compare(reference, 'MaxPool2d with another ceil_mode');
  await explorer.click('layer-2-up');
  ensure((await explorer.state()).layers.map(({ type }) => type).join() === 'Conv2d,MaxPool2d,ReLU', 'a layer moves up');
  await explorer.compare(reference, 'MaxPool2d before ReLU');
}

/** What is impossible is said at its field in the crate's words, and gone when it is mended. */
async function errors(explorer, reference) {
  await explorer.click('start-reflect');
  await explorer.choose('layer-0-padding_mode', 'reflect');
  for (const [name, bad, words] of [
    ['padding', '9', 'conv2d: padding is 9, but padding_mode reflect needs less than'],
    ['stride', '0', 'conv2d: stride is 0, but must be at least 1'],
    ['kernel_size', '31', 'conv2d: no window fits'],
    ['dilation', '0', 'conv2d: dilation is 0, but must be at least 1'],
    ['groups', '3', 'conv2d: '],
    ['out_channels', '0', 'conv2d: out_channels is 0'],
  ]) {
    const field = explorer.at(`layer-0-${name}`);
    const good = await field.inputValue();
    await explorer.type(`layer-0-${name}`, bad);
    const message = explorer.at(`layer-0-${name}-row`).locator('[data-test="error"]');
    const text = await message.textContent();
    ensure((await message.isVisible()) && text.startsWith(words), `${name} ${bad} says: ${text}`);
    ensure((await field.getAttribute('aria-invalid')) === 'true', `${name} ${bad} is not marked`);
    await explorer.type(`layer-0-${name}`, good);
    ensure(!(await message.isVisible()), `${name}: the error stays`);
    await explorer.compare(reference, `${name} mended`);
  }
}

/** Groups need as many channels: those of a picture in colour. */
async function groups(explorer, reference) {
  await smallCat(explorer);
  await explorer.type('layer-0-out_channels', '6');
  await change(explorer, reference, 0, ['groups', '3', (layer) => layer.groups === 3]);
}

export const checks = { convolution, filters, poolings, groups, errors };
