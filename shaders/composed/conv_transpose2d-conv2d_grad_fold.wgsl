// Composed from conv2d_grad_fold.wgsl as conv2d_grad_fold-zeros-placed-bias for: transposed convolution 4x4 with stride 2, 128x28x28 to 64.
// Computes: the gradient of a convolution's input from that of its padded input, for the cells of
//   one phase of the stride.
// Owns: an invocation one cell, neighbours in a workgroup are neighbours along the row: of the
//   phase if every cell of the input is of exactly one phase (placed), else of the input.
// Padding: a cell collects the gradients of every cell of the padded input that is a copy of it;
//   what lies beyond the padded input is passed over.
// Host guarantees: every size is at least 1; cells is [plane][phase_height][phase_width], from
//   first_y and first_x of the padded input on, a stride apart. Where accumulate is 1 grad_input
//   holds the sum of the phases before.
// Reference: src/reference/conv2d.rs
alias Element = f32;

fn to_element(value: f32) -> Element {
    return value;
}

struct Params {
    grid_width: u32,
    count: u32,
    in_channels: u32,
    in_height: i32,
    in_width: i32,
    pad_top: i32,
    pad_bottom: i32,
    pad_left: i32,
    pad_right: i32,
    stride_height: i32,
    stride_width: i32,
    first_y: i32,
    first_x: i32,
    phase_height: i32,
    phase_width: i32,
    accumulate: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> cells: array<Element>;
@group(0) @binding(2) var<storage, read> bias: array<Element>;
@group(0) @binding(3) var<storage, read_write> grad_input: array<Element>;


@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let index = (group.x + group.y * params.grid_width) * 64u + local;
    if index >= params.count {
        return;
    }
    let cell_x = i32(index % u32(params.phase_width));
    let row = index / u32(params.phase_width);
    let cell_y = i32(row % u32(params.phase_height));
    let plane = row / u32(params.phase_height);
    let in_y = params.first_y + cell_y * params.stride_height - params.pad_top;
    let in_x = params.first_x + cell_x * params.stride_width - params.pad_left;
    if in_y < 0 || in_y >= params.in_height || in_x < 0 || in_x >= params.in_width {
        return;
    }
    var sum = f32(cells[index]);
    sum += f32(bias[plane % params.in_channels]);
    let input_index = (plane * u32(params.in_height) + u32(in_y)) * u32(params.in_width)
        + u32(in_x);
    grad_input[input_index] = Element(sum);
}