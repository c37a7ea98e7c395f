// Computes: the gradient of a convolution's weight, by tiles in registers.
// Owns: a workgroup {{ tile_filters }} filters by {{ tile_channels }} input channels of a group by {{ tile_rows }} kernel rows, and one part of
//   the outputs. Its invocations take neighbouring outputs in turns, so that they read neighbouring
//   gradients and inputs; their sums are added up at the end.
// Padding: rows and columns are mapped once per output; a tap over zeros adds nothing.
// Host guarantees: every size is at least 1; all tensors lie in the bindings. Tiles beyond the last
//   filter or channel repeat it and store nothing. Where accumulate is 1 grad_weight holds the sums
//   of the outputs before these; parts of one dispatch lie weights elements apart.
// Reference: src/reference/conv2d.rs
{% include "lib/element" %}

struct Params {
    grid_width: u32,
    count: u32,
    filter_tiles: u32,
    channel_tiles: u32,
    row_tiles: u32,
    first_output: u32,
    end_output: u32,
    part_outputs: u32,
    weights: u32,
    in_channels: u32,
    out_channels: u32,
    group_in_channels: u32,
    group_out_channels: u32,
    in_height: i32,
    in_width: i32,
    out_height: u32,
    out_width: u32,
    stride_height: i32,
    stride_width: i32,
    pad_top: i32,
    pad_left: i32,
    dilation_height: i32,
    dilation_width: i32,
    accumulate: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> input: array<Element>;
@group(0) @binding(2) var<storage, read> grad_output: array<Element>;
@group(0) @binding(3) var<storage, read_write> grad_weight: array<Element>;

{% include "lib/padding" %}
{% set sums = tile_filters * tile_channels * tile_rows * kernel_width %}

var<workgroup> lane_sums: array<f32, {{ sums * lanes }}>;

fn store(sum: u32, total: f32, part: u32, first_filter: u32, first_channel: u32, first_row: u32,
    first_filter_of_group: u32) {
    let kernel_x = sum % {{ kernel_width }}u;
    let kernel_y = first_row + sum / {{ kernel_width }}u % {{ tile_rows }}u;
    let channel = first_channel + sum / {{ kernel_width * tile_rows }}u % {{ tile_channels }}u;
    let group_filter = first_filter + sum / {{ kernel_width * tile_rows * tile_channels }}u;
    if group_filter >= params.group_out_channels
        || channel >= params.group_in_channels {
        return;
    }
    let index = part * params.weights
        + (((first_filter_of_group + group_filter) * params.group_in_channels + channel)
            * {{ kernel_height }}u + kernel_y) * {{ kernel_width }}u + kernel_x;
    if params.accumulate == 1u {
        grad_weight[index] = Element(f32(grad_weight[index]) + total);
    } else {
        grad_weight[index] = Element(total);
    }
}

@compute @workgroup_size({{ lanes }})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let index = group.x + group.y * params.grid_width;
    if index >= params.count {
        return;
    }
    let first_row = index % params.row_tiles * {{ tile_rows }}u;
    let channel_tile = index / params.row_tiles;
    let first_channel = channel_tile % params.channel_tiles * {{ tile_channels }}u;
    let filter_tile = channel_tile / params.channel_tiles;
    let first_filter = filter_tile % params.filter_tiles * {{ tile_filters }}u;
    let channel_group_part = filter_tile / params.filter_tiles;
    let groups = params.in_channels / params.group_in_channels;
    let channel_group = channel_group_part % groups;
    let part = channel_group_part / groups;

    let in_plane = u32(params.in_height) * u32(params.in_width);
    let out_plane = params.out_height * params.out_width;
{% for channel in range(tile_channels) %}
    let channel_{{ channel }} = (channel_group * params.group_in_channels
        + min(first_channel + {{ channel }}u, params.group_in_channels - 1u)) * in_plane;
{% endfor %}
{% for f in range(tile_filters) %}
    let filter_{{ f }} = (channel_group * params.group_out_channels
        + min(first_filter + {{ f }}u, params.group_out_channels - 1u)) * out_plane;
{% endfor %}
{% for sum in range(sums) %}
    var sum_{{ sum }} = 0.0;
{% endfor %}

    let first = params.first_output + part * params.part_outputs;
    let end = min(first + params.part_outputs, params.end_output);
    for (var output = first + local; output < end; output += {{ lanes }}u) {
        let out_x = output % params.out_width;
        let row = output / params.out_width;
        let out_y = row % params.out_height;
        let image = row / params.out_height;
        let grads = image * params.out_channels * out_plane + out_y * params.out_width + out_x;
        let inputs = image * params.in_channels * in_plane;
        let start_y = i32(out_y) * params.stride_height - params.pad_top
            + i32(first_row) * params.dilation_height;
        let start_x = i32(out_x) * params.stride_width - params.pad_left;
{% for y in range(tile_rows) %}
        let in_y_{{ y }} = source_of(start_y + {{ y }} * params.dilation_height, params.in_height);
        let row_{{ y }} = inputs + u32(max(in_y_{{ y }}, 0)) * u32(params.in_width);
{% endfor %}
{% for x in range(kernel_width) %}
        let in_x_{{ x }} = source_of(start_x + {{ x }} * params.dilation_width, params.in_width);
        let column_{{ x }} = u32(max(in_x_{{ x }}, 0));
{% endfor %}
{% for f in range(tile_filters) %}
        let grad_{{ f }} = f32(grad_output[grads + filter_{{ f }}]);
{% endfor %}
{% for channel in range(tile_channels) %}
{% for y in range(tile_rows) %}
{% for x in range(kernel_width) %}
{% set tap = (channel * tile_rows + y) * kernel_width + x %}
        let in_{{ tap }} = f32(input[row_{{ y }} + column_{{ x }} + channel_{{ channel }}]);
{% if masked %}
        let inside_{{ tap }} = in_y_{{ y }} >= 0 && in_x_{{ x }} >= 0;
{% endif %}
{% for f in range(tile_filters) %}
{% set sum = f * tile_channels * tile_rows * kernel_width + tap %}
{% if masked %}
        sum_{{ sum }} = select(sum_{{ sum }}, fma(grad_{{ f }}, in_{{ tap }}, sum_{{ sum }}), inside_{{ tap }});
{% else %}
        sum_{{ sum }} = fma(grad_{{ f }}, in_{{ tap }}, sum_{{ sum }});
{% endif %}
{% endfor %}
{% endfor %}
{% endfor %}
{% endfor %}
    }

    let first_filter_of_group = channel_group * params.group_out_channels;
{% for sum in range(sums) %}
    lane_sums[{{ sum * lanes }}u + local] = sum_{{ sum }};
{% endfor %}
    workgroupBarrier();
    for (var sum = local; sum < {{ sums }}u; sum += {{ lanes }}u) {
        var total = 0.0;
        for (var lane = 0u; lane < {{ lanes }}u; lane++) {
            total += lane_sums[sum * {{ lanes }}u + lane];
        }
        store(sum, total, part, first_filter, first_channel, first_row, first_filter_of_group);
    }
}
