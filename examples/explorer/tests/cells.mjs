// Cells at borders, in every padding mode and pooling; what a cell of the input reaches; the questions.

import { ensure } from './driver.mjs';

const MODES = ['zeros', 'reflect', 'replicate', 'circular'];

/** Where a position over padding reads, by the definition of the mode. */
function sourceOf(mode, at, size) {
  if (at >= 0 && at < size) return at;
  if (mode === 'reflect') return at < 0 ? -at : 2 * (size - 1) - at;
  if (mode === 'replicate') return at < 0 ? 0 : size - 1;
  return mode === 'circular' ? (at + size) % size : null;
}

/** The tables of the taps, as texts. */
const tapRows = (explorer) =>
  explorer.at('taps').locator('tbody tr').evaluateAll((rows) => rows.map((row) => [...row.cells].map((cell) => cell.textContent)));

/** Corners, edges and the middle of an 8x8 grid with a window of 3 and a padding of 1. */
async function borders(explorer, reference) {
  await explorer.click('start-reflect');
  for (const mode of MODES) {
    await explorer.choose('layer-0-padding_mode', mode);
    for (const [y, x] of [[0, 0], [0, 7], [7, 0], [7, 7], [0, 4], [4, 7], [3, 3]]) {
      await explorer.clickOutput(y, x);
      await explorer.compare(reference, `${mode}, cell (${y}, ${x})`);
      const rows = await tapRows(explorer);
      ensure(rows.length === 9, `${mode}: ${rows.length} taps`);
      for (const [index, row] of rows.entries()) {
        const [at_y, at_x] = [y - 1 + Math.floor(index / 3), x - 1 + (index % 3)];
        const source = [sourceOf(mode, at_y, 8), sourceOf(mode, at_x, 8)];
        const outside = source.join() !== [at_y, at_x].join();
        const read = outside && !source.includes(null) ? source : [at_y, at_x];
        const place = `(${read.join(', ')})`.replaceAll('-', '\u2212');
        ensure(row.some((text) => text.includes(place)), `${mode} (${y}, ${x}), tap ${index}: ${row.join(' | ')}`);
      }
    }
  }
}

/** The divisors of an average of 3x3 with a padding of 1, on an 8x8 grid. */
async function divisors(explorer, reference) {
  await explorer.click('start-divisor');
  for (const [include, cell, divisor] of [
    [false, [0, 0], 4],
    [false, [0, 1], 6],
    [false, [1, 1], 9],
    [true, [0, 0], 9],
  ]) {
    await explorer.at('layer-0-count_include_pad').setChecked(include);
    await explorer.settle();
    await explorer.clickOutput(...cell);
    await explorer.compare(reference, `an average, count_include_pad ${include}`);
    const says = await explorer.number('divisor');
    ensure(says === divisor, `count_include_pad ${include}, cell ${cell}: divided by ${says}, not ${divisor}`);
  }
  // Three windows of 3 with a stride of 3 hang over 8 + 1 + 1 by none; with 4 the last has two rows inside.
  await explorer.type('layer-0-kernel_size', '4');
  await explorer.type('layer-0-padding', '0');
  await explorer.click('layer-0-stride-none');
  await explorer.type('layer-0-stride', '3');
  await explorer.at('layer-0-ceil_mode').setChecked(true);
  await explorer.settle();
  await explorer.clickOutput(2, 0);
  await explorer.compare(reference, 'an average that hangs over');
  ensure((await explorer.number('divisor')) === 8, 'what hangs over the padding counts in no divisor');
}

/** What the pointer says of a cell of the input: the padding of 1 is a margin around 8x8. */
async function reaches(explorer) {
  await explorer.click('start-pixel');
  const hover = async (y, x) => {
    const box = await explorer.at('input-map').boundingBox();
    await explorer.at('input-map').hover({ position: { x: ((x + 1.5) * box.width) / 10, y: ((y + 1.5) * box.height) / 10 } });
    return explorer.at('reach').textContent();
  };
  const middle = await hover(4, 4);
  ensure(/\b9\b/.test(middle) && /\b45\b/.test(middle), `nine outputs see the pixel, with a gradient of 45: ${middle}`);
  const corner = await hover(0, 0);
  // The weights of COUNTED that a corner is seen by are 1, 2, 4 and 5.
  ensure(/\b4\b/.test(corner) && /\b12\b/.test(corner), `four outputs see the corner, with a gradient of 12: ${corner}`);
}

