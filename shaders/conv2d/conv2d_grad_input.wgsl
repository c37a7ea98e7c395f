// Computes: the gradient of a convolution's input with any option, as a gather; with a bias, a
//   transposed convolution.
// Owns: an invocation one cell of the input; neighbours in a workgroup are neighbours along in_x,
//   so that they read neighbouring gradients and the same weights. Where products are shared, a
//   workgroup one cell; its invocations take neighbouring products in turns.
// Padding: a cell collects the gradients of every cell of the padded input that is a copy of it.
// Host guarantees: every size is at least 1; a dispatch covers images, input channels, rows and
//   output channels whose elements lie in the bindings. Indices are modulo 2^32, as are the bases.
//   tap_step taps later the stride divides again. Where accumulate is 1 grad_input holds the sum
//   over the output channels before these.
// Reference: src/reference/conv2d.rs
{% include "lib/element" %}

struct Params {
    grid_width: u32,
    count: u32,
    first_image: u32,
    first_in_channel: u32,
    dispatch_in_channels: u32,
    first_row: u32,
    dispatch_rows: u32,
    first_group_channel: u32,
    end_group_channel: u32,
    first_product: u32,
    end_product: u32,
    block: u32,
    in_channels: u32,
    out_channels: u32,
    group_in_channels: u32,
    group_out_channels: u32,
    in_height: i32,
    in_width: i32,
    out_height: i32,
    out_width: i32,
    kernel_height: i32,
    kernel_width: i32,
    stride_height: i32,
    stride_width: i32,
    pad_top: i32,
    pad_bottom: i32,
    pad_left: i32,
    pad_right: i32,
    dilation_height: i32,
    dilation_width: i32,
    tap_step_y: i32,
    tap_step_x: i32,
    weight_base: u32,
    grad_output_base: u32,
    grad_input_base: u32,
    accumulate: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> grad_output: array<Element>;
@group(0) @binding(2) var<storage, read> weight: array<Element>;
{% if bias %}
@group(0) @binding(3) var<storage, read> bias: array<Element>;
@group(0) @binding(4) var<storage, read_write> grad_input: array<Element>;
{% else %}
@group(0) @binding(3) var<storage, read_write> grad_input: array<Element>;
{% endif %}

{% include "lib/pre_image" %}

{% if shared %}
{% include "lib/workgroup_sum" %}

// Outputs that may read a cell's copies along one axis by the same tap.
fn outputs_of_tap(at: i32, size: i32, pad_begin: i32, pad_end: i32, stride: i32, out_size: i32)
    -> i32 {
{% if padding_mode == "replicate" %}
    return min((pre_image_count(at, size, pad_begin, pad_end) - 1) / stride + 1, out_size);
{% else %}
    return pre_image_count(at, size, pad_begin, pad_end);
{% endif %}
}

// The output that reads, by a tap at this distance, the copies of a cell: one of those of the tap;
// -1 if it is none.
fn output_of(index: i32, distance: i32, at: i32, size: i32, pad_begin: i32, pad_end: i32, stride: i32,
    out_size: i32) -> i32 {
{% if padding_mode == "replicate" %}
    let first = pre_image(0, at, size, pad_begin, pad_end);
    let last = first + pre_image_count(at, size, pad_begin, pad_end) - 1;
    let begin = max(first - distance, 0);
    let output = begin / stride + select(0, 1, begin % stride != 0) + index;
    let reads = output < out_size && output * stride + distance <= last;
{% else %}
    let padded = pre_image(index, at, size, pad_begin, pad_end);
    let offset = padded - distance;
    let output = offset / stride;
    let reads = padded >= 0 && offset >= 0 && offset % stride == 0 && output < out_size;
{% endif %}
    return select(-1, output, reads);
}

{% else %}
// The first tap that reads a coordinate of the padded input for an output.
fn first_tap(padded: i32, stride: i32, dilation: i32, tap_step: i32, kernel_size: i32,
    out_size: i32) -> i32 {
    for (var tap = 0; tap < min(tap_step, kernel_size); tap++) {
        let offset = padded - tap * dilation;
        if offset % stride == 0 {
            // Every tap_step taps later it is for an output before.
            let beyond = max(offset - (out_size - 1) * stride, 0);
            return tap + ((max(beyond, 1) - 1) / dilation / tap_step + min(beyond, 1)) * tap_step;
        }
    }
    return kernel_size;
}

// The sum over the output channels for one tap and one output.
fn channels(first_grad: u32, first_weight: u32) -> f32 {
    let out_plane = u32(params.out_height * params.out_width);
    let filter_size = params.group_in_channels * u32(params.kernel_height * params.kernel_width);
    var sum = 0.0;
    var grad_index = first_grad + params.first_group_channel * out_plane;
    var weight_index = first_weight + params.first_group_channel * filter_size;
    // Sums of blocks of channels keep the rounding error far below that of one long sum.
    for (var from_channel = params.first_group_channel; from_channel < params.end_group_channel;
            from_channel += params.block) {
        var block = 0.0;
        let end = min(from_channel + params.block, params.end_group_channel);
        for (var channel = from_channel; channel < end; channel++) {
            block = fma(f32(weight[weight_index]), f32(grad_output[grad_index]), block);
            grad_index += out_plane;
            weight_index += filter_size;
        }
        sum += block;
    }
    return sum;
}

{% endif %}
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
{% if shared %}
    let index = group.x + group.y * params.grid_width;
{% else %}
    let index = (group.x + group.y * params.grid_width) * 64u + local;
{% endif %}
    if index >= params.count {
        return;
    }
    let in_x = i32(index % u32(params.in_width));
    let row = index / u32(params.in_width);
    let in_y = i32(params.first_row + row % params.dispatch_rows);
    let plane = row / params.dispatch_rows;
    let in_channel = params.first_in_channel + plane % params.dispatch_in_channels;
    let image = params.first_image + plane / params.dispatch_in_channels;
    let input_index = ((image * params.in_channels + in_channel) * u32(params.in_height)
        + u32(in_y)) * u32(params.in_width) + u32(in_x) - params.grad_input_base;

