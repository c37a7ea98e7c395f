// Computes: a convolution as a product of matrices, weights [channels, products] by inputs
//   [products, outputs] that are gathered as they are needed, never stored (implicit GEMM).
// Owns: a workgroup tile_channels output channels of one group at lanes_x * tile_rows outputs, which
//   follow each other across rows and images; an invocation every lanes_y-th four of the channels
//   and every lanes_x-th four of the outputs. Inputs and weights of channel_step input channels at
//   one tap go through workgroup memory, those of the next step while this one's are multiplied.
//   Workgroup z is the block of channels.
// Padding: an invocation copies the inputs of the same four outputs in every step, and maps their
//   places once for a tap; places over zeros are 0, and a tile with a NaN is computed without them.
// Host guarantees: channel_step divides group_in_channels; weight is packed by conv2d_pack, taps
//   before channels; lanes_x is a multiple of 8, lanes_y of 4, tile_channels / lanes_y and tile_rows
//   of 4; the invocations are a multiple of the fours of outputs; where input or output is wide, its
//   planes and starts are multiples of four elements; every index is below 2^32.
// Reference: src/reference/conv2d.rs
{% include "lib/element" %}
{% set lanes = lanes_x * lanes_y %}
{% set tile_outputs = lanes_x * tile_rows %}
{# Vectors of the channels and of the outputs of an invocation. #}
{% set quads = tile_channels // lanes_y // 4 %}
{% set out_quads = tile_rows // 4 %}
{# What a workgroup copies in a step: vectors of inputs, so many of each channel, and of weights. #}
{% set columns = tile_outputs // 4 %}
{% set rows_at_once = lanes // columns %}
{% set copies = (channel_step + rows_at_once - 1) // rows_at_once %}
{% set weight_vectors = channel_step * tile_channels // 4 %}
{% set places = [0] if wide_input else [0, 1, 2, 3] %}
{% set stored = [0] if wide_output else [0, 1, 2, 3] %}

{% include "conv2d/conv2d_params" %}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> input: array<{{ "vec4<Element>" if wide_input else "Element" }}>;
@group(0) @binding(2) var<storage, read> weight: array<vec4<Element>>;
{% if bias %}
@group(0) @binding(3) var<storage, read> bias: array<Element>;
{% endif %}
@group(0) @binding({{ 4 if bias else 3 }}) var<storage, read_write> output: array<{{ "vec4<Element>" if wide_output else "Element" }}>;

// Of two steps, every four of channels and of outputs as an invocation reads them.
var<workgroup> inputs: array<array<array<array<vec4<f32>, {{ lanes_x }}>, {{ out_quads }}>, {{ channel_step }}>, 2>;
var<workgroup> weights: array<array<array<array<vec4<f32>, {{ lanes_y }}>, {{ quads }}>, {{ channel_step }}>, 2>;

{% include "lib/padding_inside" %}

{% include "lib/activation" %}

{% if skipping %}
{% include "conv2d/conv2d_skipping_stored" %}
{% endif %}

{# Where the outputs of what an invocation copies read at the tap kernel_y, kernel_x. #}
{% macro map_places() %}
{% for p in places %}
        {
            let y = in_y_{{ p }} + i32(kernel_y * {{ dilation_y }}u);
            let x = in_x_{{ p }} + i32(kernel_x * {{ dilation_x }}u);
            place_{{ p }} = plane_{{ p }} + source_inside(y, params.in_height) * params.in_width
                + source_inside(x, params.in_width);
{% if masked %}
            inside.{{ "xyzw"[p] }} = u32(y) < params.in_height && u32(x) < params.in_width;
{% endif %}
        }
{% endfor %}
{% endmacro %}
{# What an invocation copies in a step. Without a branch around them the loads stay in front of the
   products, and what they give needs no registers from one step to the next. #}
{% macro load() %}
{% for copy in range(copies) %}
{% set row = "first_row + " ~ copy * rows_at_once ~ "u" if copy > 0 else "first_row" %}
        let row_{{ copy }} = (channel + {{ "min(" ~ row ~ ", " ~ (channel_step - 1) ~ "u)" if (copy + 1) * rows_at_once > channel_step else row }}) * in_plane;
{% if wide_input %}
        let value_{{ copy }} = vec4<f32>(input[(place_0 + row_{{ copy }}) / 4u]);
{% else %}
        let value_{{ copy }} = vec4<f32>(
{%- for p in places %}f32(input[place_{{ p }} + row_{{ copy }}]){{ ", " if not loop.last }}{% endfor -%}
        );
{% endif %}
{% endfor %}
{% for first in range(0, weight_vectors, lanes) %}
{% set at = "local + " ~ first ~ "u" if first > 0 else "local" %}
        let weight_{{ first }} = vec4<f32>(weight[step + {{ "min(" ~ at ~ ", " ~ (weight_vectors - 1) ~ "u)" if first + lanes > weight_vectors else at }}]);
{% endfor %}
{% endmacro %}
{% macro store() %}
{% for copy in range(copies) %}
        {{ "if first_row < " ~ (channel_step - copy * rows_at_once) ~ "u { " if (copy + 1) * rows_at_once > channel_step }}inputs[buffer][first_row + {{ copy * rows_at_once }}u][column / {{ lanes_x }}u][column % {{ lanes_x }}u] = {{ "select(vec4<f32>(0.0), value_" ~ copy ~ ", inside)" if masked else "value_" ~ copy }};{{ " }" if (copy + 1) * rows_at_once > channel_step }}
{% endfor %}
{% for first in range(0, weight_vectors, lanes) %}
{% set at = "(local + " ~ first ~ "u)" if first > 0 else "local" %}
        {{ "if local < " ~ (weight_vectors - first) ~ "u { " if first + lanes > weight_vectors }}weights[buffer][{{ at }} / {{ quads * lanes_y }}u][{{ at }} / {{ lanes_y }}u % {{ quads }}u][{{ at }} % {{ lanes_y }}u] = weight_{{ first }};{{ " }" if first + lanes > weight_vectors }}
{% endfor %}
{% endmacro %}
@compute @workgroup_size({{ lanes_x }}, {{ lanes_y }})
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    // Of 32 invocations that follow each other 8 lie along x and 4 along y: they read the fewest
    // different vectors of workgroup memory.
    let lane = vec2<u32>(local / 32u % {{ lanes_x // 8 }}u * 8u + local % 8u, local / {{ lanes_x * 4 }}u * 4u + local / 8u % 4u);
    let first_output = (workgroup.y * params.grid_width + workgroup.x) * {{ tile_outputs }}u;
    if first_output >= params.tiles {
        return;
    }
    let group = workgroup.z / params.channel_blocks;
    let first_channel = workgroup.z % params.channel_blocks * {{ tile_channels }}u;
    let in_plane = params.in_height * params.in_width;
    let out_plane = params.out_height * params.out_width;

    let column = local % {{ columns }}u;
    let first_row = local / {{ columns }}u;
{% for p in places %}
    // The last output stands for those beyond it.
    let output_{{ p }} = min(first_output + column * 4u + {{ p }}u, params.tiles - 1u);
    let cell_{{ p }} = output_{{ p }} % out_plane;
    let in_y_{{ p }} = i32(cell_{{ p }} / params.out_width * {{ stride_y }}u) - i32(params.pad_top);
    let in_x_{{ p }} = i32(cell_{{ p }} % params.out_width * {{ stride_x }}u) - i32(params.pad_left);
    let plane_{{ p }} = params.input_start
        + (output_{{ p }} / out_plane * params.groups + group) * params.group_in_channels * in_plane;
    var place_{{ p }} = 0u;
{% endfor %}
{% if masked %}
    var inside = vec4<bool>();
{% endif %}
{% for channel in range(4 * quads) %}{% for y in range(tile_rows) %}
    var sum_{{ channel }}_{{ y }} = 0.0;
{% if totals == "registers" %}
    var total_{{ channel }}_{{ y }} = 0.0;
{% endif %}
{% endfor %}{% endfor %}

    let products = params.group_in_channels * {{ kernel_height * kernel_width }}u;
    var step = workgroup.z * products * {{ tile_channels // 4 }}u;
    var channel = 0u;
    var kernel_y = 0u;
    var kernel_x = 0u;
    var buffer = 0u;
{{ map_places() }}
    {
{{ load() }}
{{ store() }}
    }
    workgroupBarrier();
{% if totals != "none" %}
    // Sums of blocks of products keep the rounding error far below that of one long sum.
    for (var block = 0u; block < products; block += params.block) {
    let end_block = min(block + params.block, products);
    for (var product = block; product < end_block; product += {{ channel_step }}u) {
{% else %}
    for (var product = 0u; product < products; product += {{ channel_step }}u) {
{% endif %}
        // The last step copies its own again, which nobody reads.
        if product + {{ channel_step }}u < products {
            step += {{ weight_vectors }}u;
            channel += {{ channel_step }}u;
        }
{% if kernel_height * kernel_width > 1 %}
        if channel == params.group_in_channels {
            channel = 0u;
            kernel_x += 1u;
            if kernel_x == {{ kernel_width }}u {
                kernel_x = 0u;
                kernel_y += 1u;
            }
{{ map_places() }}
        }
{% endif %}
{{ load() }}
{% for c in range(channel_step) %}
{% for q in range(out_quads) %}
        let in_{{ c }}_{{ q }} = inputs[buffer][{{ c }}][{{ q }}][lane.x];
{% endfor %}
{% for quad in range(quads) %}
        let weight_{{ c }}_{{ quad }} = weights[buffer][{{ c }}][{{ quad }}][lane.y];
{% endfor %}
{# There and back again, so that a multiply-add shares a factor with the one before. #}
{% for y in range(tile_rows) %}
{% for channel in range(4 * quads)[::1 if y % 2 == 0 else -1] %}
        sum_{{ channel }}_{{ y }} = fma(weight_{{ c }}_{{ channel // 4 }}.{{ "xyzw"[channel % 4] }}, in_{{ c }}_{{ y // 4 }}.{{ "xyzw"[y % 4] }}, sum_{{ channel }}_{{ y }});
{% endfor %}
{% endfor %}
{% endfor %}
        buffer = 1u - buffer;
{{ store() }}
        workgroupBarrier();
    }
{% if totals != "none" %}
{% for channel in range(4 * quads) %}{% for y in range(tile_rows) %}
    total_{{ channel }}_{{ y }} += sum_{{ channel }}_{{ y }};
    sum_{{ channel }}_{{ y }} = 0.0;
{% endfor %}{% endfor %}
    }
{% endif %}

    // What lies inside the output is stored.
{% set sum = "total" if totals == "registers" else "sum" %}
    let out_channels = params.groups * params.group_out_channels;
{% if skipping %}
    var any_nan = false;
{% endif %}
{% for q in range(out_quads) %}
{% for p in stored %}
    {
        let at = first_output + ({{ q * lanes_x }}u + lane.x) * 4u + {{ p }}u;
        if at < params.tiles {
            let out_start = params.output_start + at / out_plane * out_channels * out_plane + at % out_plane;
{% for channel in range(4 * quads) %}
            {
                let channel = first_channel + ({{ channel // 4 * lanes_y }}u + lane.y) * 4u + {{ channel % 4 }}u;
                if channel < params.group_out_channels {
                    let out_channel = group * params.group_out_channels + channel;
{% if bias %}
                    let bias = f32(bias[out_channel]);
{% endif %}
{% for y in range(4 * q, 4 * q + 4) if wide_output or y == 4 * q + p %}
                    let value_{{ y % 4 }} = {{ sum }}_{{ channel }}_{{ y }}{{ " + bias" if bias }};
{% if skipping %}
                    any_nan |= is_nan(value_{{ y % 4 }});
{% endif %}
{% endfor %}
{% if wide_output %}
                    output[(out_start + out_channel * out_plane) / 4u] = vec4<Element>(
{%- for y in range(4) %}to_element(activate(value_{{ y }})){{ ", " if not loop.last }}{% endfor -%}
                    );
{% else %}
                    output[out_start + out_channel * out_plane] = to_element(activate(value_{{ p }}));
{% endif %}
                }
            }
{% endfor %}
        }
    }
{% endfor %}
{% endfor %}
{% if skipping %}
    if any_nan {
        for (var i = 0u; i < {{ 4 * quads * tile_rows }}u; i++) {
            let at = first_output + (i / 4u % {{ out_quads }}u * {{ lanes_x }}u + lane.x) * 4u + i % 4u;
            let lane_channel = i / {{ tile_rows }}u;
            let channel = first_channel + (lane_channel / 4u * {{ lanes_y }}u + lane.y) * 4u + lane_channel % 4u;
            if at < params.tiles && channel < params.group_out_channels {
                let image = at / out_plane;
                let cell = at % out_plane;
                let sum = sum_skipping(image, group, channel, cell / params.out_width, cell % params.out_width);
                let out_at = params.output_start + (image * out_channels + group * params.group_out_channels + channel) * out_plane + cell;
                output[out_at{{ " / 4u][out_at % 4u" if wide_output }}] = to_element(activate(sum));
            }
        }
    }
{% endif %}
}
