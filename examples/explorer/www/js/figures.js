// Numbers as text, with a point as in code.

const minus = '\u2212';
const thin = '\u202f';

/** @param {number} value @returns {string | null} what has no digits */
function special(value) {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '∞' : `${minus}∞`;
  return null;
}

/** @param {string} text */
const signed = (text) => text.replaceAll('-', minus);

/** A number with about five digits. @param {number} value */
export function full(value) {
  const size = Math.abs(value);
  if (size !== 0 && size < 1e-3) return special(value) ?? signed(String(Number(value.toExponential(3))));
  return special(value) ?? (size < 1e6 ? signed(String(Number(value.toFixed(size < 10 ? 4 : 2)))) : grouped(value));
}

/** Digits and a point that a cell has room for. */
const room = 6;

/** All digits of a number, where a cell has room for them. @param {number} value @returns {string | null} */
function exact(value) {
  // Six digits tell a decimal fraction from the f32 next to it.
  const text = String(Number(value.toPrecision(6)));
  const isExact = Math.abs(Number(text) - value) <= 1e-6 * Math.abs(value);
  return isExact && text.replace('-', '').length <= room ? text : null;
}

/** Whether a cell has no room for all digits. @param {number} value */
export const isRounded = (value) => special(value) === null && exact(value) === null;

/** A number that fits into a cell. @param {number} value */
export const short = (value) => special(value) ?? signed(exact(value) ?? rounded(value)).replace('e+', 'e');

/** @param {number} value */
function rounded(value) {
  const size = Math.abs(value);
  if (size < 1e-3 || size >= 1e5) return value.toExponential(0);
  if (size < 1e-2) return String(Number(value.toPrecision(1)));
  return String(Number(value.toFixed(size < 10 ? 2 : size < 100 ? 1 : 0)));
}

/** A count with thin spaces between thousands. @param {number} value */
export const grouped = (value) => signed(String(Math.round(value))).replace(/\B(?=(\d{3})+$)/g, thin);

/** A coordinate. @param {number} value */
export const whole = (value) => signed(String(value));

/** A cell, or a place over padding. @param {[number, number]} place */
export const placed = ([y, x]) => `(${whole(y)}, ${whole(x)})`;

/** One number for two that are the same. @param {[number, number]} pair */
export const either = ([height, width]) => (height === width ? String(height) : `${height} × ${width}`);

/** Height and width. @param {[number, number]} pair */
export const times = ([height, width]) => `${height} × ${width}`;

/** A factor with two digits. @param {number} value */
export const factor = (value) => (value >= 100 ? grouped(value) : String(Number(value.toPrecision(2))));
