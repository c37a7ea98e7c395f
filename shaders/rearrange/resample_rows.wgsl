{#
  The skeleton of what reads rows of an input at other places: an invocation owns four outputs of one
  row, as many invocations apart as share the row, so that neighbours write neighbours. The shaders
  that extend it say what an output is. Their blocks:
    bindings
    functions   struct Row, what all outputs of a row have in common
                row_at(input_plane, out_y), which gives it
                element(row, out_x), which gives an output
#}
{% include "lib/element" %}

{% if f16 or weighted %}
alias Stored = Element;
{% else %}
alias Stored = u32;
{% endif %}

// Only a copy reads value, the bits of what stands where nothing is read.
struct Params {
    grid_width: u32,
    row_workgroups: u32,
    row_count: u32,
    lanes_shift: u32,
    columns: u32,
    first_column: u32,
    column_step: u32,
    first_plane: u32,
    first_row: u32,
    dispatch_rows: u32,
    out_height: u32,
    out_width: u32,
    in_plane: u32,
    input_base: u32,
    output_base: u32,
    row_base: u32,
    value: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
{% block bindings %}
{% endblock %}

{% block functions %}
{% endblock %}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let index = group.x + group.y * params.grid_width;
    let row_block = index / params.row_workgroups;
    let lanes = 1u << params.lanes_shift;
    let dispatch_row = row_block * (64u >> params.lanes_shift) + (local >> params.lanes_shift);
    if dispatch_row >= params.row_count {
        return;
    }
    let dispatch_plane = dispatch_row / params.dispatch_rows;
    let plane = params.first_plane + dispatch_plane;
    let out_y = params.first_row + dispatch_row - dispatch_plane * params.dispatch_rows;
    let row = row_at(plane * params.in_plane - params.input_base, out_y);
    let output_row = (plane * params.out_height + out_y) * params.out_width - params.output_base;
    let part = index - row_block * params.row_workgroups;
    let first = part * 4u * lanes + (local & (lanes - 1u));
{% for step in range(4) %}
    let column_{{ step }} = first + {{ step }}u * lanes;
    if column_{{ step }} < params.columns {
        let out_x = params.first_column + column_{{ step }} * params.column_step;
        output[output_row + out_x] = element(row, out_x);
    }
{% endfor %}
}
