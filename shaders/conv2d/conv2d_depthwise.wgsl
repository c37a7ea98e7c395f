// Computes: a convolution of single planes, with any number of filters per plane.
// Owns: an invocation a tile of outputs, in every uniform window of the input where there are
//   several; neighbours own tiles side by side, so that they read and write runs of the rows.
//   Where plane_workgroups is set a workgroup stays in one plane, so that its weights are uniform.
// Padding: source_y() and source_x() say where a tap reads; one over zeros is skipped.
// Host guarantees: sizes and quotients that divide() and i32 can take; every uniform window begins
//   where the shader computes it to.
// Reference: src/reference/conv2d.rs
{% extends "lib/strip" %}
{% block operands %}
{% for operand, length in [["weight", weight_vectors if windows], ["bias", bias_vectors if windows]] if operand == "weight" or bias %}
{% if windows %}
@group(0) @binding({{ sources + loop.index }}) var<uniform> {{ operand }}: array<vec4<Element>, {{ length }}>;
{% else %}
@group(0) @binding({{ sources + loop.index }}) var<storage, read> {{ operand }}: array<Element>;
{% endif %}
{% endfor %}
{% endblock %}
{% block functions %}
{% for operand in ["weight", "bias"] if operand == "weight" or bias %}
fn {{ operand }}_at(index: u32) -> f32 {
    return f32({{ operand }}{{ "[index >> 2u][index & 3u]" if windows else "[index]" }});
}

{% endfor %}
{% include "lib/activation" %}

{% endblock %}
{% block begin %}
        let image = divide(plane, params.out_channels, params.reciprocal_out_channels);
        let out_channel = plane - image * params.out_channels;
        let first_tap = out_channel * {{ kernel_height * kernel_width }}u;
{% for tap in range(kernel_height * kernel_width) %}
        let weight_{{ tap }} = weight_at(first_tap + {{ tap }}u);
{% endfor %}
        let start = {{ "bias_at(out_channel)" if bias else "0.0" }};
{% for oy in range(tile_height) %}
{% for ox in range(tile_width) %}
        var sum_{{ oy }}_{{ ox }} = start;
{% endfor %}
{% endfor %}
{% endblock %}
{% block row %}
{% for oy in range(tile_height) %}
{% for kernel_y in range(kernel_height) if oy * stride_height + kernel_y * dilation_height == row %}
{% for ox in range(tile_width) %}
{% set sum = "sum_" ~ oy ~ "_" ~ ox %}
{% for kernel_x in range(kernel_width) %}
{% set column = ox * stride_width + kernel_x * dilation_width + phase %}
{% set guard = inside(row, column) %}
{% set added = "fma(weight_" ~ (kernel_y * kernel_width + kernel_x) ~ ", input_" ~ row ~ "_" ~ column ~ ", " ~ sum ~ ")" %}
        {{ sum }} = {{ "select(" ~ sum ~ ", " ~ added ~ ", " ~ guard ~ ")" if guard else added }};
{% endfor %}
{% endfor %}
{% endfor %}
{% endfor %}
{% endblock %}
{% block value %}
to_element(activate(sum_{{ oy }}_{{ ox }}))
{%- endblock %}