    let first_out_channel = in_channel / params.group_in_channels * params.group_out_channels;
    let first_grad_row = (image * params.out_channels + first_out_channel)
        * u32(params.out_height);
    let first_filter = first_out_channel * params.group_in_channels
        + in_channel % params.group_in_channels;
    var sum = 0.0;
    if params.accumulate == 1u {
        sum = f32(grad_input[input_index]);
    }
{% if bias %}
    if params.accumulate == 0u {
        sum = f32(bias[in_channel]);
    }
{% endif %}
{% if shared %}
    let out_plane = u32(params.out_height * params.out_width);
    let kernel_size = u32(params.kernel_height * params.kernel_width);
    let channels = params.end_group_channel - params.first_group_channel;
    // Along an axis of fewer outputs than taps it is the outputs that are gone through: what holds of
    // a tap's distance and of the outputs that read by it holds of an output's and of its taps.
    let by_output_y = params.out_height < params.kernel_height;
    let by_output_x = params.out_width < params.kernel_width;
    let far_y = select(params.dilation_height, params.stride_height, by_output_y);
    let far_x = select(params.dilation_width, params.stride_width, by_output_x);
    let near_y = select(params.stride_height, params.dilation_height, by_output_y);
    let near_x = select(params.stride_width, params.dilation_width, by_output_x);
    let most_y = max(params.out_height, params.kernel_height);
    let most_x = max(params.out_width, params.kernel_width);
    let each_y =
        outputs_of_tap(in_y, params.in_height, params.pad_top, params.pad_bottom, near_y, most_y);
    let each_x =
        outputs_of_tap(in_x, params.in_width, params.pad_left, params.pad_right, near_x, most_x);
    let pairs_x = u32(each_x * min(params.out_width, params.kernel_width));
    let pairs = u32(each_y * min(params.out_height, params.kernel_height)) * pairs_x;
    let end_product = min(params.end_product, pairs * channels);
    let first_grad = first_grad_row * u32(params.out_width) - params.grad_output_base;
    // Sums of blocks keep the rounding error far below that of one long sum.
    var shared_sum = 0.0;
    for (var from_product = params.first_product + local; from_product < end_product;
            from_product += params.block * 64u) {
        let end = min(from_product + params.block * 64u, end_product);
        var block = 0.0;
        for (var product = from_product; product < end; product += 64u) {
            let pair = product / channels;
            let channel = params.first_group_channel + product % channels;
            let pair_y = i32(pair / pairs_x);
            let pair_x = i32(pair % pairs_x);
            let one_y = pair_y / each_y;
            let one_x = pair_x / each_x;
            let other_y = output_of(pair_y % each_y, one_y * far_y, in_y, params.in_height,
                params.pad_top, params.pad_bottom, near_y, most_y);
            let other_x = output_of(pair_x % each_x, one_x * far_x, in_x, params.in_width,
                params.pad_left, params.pad_right, near_x, most_x);
            if other_y >= 0 && other_x >= 0 {
                let kernel_y = select(one_y, other_y, by_output_y);
                let kernel_x = select(one_x, other_x, by_output_x);
                let out_y = select(other_y, one_y, by_output_y);
                let out_x = select(other_x, one_x, by_output_x);
                let grad = f32(grad_output[first_grad + channel * out_plane
                    + u32(out_y * params.out_width + out_x)]);
                let out_filter = first_filter + channel * params.group_in_channels;
                let tap = out_filter * kernel_size + u32(kernel_y * params.kernel_width + kernel_x);
                block = fma(f32(weight[tap - params.weight_base]), grad, block);
            }
        }
        shared_sum += block;
    }
    sum += workgroup_sum(local, shared_sum);
    if local != 0u {
        return;
    }
{% else %}
    let count_y = pre_image_count(in_y, params.in_height, params.pad_top, params.pad_bottom);
    let count_x = pre_image_count(in_x, params.in_width, params.pad_left, params.pad_right);

