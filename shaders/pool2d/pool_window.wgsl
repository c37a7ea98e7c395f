// The cells of the input that a window reads along one axis: first, first + step, ... below end.
struct Window {
    first: u32,
    end: u32,
    step: u32,
}

{% if adaptive %}
fn adaptive_window(index: u32, in_size: u32, out_size: u32) -> Window {
    let end = ((index + 1u) * in_size + out_size - 1u) / out_size;
    return Window(index * in_size / out_size, end, 1u);
}

fn vertical_window(out_y: u32) -> Window {
    return adaptive_window(out_y, params.in_height, params.out_height);
}

fn horizontal_window(out_x: u32) -> Window {
    return adaptive_window(out_x, params.in_width, params.out_width);
}
{% else %}
// start and end count from the first cell of the padding.
fn clipped_window(start: u32, kernel_size: u32, dilation: u32, pad: u32, in_size: u32) -> Window {
    let end = min(start + dilation * (kernel_size - 1u) + 1u, pad + in_size);
    let skipped = (max(pad, start) - start + dilation - 1u) / dilation;
    let first = start + skipped * dilation;
    return Window(first - pad, max(end, pad) - pad, dilation);
}

fn vertical_window(out_y: u32) -> Window {
    return clipped_window(out_y * params.stride_height, params.kernel_height,
        params.dilation_height, params.pad_top, params.in_height);
}

fn horizontal_window(out_x: u32) -> Window {
    return clipped_window(out_x * params.stride_width, params.kernel_width,
        params.dilation_width, params.pad_left, params.in_width);
}
{% endif %}

// How many cells a window reads along an axis.
fn taps_of(window: Window) -> u32 {
    return (max(window.end, window.first) - window.first + window.step - 1u) / window.step;
}
