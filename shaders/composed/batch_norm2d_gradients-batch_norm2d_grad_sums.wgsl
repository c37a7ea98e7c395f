// Composed from batch_norm2d_grad_sums.wgsl as batch_norm2d_grad_sums-load_width4-unroll4 for: gradients of a batch normalisation, 8 of 64x56x56.
// Computes: of every block of a channel the sum of the output's gradient, and that of its products
//   with how far the input is from the mean.
// Owns: a workgroup one block of one channel; its invocations take neighbouring units, which are
//   vectors or values, in turns.
// Padding: none.
// Host guarantees: every size is at least 1; a dispatch covers images, channels and outputs of a
//   plane whose units lie in the bindings. Indices are modulo 2^32, as is the base. factors begins
//   with a value near the mean and how far the mean is from it; partial has group_blocks elements for
//   every channel of the dispatch.
// Reference: src/reference/batch_norm2d.rs
struct Params {
    grid_width: u32,
    count: u32,
    blocks: u32,
    block_units: u32,
    units: u32,
    first_image: u32,
    first_channel: u32,
    first_output: u32,
    dispatch_outputs: u32,
    channels: u32,
    plane_units: u32,
    base: u32,
    first_block: u32,
    group_blocks: u32,
}

@group(0) @binding(0) var<uniform> params: Params;

// Where a unit of a channel lies in the tensor.
fn place(image: u32, channel: u32, at: u32) -> u32 {
    return (image * params.channels + channel) * params.plane_units + params.first_output + at
        - params.base;
}

fn across(value: vec4<f32>) -> f32 {
    return (value.x + value.y) + (value.z + value.w);
}
@group(0) @binding(1) var<storage, read> input: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> grad_output: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> factors: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> partial: array<vec2<f32>>;

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
    let block = index % params.blocks;
    let channel = params.first_channel + index / params.blocks;
    let first_unit = block * params.block_units;
    let end_unit = min(first_unit + params.block_units, params.units);

    // An invocation's units lie 64 apart: a quotient and a remainder here are those of every step.
    let step_images = 64u / params.dispatch_outputs;
    let step_outputs = 64u % params.dispatch_outputs;
    var image = params.first_image + (first_unit + local) / params.dispatch_outputs;
    var at = (first_unit + local) % params.dispatch_outputs;
    let pivot = factors[channel].x;
    let rest = factors[channel].y;

    let zero = vec4<f32>(0.0);
    var total = 0.0;
    var total_product = 0.0;
    for (var unit = first_unit + local; unit < end_unit; unit += 256u) {
        let first_place = place(image, channel, at);
        let inside_0 = unit + 0u < end_unit;
        let place_0 = select(first_place, place(image, channel, at), inside_0);
        let grad_0 = select(zero, grad_output[place_0], inside_0);
        let product_0 = select(zero, grad_0 * ((input[place_0] - pivot) - rest), inside_0);
        at += step_outputs;
        let is_next_0 = at >= params.dispatch_outputs;
        at -= select(0u, params.dispatch_outputs, is_next_0);
        image += step_images + u32(is_next_0);
        let inside_1 = unit + 64u < end_unit;
        let place_1 = select(first_place, place(image, channel, at), inside_1);
        let grad_1 = select(zero, grad_output[place_1], inside_1);
        let product_1 = select(zero, grad_1 * ((input[place_1] - pivot) - rest), inside_1);
        at += step_outputs;
        let is_next_1 = at >= params.dispatch_outputs;
        at -= select(0u, params.dispatch_outputs, is_next_1);
        image += step_images + u32(is_next_1);
        let inside_2 = unit + 128u < end_unit;
        let place_2 = select(first_place, place(image, channel, at), inside_2);
        let grad_2 = select(zero, grad_output[place_2], inside_2);
        let product_2 = select(zero, grad_2 * ((input[place_2] - pivot) - rest), inside_2);
        at += step_outputs;
        let is_next_2 = at >= params.dispatch_outputs;
        at -= select(0u, params.dispatch_outputs, is_next_2);
        image += step_images + u32(is_next_2);
        let inside_3 = unit + 192u < end_unit;
        let place_3 = select(first_place, place(image, channel, at), inside_3);
        let grad_3 = select(zero, grad_output[place_3], inside_3);
        let product_3 = select(zero, grad_3 * ((input[place_3] - pivot) - rest), inside_3);
        at += step_outputs;
        let is_next_3 = at >= params.dispatch_outputs;
        at -= select(0u, params.dispatch_outputs, is_next_3);
        image += step_images + u32(is_next_3);
        total += across(grad_0 + grad_1 + grad_2 + grad_3);
        total_product += across(product_0 + product_1 + product_2 + product_3);
    }
    let sum = workgroup_sum(local, total);
    let product = workgroup_sum(local, total_product);
    if local == 0u {
        let first = index / params.blocks * params.group_blocks + params.first_block;
        partial[first + block] = vec2<f32>(sum, product);
    }
}