// Composed from conv2d_general.wgsl as conv2d_general-circular-none-bias-channels for: convolution 3x3 with circular padding of an image beyond a binding, 64x900x900 to 64.
// Computes: a convolution with any option, directly from its definition.
// Owns: an invocation one output; neighbours in a workgroup are neighbours along out_x, so that
//   they read neighbouring inputs and the same weights. In the form "shared" a workgroup one
//   output; its invocations take neighbouring products in turns. One that repairs looks at share
//   outputs, the 64th after each other, and leaves alone what is not NaN.
// Padding: taps over zeros are left out; every other tap asks source_of() where it reads.
// Host guarantees: every size is at least 1; a dispatch covers images, output channels, rows and
//   channels whose elements lie in the bindings; in the form "shared" it may leave out the products
//   of these channels before the first and from the end on, counted without the taps over zeros.
//   Indices are modulo 2^32, as are the bases. Where accumulate is 1 the output holds the sum of the
//   products before these, and with f32_output it is not rounded to Element. One that repairs covers
//   whole images.
// Reference: src/reference/conv2d.rs
alias Element = f32;

fn to_element(value: f32) -> Element {
    return value;
}

struct Params {
    grid_width: u32,
    count: u32,
    first_image: u32,
    first_out_channel: u32,
    dispatch_out_channels: u32,
    first_row: u32,
    dispatch_rows: u32,
    first_channel: u32,
    end_channel: u32,
    first_product: u32,
    end_product: u32,
    block: u32,
    in_channels: u32,
    out_channels: u32,
    group_in_channels: u32,
    group_out_channels: u32,
    in_height: i32,
    in_width: i32,
    out_height: u32,
    out_width: u32,
    kernel_height: i32,
    kernel_width: i32,
    stride_height: i32,
    stride_width: i32,
    pad_top: i32,
    pad_left: i32,
    dilation_height: i32,
    dilation_width: i32,
    input_base: u32,
    weight_base: u32,
    output_base: u32,
    accumulate: u32,
    share: u32,
    activation_parameter: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> input: array<Element>;
@group(0) @binding(2) var<storage, read> weight: array<Element>;
@group(0) @binding(3) var<storage, read> bias: array<Element>;
@group(0) @binding(4) var<storage, read_write> output: array<Element>;

// Where a coordinate of the padded input lies in the input, or -1 where the padding holds zeros.
// The host guarantees padding below (reflect) or at most (circular) the size.
fn source_of(at: i32, size: i32) -> i32 {
    return at + select(0, size, at < 0) - select(0, size, at >= size);
}
// Of so many steps from a start, the first that lies in the input and not in zeros, and the one
// behind the last.
fn steps_inside(start: i32, step: i32, steps: i32, size: i32) -> vec2<i32> {
    return vec2(0, steps);
}
// What is applied to every output. A NaN passes.
fn activate(x: f32) -> f32 {
    return x;
}
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let index = (group.x + group.y * params.grid_width) * 64u + local;
    if index >= params.count {
        return;
    }
    let out_x = index % params.out_width;
    let row = index / params.out_width;
    let out_y = params.first_row + row % params.dispatch_rows;
    let plane = row / params.dispatch_rows;
    let out_channel = params.first_out_channel + plane % params.dispatch_out_channels;
    let image = params.first_image + plane / params.dispatch_out_channels;
    let output_index = ((image * params.out_channels + out_channel) * params.out_height + out_y)
        * params.out_width + out_x - params.output_base;

    let first_channel = image * params.in_channels
        + out_channel / params.group_out_channels * params.group_in_channels;
    let plane_size = u32(params.in_height) * u32(params.in_width);
    let taps = u32(params.kernel_height) * u32(params.kernel_width);
    let start_y = i32(out_y) * params.stride_height - params.pad_top;
    let start_x = i32(out_x) * params.stride_width - params.pad_left;

    var sum = 0.0;
    if params.accumulate == 1u {
        sum = f32(output[output_index]);
    }
    if params.accumulate == 0u {
        sum = f32(bias[out_channel]);
    }
    // Read once: some adapters load a parameter anew at every mention.
    let in_height = params.in_height;
    let in_width = params.in_width;
    let kernel_height = params.kernel_height;
    let kernel_width = params.kernel_width;
    let dilation_height = params.dilation_height;
    let dilation_width = params.dilation_width;
    let taps_y = steps_inside(start_y, dilation_height, kernel_height, in_height);
    let taps_x = steps_inside(start_x, dilation_width, kernel_width, in_width);

    // Sums of blocks keep the rounding error far below that of one long sum.
    let end_channel = params.end_channel;
    let block_length = params.block;
    var channel = params.first_channel;
    var input_plane = (first_channel + channel) * plane_size - params.input_base;
    var filter_plane = (out_channel * params.group_in_channels + channel) * taps - params.weight_base;
    while channel < end_channel {
        let block_end = min(channel + block_length, end_channel);
        var block = 0.0;
        for (; channel < block_end; channel++) {
            var weight_row = filter_plane + u32(taps_y.x * kernel_width);
            for (var kernel_y = taps_y.x; kernel_y < taps_y.y; kernel_y++) {
                let in_y = source_of(start_y + kernel_y * dilation_height, in_height);
                let input_row = input_plane + u32(in_y * in_width);
                for (var kernel_x = taps_x.x; kernel_x < taps_x.y; kernel_x++) {
                    let in_x = source_of(start_x + kernel_x * dilation_width, in_width);
                    let value = f32(input[input_row + u32(in_x)]);
                    block = fma(value, f32(weight[weight_row + u32(kernel_x)]), block);
                }
                weight_row += u32(kernel_width);
            }

            input_plane += plane_size;
            filter_plane += taps;
        }
        sum += block;
    }
    output[output_index] = to_element(activate(sum));
}