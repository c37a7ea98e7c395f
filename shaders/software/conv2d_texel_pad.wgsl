// Computes: the padded image of a tensor, four neighbours of a row in a texel, for conv2d_texel.
// Owns: an invocation a part of a row, mostly all of it, so that it divides once and not at every
//   texel; a workgroup consecutive parts.
// Padding: coordinates are mapped into the input; over zeros and behind the padding the image is 0.
// Host guarantees: both textures are texture_width texels wide and filled row by row, source with
//   one element a texel; padded_width is in texels; both have room for all.
// Reference: src/reference/conv2d.rs
struct Params {
    grid_width: u32,
    in_height: u32,
    in_width: u32,
    pad_top: u32,
    pad_left: u32,
    padded_height: u32,
    padded_width: u32,
    rows: u32,
    row_parts: u32,
    part_texels: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var source: texture_storage_2d<r32float, read>;
@group(0) @binding(2) var image: texture_storage_2d<rgba32float, write>;

{% include "lib/padding_inside" %}

{% include "software/texel_position" %}

@compute @workgroup_size({{ lanes_x }})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let part = (group.x + group.y * params.grid_width) * {{ lanes_x }}u + local;
    let row = part / params.row_parts;
    if row >= params.rows {
        return;
    }
    let from_texel = part % params.row_parts * params.part_texels;
    let end_texel = min(from_texel + params.part_texels, params.padded_width);
    let in_y = i32(row % params.padded_height) - i32(params.pad_top);
    let plane = row / params.padded_height;
    let source_row = plane * params.in_height + source_inside(in_y, params.in_height);
    let start = source_row * params.in_width;
    let first = row * params.padded_width;
    for (var texel = from_texel; texel < end_texel; texel++) {
        let in_x = i32(texel * 4u) - i32(params.pad_left);
        let value = vec4<f32>(
{% for x in range(4) %}
            textureLoad(source, position(start + source_inside(in_x + {{ x }}, params.in_width))).x,
{% endfor %}
        );
{% if padding_mode == "zeros" %}
        let inside_y = u32(in_y) < params.in_height;
        let inside = vec4<bool>(
{% for x in range(4) %}
            inside_y && u32(in_x + {{ x }}) < params.in_width,
{% endfor %}
        );
        textureStore(image, position(first + texel), select(vec4<f32>(0.0), value, inside));
{% else %}
        textureStore(image, position(first + texel), value);
{% endif %}
    }
}
