// Computes: an input's elements, each become a block of the output: nearest interpolation by whole
//   factors, and pixel shuffle, where elements of several planes share a block.
// Owns: an invocation load_width elements of a row of the input, of a shuffle of all planes that share
//   a block; neighbours in a workgroup are neighbours along the row, in input and output.
// Padding: none.
// Host guarantees: count is load_width elements times the input's elements of one plane of a block,
//   which load_width divides the rows of; both buffers lie in one binding each.
// Reference: src/reference/interpolate.rs, src/reference/pixel_shuffle.rs
{% include "lib/element" %}

{% set scalar = "Element" if f16 else "u32" %}
{% set factor_y = factors[0] %}
{% set factor_x = factors[1] %}
{% set store_width = load_width * factor_x %}
{% set vectors = store_width in [2, 4] %}
alias Loaded = {{ "vec" ~ load_width ~ "<" ~ scalar ~ ">" if load_width > 1 else scalar }};
alias Stored = {{ "vec" ~ store_width ~ "<" ~ scalar ~ ">" if vectors else scalar }};

// Only a shuffle reads in_height. in_width is in vectors of load_width.
struct Params {
    grid_width: u32,
    count: u32,
    in_width: u32,
    in_height: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> input: array<Loaded>;
@group(0) @binding(2) var<storage, read_write> output: array<Stored>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let index = (group.x + group.y * params.grid_width) * 64u + local;
    if index >= params.count {
        return;
    }
    let row = index / params.in_width;
    let in_x = index - row * params.in_width;
{% if shuffled %}
    let plane = row / params.in_height;
    let distance = params.in_height * params.in_width;
    let first = index + plane * {{ factor_y * factor_x - 1 }}u * distance;
{% for phase in range(factor_y * factor_x) %}
    let phase_{{ phase }} = input[first + {{ phase }}u * distance];
{% endfor %}
{% else %}
    let phase_0 = input[index];
{% endif %}
{% for block_y in range(factor_y) %}
    let row_{{ block_y }} = (row * {{ factor_y }}u + {{ block_y }}u) * params.in_width + in_x;
{% if vectors %}
    output[row_{{ block_y }}] = Stored(
{%- for place in range(store_width) -%}
        {{ ", " if place > 0 }}phase_{{ block_y * factor_x + place % factor_x if shuffled else 0 -}}
        {{ ["", ".x", ".y", ".z", ".w"][place // factor_x + 1] if load_width > 1 }}
{%- endfor -%}
    );
{% else %}
{% for place in range(store_width) %}
    output[row_{{ block_y }} * {{ store_width }}u + {{ place }}u] =
        phase_{{ block_y * factor_x + place if shuffled else 0 }};
{% endfor %}
{% endif %}
{% endfor %}
}