/** A click holds a cell of the input, until Escape lets go. */
async function pins(explorer) {
  await explorer.click('start-pixel');
  const box = await explorer.at('input-map').boundingBox();
  const at = (cell, size) => ((cell + 1.5) * size) / 10;
  await explorer.at('input-map').click({ position: { x: at(4, box.width), y: at(4, box.height) } });
  const held = await explorer.at('reach').textContent();
  await explorer.at('input-map').hover({ position: { x: at(0, box.width), y: at(0, box.height) } });
  ensure((await explorer.at('reach').textContent()) !== held, 'the pointer shows another cell');
  await explorer.page.locator('h1').hover();
  ensure((await explorer.at('reach').textContent()) === held, 'the held cell comes back');
  await explorer.at('unpin').click();
  ensure((await explorer.at('reach').textContent()) !== held, 'the held cell is let go');
}

/** A variant keeps the cell, and a border that wraps around is told. */
async function keeps(explorer, reference) {
  await explorer.click('start-reflect');
  await explorer.clickOutput(0, 0);
  await explorer.click('variant-3');
  const { cell } = (await explorer.state()).at;
  ensure(cell.y === 0 && cell.x === 0, `a variant leads to ${JSON.stringify(cell)}`);
  await explorer.compare(reference, 'a corner that wraps around');
  const { rows } = await explorer.page.evaluate(async () => {
    const { field } = await import('./js/engine.js');
    const { state, tensors } = window.explorer.result();
    return field(tensors[0].shape, state.layers, 0, 0);
  });
  ensure(rows.join() === '0,1,7', `the corner reads the rows ${rows}`);
  await explorer.click('picture-cat');
  ensure(!(await explorer.at('hint').isVisible()), 'the hint stays although the question is over');
}

/** The four questions lead to what answers them. */
async function questions(explorer, reference) {
  const field = async () => (await explorer.result()).checked.at(-1).field.size.join();
  await explorer.click('start-dilation');
  const sizes = [];
  for (const variant of [0, 1, 2]) {
    await explorer.click(`variant-${variant}`);
    await explorer.compare(reference, `dilation, variant ${variant}`);
    sizes.push(await field());
  }
  ensure(sizes.join(' ') === '5,5 9,9 13,13', `the receptive fields are ${sizes}`);
  ensure((await explorer.at('variant-1').textContent()).includes('9 × 9'), 'a variant tells its field');
  await explorer.click('variant-1');
  const told = await explorer.at('field').textContent();
  ensure(told.includes('25') && told.includes('9 × 9'), `of 25 pixels over 9 x 9 is told: ${told}`);
  await explorer.click('start-reflect');
  const values = [];
  for (const variant of [0, 1, 2, 3]) {
    await explorer.click(`variant-${variant}`);
    await explorer.compare(reference, `padding_mode, variant ${variant}`);
    values.push(await explorer.number('cell-value'));
  }
  // A Gaussian of the ramp 1 to 8 at its left edge: 1, mirrored 2, the edge again 1, around 8.
  ensure(values.join() === '1,1.5,1.25,3', `the border cell is ${values}`);
  await explorer.click('start-divisor');
  ensure((await explorer.number('divisor')) === 6, 'the average is divided by 6');
  await explorer.click('start-pixel');
  await explorer.compare(reference, 'the pixel');
}

/** The window slides, and the keyboard moves the cell. */
async function moves(explorer) {
  await explorer.click('start-pixel');
  await explorer.at('output-map').focus();
  const { cell: from } = (await explorer.state()).at;
  await explorer.page.keyboard.press('ArrowRight');
  await explorer.page.keyboard.press('ArrowDown');
  const { cell: to } = (await explorer.state()).at;
  ensure(to.x === from.x + 1 && to.y === from.y + 1, `the arrows lead from ${JSON.stringify(from)} to ${JSON.stringify(to)}`);
  await explorer.click('play-next');
  const { cell: next } = (await explorer.state()).at;
  ensure(next.x === to.x + 1 && next.y === to.y, `a step leads to ${JSON.stringify(next)}`);
  await explorer.click('play-start');
  await explorer.page.waitForFunction((x) => window.explorer.state().at.cell.x > x + 1, next.x);
  await explorer.click('play-stop');
}

export const checks = { borders, divisors, reaches, pins, keeps, questions, moves };
