// Computes: the largest element of every window, bit for bit, and where it is.
// Owns: an invocation a tile of outputs, in every uniform window of the input where there are
//   several; neighbours own tiles side by side, so that they read and write runs of the rows.
//   The maxima of a row are shared by the windows above each other.
// Padding: a tap outside the input has the key below every other, so that it replaces nothing; a
//   window of such taps gives -inf and the index u32::MAX.
// Host guarantees: sizes and quotients that divide() and i32 can take; every uniform window begins
//   where the shader computes it to.
// Reference: src/reference/max_pool2d.rs
{% extends "lib/strip" %}
{% macro start(name, key, bits, index) %}
        var best_key_{{ name }} = {{ key }};
        var best_bits_{{ name }} = {{ bits }};
{% if index %}
        var best_index_{{ name }} = {{ index }};
{% endif %}
{% endmacro %}
{% macro replace(name, key, bits, index) %}
        later = {{ key }} > best_key_{{ name }};
        best_key_{{ name }} = max(best_key_{{ name }}, {{ key }});
        best_bits_{{ name }} = select(best_bits_{{ name }}, {{ bits }}, later);
{% if index %}
        best_index_{{ name }} = select(best_index_{{ name }}, {{ index }}, later);
{% endif %}
{% endmacro %}
{% block element %}
{% if f16 %}
{% include "lib/element" %}
{% else %}
// Bits of f32: WGSL lets an implementation assume that floats are never NaN or infinite.
alias Element = i32;
{% endif %}
alias Value = i32;

fn value_of(element: Element) -> Value {
    return {{ "bitcast<i32>(f32(element))" if f16 else "element" }};
}
{% endblock %}
{% block operands %}
{% if looked_up %}
@group(0) @binding({{ sources + 1 }}) var<storage, read> found: array<u32>;
{% endif %}
{% endblock %}
{% block functions %}
const PADDING_BITS: i32 = -0x800000;
const PADDING_KEY: i32 = -0x7fffffff - 1;
const NAN_KEY: i32 = 0x7f800001;

// An integer that orders as the float does: both zeros have the same, a NaN the given one. Those
// of NaNs are above every other and grow from tap to tap, so that the last NaN wins.
fn order_key(bits: i32, nan_key: i32) -> i32 {
    let ordered = select(bits, PADDING_KEY - bits, bits < 0);
    return select(ordered, nan_key, (bits & 0x7fffffff) > 0x7f800000);
}

{% if looked_up %}
// What the winning cell itself is the maximum of.
fn found_at(plane: u32, cell: u32) -> u32 {
    if cell == 0xffffffffu {
        return cell;
    }
    return found[plane * u32(params.in_height * params.in_width) + cell];
}

{% endif %}
{% endblock %}
{% block begin %}
        var later: bool;
{% endblock %}
{% block row %}
{% set row_number = loop.index0 %}
{% for column in columns %}
{% set tap = row ~ "_" ~ column %}
{% set guard = inside(row, column) %}
{% set key = "order_key(input_" ~ tap ~ ", NAN_KEY + " ~ (row_number * (columns | length) + loop.index0) ~ ")" %}
{% set index = "u32(in_y_" ~ row ~ " * params.in_width + in_x_" ~ column // load_width ~ " * " ~ load_width ~ " + " ~ column % load_width ~ ")" %}
        let key_{{ tap }} = {{ "select(PADDING_KEY, " ~ key ~ ", " ~ guard ~ ")" if guard else key }};
        let bits_{{ tap }} = {{ "select(PADDING_BITS, input_" ~ tap ~ ", " ~ guard ~ ")" if guard else "input_" ~ tap }};
{% if indices %}
        let index_{{ tap }} = {{ "select(0xffffffffu, " ~ index ~ ", " ~ guard ~ ")" if guard else index }};
{% endif %}
{% endfor %}
{% for ox in range(tile_width) %}
{% set best = "row_" ~ row ~ "_" ~ ox %}
{% for kernel_x in range(kernel_width) %}
{% set tap = row ~ "_" ~ (ox * stride_width + kernel_x * dilation_width + phase) %}
{% set replacing = start if kernel_x == 0 else replace %}
{{ replacing(best, "key_" ~ tap, "bits_" ~ tap, "index_" ~ tap if indices) }}
{%- endfor %}
{% for oy in range(tile_height) %}
{% for kernel_y in range(kernel_height) if oy * stride_height + kernel_y * dilation_height == row %}
{% set replacing = start if kernel_y == 0 else replace %}
{{ replacing(oy ~ "_" ~ ox, "best_key_" ~ best, "best_bits_" ~ best, "best_index_" ~ best if indices) }}
{%- endfor %}
{% endfor %}
{% endfor %}
{% endblock %}
{% block value %}
{% set best = "best_" ~ ("bits" if buffer == "output" else "index") ~ "_" ~ oy ~ "_" ~ ox %}
{% if buffer == "indices" and looked_up %}
found_at(plane, {{ best }})
{%- else %}
{{ "to_element(bitcast<f32>(" ~ best ~ "))" if f16 and buffer == "output" else best }}
{%- endif %}
{%- endblock %}
