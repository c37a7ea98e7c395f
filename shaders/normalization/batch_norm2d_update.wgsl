// Computes: the running mean and variance of every channel after a batch.
// Owns: an invocation one channel; neighbours in a workgroup are neighbours in memory.
// Padding: none.
// Host guarantees: count channels in all buffers; share is what a batch replaces, unbias is n / (n - 1)
//   for n values of a channel.
// Reference: src/reference/batch_norm2d.rs
struct Params {
    grid_width: u32,
    count: u32,
    share: f32,
    unbias: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> running_mean: array<f32>;
@group(0) @binding(2) var<storage, read> running_var: array<f32>;
@group(0) @binding(3) var<storage, read> mean: array<f32>;
@group(0) @binding(4) var<storage, read> variance: array<f32>;
@group(0) @binding(5) var<storage, read_write> next_mean: array<f32>;
@group(0) @binding(6) var<storage, read_write> next_var: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let channel = (group.x + group.y * params.grid_width) * 64u + local;
    if channel >= params.count {
        return;
    }
    let kept = 1.0 - params.share;
    next_mean[channel] = kept * running_mean[channel] + params.share * mean[channel];
    next_var[channel] = kept * running_var[channel] + params.share * (params.unbias * variance[channel]);
}
