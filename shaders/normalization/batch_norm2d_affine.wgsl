{% if weight %}
@group(0) @binding({{ first }}) var<storage, read> weight: array<f32>;
{% endif %}
{% if bias %}
@group(0) @binding({{ first + (1 if weight else 0) }}) var<storage, read> bias: array<f32>;
{% endif %}

// What a difference from the mean is multiplied by.
fn scale(channel: u32, spread: f32) -> f32 {
    return {{ "weight[channel]" if weight else "1.0" }} / sqrt(spread + params.eps);
}

// What is added then.
fn shift(channel: u32) -> f32 {
    return {{ "bias[channel]" if bias else "0.0" }};
}
