// Computes: a convolution as a product of matrices, as conv2d_gemm does, of f16 by what multiplies
//   matrices for a subgroup (tensor cores); sums are f32 and not in blocks.
// Owns: a workgroup tile_channels output channels of one group at lanes_x * tile_rows outputs, which
//   follow each other across rows and images; a subgroup a lanes_y-th of the channels at
//   32 * tile_rows outputs, in matrices of 16 x 16. Weights and inputs of channel_step input channels
//   at one tap go through workgroup memory. Workgroup z is the block of channels.
// Padding: an invocation copies the inputs of the same outputs in every step, and maps their places
//   once for a tap; places over zeros are 0, and an output that is NaN is computed without them.
// Host guarantees: subgroups have 32 invocations; channel_step is 16 or 32 and divides
//   group_in_channels; weight is packed by conv2d_pack, taps before channels; every invocation copies
//   as many inputs as the others; every index is below 2^32.
// Reference: src/reference/conv2d.rs
{% import "lib/cooperative" as matrices %}
{{ matrices.directive(emulated) -}}
{% include "lib/element" %}
{% set lanes = lanes_x * lanes_y %}
{% set tile_outputs = lanes_x * tile_rows %}
{# Matrices of a subgroup. #}
{% set rows = tile_channels // lanes_y // 16 %}
{% set columns = tile_rows * 2 %}
{# Outputs whose inputs an invocation copies, and the distance of the channels that it copies. #}
{% set places = [tile_outputs // lanes, 1] | max %}
{% set place_step = [lanes // tile_outputs, 1] | max %}
{# Rows of workgroup memory are longer by 16 bytes, so that neighbours lie in several banks. #}
{% set weight_stride = (tile_channels + 8) // 4 %}
{% set input_stride = tile_outputs + 8 %}
{% set result_stride = 20 %}
{% set weight_vectors = channel_step * tile_channels // 8 %}

{% include "conv2d/conv2d_params" %}

struct Eight {
    low: vec4<Element>,
    high: vec4<Element>,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> input: array<Element>;
@group(0) @binding(2) var<storage, read> weight: array<Eight>;
{% if bias %}
@group(0) @binding(3) var<storage, read> bias: array<Element>;
{% endif %}
@group(0) @binding({{ 4 if bias else 3 }}) var<storage, read_write> output: array<Element>;

// Of one step, a row for each input channel.
var<workgroup> weights: array<vec4<Element>, {{ channel_step * weight_stride }}>;
var<workgroup> inputs: array<Element, {{ channel_step * input_stride }}>;
// Of each subgroup a matrix.
var<workgroup> results: array<f32, {{ lanes // 32 * 16 * result_stride }}>;

{% include "lib/padding_inside" %}

{% include "lib/activation" %}

{% if skipping %}
fn input_at(plane: u32, in_y: u32, in_x: u32) -> f32 {
    return f32(input[params.input_start + (plane * params.in_height + in_y) * params.in_width + in_x]);
}

fn weight_at(index: u32) -> f32 {
    let at = index / 8u;
    let lane = index % 4u;
    return f32(select(weight[at].low[lane], weight[at].high[lane], index % 8u >= 4u));
}

{% include "conv2d/conv2d_skipping" %}
{% endif %}
{{ matrices.functions(emulated, rows, columns, weight_stride, input_stride) }}
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
{% for p in range(places) %}
        {
            let at = place_{{ p }} + channel * in_plane;
{% for c in range(0, channel_step, place_step) %}
            value_{{ p }}_{{ c }} = input[at{{ " + " ~ c ~ "u * in_plane" if c > 0 }}];
{% endfor %}
        }
{% endfor %}
{% for first in range(0, weight_vectors, lanes) %}
        {{ "if local < " ~ (weight_vectors - first) ~ "u {" if first + lanes > weight_vectors else "{" }}
            let at = step + local{{ " + " ~ first ~ "u" if first > 0 }};
            weight_{{ first }}_low = weight[at].low;
            weight_{{ first }}_high = weight[at].high;
        }
{% endfor %}
{% endmacro %}
@compute @workgroup_size({{ lanes }})
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let first_output = (workgroup.y * params.grid_width + workgroup.x) * {{ tile_outputs }}u;
    if first_output >= params.tiles {
        return;
    }
    let group = workgroup.z / params.channel_blocks;
    let in_plane = params.in_height * params.in_width;
    let out_plane = params.out_height * params.out_width;
    let lane = local % 32u;
    let subgroup = local / 32u;
    let subgroup_channel = subgroup / {{ lanes_x // 32 }}u * {{ rows * 16 }}u;
    let subgroup_output = subgroup % {{ lanes_x // 32 }}u * {{ columns * 16 }}u;

{% for p in range(places) %}
    // The last output stands for those beyond it.
    let output_{{ p }} = min(first_output + {{ p * lanes }}u + local % {{ tile_outputs }}u, params.tiles - 1u);
    let image_{{ p }} = output_{{ p }} / out_plane;
    let cell_{{ p }} = output_{{ p }} % out_plane;
    let in_y_{{ p }} = i32(cell_{{ p }} / params.out_width * {{ stride_y }}u) - i32(params.pad_top);
    let in_x_{{ p }} = i32(cell_{{ p }} % params.out_width * {{ stride_x }}u) - i32(params.pad_left);
    let plane_{{ p }} = params.input_start
        + ((image_{{ p }} * params.groups + group) * params.group_in_channels{{ " + local / " ~ tile_outputs ~ "u" if place_step > 1 }}) * in_plane;
    var place_{{ p }} = 0u;
{% if masked %}
    var inside_{{ p }} = false;
{% endif %}
{% for c in range(0, channel_step, place_step) %}
    var value_{{ p }}_{{ c }} = Element(0.0);
{% endfor %}
{% endfor %}
{% for first in range(0, weight_vectors, lanes) %}
    var weight_{{ first }}_low = vec4<Element>();
    var weight_{{ first }}_high = vec4<Element>();
{% endfor %}
{{ matrices.declare(emulated, rows, columns) }}

    let products = params.group_in_channels * {{ kernel_height * kernel_width }}u;
    var step = workgroup.z * products * {{ tile_channels // 8 }}u;
    var channel = 0u;
    var kernel_y = 0u;
    var kernel_x = 0u;
{{ map_places() }}
{{ load() }}
    for (var product = 0u; product < products; product += {{ channel_step }}u) {
{% for p in range(places) %}{% for c in range(0, channel_step, place_step) %}
        inputs[{{ c * input_stride + p * lanes }}u + local / {{ tile_outputs }}u * {{ input_stride }}u + local % {{ tile_outputs }}u] = {{ "select(Element(0.0), value_" ~ p ~ "_" ~ c ~ ", inside_" ~ p ~ ")" if masked else "value_" ~ p ~ "_" ~ c }};
{% endfor %}{% endfor %}
{% for first in range(0, weight_vectors, lanes) %}
        {{ "if local < " ~ (weight_vectors - first) ~ "u {" if first + lanes > weight_vectors else "{" }}
            let at = (local + {{ first }}u) / {{ tile_channels // 8 }}u * {{ weight_stride }}u + (local + {{ first }}u) % {{ tile_channels // 8 }}u * 2u;
            weights[at] = weight_{{ first }}_low;
            weights[at + 1u] = weight_{{ first }}_high;
        }
{% endfor %}
        workgroupBarrier();
        // What the next step copies is on its way while this one's is multiplied.
        if product + {{ channel_step }}u < products {
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
{% for slice in range(channel_step // 16) %}
{{ matrices.multiply(emulated, rows, columns, weight_stride, input_stride,
    (slice * 16 * weight_stride) ~ "u + subgroup_channel / 4u",
    (slice * 16 * input_stride) ~ "u + subgroup_output") }}
{% endfor %}
        workgroupBarrier();
    }

    // What lies inside the output is stored: an invocation has every second row of a column.
    let out_channels = params.groups * params.group_out_channels;
    let first_channel = workgroup.z % params.channel_blocks * {{ tile_channels }}u + subgroup_channel + lane / 16u;
{% if skipping %}
    var any_nan = false;
{% endif %}
    let results_at = subgroup * {{ 16 * result_stride }}u;
{% for column in range(columns) %}
    let at_{{ column }} = first_output + subgroup_output + {{ column * 16 }}u + lane % 16u;
    let start_{{ column }} = params.output_start + at_{{ column }} / out_plane * out_channels * out_plane + at_{{ column }} % out_plane;
{% for row in range(rows) %}
    {
{{ matrices.store(emulated, row, column, columns, result_stride, "results_at") }}
        workgroupBarrier();
        if at_{{ column }} < params.tiles {
            for (var i = 0u; i < 16u; i += 2u) {
                let channel = first_channel + {{ row * 16 }}u + i;
                if channel < params.group_out_channels {
                    let out_channel = group * params.group_out_channels + channel;
                    let value = results[results_at + (i + lane / 16u) * {{ result_stride }}u + lane % 16u]{{ " + f32(bias[out_channel])" if bias }};
{% if skipping %}
                    any_nan |= is_nan(value);
{% endif %}
                    output[start_{{ column }} + out_channel * out_plane] = to_element(activate(value));
                }
            }
        }
        workgroupBarrier();
    }
{% endfor %}
{% endfor %}
{% if skipping %}
    if any_nan {
        let end_channel = min(first_channel + {{ rows * 16 }}u, params.group_out_channels);
        for (var column = 0u; column < {{ columns }}u; column++) {
            let at = first_output + subgroup_output + column * 16u + lane % 16u;
            if at < params.tiles {
                let image = at / out_plane;
                let cell = at % out_plane;
                let out_y = cell / params.out_width;
                let out_x = cell % params.out_width;
                for (var channel = first_channel; channel < end_channel; channel += 2u) {
                    let out_channel = group * params.group_out_channels + channel;
                    let place = params.output_start + (image * out_channels + out_channel) * out_plane + cell;
                    if is_nan(f32(output[place])) {
                        output[place] = to_element(activate(sum_skipping(image, group, channel, out_y, out_x)));
                    }
                }
            }
        }
    }
{% endif %}
}
