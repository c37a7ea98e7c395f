// Computes: the gradient of an activation's input: its derivative times the output's gradient.
// Owns: an invocation one element; neighbours in a workgroup are neighbours in memory.
// Padding: none.
// Host guarantees: count elements in all buffers.
// Reference: src/reference/activation.rs
{% include "lib/element" %}

struct Params {
    grid_width: u32,
    count: u32,
    activation_parameter: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> input: array<Element>;
@group(0) @binding(2) var<storage, read> grad_output: array<Element>;
@group(0) @binding(3) var<storage, read_write> grad_input: array<Element>;

{% if activation in ["silu", "sigmoid"] %}
fn sigmoid(x: f32) -> f32 {
    return 1.0 / (1.0 + exp(-x));
}

{% endif %}
{% if activation in ["relu", "relu6", "leaky_relu", "tanh"] %}
{% include "lib/lies_between" %}

{% endif %}
fn derivative(x: f32) -> f32 {
{% if activation in ["relu", "relu6"] %}
    let is_low = lies_between(x, 0x80000000u, 0xff800000u) || bitcast<u32>(x) == 0u;
    return select(1.0, 0.0, is_low{{ " || lies_between(x, 0x40c00000u, 0x7f800000u)" if activation == "relu6" }});
{% elif activation == "leaky_relu" %}
    return select(params.activation_parameter, 1.0, lies_between(x, 1u, 0x7f800000u));
{% elif activation == "silu" %}
    let s = sigmoid(x);
    return s * (1.0 + x * (1.0 - s));
{% elif activation == "hard_swish" %}
    return select(select(1.0, x / 3.0 + 0.5, x < 3.0), 0.0, x <= -3.0);
{% elif activation == "hard_sigmoid" %}
    return select(0.0, 1.0 / 6.0, x > -3.0 && x < 3.0);
{% elif activation == "sigmoid" %}
    let s = sigmoid(x);
    return s * (1.0 - s);
{% elif activation == "tanh" %}
    // Beyond 15 the derivative is 0 in f32, and drivers that divide exponentials overflow.
    let above = select(x, -15.0, lies_between(x, 0xc1700001u, 0xff800000u));
    let y = tanh(select(above, 15.0, lies_between(x, 0x41700001u, 0x7f800000u)));
    return 1.0 - y * y;
{% endif %}
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let index = (group.x + group.y * params.grid_width) * 64u + local;
    if index >= params.count {
        return;
    }
    grad_input[index] = Element(derivative(f32(input[index])) * f32(grad_output[index]));
}
