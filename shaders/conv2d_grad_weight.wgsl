// Computes: the gradient of a convolution's weight with any option, directly from its definition.
// Owns: a workgroup one weight; its invocations take neighbouring outputs in turns, so that they
//   read neighbouring gradients and inputs.
// Padding: every tap asks source_of() where it read; a tap over zeros is skipped.
// Host guarantees: every size is at least 1; a dispatch covers images, output channels, input
//   channels and rows whose elements lie in the bindings. Indices are modulo 2^32, as are the
//   bases. Where accumulate is 1 grad_weight holds the sum over the outputs before these.
// Reference: src/reference/conv2d.rs
{% include "lib/element" %}

struct Params {
    grid_width: u32,
    count: u32,
    outputs: u32,
    first_image: u32,
    first_row: u32,
    dispatch_rows: u32,
    first_out_channel: u32,
    first_group_channel: u32,
    dispatch_channels: u32,
    in_channels: u32,
    out_channels: u32,
    group_in_channels: u32,
    group_out_channels: u32,
    in_height: i32,
    in_width: i32,
    out_height: u32,
    out_width: u32,
    kernel_height: u32,
    kernel_width: u32,
    stride_height: i32,
    stride_width: i32,
    pad_top: i32,
    pad_left: i32,
    dilation_height: i32,
    dilation_width: i32,
    input_base: u32,
    grad_output_base: u32,
    grad_weight_base: u32,
    accumulate: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> input: array<Element>;
@group(0) @binding(2) var<storage, read> grad_output: array<Element>;
@group(0) @binding(3) var<storage, read_write> grad_weight: array<Element>;

{% include "lib/padding" %}

{% include "lib/workgroup_sum" %}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let index = group.x + group.y * params.grid_width;
    if index >= params.count {
        return;
    }
    let kernel_x = index % params.kernel_width;
    let filter_row = index / params.kernel_width;
    let kernel_y = filter_row % params.kernel_height;
    let filter_plane = filter_row / params.kernel_height;
    let channel = params.first_group_channel + filter_plane % params.dispatch_channels;
    let out_channel = params.first_out_channel + filter_plane / params.dispatch_channels;
    let weight_index = ((out_channel * params.group_in_channels + channel) * params.kernel_height
        + kernel_y) * params.kernel_width + kernel_x - params.grad_weight_base;
    let in_channel = out_channel / params.group_out_channels * params.group_in_channels + channel;
    let start_y = i32(kernel_y) * params.dilation_height - params.pad_top;
    let start_x = i32(kernel_x) * params.dilation_width - params.pad_left;

    // Sums of blocks of outputs keep the rounding error far below that of one long sum.
    var sum = 0.0;
    for (var from_output = local; from_output < params.outputs; from_output += 4096u) {
        var block = 0.0;
        let end = min(from_output + 4096u, params.outputs);
        for (var output = from_output; output < end; output += 64u) {
            let out_x = output % params.out_width;
            let row = output / params.out_width;
            let out_y = params.first_row + row % params.dispatch_rows;
            let image = params.first_image + row / params.dispatch_rows;
            let in_y = source_of(start_y + i32(out_y) * params.stride_height, params.in_height);
            let in_x = source_of(start_x + i32(out_x) * params.stride_width, params.in_width);
            if in_y >= 0 && in_x >= 0 {
                let grad_index = ((image * params.out_channels + out_channel) * params.out_height
                    + out_y) * params.out_width + out_x - params.grad_output_base;
                let input_index = ((image * params.in_channels + in_channel)
                    * u32(params.in_height) + u32(in_y)) * u32(params.in_width) + u32(in_x)
                    - params.input_base;
                block = fma(f32(grad_output[grad_index]), f32(input[input_index]), block);
            }
        }
        sum += block;
    }
    let total = workgroup_sum(local, sum);
    if local == 0u {
        if params.accumulate == 1u {
            grad_weight[weight_index] = Element(f32(grad_weight[weight_index]) + total);
        } else {
            grad_weight[weight_index] = Element(total);
        }
    }
}
