// Network first; without one, what was kept of this page.

const CACHE = 'explorer';
const worker = /** @type {any} */ (self);

worker.addEventListener('install', () => worker.skipWaiting());
worker.addEventListener('activate', (/** @type {any} */ event) => event.waitUntil(worker.clients.claim()));
worker.addEventListener('fetch', (/** @type {any} */ event) => {
  const { request } = event;
  if (request.method === 'GET' && new URL(request.url).origin === location.origin) event.respondWith(answer(event));
});

/** @param {any} event */
async function answer(event) {
  const { request } = event;
  try {
    const response = await fetch(request);
    if (response.ok) event.waitUntil(keep(request, response.clone()));
    return response;
  } catch (error) {
    const kept = await caches.match(request, { cacheName: CACHE }).catch(() => undefined);
    if (kept) return kept;
    throw error;
  }
}

/** Keeps a response, where the browser has room for it. @param {Request} request @param {Response} response */
async function keep(request, response) {
  try {
    await (await caches.open(CACHE)).put(request, response);
  } catch (error) {
    console.warn(error);
  }
}
