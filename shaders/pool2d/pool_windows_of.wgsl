// The windows along one axis that can contain a cell of the input: first .. end.
struct Windows {
    first: u32,
    end: u32,
}

{% if adaptive %}
fn adaptive_windows_of(at: u32, in_size: u32, out_size: u32) -> Windows {
    return Windows(at * out_size / in_size, ((at + 1u) * out_size - 1u) / in_size + 1u);
}

fn vertical_windows_of(in_y: u32) -> Windows {
    return adaptive_windows_of(in_y, params.in_height, params.out_height);
}

fn horizontal_windows_of(in_x: u32) -> Windows {
    return adaptive_windows_of(in_x, params.in_width, params.out_width);
}
{% else %}
// padded counts from the first cell of the padding, span from the window's first cell to its last.
fn windows_of(padded: u32, span: u32, stride: u32, out_size: u32) -> Windows {
    let before = max(padded, span) - span;
    return Windows((before + stride - 1u) / stride, min(padded / stride + 1u, out_size));
}

fn vertical_windows_of(in_y: u32) -> Windows {
    return windows_of(in_y + params.pad_top, (params.kernel_height - 1u) * params.dilation_height,
        params.stride_height, params.out_height);
}

fn horizontal_windows_of(in_x: u32) -> Windows {
    return windows_of(in_x + params.pad_left, (params.kernel_width - 1u) * params.dilation_width,
        params.stride_width, params.out_width);
}
{% endif %}
