// Computes: the gradient of a convolution's weight as a product of matrices, gradients of filters
//   [filters, positions of the outputs across images] by gathered inputs [positions, weights of one].
// Owns: a workgroup tile_filters filters of one group by tile_columns weights of each, and a part of
//   the positions; an invocation every lanes_y-th four filters by every lanes_x-th four columns.
//   Both factors of eight positions go through workgroup memory, the next while these are multiplied.
//   By shared_tap all columns of a "tile", or of a "vector" of four, have one tap, or each its own.
// Padding: an invocation copies every eighth position, and maps its places once for a tap. Over
//   zeros both factors are 0 where a tile has one tap; else the input alone, and the host has what
//   then is NaN computed again.
// Host guarantees: tensors lie in the bindings; group_in_channels is a multiple of four but for
//   "column"; part_positions and block are multiples of eight, step_images, step_rows and step_columns
//   eight positions. What lies beyond the last repeats some and is not stored. partial has row_vectors
//   vectors a filter, part_vectors a part, and where accumulate is 1 the sums of positions before.
// Reference: src/reference/conv2d.rs
{% set lanes = lanes_x * lanes_y %}
{% set position_lanes = lanes // 8 %}
{% set filter_vectors = tile_filters // 4 %}
{% set column_vectors = tile_columns // 4 %}
{# Vectors that an invocation copies in a step, and whose products it adds up. #}
{% set filter_copies = filter_vectors // position_lanes %}
{% set column_copies = column_vectors // position_lanes %}
{% set filter_quads = filter_vectors // lanes_y %}
{% set column_quads = column_vectors // lanes_x %}

struct Params {
    grid_width: u32,
    count: u32,
    filter_tiles: u32,
    column_tiles: u32,
    first_position: u32,
    end_position: u32,
    part_positions: u32,
    block: u32,
    part_vectors: u32,
    row_vectors: u32,
    columns: u32,
    outputs: u32,
    step_images: u32,
    step_rows: u32,
    step_columns: u32,
    in_channels: u32,
    out_channels: u32,
    group_in_channels: u32,
    group_out_channels: u32,
    in_height: u32,
    in_width: u32,
    out_height: u32,
    out_width: u32,
    kernel_height: u32,
    kernel_width: u32,
    stride_height: u32,
    stride_width: u32,
    pad_top: u32,
    pad_left: u32,
    dilation_height: u32,
    dilation_width: u32,
    accumulate: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> input: array<f32>;
@group(0) @binding(2) var<storage, read> grad_output: array<f32>;
@group(0) @binding(3) var<storage, read_write> partial: array<vec4<f32>>;

// Of two steps of eight positions. One vector more a position, so that neighbouring positions lie in
// other banks.
var<workgroup> grads: array<array<array<vec4<f32>, {{ filter_vectors + 1 }}>, 8>, 2>;
var<workgroup> inputs: array<array<array<vec4<f32>, {{ column_vectors + 1 }}>, 8>, 2>;

{% include "lib/padding" %}

{# The taps that an invocation maps: one, one a vector, or one a column. #}
{% if shared_tap == "tile" %}
{% set taps = [["0", 0, 0]] %}
{% elif shared_tap == "vector" %}
{% set taps = [["0", 0, 0], ["1", 1, 0]][:column_copies] %}
{% else %}
{% set taps = [["0_0", 0, 0], ["0_1", 0, 1], ["0_2", 0, 2], ["0_3", 0, 3], ["1_0", 1, 0], ["1_1", 1, 1], ["1_2", 1, 2], ["1_3", 1, 3]][:column_copies * 4] %}
{% endif %}
{# Where the position is read, at every tap. #}
{% macro map_places() %}
{% for tap, p, c in taps %}
        {
            let y = i32(out_y * params.stride_height) + tap_y_{{ tap }};
            let x = i32(out_x * params.stride_width) + tap_x_{{ tap }};
{% if padding_mode != "zeros" %}
            let place = u32(source_of(y, i32(params.in_height))) * params.in_width
                + u32(source_of(x, i32(params.in_width)));
{% elif masked %}
            inside_{{ tap }} = u32(y) < params.in_height && u32(x) < params.in_width;
            let place = select(0u, u32(y) * params.in_width + u32(x), inside_{{ tap }});
{% else %}
            let place = u32(y) * params.in_width + u32(x);
{% endif %}
            place_{{ tap }} = {{ "in_start" if shared_tap == "tile" else "in_start + tap_start_" ~ tap }} + place;
        }
{% endfor %}
{% endmacro %}
{# What an invocation copies in a step. Without a branch around them the loads stay in front of the
   products, and what they give needs no registers from one step to the next. #}
{% macro load() %}
{% for p in range(filter_copies) %}
        let grad_at_{{ p }} = grad_at{{ " + " ~ p * position_lanes * 4 ~ "u * out_plane" if p > 0 }};
        let grad_{{ p }} = vec4<f32>(grad_output[min(grad_at_{{ p }}, last)], grad_output[min(grad_at_{{ p }} + out_plane, last)], grad_output[min(grad_at_{{ p }} + 2u * out_plane, last)], grad_output[min(grad_at_{{ p }} + 3u * out_plane, last)]);
{% endfor %}
{% for p in range(column_copies) %}
{% if shared_tap == "column" %}
        let value_{{ p }} = vec4<f32>(input[place_{{ p }}_0], input[place_{{ p }}_1], input[place_{{ p }}_2], input[place_{{ p }}_3]);
{% else %}
        let at_{{ p }} = {{ "place_" ~ p if shared_tap == "vector" else "place_0" ~ (" + " ~ p * position_lanes * 4 ~ "u * in_plane" if p > 0 else "") }};
        let value_{{ p }} = vec4<f32>(input[at_{{ p }}], input[at_{{ p }} + in_plane], input[at_{{ p }} + 2u * in_plane], input[at_{{ p }} + 3u * in_plane]);
{% endif %}
{% endfor %}
{% endmacro %}
{% macro store() %}
{% set both = "is_there && inside_0" if masked and shared_tap == "tile" else "is_there" %}
{% for p in range(filter_copies) %}
        grads[buffer][step_position][first_vector{{ " + " ~ p * position_lanes ~ "u" if p > 0 }}] = select(vec4<f32>(0.0), grad_{{ p }}, {{ both }});
{% endfor %}
{% for p in range(column_copies) %}
{% if not masked or shared_tap == "tile" %}
{% set inside = both %}
{% elif shared_tap == "vector" %}
{% set inside = "is_there && inside_" ~ p %}
{% else %}
{% set inside = "vec4<bool>(is_there && inside_" ~ p ~ "_0, is_there && inside_" ~ p ~ "_1, is_there && inside_" ~ p ~ "_2, is_there && inside_" ~ p ~ "_3)" %}
{% endif %}
        inputs[buffer][step_position][first_vector{{ " + " ~ p * position_lanes ~ "u" if p > 0 }}] = select(vec4<f32>(0.0), value_{{ p }}, {{ inside }});
{% endfor %}
{% endmacro %}
@compute @workgroup_size({{ lanes }})
fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let index = workgroup.x + workgroup.y * params.grid_width;
    if index >= params.count {
        return;
    }
    let first_filter = index % params.filter_tiles * {{ tile_filters }}u;
    let column_tile = index / params.filter_tiles;
    let first_column = column_tile % params.column_tiles * {{ tile_columns }}u;
    let group_part = column_tile / params.column_tiles;
    let groups = params.in_channels / params.group_in_channels;
    let group = group_part % groups;
    let part = group_part / groups;
    let lane_x = local % {{ lanes_x }}u;
    let lane_y = local / {{ lanes_x }}u;
    let step_position = local % 8u;
    let first_vector = local / 8u;

    let in_plane = params.in_height * params.in_width;
    let out_plane = params.out_height * params.out_width;
{% for tap, p, c in taps %}
{% if shared_tap == "column" %}
    let column_{{ tap }} = min(first_column + (first_vector + {{ p * position_lanes }}u) * 4u + {{ c }}u, params.columns - 1u);
    let channel_{{ tap }} = column_{{ tap }} / (params.kernel_height * params.kernel_width);
    let filter_row_{{ tap }} = column_{{ tap }} / params.kernel_width % params.kernel_height;
    let tap_{{ tap }} = filter_row_{{ tap }} * params.kernel_width + column_{{ tap }} % params.kernel_width;
{% elif shared_tap == "vector" %}
    let column_{{ tap }} = min(first_column + (first_vector + {{ p * position_lanes }}u) * 4u, params.columns - 4u);
    let channel_{{ tap }} = column_{{ tap }} % params.group_in_channels;
    let tap_{{ tap }} = column_{{ tap }} / params.group_in_channels;
{% else %}
    let tap_{{ tap }} = first_column / params.group_in_channels;
{% endif %}
    let tap_y_{{ tap }} = i32(tap_{{ tap }} / params.kernel_width * params.dilation_height) - i32(params.pad_top);
    let tap_x_{{ tap }} = i32(tap_{{ tap }} % params.kernel_width * params.dilation_width) - i32(params.pad_left);
{% if shared_tap != "tile" %}
    let tap_start_{{ tap }} = channel_{{ tap }} * in_plane;
{% endif %}
    var place_{{ tap }} = 0u;
{% if masked %}
    var inside_{{ tap }} = false;
{% endif %}
{% endfor %}
{% for f in range(filter_quads * 4) %}{% for c in range(column_quads * 4) %}
    var sum_{{ f }}_{{ c }} = 0.0;
{% endfor %}{% endfor %}

    let first = params.first_position + part * params.part_positions;
    let end = min(first + params.part_positions, params.end_position);
    var is_there = first + step_position < end;
    let position = min(first + step_position, end - 1u);
    let image = position / out_plane;
    var out_y = position % out_plane / params.out_width;
    var out_x = position % params.out_width;
    // What lies beyond the last filter is read from others, and beyond the last of these not at all.
    let own_channel = group * params.group_out_channels + first_filter + first_vector * 4u;
    let image_gap = (params.out_channels - 1u) * out_plane;
    var grad_at = position + image * image_gap + own_channel * out_plane;
    let last = params.outputs - 1u;
{% if shared_tap == "tile" %}
    let channel = group * params.group_in_channels + first_column % params.group_in_channels + first_vector * 4u;
{% else %}
    let channel = group * params.group_in_channels;
{% endif %}
    var in_start = (image * params.in_channels + channel) * in_plane;
    var buffer = 0u;
{{ map_places() }}
    {
{{ load() }}
{{ store() }}
    }
    workgroupBarrier();
    // Sums of blocks of positions keep the rounding error far below that of one long sum.
    for (var block = first; block < end; block += params.block) {
        let end_block = min(block + params.block, end);
        for (var step = block; step < end_block; step += 8u) {
            // Behind the last position its place is read again, and 0 taken.
            is_there = step + 8u + step_position < end;
            if is_there {
                out_x += params.step_columns;
                out_y += params.step_rows;
                if out_x >= params.out_width {
                    out_x -= params.out_width;
                    out_y += 1u;
                }
                var images = params.step_images;
                if out_y >= params.out_height {
                    out_y -= params.out_height;
                    images += 1u;
                }
                grad_at += 8u + images * image_gap;
                in_start += images * params.in_channels * in_plane;
{{ map_places() }}
            }
{{ load() }}
{% for k in range(8) %}
{% for quad in range(column_quads) %}
            let input_{{ k }}_{{ quad }} = inputs[buffer][{{ k }}][lane_x{{ " + " ~ quad * lanes_x ~ "u" if quad > 0 }}];
{% endfor %}
{% for f in range(filter_quads) %}
            let grad_{{ k }}_{{ f }} = grads[buffer][{{ k }}][lane_y{{ " + " ~ f * lanes_y ~ "u" if f > 0 }}];
{% endfor %}
{# There and back again, so that a multiply-add shares a factor with the one before. #}
{% for f in range(filter_quads * 4) %}
{% for c in range(column_quads * 4)[::1 if f % 2 == 0 else -1] %}
            sum_{{ f }}_{{ c }} = fma(grad_{{ k }}_{{ f // 4 }}.{{ "xyzw"[f % 4] }}, input_{{ k }}_{{ c // 4 }}.{{ "xyzw"[c % 4] }}, sum_{{ f }}_{{ c }});
{% endfor %}
{% endfor %}
{% endfor %}
            buffer = 1u - buffer;
{{ store() }}
            workgroupBarrier();
        }

        let is_first = block == first && params.accumulate == 0u;
{% for f in range(filter_quads) %}{% for c in range(4) %}
        {
            let own_filter = first_filter + (lane_y + {{ f * lanes_y }}u) * 4u + {{ c }}u;
            let row = part * params.part_vectors + (group * params.group_out_channels + own_filter) * params.row_vectors;
{% for quad in range(column_quads) %}
            let vector_{{ quad }} = first_column / 4u + lane_x + {{ quad * lanes_x }}u;
            if own_filter < params.group_out_channels && vector_{{ quad }} < params.row_vectors {
                var total = vec4<f32>(sum_{{ f * 4 + c }}_{{ quad * 4 }}, sum_{{ f * 4 + c }}_{{ quad * 4 + 1 }}, sum_{{ f * 4 + c }}_{{ quad * 4 + 2 }}, sum_{{ f * 4 + c }}_{{ quad * 4 + 3 }});
                if !is_first {
                    total += partial[row + vector_{{ quad }}];
                }
                partial[row + vector_{{ quad }}] = total;
            }
{% for i in range(4) %}
            sum_{{ f * 4 + c }}_{{ quad * 4 + i }} = 0.0;
{% endfor %}
{% endfor %}
        }
{% endfor %}{% endfor %}
    }
}
