// Computes: of every channel the factors that batch_norm2d_apply takes: the mean, 0, the scale, the
//   bias.
// Owns: an invocation one channel; neighbours in a workgroup are neighbours in memory.
// Padding: none.
// Host guarantees: count channels in all buffers.
// Reference: src/reference/batch_norm2d.rs
struct Params {
    grid_width: u32,
    count: u32,
    eps: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> mean: array<f32>;
@group(0) @binding(2) var<storage, read> variance: array<f32>;
{% set first = 3 %}
{% set affine = (1 if weight else 0) + (1 if bias else 0) %}
{% include "normalization/batch_norm2d_affine" %}
@group(0) @binding({{ 3 + affine }}) var<storage, read_write> factors: array<vec4<f32>>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let channel = (group.x + group.y * params.grid_width) * 64u + local;
    if channel >= params.count {
        return;
    }
    let of_channel = vec2<f32>(scale(channel, variance[channel]), shift(channel));
    factors[channel] = vec4<f32>(mean[channel], 0.0, of_channel);
}
