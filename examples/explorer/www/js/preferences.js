// What the browser remembers of the page's settings.

/** @typedef {'auto' | 'light' | 'dark'} Theme */

const THEME = 'filtro-theme';
const dark = matchMedia('(prefers-color-scheme: dark)');

/** What was remembered; null where nothing was, or where the browser keeps nothing. @param {string} name */
export function recall(name) {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

/** @param {string} name @param {string} value */
export function remember(name, value) {
  try {
    localStorage.setItem(name, value);
  } catch {
    // A browser that keeps nothing still shows what was chosen.
  }
}

/** The theme that was chosen: light, dark, or the system's. @returns {Theme} */
export function theme() {
  const stored = recall(THEME);
  return stored === 'light' || stored === 'dark' ? stored : 'auto';
}

/** Chooses a theme. @param {Theme} chosen */
export function setTheme(chosen) {
  remember(THEME, chosen);
  apply(chosen);
}

/** Calls back when the system's theme has changed and is followed. @param {() => void} changed */
export function followSystem(changed) {
  dark.addEventListener('change', () => {
    apply(theme());
    changed();
  });
}

/** Puts a theme on the page, where the styles look for it. @param {Theme} chosen */
export function apply(chosen) {
  document.documentElement.dataset.theme = chosen === 'auto' ? (dark.matches ? 'dark' : 'light') : chosen;
}
