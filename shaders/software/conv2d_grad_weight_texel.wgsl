// Computes: the gradient of a convolution's weight from padded images, for software adapters, where
//   the load of a texel costs a tenth of that of a buffer's element.
// Owns: a workgroup, which is one subgroup, tile_filters filters by tile_channels input channels of
//   a group by tile_rows kernel rows, and one part of the outputs. Its invocations take
//   neighbouring texels of four outputs in turns; their sums are added up at the end.
// Padding: already in the image, zeros too; conv2d_grad_weight computes again what is NaN.
// Host guarantees: image is [batch * channel][padded_height][padded_width] texels, grads
//   [batch * channel][out_height][grads_width] with zeros behind rows; both textures are
//   texture_width texels wide and filled row by row. Tiles beyond the last filter or channel repeat
//   it and store nothing. Parts lie weights elements apart, and hold sums to be added to where
//   accumulate is 1.
// Reference: src/reference/conv2d.rs
{% include "lib/element" %}
{% set rows = touched([1, stride_y, tile_rows, dilation_y], 0, 1) %}
{% set texels = touched([4, stride_x, kernel_width, dilation_x], 0, 4) %}
{% set taps = tile_channels * tile_rows * kernel_width %}

struct Params {
    grid_width: u32,
    count: u32,
    filter_tiles: u32,
    channel_tiles: u32,
    first_texel: u32,
    end_texel: u32,
    part_texels: u32,
    weights: u32,
    groups: u32,
    group_in_channels: u32,
    group_out_channels: u32,
    out_height: u32,
    padded_height: u32,
    padded_width: u32,
    grads_width: u32,
    accumulate: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var image: texture_storage_2d<rgba32float, read>;
@group(0) @binding(2) var grads: texture_storage_2d<rgba32float, read>;
@group(0) @binding(3) var<storage, read_write> grad_weight: array<Element>;

{% include "software/texel_position" %}

// The sum over the invocations of the subgroup. Software adapters add in a loop over the lanes, but
// extract a lane of a known number at once.
fn over_lanes(value: f32) -> f32 {
    var sum = subgroupBroadcast(value, 0u);
{% for lane in range(1, lanes) %}
    sum += subgroupBroadcast(value, {{ lane }}u);
{% endfor %}
    return sum;
}

// Where a tile's sum belongs.
struct Place {
    out_filter: u32,
    channel: u32,
    kernel_y: u32,
    kernel_x: u32,
    inside: bool,
}

fn place_of(sum: u32, first_filter: u32, first_channel: u32, first_row: u32) -> Place {
    let out_filter = first_filter + sum / {{ taps }}u;
    let channel = first_channel + sum / {{ kernel_width * tile_rows }}u % {{ tile_channels }}u;
    let kernel_y = first_row + sum / {{ kernel_width }}u % {{ tile_rows }}u;
    let inside = channel < params.group_in_channels && out_filter < params.group_out_channels;
    return Place(out_filter, channel, kernel_y, sum % {{ kernel_width }}u, inside);
}

fn store(part: u32, place: Place, first_of_grads: u32, total: f32) {
    let plane = (first_of_grads + place.out_filter) * params.group_in_channels + place.channel;
    let weight_index = part * params.weights
        + (plane * {{ kernel_height }}u + place.kernel_y) * {{ kernel_width }}u + place.kernel_x;
    var sum = total;
    if params.accumulate == 1u {
        sum += f32(grad_weight[weight_index]);
    }
    grad_weight[weight_index] = Element(sum);
}

@compute @workgroup_size({{ lanes }})
fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let index = workgroup.x + workgroup.y * params.grid_width;
    if index >= params.count {
        return;
    }
    let first_row = index % {{ kernel_height // tile_rows }}u * {{ tile_rows }}u;
    let channel_tile = index / {{ kernel_height // tile_rows }}u;
    let first_channel = channel_tile % params.channel_tiles * {{ tile_channels }}u;
    let filter_tile = channel_tile / params.channel_tiles;
    let first_filter = filter_tile % params.filter_tiles * {{ tile_filters }}u;
    let group_part = filter_tile / params.filter_tiles;
    let group = group_part % params.groups;
    let part = group_part / params.groups;

    let in_plane = params.padded_height * params.padded_width;
    let out_plane = params.out_height * params.grads_width;
    let first_of_image = group * params.group_in_channels;
    let first_of_grads = group * params.group_out_channels;
{% for c in range(tile_channels) %}
    let channel_{{ c }} = (first_of_image
        + min(first_channel + {{ c }}u, params.group_in_channels - 1u)) * in_plane;
{% endfor %}
{% for f in range(tile_filters) %}
    let filter_{{ f }} = (first_of_grads
        + min(first_filter + {{ f }}u, params.group_out_channels - 1u)) * out_plane;
{% endfor %}
{% for sum in range(tile_filters * taps) %}
    var sum_{{ sum }} = 0.0;
{% endfor %}

    let first = params.first_texel + part * params.part_texels;
    let end = min(first + params.part_texels, params.end_texel);
    for (var step = first; step < end; step += {{ lanes }}u) {
        // An invocation behind the last texel repeats it, times zero.
        let texel = min(step + local, end - 1u);
        let factor = select(0.0, 1.0, step + local < end);
        let grad_x = texel % params.grads_width;
        let row = texel / params.grads_width;
        let out_y = row % params.out_height;
        let batch = row / params.out_height;
        let from_grads = batch * params.groups * params.group_out_channels * out_plane
            + out_y * params.grads_width + grad_x;
        let from_image = batch * params.groups * params.group_in_channels * in_plane
            + (out_y * {{ stride_y }}u + first_row * {{ dilation_y }}u) * params.padded_width
            + grad_x * {{ stride_x }}u;
{% for f in range(tile_filters) %}
        let grad_{{ f }} = textureLoad(grads, position(from_grads + filter_{{ f }})) * factor;
{% endfor %}
{% for c in range(tile_channels) %}
{% for row in rows %}{% for texel in texels %}
        let in_{{ c }}_{{ row }}_{{ texel }} = textureLoad(image, position(from_image
            + channel_{{ c }} + {{ row }}u * params.padded_width + {{ texel }}u));
{% endfor %}{% endfor %}
{% for f in range(tile_filters) %}{% for y in range(tile_rows) %}{% for x in range(kernel_width) %}
{% set sum = "sum_" ~ (f * taps + (c * tile_rows + y) * kernel_width + x) %}
{% for output in range(4) %}
{% set column = output * stride_x + x * dilation_x %}
        {{ sum }} = fma(grad_{{ f }}.{{ "xyzw"[output] }}, in_{{ c }}_{{ y * dilation_y }}_{{ column // 4 }}.{{ "xyzw"[column % 4] }}, {{ sum }});
{% endfor %}
{% endfor %}{% endfor %}{% endfor %}
{% endfor %}
    }

    // A loop, since the machine code of a store is long.
    var totals = array<f32, {{ tile_filters * taps }}>(
{% for sum in range(tile_filters * taps) %}
        over_lanes(sum_{{ sum }}),
{% endfor %}
    );
    for (var i = local; i < {{ tile_filters * taps }}u; i += {{ lanes }}u) {
        let place = place_of(i, first_filter, first_channel, first_row);
        if place.inside {
            store(part, place, first_of_grads, totals[i]);
        }
    }
}
