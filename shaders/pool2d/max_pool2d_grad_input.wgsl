// Computes: the gradient of a max pooling's input, as a gather; fixed or adaptive windows.
// Owns: an invocation or a workgroup one cell of the input: it adds up the gradients of the windows
//   that it won; neighbours are neighbours along in_x, or in one cell's windows.
// Padding: none wins; a window over padding alone has the index u32::MAX, which no cell has.
// Host guarantees: every size is at least 1; a dispatch covers planes and rows of the input whose
//   windows lie in the bindings. Indices are modulo 2^32, as are the bases: input_base of
//   grad_input, output_base of indices and grad_output.
// Reference: src/reference/max_pool2d.rs
{% extends "pool2d/pool_grad" %}
{% block bindings %}
@group(0) @binding(1) var<storage, read> indices: array<u32>;
@group(0) @binding(2) var<storage, read> grad_output: array<f32>;
@group(0) @binding(3) var<storage, read_write> grad_input: array<f32>;
{% endblock %}
{% block functions %}
fn share(output: u32, out_y: u32, out_x: u32, in_y: u32, cell: u32) -> f32 {
    if indices[output] == cell {
        return grad_output[output];
    }
    return 0.0;
}
{% endblock %}
