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
{% include "lib/element" %}

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
{% if bias %}
@group(0) @binding(3) var<storage, read> bias: array<Element>;
@group(0) @binding(4) var<storage, read_write> output: array<{{ "f32" if f32_output else "Element" }}>;
{% else %}
@group(0) @binding(3) var<storage, read_write> output: array<{{ "f32" if f32_output else "Element" }}>;
{% endif %}

{% include "lib/steps_inside" %}

{% include "lib/activation" %}

{% macro kernel() %}
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
{% if form == "rows" %}
                length += u32(taps_x.y - taps_x.x);
                let is_full = length >= block_length;
                sum += select(0.0, block, is_full);
                block = select(block, 0.0, is_full);
                length = select(length, 0u, is_full);
{% endif %}
            }
{% endmacro %}
{% if form == "shared" %}
{% include "lib/workgroup_sum" %}

{% endif %}
{% if repairs %}
fn is_nan(value: f32) -> bool {
    return (bitcast<u32>(value) & 0x7fffffffu) > 0x7f800000u;
}

{% endif %}
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
{% if form == "shared" %}
    let index = group.x + group.y * params.grid_width;
{% elif repairs %}
    let first = (group.x + group.y * params.grid_width) * 64u * params.share + local;
    let first_output = params.first_image * params.out_channels * params.out_height * params.out_width
        - params.output_base;
    // A bit for every output that is NaN, and then a loop, since software adapters run what follows
    // a return or a condition for every invocation.
    var nans = 0u;
    for (var i = 0u; i < params.share; i++) {
        let found = f32(output[first_output + min(first + i * 64u, params.count - 1u)]);
        nans |= select(0u, 1u << i, is_nan(found) && first + i * 64u < params.count);
    }
    for (; nans != 0u; nans &= nans - 1u) {
    let index = first + firstTrailingBit(nans) * 64u;
{% else %}
    let index = (group.x + group.y * params.grid_width) * 64u + local;
{% endif %}
{% if not repairs %}
    if index >= params.count {
        return;
    }
{% endif %}
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
{% if bias %}
    if params.accumulate == 0u {
        sum = f32(bias[out_channel]);
    }
{% endif %}
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
{% if form == "shared" %}
    let inside_x = u32(taps_x.y - taps_x.x);
    let inside = u32(taps_y.y - taps_y.x) * inside_x;
    let end_product =
        min(params.end_product, (params.end_channel - params.first_channel) * inside);
    let first_input = first_channel * plane_size - params.input_base;
    let first_weight = out_channel * params.group_in_channels * taps - params.weight_base;
    let block_products = params.block * 64u;
    var shared_sum = 0.0;
    for (var from_product = params.first_product + local; from_product < end_product;
            from_product += block_products) {
        let block_end = min(from_product + block_products, end_product);
        var block = 0.0;
        for (var product = from_product; product < block_end; product += 64u) {
            let channel = params.first_channel + product / inside;
            let tap = product % inside;
            let kernel_y = taps_y.x + i32(tap / inside_x);
            let kernel_x = taps_x.x + i32(tap % inside_x);
            let in_y = source_of(start_y + kernel_y * dilation_height, in_height);
            let in_x = source_of(start_x + kernel_x * dilation_width, in_width);
            let value = f32(input[first_input + channel * plane_size + u32(in_y * in_width + in_x)]);
            let at = first_weight + channel * taps + u32(kernel_y * kernel_width + kernel_x);
            block = fma(value, f32(weight[at]), block);
        }
        shared_sum += block;
    }
    sum += workgroup_sum(local, shared_sum);
    if local != 0u {
        return;
    }
{% else %}
    let end_channel = params.end_channel;
    let block_length = params.block;
    var channel = params.first_channel;
    var input_plane = (first_channel + channel) * plane_size - params.input_base;
    var filter_plane = (out_channel * params.group_in_channels + channel) * taps - params.weight_base;
{% if form == "channels" %}
    while channel < end_channel {
        let block_end = min(channel + block_length, end_channel);
        var block = 0.0;
        for (; channel < block_end; channel++) {
{{ kernel() }}
            input_plane += plane_size;
            filter_plane += taps;
        }
        sum += block;
    }
{% else %}
    var block = 0.0;
    var length = 0u;
    for (; channel < end_channel; channel++) {
{{ kernel() }}
        input_plane += plane_size;
        filter_plane += taps;
    }
    sum += block;
{% endif %}
{% endif %}
    output[output_index] = {{ "activate(sum)" if f32_output else "to_element(activate(sum))" }};
{% if repairs %}
    }
{% endif %}
}
