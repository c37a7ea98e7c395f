// The devices of the crate, each opened once.

import { Engine } from './engine.js';

/** @typedef {'gpu' | 'cpu'} Kind */

/** @type {Partial<Record<Kind, Promise<Engine>>>} */
const opened = {};

/** Opens a device, or gives the one that is open. @param {Kind} kind @returns {Promise<Engine>} fails with the crate's
 * words */
export function open(kind) {
  return (opened[kind] ??= Engine.open(kind));
}

/** Lets the next `open` try again: a GPU can be lost. @param {Kind} kind */
export function forget(kind) {
  delete opened[kind];
}

/** All devices that this browser has. @returns {Promise<{gpu?: Engine, cpu: Engine}>} */
export async function engines() {
  const cpu = await open('cpu');
  const gpu = await open('gpu').catch(() => undefined);
  return gpu ? { gpu, cpu } : { cpu };
}