    for (var copy_y = 0; copy_y < count_y; copy_y++) {
        let padded_y = pre_image(copy_y, in_y, params.in_height, params.pad_top,
            params.pad_bottom);
        if padded_y < 0 {
            continue;
        }
        for (var kernel_y = first_tap(padded_y, params.stride_height, params.dilation_height,
                params.tap_step_y, params.kernel_height, params.out_height);
                kernel_y < params.kernel_height; kernel_y += params.tap_step_y) {
            let from_y = padded_y - kernel_y * params.dilation_height;
            if from_y < 0 {
                break;
            }
            let out_y = from_y / params.stride_height;
            let grad_row = (first_grad_row + u32(out_y)) * u32(params.out_width)
                - params.grad_output_base;
            let weight_row = (first_filter * u32(params.kernel_height) + u32(kernel_y))
                * u32(params.kernel_width) - params.weight_base;
            for (var copy_x = 0; copy_x < count_x; copy_x++) {
                let padded_x = pre_image(copy_x, in_x, params.in_width, params.pad_left,
                    params.pad_right);
                if padded_x < 0 {
                    continue;
                }
                for (var kernel_x = first_tap(padded_x, params.stride_width,
                        params.dilation_width, params.tap_step_x, params.kernel_width,
                        params.out_width);
                        kernel_x < params.kernel_width; kernel_x += params.tap_step_x) {
                    let from_x = padded_x - kernel_x * params.dilation_width;
                    if from_x < 0 {
                        break;
                    }
                    let out_x = from_x / params.stride_width;
                    sum += channels(grad_row + u32(out_x), weight_row + u32(kernel_x));
                }
            }
        }
    }
{% endif %}
    grad_input[input_index] = Element(sum);
}
