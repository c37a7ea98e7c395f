{% for quad in range(tile_channels // 4) %}{% for y in range(tile_rows) %}
{% if totals == "memory" %}
    totals[{{ (quad * tile_rows + y) * lanes_x * lanes_y }}u + local] += vec4<f32>(
{%- for lane in range(4) %}sum_{{ 4 * quad + lane }}_{{ y }}{{ ", " if not loop.last }}{% endfor -%}
    );
{% endif %}
{% for lane in range(4) %}
{% if totals == "registers" %}
    total_{{ 4 * quad + lane }}_{{ y }} += sum_{{ 4 * quad + lane }}_{{ y }};
{% endif %}
    sum_{{ 4 * quad + lane }}_{{ y }} = 0.0;
{% endfor %}
{% endfor %}{% endfor %}
