// Both languages have the same texts with the same values in them.

import viewsEn from '../www/js/views.en.js';
import viewsEs from '../www/js/views.es.js';
import wordsEn from '../www/js/words.en.js';
import wordsEs from '../www/js/words.es.js';

const valuesOf = (text) => (text.match(/\{[^}]+\}/g) ?? []).sort().join();

/** What differs. @returns {string[]} */
export function compareLanguages() {
  const failures = [];
  for (const [en, es] of [[wordsEn, wordsEs], [viewsEn, viewsEs]]) {
    for (const key of new Set([...Object.keys(en), ...Object.keys(es)])) {
      if (!(key in en) || !(key in es)) failures.push(`${key} is missing in ${key in en ? 'Spanish' : 'English'}`);
      else if (valuesOf(en[key]) !== valuesOf(es[key])) failures.push(`${key} has other values in Spanish`);
    }
  }
  return failures;
}
