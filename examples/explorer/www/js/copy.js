// The dialog with the code, and the link.

import { python, rust } from './code.js';
import { choice, make, one } from './dom.js';
import * as engine from './engine.js';

/** @import {Result} from './types' */
/** @import {Page} from './views' */

const LANGUAGES = { PyTorch: python, Rust: rust };

/** @param {Page} page @param {() => Result | null} result @param {() => string} hash of the state */
export function build({ t }, result, hash) {
  const said = make('span', { role: 'status', 'data-test': 'copied' });
  const { dialog, show } = codeDialog(t);
  const code = make(
    'button',
    {
      type: 'button',
      'data-test': 'copy-code',
      onclick: () => {
        const seen = result();
        if (seen) show(seen);
      },
    },
    t('copy.code'),
  );
  const link = make(
    'button',
    {
      type: 'button',
      'data-test': 'copy-link',
      onclick: () => {
        const kind = result()?.state.picture.kind;
        const done = kind === 'own' || kind === 'webcam' ? `${t('copy.done')} ${t('copy.cat')}` : t('copy.done');
        void copy(`${location.href.split('#')[0]}#${hash()}`, said, done, t);
      },
    },
    t('copy.link'),
  );
  one('#copy').replaceChildren(code, link, said, dialog);
}

/** Copies a text and says so.
 * @param {string} text @param {HTMLElement} said @param {string} done @param {Page['t']} t */
async function copy(text, said, done, t) {
  try {
    await navigator.clipboard.writeText(text);
    said.textContent = done;
  } catch (error) {
    said.textContent = t('copy.failed', { why: String(error) });
  }
}

/** @param {Page['t']} t */
function codeDialog(t) {
  const text = make('code', { 'data-test': 'code' });
  const said = make('span', { role: 'status' });
  /** @type {keyof typeof LANGUAGES} */
  let chosen = 'PyTorch';
  /** @type {Result | null} */
  let seen = null;
  const tabs = choice({
    label: t('copy.language'),
    test: 'code',
    choices: /** @type {(keyof typeof LANGUAGES)[]} */ (Object.keys(LANGUAGES)).map((value) => ({
      value,
      text: value,
    })),
    chosen: (language) => {
      chosen = language;
      write();
    },
  });
  const write = () => {
    tabs.show(chosen);
    if (seen) text.textContent = LANGUAGES[chosen](seen, engine);
    said.textContent = '';
  };
  const button = make(
    'button',
    {
      type: 'button',
      'data-test': 'code-copy',
      onclick: () => void copy(text.textContent ?? '', said, t('copy.done'), t),
    },
    t('copy.button'),
  );
  const close = make('button', { type: 'button', onclick: () => dialog.close() }, t('copy.close'));
  const dialog = make(
    'dialog',
    { 'aria-labelledby': 'code-title', 'data-test': 'code-dialog' },
    make('h2', { id: 'code-title' }, t('copy.title')),
    make('p', { class: 'about' }, t('copy.about')),
    make('div', { class: 'line' }, tabs.element, button, said, close),
    make('pre', { tabindex: 0, 'aria-label': t('copy.title') }, text),
  );
  return {
    dialog,
    show(/** @type {Result} */ result) {
      seen = result;
      write();
      dialog.showModal();
    },
  };
}
