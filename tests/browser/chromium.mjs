// Serves a folder and starts a headless Chromium, with a software WebGPU adapter or without WebGPU.
//
// `CHROMIUM` names the executable; by default it is `chromium` on PATH.

import { accessSync, constants, createReadStream, mkdtempSync, rmSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { delimiter, extname, join, resolve, sep } from "node:path";

const TYPES = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".jpg": "image/jpeg",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".mjs": "text/javascript; charset=utf-8",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
};

const ALWAYS = [
  "--headless=new",
  "--remote-debugging-pipe",
  "--no-sandbox",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-background-timer-throttling",
  "--disable-component-update",
  "--disable-dev-shm-usage",
  "--disable-renderer-backgrounding",
  "--disable-sync",
  // A camera that shows a test picture, without a question.
  "--use-fake-device-for-media-stream",
  "--use-fake-ui-for-media-stream",
];
const WITH_WEBGPU = [
  "--enable-unsafe-webgpu",
  "--enable-features=Vulkan",
  "--use-vulkan=swiftshader",
  "--use-angle=swiftshader",
];
// `navigator.gpu` is there and finds no adapter.
const WITHOUT_WEBGPU = ["--disable-gpu"];

/** Ends the process with one line about what is missing, and exit code 2. */
export function missing(what) {
  console.error(what);
  process.exit(2);
}

/** Serves the files of a folder; a folder in it by its `index.html`. */
export async function serve(folder) {
  const root = resolve(folder);
  const server = createServer((request, response) => {
    if (request.url === "/favicon.ico") {
      response.writeHead(204).end();
      return;
    }
    let path = join(root, decodeURIComponent(new URL(request.url, "http://localhost").pathname));
    if (path !== root && !path.startsWith(root + sep)) {
      response.writeHead(403).end();
      return;
    }
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) path = join(path, "index.html");
    if (!statSync(path, { throwIfNoEntry: false })?.isFile()) {
      response.writeHead(404).end();
      return;
    }
    const type = TYPES[extname(path)] ?? "application/octet-stream";
    response.writeHead(200, { "Content-Type": type, "Cache-Control": "no-store" });
    createReadStream(path).pipe(response);
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  const close = () =>
    new Promise((done) => {
      server.close(done);
      server.closeAllConnections();
    });
  return { url: `http://localhost:${server.address().port}/`, close };
}

/**
 * Starts Chromium with an empty profile and one page.
 *
 * `errors` grows by what the page throws, logs as an error or fails to load; `close` ends the browser
 * and removes its profile.
 */
export async function launch({ webgpu, viewport = { width: 1100, height: 760 } }) {
  const executablePath = chromium();
  const playwright = await import("playwright-core").catch(() =>
    missing("playwright-core is missing: npm install --no-package-lock --no-save in tests/browser"),
  );
  const profile = mkdtempSync(join(tmpdir(), "chromium-"));
  const remove = () => rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  let context;
  try {
    context = await playwright.chromium.launchPersistentContext(profile, {
      executablePath,
      // Its own defaults would turn the adapter off.
      ignoreDefaultArgs: true,
      args: [
        ...ALWAYS,
        ...(webgpu ? WITH_WEBGPU : WITHOUT_WEBGPU),
        `--user-data-dir=${profile}`,
        "about:blank",
      ],
      viewport,
    });
  } catch (error) {
    remove();
    throw error;
  }
  const page = context.pages()[0] ?? (await context.newPage());
  const errors = [];
  page.on("pageerror", (error) => errors.push(error.stack ?? String(error)));
  page.on("console", (message) => {
    if (message.type() === "error") errors.push(`${message.text()} (${message.location().url})`);
  });
  page.on("crash", () => errors.push("the page crashed"));
  const close = async () => {
    await context.close();
    remove();
  };
  return { context, page, errors, close };
}

/** The executable of Chromium. */
function chromium() {
  const name = process.env.CHROMIUM || "chromium";
  const folders = name.includes(sep) ? [""] : (process.env.PATH ?? "").split(delimiter);
  for (const folder of folders) {
    const path = resolve(folder, name);
    try {
      accessSync(path, constants.X_OK);
      if (statSync(path).isFile()) return path;
    } catch {
      // Not in this one.
    }
  }
  return missing(`${name} is missing: install Chromium, or name the executable in CHROMIUM`);
}
