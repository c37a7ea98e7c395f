// Elements, made in one line each.

/** Makes an element: properties that begin with `on` become listeners, others attributes; false, null and
 * undefined leave an attribute out.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag @param {Record<string, unknown>} [properties] @param {(Node | string | null)[]} children
 * @returns {HTMLElementTagNameMap[K]} */
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (typeof value === 'function') element.addEventListener(name.slice(2), /** @type {EventListener} */ (value));
    else set(element, name, value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

/** Sets an attribute, or takes it away for false, null and undefined.
 * @param {Element} element @param {string} name @param {unknown} value */
export function set(element, name, value) {
  if (value === false || value === null || value === undefined) element.removeAttribute(name);
  else element.setAttribute(name, value === true ? '' : String(value));
}

/** The one element that a selector finds. @param {string} selector @returns {HTMLElement} */
export function one(selector) {
  const element = document.querySelector(selector);
  if (!(element instanceof HTMLElement)) throw new Error(`the page has no ${selector}`);
  return element;
}

/** Buttons of which one is pressed.
 * @template {string} T
 * @param {{label: string, test: string, choices: {value: T, text: string}[], chosen(value: T): void}} options
 * @returns {{element: HTMLElement, show(value: T): void}} */
export function choice({ label, test, choices, chosen }) {
  const buttons = choices.map(({ value, text }) =>
    make('button', { type: 'button', 'data-test': `${test}-${value}`, onclick: () => chosen(value) }, text),
  );
  return {
    element: make('div', { class: 'choice', role: 'group', 'aria-label': label }, ...buttons),
    show(value) {
      buttons.forEach((button, index) => set(button, 'aria-pressed', String(choices[index].value === value)));
    },
  };
}
