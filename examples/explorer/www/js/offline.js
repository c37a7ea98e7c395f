// What the page has loaded works without a network.

/** Lets a service worker keep what is loaded, and keeps what was loaded before it began. */
export async function keep() {
  if (!('serviceWorker' in navigator)) return;
  const kept = navigator.serviceWorker.controller !== null;
  await navigator.serviceWorker.register('sw.js');
  if (kept) return;
  const loaded = performance.getEntriesByType('resource').map(({ name }) => name);
  const own = [location.href.split('#')[0], ...loaded].filter((url) => new URL(url).origin === location.origin);
  const cache = await caches.open('explorer');
  await Promise.all([...new Set(own)].map((url) => cache.add(url)));
}
