// Computes: the gradient of a convolution's weight with any option, directly from its definition.
// Owns: a workgroup one weight; its invocations take neighbouring outputs in turns, so that they
//   read neighbouring gradients and inputs. One that repairs workgroup_weights, of which it computes
//   one after another again that is NaN; it covers all of grad_weight.
// Padding: outputs whose tap is over zeros are left out; for the others source_of() says where it
//   read.
// Host guarantees: every size is at least 1; a dispatch covers images, output channels, input
//   channels and rows whose elements lie in the bindings; it may leave out the outputs before the
//   first and from the end on, counted without those over zeros. Indices are modulo 2^32, as are the
//   bases. Where accumulate is 1 grad_weight holds the sum over the outputs before these.
// Reference: src/reference/conv2d.rs
{% include "lib/element" %}

struct Params {
    grid_width: u32,
    count: u32,
    workgroup_weights: u32,
    first_output: u32,
    end_output: u32,
    first_image: u32,
    dispatch_images: u32,
    first_row: i32,
    dispatch_rows: i32,
    first_out_channel: u32,
    first_group_channel: u32,
    dispatch_channels: u32,
    in_channels: u32,
    out_channels: u32,
    group_in_channels: u32,
    group_out_channels: u32,
    in_height: i32,
    in_width: i32,
    out_height: i32,
    out_width: i32,
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

{% include "lib/steps_inside" %}

{% include "lib/workgroup_sum" %}

{% if repairs %}
// Of every invocation a bit for each of its weights that is NaN, and whether there is any.
var<workgroup> nans: array<u32, 64>;
var<workgroup> found: atomic<u32>;
var<workgroup> any_nan: u32;

fn is_nan(value: f32) -> bool {
    return (bitcast<u32>(value) & 0x7fffffffu) > 0x7f800000u;
}

{% endif %}
// A weight's filter and channel, the row and column of its tap, and its place.
struct Weight {
    out_channel: u32,
    channel: u32,
    kernel_y: u32,
    kernel_x: u32,
    at: u32,
}

fn weight_of(index: u32) -> Weight {
    let kernel_x = index % params.kernel_width;
    let filter_row = index / params.kernel_width;
    let kernel_y = filter_row % params.kernel_height;
    let filter_plane = filter_row / params.kernel_height;
    let channel = params.first_group_channel + filter_plane % params.dispatch_channels;
    let out_channel = params.first_out_channel + filter_plane / params.dispatch_channels;
    let at = ((out_channel * params.group_in_channels + channel) * params.kernel_height + kernel_y)
        * params.kernel_width + kernel_x - params.grad_weight_base;
    return Weight(out_channel, channel, kernel_y, kernel_x, at);
}

// The sum of a weight over the outputs of the dispatch, by all invocations of a workgroup.
fn sum_of(weight: Weight, local: u32) -> f32 {
    let out_channel = weight.out_channel;
    let in_channel =
        out_channel / params.group_out_channels * params.group_in_channels + weight.channel;
    let start_y = i32(weight.kernel_y) * params.dilation_height - params.pad_top
        + params.first_row * params.stride_height;
    let start_x = i32(weight.kernel_x) * params.dilation_width - params.pad_left;
    let rows =
        steps_inside(start_y, params.stride_height, params.dispatch_rows, params.in_height);
    let columns = steps_inside(start_x, params.stride_width, params.out_width, params.in_width);
    let inside_y = u32(rows.y - rows.x);
    let inside_x = u32(columns.y - columns.x);
    let end_output = min(params.end_output, params.dispatch_images * inside_y * inside_x);

    // Sums of blocks of outputs keep the rounding error far below that of one long sum.
    var sum = 0.0;
    for (var from_output = params.first_output + local; from_output < end_output;
            from_output += 4096u) {
        var block = 0.0;
        let end = min(from_output + 4096u, end_output);
        for (var output = from_output; output < end; output += 64u) {
            let row = output / inside_x;
            let step_x = columns.x + i32(output % inside_x);
            let step_y = rows.x + i32(row % inside_y);
            let image = params.first_image + row / inside_y;
            let in_y = source_of(start_y + step_y * params.stride_height, params.in_height);
            let in_x = source_of(start_x + step_x * params.stride_width, params.in_width);
            let out_y = params.first_row + step_y;
            let grad_index = (image * params.out_channels + out_channel)
                * u32(params.out_height * params.out_width)
                + u32(out_y * params.out_width + step_x) - params.grad_output_base;
            let input_index = (image * params.in_channels + in_channel)
                * u32(params.in_height * params.in_width)
                + u32(in_y * params.in_width + in_x) - params.input_base;
            block = fma(f32(grad_output[grad_index]), f32(input[input_index]), block);
        }
        sum += block;
    }
    return workgroup_sum(local, sum);
}

fn store(at: u32, total: f32) {
    if params.accumulate == 1u {
        grad_weight[at] = Element(f32(grad_weight[at]) + total);
    } else {
        grad_weight[at] = Element(total);
    }
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let index = (group.x + group.y * params.grid_width) * params.workgroup_weights;
    if index >= params.count {
        return;
    }
{% if repairs %}
    let weights = min(params.workgroup_weights, params.count - index);
    var own_nans = 0u;
    for (var i = local; i < weights; i += 64u) {
        own_nans |= select(0u, 1u << (i / 64u), is_nan(f32(grad_weight[index + i])));
    }
    nans[local] = own_nans;
    if local == 0u {
        atomicStore(&found, 0u);
    }
    workgroupBarrier();
    atomicOr(&found, own_nans);
    workgroupBarrier();
    if local == 0u {
        any_nan = atomicLoad(&found);
    }
    if workgroupUniformLoad(&any_nan) == 0u {
        return;
    }
    for (var i = 0u; i < weights; i++) {
        if ((workgroupUniformLoad(&nans[i % 64u]) >> (i / 64u)) & 1u) == 1u {
            let weight = weight_of(index + i);
            let total = sum_of(weight, local);
            if local == 0u {
                store(weight.at, total);
            }
        }
    }
{% else %}
    let weight = weight_of(index);
    let total = sum_of(weight, local);
    if local == 0u {
        store(weight.at, total);
    }
{% endif %}
}
