// Computes: the gradients of weight and bias of every channel from the sums of its blocks, and the
//   factors that batch_norm2d_grad_input takes: a value near the mean, an offset, a slope, the scale.
// Owns: a workgroup one channel; its invocations take neighbouring blocks in turns.
// Padding: none.
// Host guarantees: count channels from first_channel on, each with blocks elements of partial; values
//   is the number of a channel's values; factors are those of the forward pass; the other buffers
//   hold all channels.
// Reference: src/reference/batch_norm2d.rs
{% include "normalization/batch_norm2d_merge_params" %}

@group(0) @binding(1) var<storage, read> partial: array<vec2<f32>>;
@group(0) @binding(2) var<storage, read> variance: array<f32>;
@group(0) @binding(3) var<storage, read> factors: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> grad_weight: array<f32>;
@group(0) @binding(5) var<storage, read_write> grad_bias: array<f32>;
@group(0) @binding(6) var<storage, read_write> grad_factors: array<vec4<f32>>;

{% include "lib/workgroup_sum" %}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let index = group.x + group.y * params.grid_width;
    if index >= params.count {
        return;
    }
    let first = index * params.blocks;
    var totals = vec2<f32>(0.0);
    for (var block = local; block < params.blocks; block += 64u) {
        totals += partial[first + block];
    }
    let sum = workgroup_sum(local, totals.x);
    let product = workgroup_sum(local, totals.y);
    if local == 0u {
        let channel = params.first_channel + index;
        let per_deviation = 1.0 / sqrt(variance[channel] + params.eps);
        let of_weight = product * per_deviation;
        let of_channel = factors[channel];
        let slope = per_deviation * of_weight / params.values;
        grad_weight[channel] = of_weight;
        grad_bias[channel] = sum;
        grad_factors[channel] = vec4<f32>(
            of_channel.x,
            sum / params.values - of_channel.y * slope,
            slope,
            of_channel.z,
        );
    }
}
