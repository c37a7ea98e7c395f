// Pictures as numbers.

/** @import {Rows, Shape} from './types' */

/** A picture at its full size, red, green, blue and opacity a pixel.
 * @typedef {{width: number, height: number, data: Uint8ClampedArray}} Pixels */

const MOST_BYTES = 100e6;
const MOST_PIXELS = 64e6;
/** The longest side of a picture as it comes. */
const COMFORTABLE = 160;
const LARGEST = 480;
const SMALLEST = 16;

/** Why a file is no picture for this page: the key of a text, with its values. */
export class Refused extends Error {
  /** @param {string} key @param {Record<string, string | number>} values */
  constructor(key, values) {
    super(key);
    this.key = key;
    this.values = values;
  }
}

/** The pixels of a file, on white where it is transparent. @param {Blob} blob @param {string} name
 * @returns {Promise<Pixels>} fails with `Refused` */
export async function decode(blob, name) {
  if (blob.size > MOST_BYTES) throw new Refused('picture.too-many-bytes', { name, most: MOST_BYTES / 1e6 });
  const bitmap = await createImageBitmap(blob, { colorSpaceConversion: 'none' }).catch(() => {
    throw new Refused('picture.unreadable', { name });
  });
  const { width, height } = bitmap;
  try {
    if (width * height > MOST_PIXELS) {
      throw new Refused('picture.too-many-pixels', { name, width, height, most: MOST_PIXELS / 1e6 });
    }
    return read(bitmap, width, height);
  } finally {
    bitmap.close();
  }
}

/** @param {CanvasImageSource} image @param {number} width @param {number} height @returns {Pixels} */
export function read(image, width, height) {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext('2d', { willReadFrequently: true });
  if (context === null) throw new Refused('picture.no-canvas', { width, height });
  context.fillStyle = '#fff';
  context.fillRect(0, 0, width, height);
  context.drawImage(image, 0, 0);
  return { width, height, data: context.getImageData(0, 0, width, height).data };
}

/** A tensor in 0 to 1: each pixel is the mean of `shrink` by `shrink`, as `AvgPool2d(shrink)` has it, and with `grey`
 * of the three colours. @param {Pixels} pixels @param {number} shrink @param {boolean} grey */
export function tensorOf({ width, height, data }, shrink, grey) {
  /** @type {Shape} */
  const shape = [grey ? 1 : 3, Math.floor(height / shrink), Math.floor(width / shrink)];
  const [channels, rows, columns] = shape;
  const values = new Float32Array(channels * rows * columns);
  for (let y = 0; y < rows; y++) {
    const sums = new Float64Array(3 * columns);
    for (let at_y = y * shrink; at_y < (y + 1) * shrink; at_y++) {
      for (let at_x = 0; at_x < columns * shrink; at_x++) {
        const from = 4 * (at_y * width + at_x);
        const to = 3 * Math.floor(at_x / shrink);
        for (let colour = 0; colour < 3; colour++) sums[to + colour] += data[from + colour];
      }
    }
    for (let x = 0; x < columns; x++) {
      const [red, green, blue] = sums.subarray(3 * x, 3 * x + 3).map((sum) => sum / (255 * shrink * shrink));
      const pixel = grey ? [(red + green + blue) / 3] : [red, green, blue];
      pixel.forEach((value, channel) => (values[(channel * rows + y) * columns + x] = value));
    }
  }
  return { shape, values };
}

/** @param {Rows} rows */
export function tensorOfGrid(rows) {
  return { shape: /** @type {Shape} */ ([1, rows.length, rows[0].length]), values: Float32Array.from(rows.flat()) };
}

/** The `shrink` of a picture: how far it goes, and what it is at first.
 * @param {{width: number, height: number}} size */
export function shrinks({ width, height }) {
  const longest = Math.max(width, height);
  const shortest = Math.min(width, height);
  const least = Math.ceil(longest / LARGEST);
  return {
    least,
    most: Math.max(least, Math.min(Math.floor(longest / SMALLEST), shortest)),
    first: Math.max(1, Math.min(Math.ceil(longest / COMFORTABLE), shortest)),
  };
}
