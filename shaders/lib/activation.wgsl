// What is applied to every output. Comparisons are written so that a NaN passes.
fn activate(x: f32) -> f32 {
{% if activation == "none" %}
    return x;
{% elif activation == "relu" %}
    return select(x, 0.0, x < 0.0);
{% elif activation == "relu6" %}
    return select(select(x, 0.0, x < 0.0), 6.0, x > 6.0);
{% elif activation == "leaky_relu" %}
    return select(params.activation_parameter * x, x, x > 0.0);
{% elif activation == "silu" %}
    return x / (1.0 + exp(-x));
{% elif activation == "hard_swish" %}
    let shifted = x + 3.0;
    return x * (select(select(shifted, 0.0, shifted < 0.0), 6.0, shifted > 6.0) / 6.0);
{% elif activation == "hard_sigmoid" %}
    let shifted = x + 3.0;
    return select(select(shifted, 0.0, shifted < 0.0), 6.0, shifted > 6.0) / 6.0;
{% elif activation == "sigmoid" %}
    return 1.0 / (1.0 + exp(-x));
{% elif activation == "tanh" %}
    // Beyond 15 the result is 1 in f32, and drivers that divide exponentials overflow.
    return tanh(select(select(x, -15.0, x < -15.0), 15.0, x > 15.0));
{% endif %}
}
