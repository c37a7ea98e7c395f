{% for channel in range(tile_channels) %}{% for y in range(tile_rows) %}
    var sum_{{ channel }}_{{ y }} = 0.0;
{% endfor %}{% endfor %}
{% if totals == "registers" %}
{% for channel in range(tile_channels) %}{% for y in range(tile_rows) %}
    var total_{{ channel }}_{{ y }} = 0.0;
{% endfor %}{% endfor %}
{% elif totals == "memory" %}
    for (var i = 0u; i < {{ tile_channels // 4 * tile_rows }}u; i++) {
        totals[i * {{ lanes_x * lanes_y }}u + local] = vec4<f32>(0.0);
    }
{% endif %}
