fn is_nan(value: f32) -> bool {
    return (bitcast<u32>(value) & 0x7fffffffu) > 0x7f800000u;
}

// A zero of the padding times an infinite weight is NaN: a tile that holds a NaN is computed again,
// without the taps outside the input.
fn store_skipping(image: u32, group: u32, first_channel: u32, first_y: u32, first_x: u32) {
    let block = group * params.channel_blocks + first_channel / {{ tile_channels }}u;
    let first_plane = (image * params.groups + group) * params.group_in_channels;
    let end_channel = min(first_channel + {{ tile_channels }}u, params.group_out_channels);
    let end_y = min(first_y + {{ tile_rows * row_step }}u, params.out_height);
    let end_x = min(first_x + {{ tile_columns }}u, params.out_width);
    for (var channel = first_channel; channel < end_channel; channel++) {
        let out_channel = group * params.group_out_channels + channel;
        for (var out_y = first_y; out_y < end_y; out_y += {{ row_step }}u) {
            for (var out_x = first_x; out_x < end_x; out_x++) {
                var total = {{ "f32(bias[out_channel])" if bias else "0.0" }};
                for (var in_channel = 0u; in_channel < params.group_in_channels; in_channel++) {
                    var sum = 0.0;
                    for (var tap = 0u; tap < {{ kernel_height * kernel_width }}u; tap++) {
                        let kernel_y = tap / {{ kernel_width }}u;
                        let kernel_x = tap % {{ kernel_width }}u;
                        // Before the input these wrap to more than any size.
                        let in_y = out_y * {{ stride_y }}u + kernel_y * {{ dilation_y }}u - params.pad_top;
                        let in_x = out_x * {{ stride_x }}u + kernel_x * {{ dilation_x }}u - params.pad_left;
                        if in_y < params.in_height && in_x < params.in_width {
                            let at = block * (params.group_in_channels / {{ channel_step }}u) * {{ step_stride }}u
                                + in_channel / {{ channel_step }}u * {{ step_stride }}u
                                + in_channel % {{ channel_step }}u * {{ channel_stride }}u
                                + kernel_y * {{ row_stride }}u + kernel_x * {{ column_stride }}u
                                + channel - first_channel;
                            let value = input_at(first_plane + in_channel, in_y, in_x);
                            sum = fma(weight_at(at), value, sum);
                        }
                    }
                    total += sum;
                }
                let row = (image * params.groups * params.group_out_channels + out_channel)
                    * params.out_height + out_y;
                output[params.output_start + row * params.out_width + out_x] = Element(activate(total));
            }
        }
    }
}
