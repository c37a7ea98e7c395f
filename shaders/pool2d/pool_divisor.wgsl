{% if divisor == "padded" %}
// Cells of the window in the padded input, along one axis.
fn padded_cells(start: u32, kernel_size: u32, padded_size: u32) -> f32 {
    return f32(min(start + kernel_size, padded_size) - start);
}
{% endif %}

// What the sum of a window is divided by.
fn divisor_of(out_y: u32, out_x: u32) -> f32 {
{% if divisor == "override" %}
    return params.divisor_override;
{% elif divisor == "padded" %}
    return padded_cells(out_y * params.stride_height, params.kernel_height,
            params.pad_top + params.in_height + params.pad_bottom)
        * padded_cells(out_x * params.stride_width, params.kernel_width,
            params.pad_left + params.in_width + params.pad_right);
{% else %}
    return f32(taps_of(vertical_window(out_y))) * f32(taps_of(horizontal_window(out_x)));
{% endif %}
}
