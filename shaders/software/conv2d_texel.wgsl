// Computes: a convolution from a padded image, for software adapters, where the load of a texel
//   costs a tenth of that of a buffer's element.
// Owns: an invocation tile_channels output channels of one group at tile_rows x 4 neighbouring
//   outputs; neighbours in a workgroup are neighbours along out_x. A texel holds 4 neighbours of a
//   row; the first 8 invocations of a subgroup load 32 consecutive weights and broadcast them.
// Padding: already in the image, zeros too; a tile with a NaN is computed without those.
// Host guarantees: image is [batch * channel][padded_height][padded_width] texels with room for
//   every tile; both textures are texture_width texels wide and filled row by row; weight is packed
//   by conv2d_pack; channel_step divides group_in_channels and a block of them; a subgroup has 8
//   invocations or more.
// Reference: src/reference/conv2d.rs
{% include "lib/element" %}
{% set row_count = kernel_height if unroll_rows else 1 %}
{% set rows = touched([tile_rows, stride_y, row_count, dilation_y], 0, 1) %}
{% set texels = touched([4, stride_x, kernel_width, dilation_x], 0, 4) %}
{# Floats of the weight that an iteration reads, in loads of 32. #}
{% set loads = (step_stride if unroll_rows else row_stride) // 32 %}

{% include "conv2d/conv2d_params" %}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var image: texture_storage_2d<rgba32float, read>;
@group(0) @binding(2) var weight: texture_storage_2d<rgba32float, read>;
{% if bias %}
@group(0) @binding(3) var<storage, read> bias: array<Element>;
{% endif %}
@group(0) @binding({{ 4 if bias else 3 }}) var<storage, read_write> output: array<Element>;

{% include "lib/activation" %}

{% include "software/texel_position" %}

{% if skipping %}
fn input_at(plane: u32, in_y: u32, in_x: u32) -> f32 {
    let row = plane * params.padded_height + in_y + params.pad_top;
    let column = in_x + params.pad_left;
    return textureLoad(image, position(row * params.padded_width + column / 4u))[column % 4u];
}

fn weight_at(index: u32) -> f32 {
    return textureLoad(weight, position(index / 4u))[index % 4u];
}

{% include "conv2d/conv2d_skipping" %}
{% endif %}

{% macro add_totals() %}
{% for channel in range(tile_channels) %}{% for y in range(tile_rows) %}
    total_{{ channel }}_{{ y }} += sum_{{ channel }}_{{ y }};
    sum_{{ channel }}_{{ y }} = vec4<f32>();
{% endfor %}{% endfor %}
{% endmacro %}
@compute @workgroup_size({{ lanes_x }})
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
    @builtin(subgroup_invocation_id) lane: u32,
) {
    let tile = (workgroup.y * params.grid_width + workgroup.x) * {{ lanes_x }}u + local;
    // Invocations behind the last tile repeat it, since they may have to load weights.
    let index = min(tile, params.tiles - 1u);
    let tile_x = index % params.tiles_x;
    let out_x = tile_x * 4u;
    let out_y = index / params.tiles_x % params.tiles_y * {{ tile_rows }}u;
    let batch = index / (params.tiles_x * params.tiles_y);
    let group = workgroup.z / params.channel_blocks;
    let first_channel = workgroup.z % params.channel_blocks * {{ tile_channels }}u;
{% for channel in range(tile_channels) %}{% for y in range(tile_rows) %}
    var sum_{{ channel }}_{{ y }} = vec4<f32>();
{% if totals != "none" %}
    var total_{{ channel }}_{{ y }} = vec4<f32>();
{% endif %}
{% endfor %}{% endfor %}

    let in_plane = params.padded_height * params.padded_width;
    let first_plane = (batch * params.groups + group) * params.group_in_channels;
    var corner = first_plane * in_plane + out_y * {{ stride_y }}u * params.padded_width
        + tile_x * {{ stride_x }}u;
    var step = workgroup.z * (params.group_in_channels / {{ channel_step }}u) * {{ step_stride // 4 }}u
        + min(lane, 7u);
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
        let top = corner + kernel_y * {{ dilation_y }}u * params.padded_width;
        let taps = step + kernel_y * {{ row_stride // 4 }}u;
{% else %}
        let top = corner;
        let taps = step;
{% endif %}
{% for load in range(loads) %}
        let weights_{{ load }} = textureLoad(weight, position(taps + {{ load * 8 }}u));
{% endfor %}
{% for c in range(channel_step) %}
{% for row in rows %}{% for texel in texels %}
        let in_{{ c }}_{{ row }}_{{ texel }} = textureLoad(image, position(top
            + {{ c }}u * in_plane + {{ row }}u * params.padded_width + {{ texel }}u));
{% endfor %}{% endfor %}
{% for row in rows %}{% for kernel_x in range(kernel_width) %}
        let window_{{ c }}_{{ row }}_{{ kernel_x }} = vec4<f32>(
{%- for x in range(4) %}{% set column = x * stride_x + kernel_x * dilation_x %}
in_{{ c }}_{{ row }}_{{ column // 4 }}.{{ "xyzw"[column % 4] }}{{ ", " if not loop.last }}{% endfor -%}
        );
{% endfor %}{% endfor %}
{% endfor %}
{% for channel in range(tile_channels) %}
{% for c in range(channel_step) %}{% for kernel_y in range(row_count) %}{% for kernel_x in range(kernel_width) %}
{% set at = c * channel_stride + kernel_y * row_stride + kernel_x * column_stride + channel %}
        let weight_{{ at }} = vec4<f32>(subgroupBroadcast(weights_{{ at // 32 }}.{{ "xyzw"[at % 4] }}, {{ at % 32 // 4 }}u));
{% for y in range(tile_rows) %}
{% set part = "part_" ~ channel ~ "_" ~ y %}
{% set window = "window_" ~ c ~ "_" ~ (y * stride_y + kernel_y * dilation_y) ~ "_" ~ kernel_x %}
{% if c + kernel_y + kernel_x == 0 %}
        var {{ part }} = weight_{{ at }} * {{ window }};
{% else %}
        {{ part }} = fma(weight_{{ at }}, {{ window }}, {{ part }});
{% endif %}
{% endfor %}
{% endfor %}{% endfor %}{% endfor %}
{% for y in range(tile_rows) %}
        sum_{{ channel }}_{{ y }} += part_{{ channel }}_{{ y }};
{% endfor %}
{% endfor %}
{% if not unroll_rows %}
        }
{% if blocks_of_taps %}
{{ add_totals() }}
        }
{% endif %}
{% endif %}
        corner += {{ channel_step }}u * in_plane;
        step += {{ step_stride // 4 }}u;
    }
{% if totals != "none" and not blocks_of_taps %}
{{ add_totals() }}
    }
{% endif %}

    if tile >= params.tiles {
        return;
    }
    let first_out = group * params.group_out_channels + first_channel;
    let channels = min({{ tile_channels }}u, params.group_out_channels - first_channel);
    let out_plane = batch * params.groups * params.group_out_channels + first_out;
    let out_start = params.output_start + out_plane * params.out_height * params.out_width + out_x;
{% if skipping %}
    var any_nan = false;
{% endif %}
    // A loop, since the machine code of a store is long; a tree of selections, since the sums are
    // no array.
    for (var i = 0u; i < channels * {{ tile_rows }}u; i++) {
{% set leaves = tile_channels * tile_rows %}
{% for leaf in range(leaves) %}
        let leaf_1_{{ leaf }} = {{ "total" if totals != "none" else "sum" }}_{{ leaf // tile_rows }}_{{ leaf % tile_rows }};
{% endfor %}
{% for level in [1, 2, 4, 8, 16, 32] if level < leaves %}
        let is_odd_{{ level }} = (i & {{ level }}u) != 0u;
{% for leaf in range(leaves // (2 * level)) %}
        let leaf_{{ 2 * level }}_{{ leaf }} = select(leaf_{{ level }}_{{ 2 * leaf }}, leaf_{{ level }}_{{ 2 * leaf + 1 }}, is_odd_{{ level }});
{% endfor %}
{% endfor %}
        let channel = i / {{ tile_rows }}u;
        let y = out_y + i % {{ tile_rows }}u;
        let sums = leaf_{{ leaves }}_0{% if bias %} + vec4<f32>(f32(bias[first_out + channel])){% endif %};
{% if skipping %}
        any_nan |= is_nan(sums.x + sums.y + sums.z + sums.w);
{% endif %}
        let out_row = out_start + (channel * params.out_height + y) * params.out_width;
{% for x in range(4) %}
        if y < params.out_height && out_x + {{ x }}u < params.out_width {
            output[out_row + {{ x }}u] = to_element(activate(sums.{{ "xyzw"[x] }}));
        }
{% endfor %}
    }
{% if skipping %}
    // Apart from that loop, since software adapters also run what no invocation enters.
    if any_nan {
        for (var i = 0u; i < channels * {{ 4 * tile_rows }}u; i++) {
            let channel = i / {{ 4 * tile_rows }}u;
            let y = out_y + i / 4u % {{ tile_rows }}u;
            let x = i % 4u;
            if y < params.out_height && out_x + x < params.out_width {
                let sum = sum_skipping(batch, group, first_channel + channel, y, out_x + x);
                let out_row = out_start + (channel * params.out_height + y) * params.out_width;
                output[out_row + x] = to_element(activate(sum));
            }
        }
    }
{% endif %}
}
