// Computes: the gradient of an average pooling's input, as a gather; fixed or adaptive windows.
// Owns: an invocation or a workgroup one cell of the input: it adds up its shares of the gradients
//   of the windows that contain it; neighbours are neighbours along in_x, or in one cell's windows.
// Padding: only cells of the input collect; the divisors are those of the forward pass.
// Host guarantees: every size is at least 1; a dispatch covers planes and rows of the input whose
//   windows lie in the bindings. Indices are modulo 2^32, as are the bases: input_base of
//   grad_input, output_base of grad_output.
// Reference: src/reference/avg_pool2d.rs
{% extends "pool2d/pool_grad" %}
{% block bindings %}
@group(0) @binding(1) var<storage, read> grad_output: array<f32>;
@group(0) @binding(2) var<storage, read_write> grad_input: array<f32>;
{% endblock %}
{% block functions %}
{% include "pool2d/pool_window" %}

{% include "pool2d/pool_divisor" %}

fn share(output: u32, out_y: u32, out_x: u32, in_y: u32, cell: u32) -> f32 {
    return grad_output[output] / divisor_of(out_y, out_x);
}
{% endblock %}
