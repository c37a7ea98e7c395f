// Composed from conv2d_pack.wgsl as conv2d_pack-f16 for: convolution 3x3 of f16, 64x56x56 to 64.
// Computes: the weight of a convolution in the order in which a dense shader reads it, the output
//   channels of a tile beside each other.
// Owns: an invocation one element of the packed weight; neighbours write neighbouring elements.
// Padding: none; the channels by which the last tile of a group exceeds it get zeros.
// Host guarantees: count covers every tile's channels; the strides give every tap its own place.
// Reference: src/reference/conv2d.rs
enable f16;
alias Element = f16;

// The nearest number of f16, ties to even; beyond the largest infinity. WGSL lets a conversion round
// either way, but not what f16 holds exactly.
fn to_element(value: f32) -> Element {
    let bits = bitcast<u32>(value);
    let magnitude = bits & 0x7fffffffu;
    // Below 2^-14 the last place is 2^-24.
    let small = bitcast<u32>(round(abs(value) * 0x1p+24) * 0x1p-24);
    var rounded = (magnitude + 0xfffu + ((magnitude >> 13u) & 1u)) & 0xffffe000u;
    rounded = select(rounded, small, magnitude < 0x38800000u);
    rounded = select(rounded, 0x7f800000u, rounded > 0x477fe000u);
    rounded = select(rounded, 0x7fc00000u, magnitude > 0x7f800000u);
    return Element(bitcast<f32>(rounded | (bits & 0x80000000u)));
}

struct Params {
    grid_width: u32,
    count: u32,
    group_in_channels: u32,
    group_out_channels: u32,
    kernel_height: u32,
    kernel_width: u32,
    tile_channels: u32,
    channel_blocks: u32,
    channel_step: u32,
    block_stride: u32,
    step_stride: u32,
    channel_stride: u32,
    row_stride: u32,
    column_stride: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> weight: array<Element>;
@group(0) @binding(2) var<storage, read_write> packed: array<Element>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let index = (group.x + group.y * params.grid_width) * 64u + local;
    if index >= params.count {
        return;
    }
    let tile_channel = index % params.tile_channels;
    let tap = index / params.tile_channels;
    let kernel_x = tap % params.kernel_width;
    let kernel_y = tap / params.kernel_width % params.kernel_height;
    let plane = tap / (params.kernel_width * params.kernel_height);
    let in_channel = plane % params.group_in_channels;
    let block = plane / params.group_in_channels;

    let channel = block % params.channel_blocks * params.tile_channels + tile_channel;
    let out_channel = block / params.channel_blocks * params.group_out_channels + channel;
    var value = Element(0.0);
    if channel < params.group_out_channels {
        value = weight[((out_channel * params.group_in_channels + in_channel) * params.kernel_height
            + kernel_y) * params.kernel_width + kernel_x];
    }
    packed[block * params.block_stride + in_channel / params.channel_step * params.step_stride
        + in_channel % params.channel_step * params.channel_stride + kernel_y * params.row_stride + kernel_x * params.column_stride + tile_channel] = value;
}