// Of a general pooling or its gradient. Only sums read block, the most terms that are added up
// without a break, only max_pool2d_grad_columns reads index_width, only an average that counts padding
// reads pad_bottom and pad_right, and only one with its own divisor reads divisor_override.
struct Params {
    grid_width: u32,
    count: u32,
    first_plane: u32,
    first_row: u32,
    dispatch_rows: u32,
    in_height: u32,
    in_width: u32,
    out_height: u32,
    out_width: u32,
    kernel_height: u32,
    kernel_width: u32,
    stride_height: u32,
    stride_width: u32,
    pad_top: u32,
    pad_bottom: u32,
    pad_left: u32,
    pad_right: u32,
    dilation_height: u32,
    dilation_width: u32,
    input_base: u32,
    output_base: u32,
    block: u32,
    index_width: u32,
    divisor_override: f32,
}
