// Computes: the gradient of the maxima of a row's windows, from that of a max pooling: what the
//   windows whose maximum lies in that row give; and the index of that maximum.
// Owns: an invocation or a workgroup one window of one row; neighbours are neighbours along in_x, or
//   in the windows that contain the row.
// Padding: none wins; a window over padding alone has the index u32::MAX, which lies in no row.
// Host guarantees: every size is at least 1; a dispatch covers planes and rows whose windows lie in
//   the bindings. in_width and out_width are the windows of a row, index_width is the width of the
//   planes that indices are of, and these are what a max pooling gave. Indices are modulo 2^32, as
//   are the bases: input_base of grad_input and found, output_base of indices and grad_output.
// Reference: src/reference/max_pool2d.rs
{% extends "pool2d/pool_grad" %}
{% block bindings %}
@group(0) @binding(1) var<storage, read> indices: array<u32>;
@group(0) @binding(2) var<storage, read> grad_output: array<f32>;
@group(0) @binding(3) var<storage, read_write> grad_input: array<f32>;
@group(0) @binding(4) var<storage, read_write> found: array<u32>;
{% endblock %}
{% block functions %}
{% if workgroup %}
var<workgroup> winners: array<u32, 64>;
{% endif %}

// Windows with the same columns have the same maximum of a row.
fn index_in_row(output: u32, in_y: u32) -> u32 {
    let index = indices[output];
    // Modulo 2^32, so that what lies before the row, and u32::MAX, is far behind it.
    return select(0xffffffffu, index, index - in_y * params.index_width < params.index_width);
}

fn share(output: u32, out_y: u32, out_x: u32, in_y: u32, cell: u32) -> f32 {
    if index_in_row(output, in_y) != 0xffffffffu {
        return grad_output[output];
    }
    return 0.0;
}
{% endblock %}
{% block store %}
{% if workgroup %}
    winners[local] = winner;
    for (var half = 32u; half > 0u; half /= 2u) {
        workgroupBarrier();
        if local < half {
            winners[local] = min(winners[local], winners[local + half]);
        }
    }
    if local == 0u {
        grad_input[at] = total;
        found[at] = winners[0];
    }
{% else %}
    grad_input[at] = total;
    found[at] = winner;
{% endif %}
{% endblock %}
