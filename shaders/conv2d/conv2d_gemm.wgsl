// Computes: a convolution as a product of matrices, weights [channels, products] by inputs
//   [products, outputs] that are gathered as they are needed, never stored (implicit GEMM).
// Owns: a workgroup tile_channels output channels of one group at lanes_x * tile_rows outputs, which
//   follow each other across rows and images; an invocation tile_channels / lanes_y channels, every
//   lanes_y-th four, at tile_rows outputs, every lanes_x-th. Weights and inputs of channel_step
//   input channels at one tap go through workgroup memory, those of the next step while this one's
//   are multiplied. Workgroup z is the block of channels.
// Padding: an invocation copies the inputs of the same outputs in every step, and maps their places
//   once for a tap; places over zeros are 0, and a tile with a NaN is computed without them.
// Host guarantees: channel_step is 4 or 8 and divides group_in_channels; weight is packed by
//   conv2d_pack, taps before channels; a workgroup has lanes for the inputs of all its outputs, or
//   a whole number of them for each; every index is below 2^32.
// Reference: src/reference/conv2d.rs
{% include "lib/element" %}
{% set lanes = lanes_x * lanes_y %}
{% set tile_outputs = lanes_x * tile_rows %}
{% set quads = tile_channels // lanes_y // 4 %}
{# Vectors of four input channels in a step, and of what a workgroup copies of them. #}
{% set packs = channel_step // 4 %}
{% set places = [tile_outputs // lanes, 1] | max %}
{% set pack_step = [lanes // tile_outputs, 1] | max %}
{% set weight_vectors = channel_step * tile_channels // 4 %}

{% include "conv2d/conv2d_params" %}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> input: array<Element>;
@group(0) @binding(2) var<storage, read> weight: array<vec4<Element>>;
{% if bias %}
@group(0) @binding(3) var<storage, read> bias: array<Element>;
{% endif %}
@group(0) @binding({{ 4 if bias else 3 }}) var<storage, read_write> output: array<Element>;

// Of two steps: the inputs of an output are vectors of four channels, the weights of a channel
// vectors of four output channels.
var<workgroup> inputs: array<array<array<array<vec4<f32>, {{ lanes_x }}>, {{ tile_rows }}>, {{ packs }}>, 2>;
var<workgroup> weights: array<array<array<array<vec4<f32>, {{ lanes_y }}>, {{ quads }}>, {{ channel_step }}>, 2>;
{% if totals == "memory" %}
var<workgroup> totals: array<vec4<f32>, {{ quads * tile_rows * lanes }}>;
{% endif %}

{% include "lib/padding_inside" %}

{% include "lib/activation" %}

{% if skipping %}
fn input_at(plane: u32, in_y: u32, in_x: u32) -> f32 {
    return f32(input[params.input_start + (plane * params.in_height + in_y) * params.in_width + in_x]);
}

fn weight_at(index: u32) -> f32 {
    return f32(weight[index / 4u][index % 4u]);
}

{% include "conv2d/conv2d_skipping" %}
{% endif %}

{# Where an invocation's outputs read at the tap kernel_y, kernel_x. #}
{% macro map_places() %}
{% for p in range(places) %}
        {
            let y = in_y_{{ p }} + i32(kernel_y * {{ dilation_y }}u);
            let x = in_x_{{ p }} + i32(kernel_x * {{ dilation_x }}u);
            place_{{ p }} = plane_{{ p }} + source_inside(y, params.in_height) * params.in_width
                + source_inside(x, params.in_width);
{% if masked %}
            inside_{{ p }} = u32(y) < params.in_height && u32(x) < params.in_width;
{% endif %}
        }
{% endfor %}
{% endmacro %}
{# What an invocation copies in a step. #}
{% macro load() %}
{% for p in range(places) %}{% for pack in range(0, packs, pack_step) %}
        {
            let at = place_{{ p }} + (channel + {{ pack * 4 }}u{{ " + first_pack * 4u" if pack_step > 1 }}) * in_plane;
            value_{{ p }}_{{ pack }} = vec4<f32>(f32(input[at]), f32(input[at + in_plane]), f32(input[at + 2u * in_plane]), f32(input[at + 3u * in_plane]));
        }
{% endfor %}{% endfor %}
{% for first in range(0, weight_vectors, lanes) %}
        {{ "if local < " ~ (weight_vectors - first) ~ "u { " if first + lanes > weight_vectors -}}
        weight_{{ first }} = vec4<f32>(weight[step + local{{ " + " ~ first ~ "u" if first > 0 }}]);
        {{- " }" if first + lanes > weight_vectors }}
{% endfor %}
{% endmacro %}
{% macro store() %}
{% for p in range(places) %}{% for pack in range(0, packs, pack_step) %}
        {{ "if first_pack < " ~ (packs - pack) ~ "u { " if pack + pack_step > packs -}}
        inputs[buffer][{{ pack }}{{ " + first_pack" if pack_step > 1 }}][{{ p * lanes // lanes_x }}u + local_place / {{ lanes_x }}u][local_place % {{ lanes_x }}u] = {{ "select(vec4<f32>(0.0), value_" ~ p ~ "_" ~ pack ~ ", inside_" ~ p ~ ")" if masked else "value_" ~ p ~ "_" ~ pack }};
        {{- " }" if pack + pack_step > packs }}
{% endfor %}{% endfor %}
{% for first in range(0, weight_vectors, lanes) %}
{% set at = "(local + " ~ first ~ "u)" if first > 0 else "local" %}
        {{ "if local < " ~ (weight_vectors - first) ~ "u { " if first + lanes > weight_vectors -}}
        weights[buffer][{{ at }} / {{ quads * lanes_y }}u][{{ at }} / {{ lanes_y }}u % {{ quads }}u][{{ at }} % {{ lanes_y }}u] = weight_{{ first }};
        {{- " }" if first + lanes > weight_vectors }}
{% endfor %}
{% endmacro %}
@compute @workgroup_size({{ lanes_x }}, {{ lanes_y }})
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(local_invocation_id) lane: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let first_output = (workgroup.y * params.grid_width + workgroup.x) * {{ tile_outputs }}u;
    if first_output >= params.tiles {
        return;
    }
    let group = workgroup.z / params.channel_blocks;
    let first_channel = workgroup.z % params.channel_blocks * {{ tile_channels }}u;
    let in_plane = params.in_height * params.in_width;
    let out_plane = params.out_height * params.out_width;

{% if pack_step > 1 %}
    let local_place = local % {{ tile_outputs }}u;
    let first_pack = local / {{ tile_outputs }}u;
{% else %}
    let local_place = local;
{% endif %}
{% for p in range(places) %}
    // The last output stands for those beyond it.
    let output_{{ p }} = min(first_output + {{ p * lanes }}u + local_place, params.tiles - 1u);
    let image_{{ p }} = output_{{ p }} / out_plane;
    let cell_{{ p }} = output_{{ p }} % out_plane;
    let in_y_{{ p }} = i32(cell_{{ p }} / params.out_width * {{ stride_y }}u) - i32(params.pad_top);
    let in_x_{{ p }} = i32(cell_{{ p }} % params.out_width * {{ stride_x }}u) - i32(params.pad_left);
    let plane_{{ p }} = params.input_start + (image_{{ p }} * params.groups + group) * params.group_in_channels * in_plane;
    var place_{{ p }} = 0u;
{% if masked %}
    var inside_{{ p }} = false;
{% endif %}
{% for pack in range(0, packs, pack_step) %}
    var value_{{ p }}_{{ pack }} = vec4<f32>(0.0);
{% endfor %}
{% endfor %}
{% for first in range(0, weight_vectors, lanes) %}
    var weight_{{ first }} = vec4<f32>(0.0);
{% endfor %}
{% for quad in range(quads) %}{% for y in range(tile_rows) %}
    var sum_{{ quad }}_{{ y }} = vec4<f32>(0.0);
{% if totals == "registers" %}
    var total_{{ quad }}_{{ y }} = vec4<f32>(0.0);
{% elif totals == "memory" %}
    totals[{{ (quad * tile_rows + y) * lanes }}u + local] = vec4<f32>(0.0);
{% endif %}
{% endfor %}{% endfor %}

    let products = params.group_in_channels * {{ kernel_height * kernel_width }}u;
    var step = workgroup.z * products * {{ tile_channels // 4 }}u;
    var channel = 0u;
    var kernel_y = 0u;
    var kernel_x = 0u;
    var buffer = 0u;
{{ map_places() }}
{{ load() }}
{{ store() }}
    workgroupBarrier();
{% if totals != "none" %}
    // Sums of blocks of products keep the rounding error far below that of one long sum.
    for (var block = 0u; block < products; block += params.block) {
    let end_block = min(block + params.block, products);
    for (var product = block; product < end_block; product += {{ channel_step }}u) {
{% else %}
    for (var product = 0u; product < products; product += {{ channel_step }}u) {
{% endif %}
        let is_last = product + {{ channel_step }}u >= products;
        if !is_last {
            step += {{ weight_vectors }}u;
            channel += {{ channel_step }}u;
            if channel == params.group_in_channels {
                channel = 0u;
                kernel_x += 1u;
                if kernel_x == {{ kernel_width }}u {
                    kernel_x = 0u;
                    kernel_y += 1u;
                }
{{ map_places() }}
            }
{{ load() }}
        }
{% for pack in range(packs) %}
{% for y in range(tile_rows) %}
        let in_{{ pack }}_{{ y }} = inputs[buffer][{{ pack }}][{{ y }}][lane.x];
{% endfor %}
{% for c in range(4) %}
{% for quad in range(quads) %}
        let weight_{{ pack * 4 + c }}_{{ quad }} = weights[buffer][{{ pack * 4 + c }}][{{ quad }}][lane.y];
{% for y in range(tile_rows) %}
        sum_{{ quad }}_{{ y }} = fma(weight_{{ pack * 4 + c }}_{{ quad }}, vec4<f32>(in_{{ pack }}_{{ y }}.{{ "xyzw"[c] }}), sum_{{ quad }}_{{ y }});
{% endfor %}
{% endfor %}
{% endfor %}
{% endfor %}
        buffer = 1u - buffer;
        if !is_last {
{{ store() }}
        }
        workgroupBarrier();
    }
{% if totals != "none" %}
{% for quad in range(quads) %}{% for y in range(tile_rows) %}
    {{ "total_" ~ quad ~ "_" ~ y if totals == "registers" else "totals[" ~ (quad * tile_rows + y) * lanes ~ "u + local]" }} += sum_{{ quad }}_{{ y }};
    sum_{{ quad }}_{{ y }} = vec4<f32>(0.0);
{% endfor %}{% endfor %}
    }
{% endif %}

    // What lies inside the output is stored.
    let out_channels = params.groups * params.group_out_channels;
{% for y in range(tile_rows) %}
    let at_{{ y }} = first_output + {{ y * lanes_x }}u + lane.x;
    if at_{{ y }} < params.tiles {
        let image = at_{{ y }} / out_plane;
        let cell = at_{{ y }} % out_plane;
        let out_start = params.output_start + image * out_channels * out_plane + cell;
{% if skipping %}
        let out_y = cell / params.out_width;
        let out_x = cell % params.out_width;
{% endif %}
{% for quad in range(quads) %}
{% set place = quad ~ "_" ~ y %}
{% set total = "total_" ~ place if totals == "registers" else "sum_" ~ place %}
{% if totals == "memory" %}{% set total = "totals[" ~ (quad * tile_rows + y) * lanes ~ "u + local]" %}{% endif %}
        let value_{{ quad }} = {{ total }};
{% for c in range(4) %}
        {
            let channel = first_channel + ({{ quad * lanes_y }}u + lane.y) * 4u + {{ c }}u;
            if channel < params.group_out_channels {
                let out_channel = group * params.group_out_channels + channel;
                let value = value_{{ quad }}.{{ "xyzw"[c] }}{{ " + f32(bias[out_channel])" if bias }};
{% if skipping %}
                if is_nan(value) {
                    output[out_start + out_channel * out_plane] = to_element(activate(sum_skipping(image, group, channel, out_y, out_x)));
                } else {
                    output[out_start + out_channel * out_plane] = to_element(activate(value));
                }
{% else %}
                output[out_start + out_channel * out_plane] = to_element(activate(value));
{% endif %}
            }
        }
{% endfor %}
{% endfor %}
    }
{% endfor %}
}
