// Computes: the weight with which a convolution of grad_output gives grad_input: every filter
//   turned by 180 degrees, input and output channels of a group exchanged.
// Owns: an invocation one weight; neighbours in a workgroup write neighbours in memory.
// Padding: none.
// Host guarantees: both buffers hold count elements.
// Reference: src/reference/conv2d.rs
{% include "lib/element" %}

struct Params {
    grid_width: u32,
    count: u32,
    group_in_channels: u32,
    group_out_channels: u32,
    taps: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> weight: array<Element>;
@group(0) @binding(2) var<storage, read_write> turned: array<Element>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let index = (group.x + group.y * params.grid_width) * 64u + local;
    if index >= params.count {
        return;
    }
    // turned is [in_channel][out channel of the group][tap].
    let tap = index % params.taps;
    let out_channel = index / params.taps % params.group_out_channels;
    let in_channel = index / params.taps / params.group_out_channels;
    let channel_group = in_channel / params.group_in_channels;
    let out_filter = channel_group * params.group_out_channels + out_channel;
    let from_filter = out_filter * params.group_in_channels + in_channel % params.group_in_channels;
    turned[index] = weight[from_filter * params.taps + params.taps - 1u - tap];
}
