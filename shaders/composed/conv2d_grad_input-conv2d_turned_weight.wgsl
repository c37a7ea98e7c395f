// Composed from conv2d_turned_weight.wgsl as conv2d_turned_weight for: gradient of the input of a convolution 3x3, 64x56x56 to 64; transposed convolution 4x4 with stride 2, 128x28x28 to 64.
// Computes: the weight with which a convolution of the output's gradient gives the input's: every
//   filter turned by 180 degrees, input and output channels of a group exchanged; all taps or those
//   of one phase of the stride.
// Owns: an invocation one weight; neighbours in a workgroup write neighbours in memory.
// Padding: none.
// Host guarantees: turned holds count elements, rows by columns taps for every pair of channels,
//   from last_y and last_x of the kernel backwards by the tap steps.
// Reference: src/reference/conv2d.rs
alias Element = f32;

fn to_element(value: f32) -> Element {
    return value;
}

struct Params {
    grid_width: u32,
    count: u32,
    group_in_channels: u32,
    group_out_channels: u32,
    kernel_height: u32,
    kernel_width: u32,
    rows: u32,
    columns: u32,
    last_y: u32,
    last_x: u32,
    tap_step_y: u32,
    tap_step_x: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> weight: array<Element>;
@group(0) @binding(2) var<storage, read_write> turned: array<Element>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let index = (group.x + group.y * params.grid_width) * 64u + local;
    if index >= params.count {
        return;
    }
    // turned is [in_channel][out channel of the group][row][column].
    let column = index % params.columns;
    let row = index / params.columns % params.rows;
    let plane = index / (params.columns * params.rows);
    let in_channel = plane / params.group_out_channels;
    let out_channel = plane % params.group_out_channels;
    let from_channel = in_channel / params.group_in_channels * params.group_out_channels
        + out_channel;
    let from_plane = from_channel * params.group_in_channels + in_channel % params.group_in_channels;
    let kernel_y = params.last_y - row * params.tap_step_y;
    let kernel_x = params.last_x - column * params.tap_step_x;
    turned[index] =
        weight[(from_plane * params.kernel_height + kernel_y) * params.kernel_width + kernel_x];
}