// Composed from conv2d_grad_bias.wgsl as conv2d_grad_bias for: gradient of a bias, 64x56x56.
// Computes: the gradient of a convolution's bias: the sum of every channel of the output's
//   gradient.
// Owns: a workgroup one part of one channel; its invocations take neighbouring outputs in turns.
// Padding: none.
// Host guarantees: every size is at least 1; a dispatch covers images, channels and outputs of a
//   plane whose elements lie in the binding. Indices are modulo 2^32, as is the base. partial has
//   parts elements per channel. Where accumulate is 1 they hold the sums over the images before.
// Reference: src/reference/conv2d.rs
alias Element = f32;

fn to_element(value: f32) -> Element {
    return value;
}

struct Params {
    grid_width: u32,
    count: u32,
    parts: u32,
    part_outputs: u32,
    outputs: u32,
    first_image: u32,
    first_channel: u32,
    first_output: u32,
    dispatch_outputs: u32,
    channels: u32,
    plane_size: u32,
    grad_output_base: u32,
    accumulate: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> grad_output: array<Element>;
@group(0) @binding(2) var<storage, read_write> partial: array<Element>;

var<workgroup> partial_sums: array<f32, 64>;

// The sum over the 64 invocations of a workgroup, by halves; all of them must call it.
fn workgroup_sum(local: u32, value: f32) -> f32 {
    partial_sums[local] = value;
    for (var half = 32u; half > 0u; half /= 2u) {
        workgroupBarrier();
        if local < half {
            partial_sums[local] += partial_sums[local + half];
        }
    }
    workgroupBarrier();
    let sum = partial_sums[0];
    // The next call writes there again.
    workgroupBarrier();
    return sum;
}
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let index = group.x + group.y * params.grid_width;
    if index >= params.count {
        return;
    }
    let part = index % params.parts;
    let channel = params.first_channel + index / params.parts;
    let end_output = min((part + 1u) * params.part_outputs, params.outputs);

    // An invocation's outputs lie 64 apart: a quotient and a remainder here are those of every step.
    let first = part * params.part_outputs + local;
    let step_images = 64u / params.dispatch_outputs;
    let step_outputs = 64u % params.dispatch_outputs;
    var image = params.first_image + first / params.dispatch_outputs;
    var at = first % params.dispatch_outputs;

    // Sums of blocks of outputs keep the rounding error far below that of one long sum.
    var sum = 0.0;
    for (var from_output = first; from_output < end_output; from_output += 4096u) {
        var block = 0.0;
        let end = min(from_output + 4096u, end_output);
        for (var output = from_output; output < end; output += 64u) {
            block += f32(grad_output[(image * params.channels + channel) * params.plane_size
                + params.first_output + at - params.grad_output_base]);
            at += step_outputs;
            let is_next = at >= params.dispatch_outputs;
            at -= select(0u, params.dispatch_outputs, is_next);
            image += step_images + u32(is_next);
        }
        sum += block;
    }
    let total = workgroup_sum(local, sum);
    if local == 0u {
        let partial_index = channel * params.parts + part;
        if params.accumulate == 1u {
            partial[partial_index] = Element(f32(partial[partial_index]) + total);
        } else {
            partial[partial_index] = Element(total);
        }
    }
}