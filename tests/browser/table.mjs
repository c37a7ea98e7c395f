// Runs the table of cases in headless Chromium: on its software WebGPU adapter, on the same as a
// browser that does not say what it is, and on the CPU. Fails where a case does, and where a shader
// takes longer to compile than `MOST_SECONDS`.
//
//     node table.mjs [DEVICE [OPERATION...]]

import { launch, serve } from "./chromium.mjs";
import { captureShaders, recompile } from "./compile.mjs";

const DEVICES = {
  software: { webgpu: true, choice: "software" },
  // `isFallbackAdapter` is no more than a hint. Plans are those of a GPU with little workgroup
  // memory then.
  unsaid: { webgpu: true, choice: "gpu", hides: true },
  cpu: { webgpu: false, choice: "cpu" },
};
const MOST_SECONDS = 1;
// The fewest comparisons that the table makes on a device.
const FEWEST = 3_800;

const [asked, ...operations] = process.argv.slice(2);
if (asked !== undefined && DEVICES[asked] === undefined) {
  console.error(`${asked} is not one of ${Object.keys(DEVICES).join(", ")}`);
  process.exit(2);
}

const server = await serve(new URL("www", import.meta.url).pathname);
const failures = [];
for (const name of asked === undefined ? Object.keys(DEVICES) : [asked]) await table(name);
await server.close();
if (failures.length > 0) {
  console.error(`\n${failures.length} fail:\n${failures.join("\n")}`);
  process.exit(1);
}

async function table(name) {
  const start = performance.now();
  const { open, run, names, again, close } = await browser(DEVICES[name]);
  const { device, limits } = await open();
  console.log(`\n${name}: ${device}\n${limits}`);
  const all = await names();
  const firstUses = [];
  let total = 0;
  for (const operation of operations.length > 0 ? operations : all) {
    const begin = performance.now();
    const report = await run(operation);
    total += report.comparisons;
    const { cases, comparisons, data } = report;
    console.log(
      `${operation}: ${cases} cases, ${comparisons} comparisons on ${data.join(", ")}: ` +
        `${report.failures.length} fail, ${seconds(begin)} s`,
    );
    if (comparisons === 0) failures.push(`${name}: ${operation} has no case`);
    failures.push(...report.failures.map((failure) => `${name}: ${operation} ${failure}`));
    firstUses.push(...report.first_uses.map((use) => ({ operation, ...use })));
  }
  if (operations.length === 0 && total < FEWEST) {
    failures.push(`${name}: ${total} comparisons instead of at least ${FEWEST}`);
  }
  if (DEVICES[name].webgpu) await judge(name, firstUses, again);
  await close();
  console.log(`${name}: ${total} comparisons in ${seconds(start)} s`);
}

// Where a first use took long, each of its shaders is compiled alone on new devices: what other
// processes take of the machine is no fault of a shader.
async function judge(name, firstUses, again) {
  if (firstUses.length === 0) failures.push(`${name}: no shader was compiled`);
  firstUses.sort((one, other) => other.seconds - one.seconds);
  console.log(`slowest first uses: ${firstUses.slice(0, 3).map(describe).join("; ")}`);
  const slow = firstUses.filter((use) => use.seconds > MOST_SECONDS);
  const compiled = [];
  for (const { first, shaders } of slow) compiled.push(...(await again({ first, shaders, most: MOST_SECONDS })));
  compiled.sort((one, other) => other.seconds - one.seconds);
  for (const { label, seconds } of compiled.slice(0, 3)) {
    console.log(`${label} alone: ${seconds.toFixed(2)} s`);
  }
  for (const { label, seconds } of compiled.filter(({ seconds }) => !(seconds <= MOST_SECONDS))) {
    failures.push(`${name}: ${label} takes ${seconds.toFixed(2)} s to compile`);
  }
}

function describe({ operation, case: name, shaders, seconds }) {
  return `${operation} ${name}, ${shaders} shaders, ${seconds.toFixed(2)} s`;
}

function seconds(since) {
  return ((performance.now() - since) / 1000).toFixed(1);
}

// A page with the table on it; what goes wrong in the page ends all.
async function browser({ webgpu, choice, hides }) {
  const { page, errors, close } = await launch({ webgpu });
  if (hides) {
    await page.addInitScript(() => {
      Object.defineProperty(GPUAdapterInfo.prototype, "isFallbackAdapter", { get: () => false });
    });
  }
  if (webgpu) await page.addInitScript(captureShaders);
  await page.goto(server.url);
  await page.waitForFunction(() => window.Table !== undefined);
  // A module that traps never answers.
  const evaluate = async (...what) => {
    let timer;
    const trapped = new Promise((_, reject) => {
      timer = setInterval(() => {
        if (errors.length > 0) reject(new Error(errors.join("\n")));
      }, 200);
    });
    try {
      return await Promise.race([page.evaluate(...what), trapped]);
    } finally {
      clearInterval(timer);
    }
  };
  return {
    close,
    again: (which) => evaluate(recompile, which),
    names: () => evaluate(() => Table.operations()),
    open: () =>
      evaluate(async (choice) => {
        window.table = await Table.open(choice);
        return { device: window.table.name(), limits: window.table.limits() };
      }, choice),
    run: async (operation, only) =>
      JSON.parse(
        await evaluate(([operation, only]) => window.table.run(operation, only), [operation, only]),
      ),
  };
}
