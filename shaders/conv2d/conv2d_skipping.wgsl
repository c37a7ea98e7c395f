fn is_nan(value: f32) -> bool {
    return (bitcast<u32>(value) & 0x7fffffffu) > 0x7f800000u;
}

// A zero of the padding times an infinite weight is NaN: an output that is NaN is computed again,
// without the taps outside the input.
fn sum_skipping(image: u32, group: u32, channel: u32, out_y: u32, out_x: u32) -> f32 {
    let block = group * params.channel_blocks + channel / {{ tile_channels }}u;
{% if taps_first %}
    let first_tap = block * {{ kernel_height * kernel_width }}u;
{% else %}
    let first_step = block * (params.group_in_channels / {{ channel_step }}u);
{% endif %}
    let first_plane = (image * params.groups + group) * params.group_in_channels;
    var total = {{ "f32(bias[group * params.group_out_channels + channel])" if bias else "0.0" }};
    var sum = 0.0;
    for (var tap = 0u; tap < params.group_in_channels * {{ kernel_height * kernel_width }}u; tap++) {
        let in_channel = tap / {{ kernel_height * kernel_width }}u;
        let kernel_y = tap / {{ kernel_width }}u % {{ kernel_height }}u;
        let kernel_x = tap % {{ kernel_width }}u;
        // Before the input these wrap to more than any size.
        let in_y = out_y * {{ stride_y }}u + kernel_y * {{ dilation_y }}u - params.pad_top;
        let in_x = out_x * {{ stride_x }}u + kernel_x * {{ dilation_x }}u - params.pad_left;
        if in_y < params.in_height && in_x < params.in_width {
{% if taps_first %}
            let at = (first_tap + tap % {{ kernel_height * kernel_width }}u) * params.group_in_channels * {{ tile_channels }}u
                + in_channel * {{ tile_channels }}u + channel % {{ tile_channels }}u;
{% else %}
            let step = first_step + in_channel / {{ channel_step }}u;
            let at = step * {{ step_stride }}u + in_channel % {{ channel_step }}u * {{ channel_stride }}u
                + kernel_y * {{ row_stride }}u + kernel_x * {{ column_stride }}u
                + channel % {{ tile_channels }}u;
{% endif %}
            sum = fma(weight_at(at), input_at(first_plane + in_channel, in_y, in_x), sum);
        }
        let is_last = tap % 64u == 63u;
        total += select(0.0, sum, is_last);
        sum = select(sum, 0.0, is_last);
    }
    return total + sum;
}
