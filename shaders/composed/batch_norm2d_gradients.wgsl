// Composed from batch_norm2d_grad_input.wgsl as batch_norm2d_grad_input-load_width4-unroll4 for: gradients of a batch normalisation, 8 of 64x56x56.
// Computes: the gradient of the input of a normalisation with the statistics of its batch:
//   ((grad_output - offset) - (x - pivot) * slope) * scale of every element with the factors of its
//   channel.
// Owns: an invocation 4 units, which are vectors or elements, 4 times 64 to a workgroup;
//   neighbours in a workgroup are neighbours in memory.
// Padding: none.
// Host guarantees: count units in every buffer of elements, whose first is unit first_at of a plane
//   of channel first_channel; 64 units further lie step_at units of a plane and step_channels
//   channels, modulo channels.
// Reference: src/reference/batch_norm2d.rs
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
@group(0) @binding(1) var<storage, read> input: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> grad_output: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> factors: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> grad_input: array<vec4<f32>>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let first = (group.x + group.y * params.grid_width) * 256u + local;
    if first >= params.count {
        return;
    }
    var walk = walk_from(first);
    let index_0 = min(first + 0u, params.count - 1u);
    let x_0 = input[index_0];
    let grad_0 = grad_output[index_0];
    let factors_0 = factors[walk.x];
    walk = walk_on(walk);
    let index_1 = min(first + 64u, params.count - 1u);
    let x_1 = input[index_1];
    let grad_1 = grad_output[index_1];
    let factors_1 = factors[walk.x];
    walk = walk_on(walk);
    let index_2 = min(first + 128u, params.count - 1u);
    let x_2 = input[index_2];
    let grad_2 = grad_output[index_2];
    let factors_2 = factors[walk.x];
    walk = walk_on(walk);
    let index_3 = min(first + 192u, params.count - 1u);
    let x_3 = input[index_3];
    let grad_3 = grad_output[index_3];
    let factors_3 = factors[walk.x];
    if first + 0u < params.count {
        grad_input[first + 0u] = ((grad_0 - factors_0.y)
            - (x_0 - factors_0.x) * factors_0.z) * factors_0.w;
    }
    if first + 64u < params.count {
        grad_input[first + 64u] = ((grad_1 - factors_1.y)
            - (x_1 - factors_1.x) * factors_1.z) * factors_1.w;
    }
    if first + 128u < params.count {
        grad_input[first + 128u] = ((grad_2 - factors_2.y)
            - (x_2 - factors_2.x) * factors_2.z) * factors_2.w;
    }
    if first + 192u < params.count {
        grad_input[first + 192u] = ((grad_3 - factors_3.y)
            - (x_3 - factors_3.x) * factors_3.z) * factors_3.w;
    }
}