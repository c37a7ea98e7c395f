// Composed from batch_norm2d_apply.wgsl as batch_norm2d_apply-normalized-load_width4-unroll4 for: batch normalisation in evaluation, 64x56x56.
// Computes: ((x - pivot) - rest) * scale + bias of every element with the factors of its channel; or
//   x * scale alone.
// Owns: an invocation 4 units, which are vectors or elements, 4 times 64 to a workgroup;
//   neighbours in a workgroup are neighbours in memory.
// Padding: none.
// Host guarantees: count units in both buffers, whose first is unit first_at of a plane of channel
//   first_channel; 64 units further lie step_at units of a plane and step_channels channels, modulo
//   channels.
// Reference: src/reference/batch_norm2d.rs
alias Element = f32;

fn to_element(value: f32) -> Element {
    return value;
}

struct Params {
    grid_width: u32,
    count: u32,
    plane_units: u32,
    channels: u32,
    first_channel: u32,
    first_at: u32,
    step_channels: u32,
    step_at: u32,
}

@group(0) @binding(0) var<uniform> params: Params;

// The channel of a unit and its place in its plane.
fn walk_from(index: u32) -> vec2<u32> {
    let at = params.first_at + index;
    let plane = params.first_channel + at / params.plane_units;
    return vec2<u32>(plane % params.channels, at % params.plane_units);
}

// Those of the unit 64 further.
fn walk_on(walk: vec2<u32>) -> vec2<u32> {
    var at = walk.y + params.step_at;
    let is_next = at >= params.plane_units;
    at -= select(0u, params.plane_units, is_next);
    var channel = walk.x + params.step_channels + u32(is_next);
    channel -= select(0u, params.channels, channel >= params.channels);
    return vec2<u32>(channel, at);
}
@group(0) @binding(1) var<storage, read> input: array<vec4<Element>>;
@group(0) @binding(2) var<storage, read> factors: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> output: array<vec4<Element>>;

fn store(index: u32, value: vec4<f32>) {
    if index < params.count {
        output[index] = vec4<Element>(
            to_element(value.x),
            to_element(value.y),
            to_element(value.z),
            to_element(value.w),
        );
    }
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let first = (group.x + group.y * params.grid_width) * 256u + local;
    if first >= params.count {
        return;
    }
    var walk = walk_from(first);
    let x_0 = vec4<f32>(input[min(first + 0u, params.count - 1u)]);
    let factors_0 = factors[walk.x];
    walk = walk_on(walk);
    let x_1 = vec4<f32>(input[min(first + 64u, params.count - 1u)]);
    let factors_1 = factors[walk.x];
    walk = walk_on(walk);
    let x_2 = vec4<f32>(input[min(first + 128u, params.count - 1u)]);
    let factors_2 = factors[walk.x];
    walk = walk_on(walk);
    let x_3 = vec4<f32>(input[min(first + 192u, params.count - 1u)]);
    let factors_3 = factors[walk.x];
    store(
        first + 0u,
        ((x_0 - factors_0.x) - factors_0.y) * factors_0.z + factors_0.w,
    );
    store(
        first + 64u,
        ((x_1 - factors_1.x) - factors_1.y) * factors_1.z + factors_1.w,
    );
    store(
        first + 128u,
        ((x_2 - factors_2.x) - factors_2.y) * factors_2.z + factors_2.w,
    );
    store(
        first + 192u,
        ((x_3 - factors_3.x) - factors_3.y) * factors_3.z + factors_3.w,
    );
}