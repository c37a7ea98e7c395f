{% if activation in ["relu", "relu6", "leaky_relu", "hard_swish", "hard_sigmoid", "tanh"] %}
{% include "lib/lies_between" %}

{% endif %}
{% if activation in ["relu6", "hard_swish", "hard_sigmoid"] %}
// Between 0 and 6, or NaN.
fn clamped(x: f32) -> f32 {
    let above = select(x, 0.0, lies_between(x, 0x80000001u, 0xff800000u));
    return select(above, 6.0, lies_between(x, 0x40c00001u, 0x7f800000u));
}

{% endif %}
// What is applied to every output. A NaN passes.
fn activate(x: f32) -> f32 {
{% if activation == "none" %}
    return x;
{% elif activation == "relu" %}
    return select(x, 0.0, lies_between(x, 0x80000001u, 0xff800000u));
{% elif activation == "relu6" %}
    return clamped(x);
{% elif activation == "leaky_relu" %}
    return select(params.activation_parameter * x, x, lies_between(x, 1u, 0x7f800000u));
{% elif activation == "silu" %}
    return x / (1.0 + exp(-x));
{% elif activation == "hard_swish" %}
    return x * (clamped(x + 3.0) / 6.0);
{% elif activation == "hard_sigmoid" %}
    return clamped(x + 3.0) / 6.0;
{% elif activation == "sigmoid" %}
    // Adapters may take the exponential of NaN for infinity.
    let is_nan = (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u;
    return select(1.0 / (1.0 + exp(-x)), x, is_nan);
{% elif activation == "tanh" %}
    // Beyond 15 the result is 1 in f32, and drivers that divide exponentials overflow.
    let above = select(x, -15.0, lies_between(x, 0xc1700001u, 0xff800000u));
    return tanh(select(above, 15.0, lies_between(x, 0x41700001u, 0x7f800000u)));
{% endif %}
}
