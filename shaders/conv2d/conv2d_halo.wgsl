// Computes: a convolution whose workgroups share their inputs through workgroup memory.
// Owns: an invocation tile_channels output channels of one group at tile_rows rows of a column; a
//   workgroup lanes_x columns and lanes_y * tile_rows rows, row_step apart. It copies the inputs
//   they need, channel_step channels at a time; neighbouring invocations copy and read
//   neighbouring elements, and all read the same weights, from its memory if they are staged
//   there. Workgroup z is the block of channels.
// Padding: applied while copying; places over zeros are 0, and a tile with a NaN is computed
//   without them.
// Host guarantees: channel_step divides group_in_channels and a block of them; weight is packed by
//   conv2d_pack with these strides; row_step divides dilation_y; every index is below 2^32.
// Reference: src/reference/conv2d.rs
{% include "lib/element" %}
{% set lanes = lanes_x * lanes_y %}
{# Along y the halo holds every row_step-th row alone. #}
{% set tap_step = dilation_y // row_step %}
{% set halo_width = (lanes_x - 1) * stride_x + (kernel_width - 1) * dilation_x + 1 %}
{% set halo_height = (lanes_y * tile_rows - 1) * stride_y + (kernel_height - 1) * tap_step + 1 %}
{% set copies = (halo_width * halo_height + lanes - 1) // lanes %}
{% set quads = tile_channels // 4 %}
{# Vectors of weights: of one column of the kernel, and of all. #}
{% set column_vectors = column_stride // 4 %}
{% set step_vectors = step_stride // 4 %}

{% include "conv2d/conv2d_params" %}

alias Pack = {{ "f32" if channel_step == 1 else "vec" ~ channel_step ~ "<f32>" }};

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> input: array<Element>;
@group(0) @binding(2) var<storage, read> weight: array<vec4<Element>>;
{% if bias %}
@group(0) @binding(3) var<storage, read> bias: array<Element>;
{% endif %}
@group(0) @binding({{ 4 if bias else 3 }}) var<storage, read_write> output: array<Element>;

// The places behind the halo are for copies that nobody reads.
var<workgroup> halo: array<Pack, {{ copies * lanes }}>;

{% if staged %}
// The weights of a step, a column of the kernel each.
var<workgroup> staged: array<array<vec4<f32>, {{ column_vectors }}>, {{ kernel_width }}>;
{% endif %}

{% if totals == "memory" %}
var<workgroup> totals: array<vec4<f32>, {{ tile_channels // 4 * tile_rows * lanes_x * lanes_y }}>;
{% endif %}

{% include "lib/padding_inside" %}

{% include "lib/activation" %}

{% if skipping %}
{% include "conv2d/conv2d_skipping_stored" %}
{% endif %}

@compute @workgroup_size({{ lanes_x }}, {{ lanes_y }})
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(local_invocation_id) lane: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let tile = workgroup.y * params.grid_width + workgroup.x;
    if tile >= params.tiles {
        return;
    }
    let tile_y = tile / params.tiles_x % params.tiles_y;
    let first_x = tile % params.tiles_x * {{ lanes_x }}u;
{% if row_step > 1 %}
    let first_y = tile_y / {{ row_step }}u * {{ row_step * lanes_y * tile_rows }}u + tile_y % {{ row_step }}u;
{% else %}
    let first_y = tile_y * {{ lanes_y * tile_rows }}u;
{% endif %}
    let image = tile / (params.tiles_x * params.tiles_y);
    let group = workgroup.z / params.channel_blocks;
    let first_channel = workgroup.z % params.channel_blocks * {{ tile_channels }}u;

    // An invocation copies the same places of every channel.
    let in_y = i32(first_y * {{ stride_y }}u) - i32(params.pad_top);
    let in_x = i32(first_x * {{ stride_x }}u) - i32(params.pad_left);
{% if masked %}
    var inside = 0u;
{% endif %}
{% for copy in range(copies) %}
    let place_{{ copy }} = local + {{ copy * lanes }}u;
    let y_{{ copy }} = in_y + i32(place_{{ copy }} / {{ halo_width }}u{{ " * " ~ row_step ~ "u" if row_step > 1 }});
    let x_{{ copy }} = in_x + i32(place_{{ copy }} % {{ halo_width }}u);
    let from_{{ copy }} = params.input_start + source_inside(y_{{ copy }}, params.in_height) * params.in_width
        + source_inside(x_{{ copy }}, params.in_width);
{% if masked %}
    if u32(y_{{ copy }}) < params.in_height && u32(x_{{ copy }}) < params.in_width {
        inside |= {{ 2 ** copy }}u;
    }
{% endif %}
{% endfor %}
{% include "conv2d/conv2d_sums" %}

    let corner = lane.y * {{ tile_rows * stride_y * halo_width }}u + lane.x * {{ stride_x }}u;
    let in_plane = params.in_height * params.in_width;
    let first_plane = (image * params.groups + group) * params.group_in_channels;
    var step = workgroup.z * (params.group_in_channels / {{ channel_step }}u) * {{ step_vectors }}u;
{% if totals != "none" and not blocks_of_taps %}
    // Sums of blocks of channels keep the rounding error far below that of one long sum.
    for (var block = 0u; block < params.group_in_channels; block += params.block) {
    let end_block = min(block + params.block, params.group_in_channels);
    for (var channel = block; channel < end_block; channel += {{ channel_step }}u) {
{% else %}
    for (var channel = 0u; channel < params.group_in_channels; channel += {{ channel_step }}u) {
{% endif %}
        workgroupBarrier();
{% for c in range(channel_step) %}
        let start_{{ c }} = (first_plane + channel + {{ c }}u) * in_plane;
{% endfor %}
{% for copy in range(copies) %}
        let value_{{ copy }} = Pack(
{%- for c in range(channel_step) %}f32(input[start_{{ c }} + from_{{ copy }}]){{ ", " if not loop.last }}{% endfor -%}
        );
        halo[place_{{ copy }}] = {{ "select(Pack(0.0), value_" ~ copy ~ ", (inside & " ~ 2 ** copy ~ "u) != 0u)" if masked else "value_" ~ copy }};
{% endfor %}
{% if staged %}
{% for first in range(0, step_vectors, lanes) %}
{% set at = "(local + " ~ first ~ "u)" if first > 0 else "local" %}
{% set last = first + lanes > step_vectors %}
        {{ "if local < " ~ (step_vectors - first) ~ "u { " if last }}staged[{{ at }} / {{ column_vectors }}u][{{ at }} % {{ column_vectors }}u] = vec4<f32>(weight[step + {{ at }}]);{{ " }" if last }}
{% endfor %}
{% endif %}
        workgroupBarrier();
{% if blocks_of_taps %}
        // Sums of blocks of columns keep the rounding error far below that of one long sum.
        for (var block_x = 0u; block_x < {{ kernel_width }}u; block_x += params.block) {
        let end_x = min(block_x + params.block, {{ kernel_width }}u);
        for (var kernel_x = block_x; kernel_x < end_x; kernel_x++) {
{% else %}
        for (var kernel_x = 0u; kernel_x < {{ kernel_width }}u; kernel_x++) {
{% endif %}
            let top = corner + kernel_x{{ " * " ~ dilation_x ~ "u" if dilation_x > 1 }};
{% if not staged %}
            let taps = step + kernel_x * {{ column_vectors }}u;
{% endif %}
{% for kernel_y in range(kernel_height) %}
{# A row is read when its first tap needs it, to keep few of them in registers. #}
{% for row in touched([tile_rows, stride_y, 1, 1], kernel_y * tap_step, 1) %}
{% if row not in touched([tile_rows, stride_y, kernel_y, tap_step], 0, 1) %}
            let in_{{ row }} = halo[top + {{ row * halo_width }}u];
{% endif %}
{% endfor %}
{% for c in range(channel_step) %}{% for quad in range(quads) %}
{% set at = (c * channel_stride + kernel_y * row_stride) // 4 + quad %}
            let weight_{{ at }} = {{ "staged[kernel_x][" ~ at ~ "]" if staged else "vec4<f32>(weight[taps + " ~ at ~ "u])" }};
{% for lane in range(4) %}{% for y in range(tile_rows)[::1 if lane % 2 == 0 else -1] %}
{% set sum = "sum_" ~ (quad * 4 + lane) ~ "_" ~ y %}
            {{ sum }} = fma(weight_{{ at }}.{{ "xyzw"[lane] }}, in_{{ y * stride_y + kernel_y * tap_step }}{{ "." ~ "xyzw"[c] if channel_step > 1 }}, {{ sum }});
{% endfor %}{% endfor %}
{% endfor %}{% endfor %}{% endfor %}
        }
{% if blocks_of_taps %}
{% include "conv2d/conv2d_totals" %}
        }
{% endif %}
        step += {{ step_vectors }}u;
    }
{% if totals != "none" and not blocks_of_taps %}
{% include "conv2d/conv2d_totals" %}
    }
{% endif %}

    let out_x = first_x + lane.x;
    let out_y = first_y + lane.y * {{ tile_rows * row_step }}u;
    if out_x >= params.out_width || out_y >= params.out_height {
        return;
    }
{% include "conv2d/conv2d_store" %}
}
