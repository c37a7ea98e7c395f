// Computes: a convolution by register tiles, with inputs and weights straight from their buffers.
// Owns: an invocation tile_channels output channels of one group at tile_rows rows of a column;
//   neighbours in a workgroup are neighbours along out_x, so that they load and store neighbouring
//   elements and all load the same weights. A workgroup is one block of channels (workgroup z).
// Padding: rows and columns are mapped into the input once, before the loop over the channels;
//   what lies over zeros is replaced by 0, and a tile with a NaN is computed without it.
// Host guarantees: channel_step divides group_in_channels and a block of them; weight is packed by
//   conv2d_pack with these strides; every index is below 2^32.
// Reference: src/reference/conv2d.rs
{% include "lib/element" %}
{% set row_count = kernel_height if unroll_rows else 1 %}
{% set rows = touched([tile_rows, stride_y, row_count, dilation_y], 0, 1) %}
{% set columns = touched([1, stride_x, kernel_width, dilation_x], 0, 1) %}

{% include "conv2d/conv2d_params" %}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> input: array<Element>;
@group(0) @binding(2) var<storage, read> weight: array<vec4<Element>>;
{% if bias %}
@group(0) @binding(3) var<storage, read> bias: array<Element>;
{% endif %}
@group(0) @binding({{ 4 if bias else 3 }}) var<storage, read_write> output: array<Element>;

{% if totals == "memory" %}
var<workgroup> totals: array<vec4<f32>, {{ tile_channels // 4 * tile_rows * lanes_x * lanes_y }}>;
{% endif %}

{% include "lib/padding_inside" %}

{% include "lib/activation" %}

{% if skipping %}
{% include "conv2d/conv2d_skipping_stored" %}
{% endif %}

{% macro map_rows(start) %}
{% for row in rows %}
    let row_{{ row }} = source_inside({{ start }} + {{ row }}, params.in_height) * params.in_width;
{% if masked %}
    let inside_y_{{ row }} = u32({{ start }} + {{ row }}) < params.in_height;
{% endif %}
{% endfor %}
{% endmacro %}
@compute @workgroup_size({{ lanes_x }})
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let tile = (workgroup.y * params.grid_width + workgroup.x) * {{ lanes_x }}u + local;
    if tile >= params.tiles {
        return;
    }
    let out_x = tile % params.tiles_x;
    let out_y = tile / params.tiles_x % params.tiles_y * {{ tile_rows }}u;
    let image = tile / (params.tiles_x * params.tiles_y);
    let group = workgroup.z / params.channel_blocks;
    let first_channel = workgroup.z % params.channel_blocks * {{ tile_channels }}u;

    let in_y = i32(out_y * {{ stride_y }}u) - i32(params.pad_top);
    let in_x = i32(out_x * {{ stride_x }}u) - i32(params.pad_left);
{% for column in columns %}
    let column_{{ column }} = params.input_start + source_inside(in_x + {{ column }}, params.in_width);
{% if masked %}
    let inside_x_{{ column }} = u32(in_x + {{ column }}) < params.in_width;
{% endif %}
{% endfor %}
{% if unroll_rows %}
{{ map_rows("in_y") }}
{% endif %}
{% include "conv2d/conv2d_sums" %}

    let in_plane = params.in_height * params.in_width;
    let first_plane = (image * params.groups + group) * params.group_in_channels;
    var step = workgroup.z * (params.group_in_channels / {{ channel_step }}u) * {{ step_stride // 4 }}u;
{% if totals != "none" and not blocks_of_taps %}
    // Sums of blocks of channels keep the rounding error far below that of one long sum.
    for (var block = 0u; block < params.group_in_channels; block += params.block) {
    let end_block = min(block + params.block, params.group_in_channels);
    for (var channel = block; channel < end_block; channel += {{ channel_step }}u) {
{% else %}
    for (var channel = 0u; channel < params.group_in_channels; channel += {{ channel_step }}u) {
{% endif %}
{% if not unroll_rows %}
{% if blocks_of_taps %}
        // Sums of blocks of rows keep the rounding error far below that of one long sum.
        for (var block_y = 0u; block_y < {{ kernel_height }}u; block_y += params.block) {
        let end_y = min(block_y + params.block, {{ kernel_height }}u);
        for (var kernel_y = block_y; kernel_y < end_y; kernel_y++) {
{% else %}
        for (var kernel_y = 0u; kernel_y < {{ kernel_height }}u; kernel_y++) {
{% endif %}
        let tap_y = in_y + i32(kernel_y * {{ dilation_y }}u);
        let taps = step + kernel_y * {{ row_stride // 4 }}u;
{{ map_rows("tap_y") }}
{% else %}
        let taps = step;
{% endif %}
{% for c in range(channel_step) %}
        let start_{{ c }} = (first_plane + channel + {{ c }}u) * in_plane;
{% for column in columns %}
{% for row in rows %}
        let in_{{ c }}_{{ row }}_{{ column }} =
{%- if masked %} select(0.0, f32(input[start_{{ c }} + row_{{ row }} + column_{{ column }}]), inside_y_{{ row }} && inside_x_{{ column }});
{%- else %} f32(input[start_{{ c }} + row_{{ row }} + column_{{ column }}]);
{%- endif +%}
{% endfor %}
{% for kernel_x in range(kernel_width) if kernel_x * dilation_x == column %}
{% for kernel_y in range(row_count) %}
{% for quad in range(tile_channels // 4) %}
{% set at = (c * channel_stride + kernel_y * row_stride + kernel_x * column_stride) // 4 + quad %}
        let weight_{{ at }} = vec4<f32>(weight[taps + {{ at }}u]);
{% for lane in range(4) %}{% for y in range(tile_rows) %}
{% set sum = "sum_" ~ (quad * 4 + lane) ~ "_" ~ y %}
        {{ sum }} = fma(weight_{{ at }}.{{ "xyzw"[lane] }}, in_{{ c }}_{{ y * stride_y + kernel_y * dilation_y }}_{{ column }}, {{ sum }});
{% endfor %}{% endfor %}
{% endfor %}
{% endfor %}
{% endfor %}
{% endfor %}
{% endfor %}
{% if not unroll_rows %}
        }
{% if blocks_of_taps %}
{% include "conv2d/conv2d_totals" %}
        }
{% endif %}
{% endif %}
        step += {{ step_stride // 4 }}u;
    }
{% if totals != "none" and not blocks_of_taps %}
{% include "conv2d/conv2d_totals" %}
    }
{% endif %}

{% include "conv2d/conv2d_store" %}
}
