@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> input: array<Element>;
{% if looked_up %}
@group(0) @binding(2) var<storage, read> found: array<u32>;
{% endif %}
@group(0) @binding({{ 3 if looked_up else 2 }}) var<storage, read_write> output: array<Element>;
{% if indices %}
@group(0) @binding({{ 4 if looked_up else 3 }}) var<storage, read_write> indices: array<u32>;
{% endif %}

fn bits_at(at: u32) -> u32 {
    return {{ "bitcast<u32>(f32(input[at]))" if f16 else "input[at]" }};
}

// An index of the result: that of a cell, or what the cell itself is the maximum of.
fn index_of(input_plane: u32, cell: u32) -> u32 {
{% if looked_up %}
    if cell != 0xffffffffu {
        return found[input_plane + cell];
    }
{% endif %}
    return cell;
}
