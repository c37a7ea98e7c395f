{#
  The skeleton of the strip shaders. It finds the tile of an invocation and loads every input that
  the tile's windows touch; the shaders that extend it say what becomes of them. Its blocks:
    element   the types that are stored (Element) and computed with (Value), and value_of() from one
              to the other
    operands  bindings beside the input and the results
    functions
    begin     before the rows of a tile
    row       what becomes of input_<row>_<column>, for every column, of one row
    out_row   before the outputs of a row
    value     the output out_y + oy, out_x + ox
  Rows and columns are counted from the tile's first tap, columns from the start of its vector.
#}
{% set tile_height, tile_width = tile %}
{% set kernel_height, kernel_width = kernel_size %}
{% set stride_height, stride_width = stride %}
{% set dilation_height, dilation_width = dilation %}
{% set sources = windows or 1 %}
{% set rows = touched([tile_height, stride_height, kernel_height, dilation_height], 0, 1) %}
{% set columns = touched([tile_width, stride_width, kernel_width, dilation_width], phase, 1) %}
{% set vectors = touched([tile_width, stride_width, kernel_width, dilation_width], phase, load_width) %}
{% macro vec(scalar, width) %}{{ scalar if width == 1 else "vec" ~ width ~ "<" ~ scalar ~ ">" }}{% endmacro %}
{% macro component(index, width) %}{% if width > 1 %}.{{ "xyzw"[index] }}{% endif %}{% endmacro %}
{#- Whether a tap lies inside the input; nothing where every tap does. -#}
{% macro inside(row, column) %}
{{ ["inside_y_" ~ row if edge_y == "zeros", "inside_x_" ~ column // load_width if edge_x == "zeros"] | select | join(" && ") }}
{%- endmacro %}
{% block element %}
{% include "lib/element" %}
alias Value = f32;

fn value_of(element: Element) -> Value {
    return f32(element);
}
{% endblock %}

{% include "lib/strip_params" %}

@group(0) @binding(0) var<uniform> params: Params;
{% for window in range(windows) %}
@group(0) @binding({{ window + 1 }}) var<uniform> window_{{ window }}: array<vec4<Element>, {{ window_vectors }}>;
{% else %}
@group(0) @binding(1) var<storage, read> input: array<{{ vec("Element", load_width) }}>;
{% endfor %}
{% block operands %}
{% endblock %}
{% set results = sources + operands + (2 if looked_up else 1) %}
@group(0) @binding({{ results }}) var<storage, read_write> output: array<{{ vec("Element", store_width) }}>;
{% if indices %}
@group(0) @binding({{ results + 1 }}) var<storage, read_write> indices: array<{{ vec("u32", store_width) }}>;
{% endif %}

// index / divisor, exact for quotients below 2^22: an estimate and one step back or forth.
fn divide(index: u32, divisor: u32, reciprocal: f32) -> u32 {
    let quotient = u32(f32(index) * reciprocal);
    let remainder = i32(index - quotient * divisor);
    return select(quotient + u32(remainder >= i32(divisor)), quotient - 1u, remainder < 0);
}

{% for axis, edge in [["y", edge_y], ["x", edge_x]] %}
// Where a coordinate lies in the input, as the padding mode has it or clamped.
fn source_{{ axis }}(at: i32, last: i32) -> i32 {
{% if edge == "none" %}
    return at;
{% elif edge == "reflect" %}
    return clamp(last - abs(last - abs(at)), 0, last);
{% elif edge == "circular" %}
    return clamp(at + select(0, last + 1, at < 0) - select(0, last + 1, at > last), 0, last);
{% else %}
    return clamp(at, 0, last);
{% endif %}
}

{% endfor %}
// The plane of the input that a plane of the output reads.
fn input_plane(plane: u32) -> u32 {
{% if multiplied %}
    return divide(plane, params.multiplier, params.reciprocal_multiplier);
{% else %}
    return plane;
{% endif %}
}

{% for window in range(windows) %}
fn load_{{ window }}(index: u32) -> Element {
    return window_{{ window }}[index >> 2u][index & 3u];
}

{% endfor %}
{% block functions %}
{% endblock %}
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let group_index = group.x + group.y * params.grid_width;
{% if plane_workgroups %}
    let local_plane = divide(group_index, params.plane_groups, params.reciprocal_plane_groups);
    let tile = (group_index - local_plane * params.plane_groups) * 64u + local;
    if local_plane >= params.local_planes || tile >= params.tiles {
        return;
    }
{% else %}
    let index = group_index * 64u + local;
    let local_plane = divide(index, params.tiles, params.reciprocal_tiles);
    let tile = index - local_plane * params.tiles;
    if local_plane >= params.local_planes {
        return;
    }
{% endif %}
    let tile_y = divide(tile, params.tiles_x, params.reciprocal_tiles_x);
    let tile_x = tile - tile_y * params.tiles_x;
    let out_x = tile_x * {{ tile_width }}u;
    let row_vectors = u32(params.in_width) / {{ load_width }}u;
    let plane_vectors = u32(params.in_height) * row_vectors;
    let first_x = i32(tile_x * {{ tile_width * stride_width // load_width }}u) - (params.pad_left + {{ phase }}) / {{ load_width }};
{% for vector in vectors %}
    let in_x_{{ vector }} = source_x(first_x + {{ vector }}, i32(row_vectors) - 1);
{% if edge_x == "zeros" %}
    let inside_x_{{ vector }} = in_x_{{ vector }} == first_x + {{ vector }};
{% endif %}
{% endfor %}
{% for source in range(sources) %}
    {
{% if not windows %}
        let plane = local_plane;
        let band_y = 0u;
        let origin = input_plane(plane) * plane_vectors;
{% else %}
        let window = params.first_window + {{ source }}u;
{% if banded %}
        let plane = divide(window, params.bands, params.reciprocal_bands);
        let band_y = (window - plane * params.bands) * params.band_rows;
        let band_row = u32(max(i32(band_y * {{ stride_height }}u) - params.pad_top, 0));
        let in_plane = input_plane(min(plane, params.planes - 1u)) * plane_vectors;
        let first = in_plane + band_row * row_vectors;
{% else %}
        let plane = window * params.local_planes + local_plane;
        let band_y = 0u;
        let in_plane = input_plane(min(plane, params.planes - 1u)) * plane_vectors;
        let first = input_plane(window * params.local_planes) * plane_vectors;
{% endif %}
        let origin = in_plane - min(first & 0xfffffff8u, params.window_limit);
{% endif %}
        let out_y = band_y + tile_y * {{ tile_height }}u;
        let first_y = i32(out_y * {{ stride_height }}u) - params.pad_top;
{% block begin %}
{% endblock %}
{% for row in rows %}
        let in_y_{{ row }} = source_y(first_y + {{ row }}, params.in_height - 1);
{% if edge_y == "zeros" %}
        let inside_y_{{ row }} = in_y_{{ row }} == first_y + {{ row }};
{% endif %}
        let row_{{ row }} = origin + u32(in_y_{{ row }}) * row_vectors;
{% for vector in vectors %}
{% set at = "row_" ~ row ~ " + u32(in_x_" ~ vector ~ ")" %}
        let vector_{{ row }}_{{ vector }} = {{ "load_" ~ source ~ "(" ~ at ~ ")" if windows else "input[" ~ at ~ "]" }};
{% endfor %}
{% for column in columns %}
        let input_{{ row }}_{{ column }} = value_of(vector_{{ row }}_{{ column // load_width }}{{ component(column % load_width, load_width) }});
{% endfor %}
{% block row %}
{% endblock %}
{% endfor %}
{% for oy in range(tile_height) %}
{% set guard = [
    "plane < params.planes" if windows and ragged_planes,
    "out_y + " ~ oy ~ "u < params.out_height" if ragged_y and (oy > 0 or windows and banded),
] | select | join(" && ") %}
        {{ "if " ~ guard ~ " " if guard }}{
            let out_row = (plane * params.out_height + out_y + {{ oy }}u) * params.out_width + out_x;
{% block out_row %}
{% endblock %}
{% for first_ox in range(0, tile_width, store_width) %}
{% if ragged_x and first_ox > 0 %}
            if out_x + {{ first_ox }}u < params.out_width {
{% endif %}
{% for buffer, type in [["output", "Element"], ["indices", "u32"]] if buffer == "output" or indices %}
            {{ buffer }}[(out_row + {{ first_ox }}u) / {{ store_width }}u] = {{ vec(type, store_width) }}(
{% for ox in range(first_ox, first_ox + store_width) %}
                {% block value %}{% endblock %},
{% endfor %}
            );
{% endfor %}
{% if ragged_x and first_ox > 0 %}
            }
{% endif %}
{% endfor %}
        }
{% endfor %}
    }
{% endfor %}
}
