// The column of controls scrolls by itself, but does not stop the page that scrolls beneath a resting pointer.

const REST_MILLISECONDS = 300;

/** Lets the wheel pass a column while the page scrolls, until the pointer moves or presses in it.
 * @param {HTMLElement} column */
export function letPass(column) {
  let scrolled = -REST_MILLISECONDS;
  addEventListener(
    'scroll',
    () => {
      scrolled = performance.now();
      column.classList.add('passed');
    },
    { passive: true },
  );
  column.addEventListener('pointermove', () => {
    if (performance.now() - scrolled > REST_MILLISECONDS) column.classList.remove('passed');
  });
  column.addEventListener('pointerdown', () => column.classList.remove('passed'));
}
