// The texts of the page in its languages.

import { recall, remember } from './preferences.js';
import viewsEn from './views.en.js';
import viewsEs from './views.es.js';
import en from './words.en.js';
import es from './words.es.js';

/** @type {Record<string, Record<string, string>>} */
const WORDS = {
  en: { ...en, ...viewsEn },
  es: { ...es, ...viewsEs },
};
const STORED = 'filtro-language';

export const LANGUAGES = Object.keys(WORDS);

let current = 'en';

/** The language of the page. */
export const language = () => current;

/** Sets the language and remembers it. @param {string} chosen */
export function setLanguage(chosen) {
  current = chosen;
  document.documentElement.lang = chosen;
  remember(STORED, chosen);
  translate(document);
}

/** The language of a link, else the one of last time, else the browser's. @param {string | null} linked */
export function firstLanguage(linked) {
  const wishes = [linked, recall(STORED), ...navigator.languages.map((tag) => tag.slice(0, 2))];
  return wishes.find((wish) => wish !== null && LANGUAGES.includes(wish)) ?? 'en';
}

/** A text with its values in place of `{name}`.
 * @param {string} key @param {Record<string, string | number>} [values] */
export function t(key, values = {}) {
  const text = WORDS[current][key] ?? WORDS.en[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (place, name) => String(values[name] ?? place));
}

/** Puts texts into elements that name them by `data-t`, and into labels by `data-t-label`.
 * @param {ParentNode} root */
function translate(root) {
  for (const element of root.querySelectorAll('[data-t]'))
    element.textContent = t(element.getAttribute('data-t') ?? '');
  for (const element of root.querySelectorAll('[data-t-label]')) {
    element.setAttribute('aria-label', t(element.getAttribute('data-t-label') ?? ''));
  }
}
