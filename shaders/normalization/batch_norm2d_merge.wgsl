// Computes: mean and variance of every channel from those of its blocks, and the factors that
//   batch_norm2d_apply takes: a value of the channel, how far the mean is from it, the scale, the bias.
// Owns: a workgroup one channel; its invocations take neighbouring blocks in turns.
// Padding: none.
// Host guarantees: count channels from first_channel on, each with blocks elements of partial; values
//   is the number of a channel's values, at least 1; the other buffers hold all channels.
// Reference: src/reference/batch_norm2d.rs
{% include "normalization/batch_norm2d_merge_params" %}

@group(0) @binding(1) var<storage, read> partial: array<vec4<f32>>;
{% set first = 2 %}
{% set affine = (1 if weight else 0) + (1 if bias else 0) %}
{% include "normalization/batch_norm2d_affine" %}
@group(0) @binding({{ 2 + affine }}) var<storage, read_write> mean: array<f32>;
@group(0) @binding({{ 3 + affine }}) var<storage, read_write> variance: array<f32>;
@group(0) @binding({{ 4 + affine }}) var<storage, read_write> factors: array<vec4<f32>>;

{% include "lib/workgroup_sum" %}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let index = group.x + group.y * params.grid_width;
    if index >= params.count {
        return;
    }
    let first = index * params.blocks;
    let pivot = partial[first].x;
    var total = 0.0;
    for (var block = local; block < params.blocks; block += 64u) {
        let moments = partial[first + block];
        total += moments.w * ((moments.x - pivot) + moments.y);
    }
    let apart = workgroup_sum(local, total) / params.values;
    var squares = 0.0;
    for (var block = local; block < params.blocks; block += 64u) {
        let moments = partial[first + block];
        let between = ((moments.x - pivot) + moments.y) - apart;
        squares += moments.z + moments.w * between * between;
    }
    let spread = workgroup_sum(local, squares) / params.values;
    if local == 0u {
        let channel = params.first_channel + index;
        mean[channel] = pivot + apart;
        variance[channel] = spread;
        factors[channel] = vec4<f32>(pivot, apart, scale(channel, spread), shift(channel));
    }
}
