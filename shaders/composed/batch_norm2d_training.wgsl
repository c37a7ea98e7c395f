// Composed from batch_norm2d_moments.wgsl as batch_norm2d_moments-load_width4-unroll4 for: statistics of a batch, 8 of 64x56x56.
// Computes: of every block of a channel a value of it, how far the block's mean is from that value,
//   the sum of the squared differences from the mean, and the number of values.
// Owns: a workgroup one block of one channel; its invocations take neighbouring units, which are
//   vectors or values, in turns.
// Padding: none.
// Host guarantees: every size is at least 1; a dispatch covers images, channels and outputs of a
//   plane whose units lie in the binding. Indices are modulo 2^32, as is the base. partial has
//   group_blocks elements for every channel of the dispatch.
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
@group(0) @binding(2) var<storage, read_write> partial: array<vec4<f32>>;

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
    // Differences from a value of the block keep all digits of values far from zero.
    let pivot_place = place(
        params.first_image + first_unit / params.dispatch_outputs,
        channel,
        first_unit % params.dispatch_outputs,
    );
    let pivot = input[pivot_place].x;

    var seen = 0.0;
    var total = 0.0;
    var squares = 0.0;
    for (var unit = first_unit + local; unit < end_unit; unit += 256u) {
        let inside_0 = unit + 0u < end_unit;
        let place_0 = select(pivot_place, place(image, channel, at), inside_0);
        let apart_0 = input[place_0] - pivot;
        at += step_outputs;
        let is_next_0 = at >= params.dispatch_outputs;
        at -= select(0u, params.dispatch_outputs, is_next_0);
        image += step_images + u32(is_next_0);
        let inside_1 = unit + 64u < end_unit;
        let place_1 = select(pivot_place, place(image, channel, at), inside_1);
        let apart_1 = input[place_1] - pivot;
        at += step_outputs;
        let is_next_1 = at >= params.dispatch_outputs;
        at -= select(0u, params.dispatch_outputs, is_next_1);
        image += step_images + u32(is_next_1);
        let inside_2 = unit + 128u < end_unit;
        let place_2 = select(pivot_place, place(image, channel, at), inside_2);
        let apart_2 = input[place_2] - pivot;
        at += step_outputs;
        let is_next_2 = at >= params.dispatch_outputs;
        at -= select(0u, params.dispatch_outputs, is_next_2);
        image += step_images + u32(is_next_2);
        let inside_3 = unit + 192u < end_unit;
        let place_3 = select(pivot_place, place(image, channel, at), inside_3);
        let apart_3 = input[place_3] - pivot;
        at += step_outputs;
        let is_next_3 = at >= params.dispatch_outputs;
        at -= select(0u, params.dispatch_outputs, is_next_3);
        image += step_images + u32(is_next_3);
        let zero = vec4<f32>(0.0);
        let count = 4.0 * f32(u32(inside_0) + u32(inside_1) + u32(inside_2) + u32(inside_3));
        let sum = across(select(zero, apart_0, inside_0) + select(zero, apart_1, inside_1) + select(zero, apart_2, inside_2) + select(zero, apart_3, inside_3));
        let mean = sum / count;
        let off_0 = select(zero, apart_0 - mean, inside_0);
        let off_1 = select(zero, apart_1 - mean, inside_1);
        let off_2 = select(zero, apart_2 - mean, inside_2);
        let off_3 = select(zero, apart_3 - mean, inside_3);
        // Squares about two means become those about the mean of all.
        let between = mean - total / max(seen, 1.0);
        squares += across(off_0 * off_0 + off_1 * off_1 + off_2 * off_2 + off_3 * off_3)
            + between * between * (seen * count / (seen + count));
        total += sum;
        seen += count;
    }
    let values = 4.0 * f32(end_unit - first_unit);
    let mean = workgroup_sum(local, total) / values;
    let between = total / max(seen, 1.0) - mean;
    let all_squares = workgroup_sum(local, squares + seen * between * between);
    if local == 0u {
        let first = index / params.blocks * params.group_blocks + params.first_block;
        partial[first + block] = vec4<f32>(pivot, mean, all_squares, values);
    }
}