// What runs in the page to tell how long a shader takes to compile.

/** Keeps what pipelines are made from, in the order in which they are made. */
export function captureShaders() {
  const device = GPUDevice.prototype;
  const keep = (name) => {
    const create = device[name];
    device[name] = function (descriptor) {
      return Object.assign(create.call(this, descriptor), { descriptor });
    };
  };
  ["createShaderModule", "createBindGroupLayout", "createPipelineLayout"].forEach(keep);
  window.pipelines = [];
  const create = device.createComputePipeline;
  device.createComputePipeline = function (descriptor) {
    window.pipelines.push(descriptor);
    return create.call(this, descriptor);
  };
}

/**
 * Compiles so many of the shaders from a first on, each alone on a new device; the least of three times,
 * or the first that is at most `most`.
 */
export async function recompile({ first, shaders, most }) {
  const found = [];
  for (const { label, layout, compute } of window.pipelines.slice(first, first + shaders)) {
    let seconds = Infinity;
    for (let tries = 0; tries < 3 && !(seconds <= most); tries++) {
      // An adapter gives one device.
      const adapter = await navigator.gpu.requestAdapter();
      const { maxComputeWorkgroupStorageSize, maxStorageBuffersPerShaderStage } = adapter.limits;
      const requiredLimits = { maxComputeWorkgroupStorageSize, maxStorageBuffersPerShaderStage };
      const device = await adapter.requestDevice({ requiredLimits });
      const bindGroupLayouts = layout.descriptor.bindGroupLayouts.map((layout) =>
        device.createBindGroupLayout(layout.descriptor),
      );
      const module = device.createShaderModule({ code: compute.module.descriptor.code });
      const descriptor = {
        layout: device.createPipelineLayout({ bindGroupLayouts }),
        compute: { module, entryPoint: compute.entryPoint, constants: compute.constants },
      };
      await module.getCompilationInfo();
      const start = performance.now();
      await device.createComputePipelineAsync(descriptor);
      seconds = Math.min(seconds, (performance.now() - start) / 1000);
      device.destroy();
    }
    found.push({ label, seconds });
  }
  if (found.length !== shaders) throw new Error(`${found.length} shaders instead of ${shaders}`);
  return found;
}
