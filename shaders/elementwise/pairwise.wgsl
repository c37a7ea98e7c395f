// Computes: a function of the elements of two tensors that broadcast, and an activation of it; or of
//   two and a gradient of the output.
// Owns: an invocation a cell, which is one element or a vector of four; neighbours in a workgroup
//   are neighbours in the output and in the tensors that have an element for each of its.
// Padding: none.
// Host guarantees: count cells of the output, rows of size_3 cells; all that they need lies in the
//   bindings, from output_first, input_first and other_first on. These and strides are in cells, but
//   in elements where a tensor is spread and each of its elements serves whole cells.
// Reference: src/reference/arithmetic.rs
{% include "lib/element" %}

struct Params {
    grid_width: u32,
    count: u32,
    activation_parameter: f32,
    output_first: u32,
    input_first: u32,
    other_first: u32,
    input_run: u32,
    input_values: u32,
    other_run: u32,
    other_values: u32,
    size_1: u32,
    size_2: u32,
    size_3: u32,
    input_stride_0: u32,
    input_stride_1: u32,
    input_stride_2: u32,
    input_stride_3: u32,
    other_stride_0: u32,
    other_stride_1: u32,
    other_stride_2: u32,
    other_stride_3: u32,
}

{% set Cell = "vec4<Element>" if width == 4 else "Element" %}
{% set Number = "vec4<f32>" if width == 4 else "f32" %}
{% set in_cells = ["each", "strided"] %}
{% set strided = ["strided", "strided_spread"] %}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> input: array<{{ Cell if input_form in in_cells else "Element" }}>;
@group(0) @binding(2) var<storage, read> other: array<{{ Cell if other_form in in_cells else "Element" }}>;
{% if operator == "prelu_gradient" %}
@group(0) @binding(3) var<storage, read> gradient: array<{{ Cell }}>;
{% endif %}
@group(0) @binding({{ 4 if operator == "prelu_gradient" else 3 }}) var<storage, read_write> output: array<{{ Cell }}>;

{% include "lib/activation" %}


{% if input_form in strided or other_form in strided %}
fn coordinates(index: u32) -> vec4<u32> {
    let row = index / params.size_3;
    let plane = row / params.size_2;
    let image = plane / params.size_1;
    return vec4(image, plane - image * params.size_1, row - plane * params.size_2,
        index - row * params.size_3);
}

{% endif %}
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let index = (group.x + group.y * params.grid_width) * 64u + local;
    if index >= params.count {
        return;
    }
{% if input_form in strided or other_form in strided %}
    let at = coordinates(index);
{% endif %}
    let place = params.output_first + index;
{% for name, form in [("input", input_form), ("other", other_form)] %}
{% if form == "each" %}
    let {{ name }}_place = index;
{% elif form == "spread" %}
    let {{ name }}_place = index / params.{{ name }}_run % params.{{ name }}_values;
{% else %}
    let {{ name }}_place = dot(at, vec4(params.{{ name }}_stride_0, params.{{ name }}_stride_1,
        params.{{ name }}_stride_2, params.{{ name }}_stride_3));
{% endif %}
{% if form in in_cells %}
    let {{ name }}_value = {{ Number }}({{ name }}[params.{{ name }}_first + {{ name }}_place]);
{% else %}
    let {{ name }}_value = {{ Number }}(f32({{ name }}[params.{{ name }}_first + {{ name }}_place]));
{% endif %}
{% endfor %}
{% if operator == "add" %}
    let value = input_value + other_value;
{% elif operator == "sub" %}
    let value = input_value - other_value;
{% elif operator == "mul" %}
    let value = input_value * other_value;
{% elif operator == "prelu" %}
    let value = select(other_value * input_value, input_value, input_value > {{ Number }}(0.0));
{% elif operator == "prelu_gradient" %}
    let gradient_value = {{ Number }}(gradient[place]);
    let value = select(other_value * gradient_value, gradient_value, input_value > {{ Number }}(0.0));
{% endif %}
{% if width == 4 %}
    output[place] = vec4<Element>(to_element(activate(value.x)), to_element(activate(value.y)),
        to_element(activate(value.z)), to_element(activate(value.w)));
{% else %}
    output[place] = to_element(activate(value));
{% endif %}
}
