// Computes: the mean of every window.
// Owns: an invocation a tile of outputs, in every uniform window of the input where there are
//   several; neighbours own tiles side by side, so that they read and write runs of the rows.
//   The sums of a row are shared by the windows above each other.
// Padding: a tap outside the input adds nothing; the divisor is the host's, or where windows
//   differ counts the cells inside the input, or inside the padded input.
// Host guarantees: sizes and quotients that divide() and i32 can take; every uniform window begins
//   where the shader computes it to.
// Reference: src/reference/avg_pool2d.rs
{% extends "lib/strip" %}
{% block functions %}
{% if counted %}
// Cells of a window that count, along one axis.
fn count(start: i32, kernel_size: i32, pad: i32, end: i32) -> f32 {
    return f32(min(start + kernel_size, end) - max(start, -pad));
}

{% endif %}
{% endblock %}
{% block begin %}
{% if counted %}
{% for ox in range(tile_width) %}
        let count_x_{{ ox }} = count(i32((out_x + {{ ox }}u) * {{ stride_width }}u) - params.pad_left, {{ kernel_width }}, params.count_pad_left, params.count_end_x);
{% endfor %}
{% endif %}
{% endblock %}
{% block row %}
{% for column in columns %}
{% set tap = row ~ "_" ~ column %}
{% set guard = inside(row, column) %}
        let value_{{ tap }} = {{ "select(0.0, input_" ~ tap ~ ", " ~ guard ~ ")" if guard else "input_" ~ tap }};
{% endfor %}
{% for ox in range(tile_width) %}
        let row_sum_{{ row }}_{{ ox }} = {% for kernel_x in range(kernel_width) %}value_{{ row }}_{{ ox * stride_width + kernel_x * dilation_width + phase }}{{ " + " if not loop.last }}{% endfor %};
{% for oy in range(tile_height) %}
{% for kernel_y in range(kernel_height) if oy * stride_height + kernel_y * dilation_height == row %}
        {{ "var" if kernel_y == 0 }} sum_{{ oy }}_{{ ox }} {{ "=" if kernel_y == 0 else "+=" }} row_sum_{{ row }}_{{ ox }};
{% endfor %}
{% endfor %}
{% endfor %}
{% endblock %}
{% block out_row %}
{% if counted %}
            let count_y = count(first_y + {{ oy * stride_height }}, {{ kernel_height }}, params.count_pad_top, params.count_end_y);
{% endif %}
{% endblock %}
{% block value %}
to_element(sum_{{ oy }}_{{ ox }} / {{ "(count_y * count_x_" ~ ox ~ ")" if counted else "params.divisor" }})
{%- endblock %}
