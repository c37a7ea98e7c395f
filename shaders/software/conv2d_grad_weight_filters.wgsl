// Computes: the gradient of a convolution's weight from padded images, for software adapters and
//   layers of as many filters as a subgroup has invocations.
// Owns: a workgroup, which is one subgroup, some filters by tile_channels input channels of a group
//   by tile_rows kernel rows, and one part of the outputs; an invocation every lanes-th of these
//   filters. It takes unit_rows by unit_texels texels of four outputs at once; the image's texels,
//   which are the same for all invocations, are loaded by one each and broadcast.
// Padding: already in the image, zeros too; conv2d_grad_weight computes again what is NaN.
// Host guarantees: image is [batch * channel][padded_height][padded_width] texels, grads
//   [batch * channel][grads_height][grads_width] with zeros behind the outputs, whole units; both
//   textures are texture_width texels wide and filled row by row. Tiles beyond the last filter or
//   channel repeat it and store nothing. Parts lie weights elements apart, of a unit at least.
// Reference: src/reference/conv2d.rs
{% include "lib/element" %}
{% set rows = touched([unit_rows, stride_y, tile_rows, dilation_y], 0, 1) %}
{% set texels = touched([4 * unit_texels, stride_x, kernel_width, dilation_x], 0, 4) %}
{% set plane_taps = tile_rows * kernel_width %}
{% set taps = tile_channels * plane_taps %}
{% set unit_outputs = 4 * unit_rows * unit_texels %}
{% set image_texels = tile_channels * rows|length * texels|length %}
{% set loads = (image_texels + lanes - 1) // lanes %}

struct Params {
    grid_width: u32,
    count: u32,
    filter_tiles: u32,
    channel_tiles: u32,
    end_unit: u32,
    first_part: u32,
    part_units: u32,
    block_units: u32,
    weights: u32,
    groups: u32,
    group_in_channels: u32,
    group_out_channels: u32,
    padded_height: u32,
    padded_width: u32,
    grads_height: u32,
    grads_width: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var image: texture_storage_2d<rgba32float, read>;
@group(0) @binding(2) var grads: texture_storage_2d<rgba32float, read>;
@group(0) @binding(3) var<storage, read_write> grad_weight: array<Element>;

{% include "software/texel_position" %}

// The place of a unit among those of all images.
struct Unit {
    batch: u32,
    y: u32,
    x: u32,
}

fn unit_of(unit: u32) -> Unit {
    let units_x = params.grads_width / {{ unit_texels }}u;
    let units_y = params.grads_height / {{ unit_rows }}u;
    let row = unit / units_x;
    return Unit(row / units_y, row % units_y, unit % units_x);
}

fn next(unit: Unit) -> Unit {
    let row_ends = unit.x + 1u == params.grads_width / {{ unit_texels }}u;
    let y = unit.y + select(0u, 1u, row_ends);
    let image_ends = y == params.grads_height / {{ unit_rows }}u;
    let batch = unit.batch + select(0u, 1u, image_ends);
    return Unit(batch, select(y, 0u, image_ends), select(unit.x + 1u, 0u, row_ends));
}

// Where the sums of an invocation's filter and a channel belong.
struct Place {
    inside: bool,
    first_weight: u32,
}

fn place_of(plane: u32, part: u32, group: u32, first_filter: u32, first_channel: u32, first_row: u32)
    -> Place {
    let filter_of_group = first_filter + plane / {{ tile_channels }}u * {{ lanes }}u;
    let channel = first_channel + plane % {{ tile_channels }}u;
    let inside = channel < params.group_in_channels && filter_of_group < params.group_out_channels;
    let out_filter = group * params.group_out_channels + filter_of_group;
    let kernel_row = (out_filter * params.group_in_channels + channel) * {{ kernel_height }}u + first_row;
    let first_weight = (params.first_part + part) * params.weights + kernel_row * {{ kernel_width }}u;
    return Place(inside, first_weight);
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
    let first_filter = filter_tile % params.filter_tiles * {{ tile_filters * lanes }}u + local;
    let group_part = filter_tile / params.filter_tiles;
    let group = group_part % params.groups;
    let part = group_part / params.groups;

    let in_plane = params.padded_height * params.padded_width;
    let out_plane = params.grads_height * params.grads_width;
    let first_of_image = group * params.group_in_channels;
    let first_of_grads = group * params.group_out_channels;
{% for c in range(tile_channels) %}
    let channel_{{ c }} = (first_of_image
        + min(first_channel + {{ c }}u, params.group_in_channels - 1u)) * in_plane;
{% endfor %}
{% for f in range(tile_filters) %}
    let filter_{{ f }} = (first_of_grads
        + min(first_filter + {{ f * lanes }}u, params.group_out_channels - 1u)) * out_plane;
{% endfor %}
    // The texels of the image that this invocation loads; those behind the last repeat the first.
{% for load in range(loads) %}
    var texel_{{ load }} = channel_0;
{% endfor %}
{% for c in range(tile_channels) %}{% set of_channel = loop.index0 * rows|length %}
{% for row in rows %}{% set of_row = (of_channel + loop.index0) * texels|length %}
{% for texel in texels %}{% set at = of_row + loop.index0 %}
    texel_{{ at // lanes }} = select(texel_{{ at // lanes }}, channel_{{ c }} + {{ row }}u * params.padded_width + {{ texel }}u,
        local == {{ at % lanes }}u);
{% endfor %}{% endfor %}{% endfor %}
{% for sum in range(tile_filters * taps) %}
    var sum_{{ sum }} = 0.0;
    var total_{{ sum }} = 0.0;
{% endfor %}

    let first = part * params.part_units;
    let end = min(first + params.part_units, params.end_unit);
    let units_x = params.grads_width / {{ unit_texels }}u;
    let units_y = params.grads_height / {{ unit_rows }}u;
    var unit = unit_of(first);
    var from_grads = unit.batch * params.groups * params.group_out_channels * out_plane
        + unit.y * {{ unit_rows }}u * params.grads_width + unit.x * {{ unit_texels }}u;
    var from_image = unit.batch * params.groups * params.group_in_channels * in_plane
        + (unit.y * {{ unit_rows * stride_y }}u + first_row * {{ dilation_y }}u) * params.padded_width
        + unit.x * {{ unit_texels * stride_x }}u;
    // From the end of a row of units to the next row's first, and from there to the next image's.
    let grads_row = {{ unit_rows - 1 }}u * params.grads_width;
    let grads_batch = (params.groups * params.group_out_channels - 1u) * out_plane;
    let image_row = {{ unit_rows * stride_y }}u * params.padded_width
        - units_x * {{ unit_texels * stride_x }}u;
    let image_batch = params.groups * params.group_in_channels * in_plane
        - units_y * {{ unit_rows * stride_y }}u * params.padded_width;
    // Sums of blocks of units keep the rounding error far below that of one long sum. The loops end
    // behind their bodies, since software adapters run a body once more to leave it in front.
    var i = first;
    loop {
    let end_block = min(i + params.block_units, end);
    loop {
{% for load in range(loads) %}
        let loaded_{{ load }} = textureLoad(image, position(from_image + texel_{{ load }}));
{% endfor %}
{% for f in range(tile_filters) %}{% for y in range(unit_rows) %}{% for texel in range(unit_texels) %}
        let grad_{{ f }}_{{ y }}_{{ texel }} = textureLoad(grads,
            position(from_grads + filter_{{ f }} + {{ y }}u * params.grads_width + {{ texel }}u));
{% endfor %}{% endfor %}{% endfor %}
{% for c in range(tile_channels) %}{% set of_channel = loop.index0 * rows|length %}
{% for row in rows %}{% set of_row = (of_channel + loop.index0) * texels|length %}
{% for texel in texels %}{% set at = of_row + loop.index0 %}
{% for x in range(4) %}
        let in_{{ c }}_{{ row }}_{{ texel * 4 + x }} = subgroupBroadcast(loaded_{{ at // lanes }}.{{ "xyzw"[x] }}, {{ at % lanes }}u);
{% endfor %}{% endfor %}{% endfor %}{% endfor %}
{% for f in range(tile_filters) %}{% for c in range(tile_channels) %}
{% for y in range(tile_rows) %}{% for x in range(kernel_width) %}
{% set sum = f * taps + (c * tile_rows + y) * kernel_width + x %}
        var part_{{ sum }} = 0.0;
{% for out_y in range(unit_rows) %}{% for out_x in range(4 * unit_texels) %}
{% set grad = "grad_" ~ f ~ "_" ~ out_y ~ "_" ~ out_x // 4 ~ "." ~ "xyzw"[out_x % 4] %}
{% set value = "in_" ~ c ~ "_" ~ (out_y * stride_y + y * dilation_y) ~ "_" ~ (out_x * stride_x + x * dilation_x) %}
        part_{{ sum }} = fma({{ grad }}, {{ value }}, part_{{ sum }});
{% endfor %}{% endfor %}
        sum_{{ sum }} += part_{{ sum }};
{% endfor %}{% endfor %}
{% endfor %}{% endfor %}
        let following = next(unit);
        from_grads += {{ unit_texels }}u + select(0u, grads_row, following.x == 0u)
            + select(0u, grads_batch, following.batch != unit.batch);
        from_image += {{ unit_texels * stride_x }}u + select(0u, image_row, following.x == 0u)
            + select(0u, image_batch, following.batch != unit.batch);
        unit = following;
        continuing {
            i += 1u;
            break if i >= end_block;
        }
    }
{% for sum in range(tile_filters * taps) %}
    total_{{ sum }} += sum_{{ sum }};
    sum_{{ sum }} = 0.0;
{% endfor %}
        continuing {
            break if i >= end;
        }
    }

    // A loop, since the machine code of a store is long.
    var totals = array<f32, {{ tile_filters * taps }}>(
{% for sum in range(tile_filters * taps) %}
        total_{{ sum }},
{% endfor %}
    );
    var plane = 0u;
    loop {
        let place = place_of(plane, part, group, first_filter, first_channel, first_row);
{% for tap in range(plane_taps) %}
        if place.inside {
            grad_weight[place.first_weight + {{ tap }}u] =
                Element(totals[plane * {{ plane_taps }}u + {{ tap }}u]);
        }
{% endfor %}
        continuing {
            plane += 1u;
            break if plane >= {{ tile_filters * tile_channels }}u;
        }
    }
}
