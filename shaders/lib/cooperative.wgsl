{# Matrices of 16 x 16 that the 32 invocations of a subgroup hold and multiply together. Where
   `emulated`, an invocation has 8 elements of each and adds up their products alone, from the same
   places of workgroup memory. A subgroup has rows x columns sums. #}
{% macro directive(emulated) %}
{% if not emulated %}
enable wgpu_cooperative_matrix;
{% endif %}
{% endmacro %}

{% macro functions(emulated, rows, columns, weight_stride, input_stride) %}
{% if emulated %}
var<private> sums: array<array<f32, 8>, {{ rows * columns }}>;

fn multiply(weights_at: u32, inputs_at: u32, lane: u32) {
    for (var matrix = 0u; matrix < {{ rows * columns }}u; matrix++) {
        let first = weights_at + matrix / {{ columns }}u * 4u;
        let second = inputs_at + matrix % {{ columns }}u * 16u;
        for (var i = 0u; i < 8u; i++) {
            let row = lane / 16u + i * 2u;
            var sum = sums[matrix][i];
{% for k in range(16) %}
            sum = fma(f32(weights[first + {{ k * weight_stride }}u + row / 4u][row % 4u]), f32(inputs[second + {{ k * input_stride }}u + lane % 16u]), sum);
{% endfor %}
            sums[matrix][i] = sum;
        }
    }
}
{% endif %}
{% endmacro %}

{% macro declare(emulated, rows, columns) %}
{% if not emulated %}
{% for row in range(rows) %}{% for column in range(columns) %}
    var sum_{{ row }}_{{ column }} = coop_mat16x16<f32, C>();
{% endfor %}{% endfor %}
{% endif %}
{% endmacro %}

{# Adds the products of 16 input channels: columns of weights, from weights_at on beside each other, by
   rows of inputs, from inputs_at on. #}
{% macro multiply(emulated, rows, columns, weight_stride, input_stride, weights_at, inputs_at) %}
{% if emulated %}
        multiply({{ weights_at }}, {{ inputs_at }}, lane);
{% else %}
        {
{% for row in range(rows) %}
            let weights_{{ row }} = coopLoad<coop_mat16x16<f16, A>>(&weights[{{ weights_at }} + {{ row * 4 }}u], {{ weight_stride }}u);
{% endfor %}
{% for column in range(columns) %}
            let inputs_{{ column }} = coopLoadT<coop_mat16x16<f16, B>>(&inputs[{{ inputs_at }} + {{ column * 16 }}u], {{ input_stride }}u);
{% endfor %}
{% for row in range(rows) %}{% for column in range(columns) %}
            sum_{{ row }}_{{ column }} = coopMultiplyAdd(weights_{{ row }}, inputs_{{ column }}, sum_{{ row }}_{{ column }});
{% endfor %}{% endfor %}
        }
{% endif %}
{% endmacro %}

{# Stores a sum by rows from results_at on, the name of a value. #}
{% macro store(emulated, row, column, columns, result_stride, results_at) %}
{% if emulated %}
        for (var i = 0u; i < 8u; i++) {
            results[{{ results_at }} + (lane / 16u + i * 2u) * {{ result_stride }}u + lane % 16u] = sums[{{ row * columns + column }}][i];
        }
{% else %}
        coopStoreT(sum_{{ row }}_{{ column }}, &results[{{ results_at }}], {{ result_stride }}u);
{% endif %}
{% endmacro %}
