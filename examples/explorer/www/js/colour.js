// Signed colours: blue below zero, orange above, zero as the paper. Blue and orange stay apart for all kinds of
// colour blindness, and lightness alone tells the size.

/** Red, green, blue, of 255. @typedef {[number, number, number]} Rgb */

/** From zero to the end of the scale. @type {Record<'light' | 'dark', {below: Rgb[], above: Rgb[]}>} */
const stops = {
  light: {
    below: [[247, 246, 243], [158, 194, 230], [52, 112, 184], [10, 46, 108]],
    above: [[247, 246, 243], [247, 187, 140], [212, 98, 28], [120, 40, 0]],
  },
  dark: {
    below: [[34, 38, 45], [41, 88, 148], [92, 158, 232], [190, 224, 255]],
    above: [[34, 38, 45], [142, 76, 26], [232, 140, 60], [255, 220, 174]],
  },
};

/** What is no number, and what is beyond all. @type {Record<'nan' | 'above' | 'below', Rgb>} */
const special = { nan: [208, 0, 160], above: [232, 214, 0], below: [0, 164, 150] };

const half = 255;

/** The theme that is shown. */
export const theme = () => (document.documentElement.dataset.theme === 'dark' ? 'dark' : 'light');

/** @param {Rgb[]} colours @param {number} at from 0 to 1 @returns {Rgb} */
function between(colours, at) {
  const place = at * (colours.length - 1);
  const low = Math.min(Math.floor(place), colours.length - 2);
  const part = place - low;
  const mix = (/** @type {0 | 1 | 2} */ k) => Math.round(colours[low][k] * (1 - part) + colours[low + 1][k] * part);
  return [mix(0), mix(1), mix(2)];
}

/** From the low end to the high one. @param {'light' | 'dark'} name @returns {Rgb[]} */
const table = (name) =>
  Array.from({ length: 2 * half + 1 }, (_, k) =>
    between(k < half ? stops[name].below : stops[name].above, Math.abs(k - half) / half),
  );

const tables = { light: table('light'), dark: table('dark') };

/** The colour of a number as red, green and blue. @param {number} value @param {number} scale the ends are ±scale
 * @returns {Rgb} */
export function rgbOf(value, scale) {
  if (Number.isNaN(value)) return special.nan;
  if (!Number.isFinite(value)) return value > 0 ? special.above : special.below;
  const part = scale > 0 ? Math.max(-1, Math.min(1, value / scale)) : 0;
  return tables[theme()][Math.round(part * half) + half];
}

/** The colour of a number for CSS. @param {number} value @param {number} scale the ends are ±scale */
export const colourOf = (value, scale) => `rgb(${rgbOf(value, scale).join(' ')})`;

/** Relative luminance as WCAG has it. @param {Rgb} rgb */
function luminance(rgb) {
  const [r, g, b] = rgb.map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** The better of black and white on a colour. @param {Rgb} rgb */
export const inkOnRgb = (rgb) => (luminance(rgb) > 0.179 ? '#000' : '#fff');

/** The colour of text on a number's colour. @param {number} value @param {number} scale */
export const inkOn = (value, scale) => inkOnRgb(rgbOf(value, scale));

/** The largest finite size: the end of a scale. @param {ArrayLike<number>} values */
export function scaleOf(values) {
  let largest = 0;
  for (let k = 0; k < values.length; k++) {
    const size = Math.abs(values[k]);
    if (size > largest && size < Infinity) largest = size;
  }
  return largest;
}

/** A plane of numbers as pixels. @param {ArrayLike<number>} values row by row @param {number} width
 * @param {number} scale */
export function pixelsOf(values, width, scale) {
  const image = new ImageData(width, values.length / width);
  const colours = tables[theme()];
  const step = scale > 0 ? half / scale : 0;
  for (let k = 0; k < values.length; k++) {
    const value = values[k];
    const place = Math.round(Math.max(-half, Math.min(half, value * step)) + half);
    const [r, g, b] = Number.isFinite(value) ? colours[place] : rgbOf(value, scale);
    image.data[4 * k] = r;
    image.data[4 * k + 1] = g;
    image.data[4 * k + 2] = b;
    image.data[4 * k + 3] = 255;
  }
  return image;
}
