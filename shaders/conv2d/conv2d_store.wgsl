    // What lies inside the output is stored.
    let out_channel = group * params.group_out_channels + first_channel;
    let out_plane = params.out_height * params.out_width;
    let out_start = params.output_start + out_y * params.out_width + out_x
        + (image * params.groups * params.group_out_channels + out_channel) * out_plane;
{% if skipping %}
    var any_nan = false;
{% endif %}
{% for channel in range(tile_channels) %}
    if first_channel + {{ channel }}u < params.group_out_channels {
{% if bias %}
        let bias_{{ channel }} = f32(bias[out_channel + {{ channel }}u]);
{% endif %}
{% for y in range(tile_rows) %}
{% set place = channel ~ "_" ~ y %}
{% set total = "total_" ~ place if totals == "registers" else "sum_" ~ place %}
{% if totals == "memory" %}
{% set vector = (channel // 4 * tile_rows + y) * lanes_x * lanes_y %}
{% set total = "totals[" ~ vector ~ "u + local]." ~ "xyzw"[channel % 4] %}
{% endif %}
        let value_{{ place }} = {{ total }}{{ " + bias_" ~ channel if bias }};
{% if skipping %}
        any_nan |= is_nan(value_{{ channel }}_{{ y }});
{% endif %}
        if out_y + {{ y * row_step }}u < params.out_height {
            output[out_start + {{ channel }}u * out_plane + {{ y * row_step }}u * params.out_width]
                = to_element(activate(value_{{ channel }}_{{ y }}));
        }
{% endfor %}
    }
{% endfor %}
{% if skipping %}
    if any_nan {
        let end_channel = min(first_channel + {{ tile_channels }}u, params.group_out_channels);
        let end_y = min(out_y + {{ tile_rows * row_step }}u, params.out_height);
        for (var channel = first_channel; channel < end_channel; channel++) {
            for (var y = out_y; y < end_y; y += {{ row_step }}u) {
                let sum = sum_skipping(image, group, channel, y, out_x);
                output[out_start + (channel - first_channel) * out_plane + (y - out_y) * params.out_width]
                    = to_element(activate(sum));
            }
        }
    }
{% endif %}
