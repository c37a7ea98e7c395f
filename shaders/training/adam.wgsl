// Computes: one step of Adam.
// Owns: an invocation one element; neighbours in a workgroup are neighbours in memory.
// Padding: none.
// Host guarantees: count elements in all buffers; step_size is the learning rate over the first
//   bias correction, root_correction the root of the second.
// Reference: src/reference/optimizer.rs
struct Params {
    grid_width: u32,
    count: u32,
    weight_decay: f32,
    one_minus_beta1: f32,
    beta2: f32,
    one_minus_beta2: f32,
    step_size: f32,
    root_correction: f32,
    epsilon: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> parameter: array<f32>;
@group(0) @binding(2) var<storage, read> gradient: array<f32>;
@group(0) @binding(3) var<storage, read> mean: array<f32>;
@group(0) @binding(4) var<storage, read> square: array<f32>;
@group(0) @binding(5) var<storage, read_write> next_parameter: array<f32>;
@group(0) @binding(6) var<storage, read_write> next_mean: array<f32>;
@group(0) @binding(7) var<storage, read_write> next_square: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let index = (group.x + group.y * params.grid_width) * 64u + local;
    if index >= params.count {
        return;
    }
    let slope = gradient[index] + params.weight_decay * parameter[index];
    let moved = mean[index] + params.one_minus_beta1 * (slope - mean[index]);
    let grown = params.beta2 * square[index] + params.one_minus_beta2 * slope * slope;
    next_mean[index] = moved;
    next_square[index] = grown;
    let denominator = sqrt(grown) / params.root_correction + params.epsilon;
    next_parameter[index] = parameter[index] - params.step_size * moved / denominator;
}
