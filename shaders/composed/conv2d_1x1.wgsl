// Composed from conv2d_tiled.wgsl as conv2d_tiled-zeros-none-bias-memory-kernel_height1-kernel_width1-stride_y1-stride_x1-dilation_y1-dilation_x1-tile_channels16-tile_rows4-row_step1-channel_step4-unroll_rows-lanes_y1-lanes_x64 for: convolution 1x1, 256x56x56 to 64.
// Computes: a convolution by register tiles, with inputs and weights straight from their buffers.
// Owns: an invocation tile_channels output channels of one group at tile_rows rows of a column;
//   neighbours in a workgroup are neighbours along out_x, so that they load and store neighbouring
//   elements and all load the same weights. A workgroup is one block of channels (workgroup z).
// Padding: rows and columns are mapped into the input once, before the loop over the channels;
//   what lies over zeros is replaced by 0, and a tile with a NaN is computed without it.
// Host guarantees: channel_step divides group_in_channels and a block of them; weight is packed by
//   conv2d_pack with these strides; every index is below 2^32.
// Reference: src/reference/conv2d.rs
alias Element = f32;

fn to_element(value: f32) -> Element {
    return value;
}

// Of a dense convolution. conv2d_texel alone reads padded_height and padded_width.
struct Params {
    grid_width: u32,
    group_in_channels: u32,
    group_out_channels: u32,
    groups: u32,
    in_height: u32,
    in_width: u32,
    out_height: u32,
    out_width: u32,
    pad_top: u32,
    pad_left: u32,
    block: u32,
    channel_blocks: u32,
    tiles_y: u32,
    tiles_x: u32,
    tiles: u32,
    input_start: u32,
    output_start: u32,
    padded_height: u32,
    padded_width: u32,
    activation_parameter: f32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> input: array<Element>;
@group(0) @binding(2) var<storage, read> weight: array<vec4<Element>>;
@group(0) @binding(3) var<storage, read> bias: array<Element>;
@group(0) @binding(4) var<storage, read_write> output: array<Element>;

var<workgroup> totals: array<vec4<f32>, 1024>;

// Where a coordinate of the padded input lies in the input, or -1 where the padding holds zeros.
// The host guarantees padding below (reflect) or at most (circular) the size.
fn source_of(at: i32, size: i32) -> i32 {
    return select(-1, at, at >= 0 && at < size);
}
// As source_of, but always inside the input: also where the padding holds zeros, and for what lies
// beyond the last output, which nobody reads.
fn source_inside(at: i32, size: u32) -> u32 {
    return u32(clamp(source_of(at, i32(size)), 0, i32(size) - 1));
}
// What is applied to every output. Comparisons are written so that a NaN passes.
fn activate(x: f32) -> f32 {
    return x;
}

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let tile = (workgroup.y * params.grid_width + workgroup.x) * 64u + local;
    if tile >= params.tiles {
        return;
    }
    let out_x = tile % params.tiles_x;
    let out_y = tile / params.tiles_x % params.tiles_y * 4u;
    let image = tile / (params.tiles_x * params.tiles_y);
    let group = workgroup.z / params.channel_blocks;
    let first_channel = workgroup.z % params.channel_blocks * 16u;

    let in_y = i32(out_y * 1u) - i32(params.pad_top);
    let in_x = i32(out_x * 1u) - i32(params.pad_left);
    let column_0 = params.input_start + source_inside(in_x + 0, params.in_width);
    let row_0 = source_inside(in_y + 0, params.in_height) * params.in_width;
    let row_1 = source_inside(in_y + 1, params.in_height) * params.in_width;
    let row_2 = source_inside(in_y + 2, params.in_height) * params.in_width;
    let row_3 = source_inside(in_y + 3, params.in_height) * params.in_width;

    var sum_0_0 = 0.0;
    var sum_0_1 = 0.0;
    var sum_0_2 = 0.0;
    var sum_0_3 = 0.0;
    var sum_1_0 = 0.0;
    var sum_1_1 = 0.0;
    var sum_1_2 = 0.0;
    var sum_1_3 = 0.0;
    var sum_2_0 = 0.0;
    var sum_2_1 = 0.0;
    var sum_2_2 = 0.0;
    var sum_2_3 = 0.0;
    var sum_3_0 = 0.0;
    var sum_3_1 = 0.0;
    var sum_3_2 = 0.0;
    var sum_3_3 = 0.0;
    var sum_4_0 = 0.0;
    var sum_4_1 = 0.0;
    var sum_4_2 = 0.0;
    var sum_4_3 = 0.0;
    var sum_5_0 = 0.0;
    var sum_5_1 = 0.0;
    var sum_5_2 = 0.0;
    var sum_5_3 = 0.0;
    var sum_6_0 = 0.0;
    var sum_6_1 = 0.0;
    var sum_6_2 = 0.0;
    var sum_6_3 = 0.0;
    var sum_7_0 = 0.0;
    var sum_7_1 = 0.0;
    var sum_7_2 = 0.0;
    var sum_7_3 = 0.0;
    var sum_8_0 = 0.0;
    var sum_8_1 = 0.0;
    var sum_8_2 = 0.0;
    var sum_8_3 = 0.0;
    var sum_9_0 = 0.0;
    var sum_9_1 = 0.0;
    var sum_9_2 = 0.0;
    var sum_9_3 = 0.0;
    var sum_10_0 = 0.0;
    var sum_10_1 = 0.0;
    var sum_10_2 = 0.0;
    var sum_10_3 = 0.0;
    var sum_11_0 = 0.0;
    var sum_11_1 = 0.0;
    var sum_11_2 = 0.0;
    var sum_11_3 = 0.0;
    var sum_12_0 = 0.0;
    var sum_12_1 = 0.0;
    var sum_12_2 = 0.0;
    var sum_12_3 = 0.0;
    var sum_13_0 = 0.0;
    var sum_13_1 = 0.0;
    var sum_13_2 = 0.0;
    var sum_13_3 = 0.0;
    var sum_14_0 = 0.0;
    var sum_14_1 = 0.0;
    var sum_14_2 = 0.0;
    var sum_14_3 = 0.0;
    var sum_15_0 = 0.0;
    var sum_15_1 = 0.0;
    var sum_15_2 = 0.0;
    var sum_15_3 = 0.0;
    for (var i = 0u; i < 16u; i++) {
        totals[i * 64u + local] = vec4<f32>(0.0);
    }

    let in_plane = params.in_height * params.in_width;
    let first_plane = (image * params.groups + group) * params.group_in_channels;
    var step = workgroup.z * (params.group_in_channels / 4u) * 16u;
    // Sums of blocks of channels keep the rounding error far below that of one long sum.
    for (var block = 0u; block < params.group_in_channels; block += params.block) {
    let end_block = min(block + params.block, params.group_in_channels);
    for (var channel = block; channel < end_block; channel += 4u) {
        let taps = step;
        let start_0 = (first_plane + channel + 0u) * in_plane;
        let in_0_0_0 = f32(input[start_0 + row_0 + column_0]);
        let in_0_1_0 = f32(input[start_0 + row_1 + column_0]);
        let in_0_2_0 = f32(input[start_0 + row_2 + column_0]);
        let in_0_3_0 = f32(input[start_0 + row_3 + column_0]);
        let weight_0 = vec4<f32>(weight[taps + 0u]);
        sum_0_0 = fma(weight_0.x, in_0_0_0, sum_0_0);
        sum_0_1 = fma(weight_0.x, in_0_1_0, sum_0_1);
        sum_0_2 = fma(weight_0.x, in_0_2_0, sum_0_2);
        sum_0_3 = fma(weight_0.x, in_0_3_0, sum_0_3);
        sum_1_0 = fma(weight_0.y, in_0_0_0, sum_1_0);
        sum_1_1 = fma(weight_0.y, in_0_1_0, sum_1_1);
        sum_1_2 = fma(weight_0.y, in_0_2_0, sum_1_2);
        sum_1_3 = fma(weight_0.y, in_0_3_0, sum_1_3);
        sum_2_0 = fma(weight_0.z, in_0_0_0, sum_2_0);
        sum_2_1 = fma(weight_0.z, in_0_1_0, sum_2_1);
        sum_2_2 = fma(weight_0.z, in_0_2_0, sum_2_2);
        sum_2_3 = fma(weight_0.z, in_0_3_0, sum_2_3);
        sum_3_0 = fma(weight_0.w, in_0_0_0, sum_3_0);
        sum_3_1 = fma(weight_0.w, in_0_1_0, sum_3_1);
        sum_3_2 = fma(weight_0.w, in_0_2_0, sum_3_2);
        sum_3_3 = fma(weight_0.w, in_0_3_0, sum_3_3);
        let weight_1 = vec4<f32>(weight[taps + 1u]);
        sum_4_0 = fma(weight_1.x, in_0_0_0, sum_4_0);
        sum_4_1 = fma(weight_1.x, in_0_1_0, sum_4_1);
        sum_4_2 = fma(weight_1.x, in_0_2_0, sum_4_2);
        sum_4_3 = fma(weight_1.x, in_0_3_0, sum_4_3);
        sum_5_0 = fma(weight_1.y, in_0_0_0, sum_5_0);
        sum_5_1 = fma(weight_1.y, in_0_1_0, sum_5_1);
        sum_5_2 = fma(weight_1.y, in_0_2_0, sum_5_2);
        sum_5_3 = fma(weight_1.y, in_0_3_0, sum_5_3);
        sum_6_0 = fma(weight_1.z, in_0_0_0, sum_6_0);
        sum_6_1 = fma(weight_1.z, in_0_1_0, sum_6_1);
        sum_6_2 = fma(weight_1.z, in_0_2_0, sum_6_2);
        sum_6_3 = fma(weight_1.z, in_0_3_0, sum_6_3);
        sum_7_0 = fma(weight_1.w, in_0_0_0, sum_7_0);
        sum_7_1 = fma(weight_1.w, in_0_1_0, sum_7_1);
        sum_7_2 = fma(weight_1.w, in_0_2_0, sum_7_2);
        sum_7_3 = fma(weight_1.w, in_0_3_0, sum_7_3);
        let weight_2 = vec4<f32>(weight[taps + 2u]);
        sum_8_0 = fma(weight_2.x, in_0_0_0, sum_8_0);
        sum_8_1 = fma(weight_2.x, in_0_1_0, sum_8_1);
        sum_8_2 = fma(weight_2.x, in_0_2_0, sum_8_2);
        sum_8_3 = fma(weight_2.x, in_0_3_0, sum_8_3);
        sum_9_0 = fma(weight_2.y, in_0_0_0, sum_9_0);
        sum_9_1 = fma(weight_2.y, in_0_1_0, sum_9_1);
        sum_9_2 = fma(weight_2.y, in_0_2_0, sum_9_2);
        sum_9_3 = fma(weight_2.y, in_0_3_0, sum_9_3);
        sum_10_0 = fma(weight_2.z, in_0_0_0, sum_10_0);
        sum_10_1 = fma(weight_2.z, in_0_1_0, sum_10_1);
        sum_10_2 = fma(weight_2.z, in_0_2_0, sum_10_2);
        sum_10_3 = fma(weight_2.z, in_0_3_0, sum_10_3);
        sum_11_0 = fma(weight_2.w, in_0_0_0, sum_11_0);
        sum_11_1 = fma(weight_2.w, in_0_1_0, sum_11_1);
        sum_11_2 = fma(weight_2.w, in_0_2_0, sum_11_2);
        sum_11_3 = fma(weight_2.w, in_0_3_0, sum_11_3);
        let weight_3 = vec4<f32>(weight[taps + 3u]);
        sum_12_0 = fma(weight_3.x, in_0_0_0, sum_12_0);
        sum_12_1 = fma(weight_3.x, in_0_1_0, sum_12_1);
        sum_12_2 = fma(weight_3.x, in_0_2_0, sum_12_2);
        sum_12_3 = fma(weight_3.x, in_0_3_0, sum_12_3);
        sum_13_0 = fma(weight_3.y, in_0_0_0, sum_13_0);
        sum_13_1 = fma(weight_3.y, in_0_1_0, sum_13_1);
        sum_13_2 = fma(weight_3.y, in_0_2_0, sum_13_2);
        sum_13_3 = fma(weight_3.y, in_0_3_0, sum_13_3);
        sum_14_0 = fma(weight_3.z, in_0_0_0, sum_14_0);
        sum_14_1 = fma(weight_3.z, in_0_1_0, sum_14_1);
        sum_14_2 = fma(weight_3.z, in_0_2_0, sum_14_2);
        sum_14_3 = fma(weight_3.z, in_0_3_0, sum_14_3);
        sum_15_0 = fma(weight_3.w, in_0_0_0, sum_15_0);
        sum_15_1 = fma(weight_3.w, in_0_1_0, sum_15_1);
        sum_15_2 = fma(weight_3.w, in_0_2_0, sum_15_2);
        sum_15_3 = fma(weight_3.w, in_0_3_0, sum_15_3);
        let start_1 = (first_plane + channel + 1u) * in_plane;
        let in_1_0_0 = f32(input[start_1 + row_0 + column_0]);
        let in_1_1_0 = f32(input[start_1 + row_1 + column_0]);
        let in_1_2_0 = f32(input[start_1 + row_2 + column_0]);
        let in_1_3_0 = f32(input[start_1 + row_3 + column_0]);
        let weight_4 = vec4<f32>(weight[taps + 4u]);
        sum_0_0 = fma(weight_4.x, in_1_0_0, sum_0_0);
        sum_0_1 = fma(weight_4.x, in_1_1_0, sum_0_1);
        sum_0_2 = fma(weight_4.x, in_1_2_0, sum_0_2);
        sum_0_3 = fma(weight_4.x, in_1_3_0, sum_0_3);
        sum_1_0 = fma(weight_4.y, in_1_0_0, sum_1_0);
        sum_1_1 = fma(weight_4.y, in_1_1_0, sum_1_1);
        sum_1_2 = fma(weight_4.y, in_1_2_0, sum_1_2);
        sum_1_3 = fma(weight_4.y, in_1_3_0, sum_1_3);
        sum_2_0 = fma(weight_4.z, in_1_0_0, sum_2_0);
        sum_2_1 = fma(weight_4.z, in_1_1_0, sum_2_1);
        sum_2_2 = fma(weight_4.z, in_1_2_0, sum_2_2);
        sum_2_3 = fma(weight_4.z, in_1_3_0, sum_2_3);
        sum_3_0 = fma(weight_4.w, in_1_0_0, sum_3_0);
        sum_3_1 = fma(weight_4.w, in_1_1_0, sum_3_1);
        sum_3_2 = fma(weight_4.w, in_1_2_0, sum_3_2);
        sum_3_3 = fma(weight_4.w, in_1_3_0, sum_3_3);
        let weight_5 = vec4<f32>(weight[taps + 5u]);
        sum_4_0 = fma(weight_5.x, in_1_0_0, sum_4_0);
        sum_4_1 = fma(weight_5.x, in_1_1_0, sum_4_1);
        sum_4_2 = fma(weight_5.x, in_1_2_0, sum_4_2);
        sum_4_3 = fma(weight_5.x, in_1_3_0, sum_4_3);
        sum_5_0 = fma(weight_5.y, in_1_0_0, sum_5_0);
        sum_5_1 = fma(weight_5.y, in_1_1_0, sum_5_1);
        sum_5_2 = fma(weight_5.y, in_1_2_0, sum_5_2);
        sum_5_3 = fma(weight_5.y, in_1_3_0, sum_5_3);
        sum_6_0 = fma(weight_5.z, in_1_0_0, sum_6_0);
        sum_6_1 = fma(weight_5.z, in_1_1_0, sum_6_1);
        sum_6_2 = fma(weight_5.z, in_1_2_0, sum_6_2);
        sum_6_3 = fma(weight_5.z, in_1_3_0, sum_6_3);
        sum_7_0 = fma(weight_5.w, in_1_0_0, sum_7_0);
        sum_7_1 = fma(weight_5.w, in_1_1_0, sum_7_1);
        sum_7_2 = fma(weight_5.w, in_1_2_0, sum_7_2);
        sum_7_3 = fma(weight_5.w, in_1_3_0, sum_7_3);
        let weight_6 = vec4<f32>(weight[taps + 6u]);
        sum_8_0 = fma(weight_6.x, in_1_0_0, sum_8_0);
        sum_8_1 = fma(weight_6.x, in_1_1_0, sum_8_1);
        sum_8_2 = fma(weight_6.x, in_1_2_0, sum_8_2);
        sum_8_3 = fma(weight_6.x, in_1_3_0, sum_8_3);
        sum_9_0 = fma(weight_6.y, in_1_0_0, sum_9_0);
        sum_9_1 = fma(weight_6.y, in_1_1_0, sum_9_1);
        sum_9_2 = fma(weight_6.y, in_1_2_0, sum_9_2);
        sum_9_3 = fma(weight_6.y, in_1_3_0, sum_9_3);
        sum_10_0 = fma(weight_6.z, in_1_0_0, sum_10_0);
        sum_10_1 = fma(weight_6.z, in_1_1_0, sum_10_1);
        sum_10_2 = fma(weight_6.z, in_1_2_0, sum_10_2);
        sum_10_3 = fma(weight_6.z, in_1_3_0, sum_10_3);
        sum_11_0 = fma(weight_6.w, in_1_0_0, sum_11_0);
        sum_11_1 = fma(weight_6.w, in_1_1_0, sum_11_1);
        sum_11_2 = fma(weight_6.w, in_1_2_0, sum_11_2);
        sum_11_3 = fma(weight_6.w, in_1_3_0, sum_11_3);
        let weight_7 = vec4<f32>(weight[taps + 7u]);
        sum_12_0 = fma(weight_7.x, in_1_0_0, sum_12_0);
        sum_12_1 = fma(weight_7.x, in_1_1_0, sum_12_1);
        sum_12_2 = fma(weight_7.x, in_1_2_0, sum_12_2);
        sum_12_3 = fma(weight_7.x, in_1_3_0, sum_12_3);
        sum_13_0 = fma(weight_7.y, in_1_0_0, sum_13_0);
        sum_13_1 = fma(weight_7.y, in_1_1_0, sum_13_1);
        sum_13_2 = fma(weight_7.y, in_1_2_0, sum_13_2);
        sum_13_3 = fma(weight_7.y, in_1_3_0, sum_13_3);
        sum_14_0 = fma(weight_7.z, in_1_0_0, sum_14_0);
        sum_14_1 = fma(weight_7.z, in_1_1_0, sum_14_1);
        sum_14_2 = fma(weight_7.z, in_1_2_0, sum_14_2);
        sum_14_3 = fma(weight_7.z, in_1_3_0, sum_14_3);
        sum_15_0 = fma(weight_7.w, in_1_0_0, sum_15_0);
        sum_15_1 = fma(weight_7.w, in_1_1_0, sum_15_1);
        sum_15_2 = fma(weight_7.w, in_1_2_0, sum_15_2);
        sum_15_3 = fma(weight_7.w, in_1_3_0, sum_15_3);
        let start_2 = (first_plane + channel + 2u) * in_plane;
        let in_2_0_0 = f32(input[start_2 + row_0 + column_0]);
        let in_2_1_0 = f32(input[start_2 + row_1 + column_0]);
        let in_2_2_0 = f32(input[start_2 + row_2 + column_0]);
        let in_2_3_0 = f32(input[start_2 + row_3 + column_0]);
        let weight_8 = vec4<f32>(weight[taps + 8u]);
        sum_0_0 = fma(weight_8.x, in_2_0_0, sum_0_0);
        sum_0_1 = fma(weight_8.x, in_2_1_0, sum_0_1);
        sum_0_2 = fma(weight_8.x, in_2_2_0, sum_0_2);
        sum_0_3 = fma(weight_8.x, in_2_3_0, sum_0_3);
        sum_1_0 = fma(weight_8.y, in_2_0_0, sum_1_0);
        sum_1_1 = fma(weight_8.y, in_2_1_0, sum_1_1);
        sum_1_2 = fma(weight_8.y, in_2_2_0, sum_1_2);
        sum_1_3 = fma(weight_8.y, in_2_3_0, sum_1_3);
        sum_2_0 = fma(weight_8.z, in_2_0_0, sum_2_0);
        sum_2_1 = fma(weight_8.z, in_2_1_0, sum_2_1);
        sum_2_2 = fma(weight_8.z, in_2_2_0, sum_2_2);
        sum_2_3 = fma(weight_8.z, in_2_3_0, sum_2_3);
        sum_3_0 = fma(weight_8.w, in_2_0_0, sum_3_0);
        sum_3_1 = fma(weight_8.w, in_2_1_0, sum_3_1);
        sum_3_2 = fma(weight_8.w, in_2_2_0, sum_3_2);
        sum_3_3 = fma(weight_8.w, in_2_3_0, sum_3_3);
        let weight_9 = vec4<f32>(weight[taps + 9u]);
        sum_4_0 = fma(weight_9.x, in_2_0_0, sum_4_0);
        sum_4_1 = fma(weight_9.x, in_2_1_0, sum_4_1);
        sum_4_2 = fma(weight_9.x, in_2_2_0, sum_4_2);
        sum_4_3 = fma(weight_9.x, in_2_3_0, sum_4_3);
        sum_5_0 = fma(weight_9.y, in_2_0_0, sum_5_0);
        sum_5_1 = fma(weight_9.y, in_2_1_0, sum_5_1);
        sum_5_2 = fma(weight_9.y, in_2_2_0, sum_5_2);
        sum_5_3 = fma(weight_9.y, in_2_3_0, sum_5_3);
        sum_6_0 = fma(weight_9.z, in_2_0_0, sum_6_0);
        sum_6_1 = fma(weight_9.z, in_2_1_0, sum_6_1);
        sum_6_2 = fma(weight_9.z, in_2_2_0, sum_6_2);
        sum_6_3 = fma(weight_9.z, in_2_3_0, sum_6_3);
        sum_7_0 = fma(weight_9.w, in_2_0_0, sum_7_0);
        sum_7_1 = fma(weight_9.w, in_2_1_0, sum_7_1);
        sum_7_2 = fma(weight_9.w, in_2_2_0, sum_7_2);
        sum_7_3 = fma(weight_9.w, in_2_3_0, sum_7_3);
        let weight_10 = vec4<f32>(weight[taps + 10u]);
        sum_8_0 = fma(weight_10.x, in_2_0_0, sum_8_0);
        sum_8_1 = fma(weight_10.x, in_2_1_0, sum_8_1);
        sum_8_2 = fma(weight_10.x, in_2_2_0, sum_8_2);
        sum_8_3 = fma(weight_10.x, in_2_3_0, sum_8_3);
        sum_9_0 = fma(weight_10.y, in_2_0_0, sum_9_0);
        sum_9_1 = fma(weight_10.y, in_2_1_0, sum_9_1);
        sum_9_2 = fma(weight_10.y, in_2_2_0, sum_9_2);
        sum_9_3 = fma(weight_10.y, in_2_3_0, sum_9_3);
        sum_10_0 = fma(weight_10.z, in_2_0_0, sum_10_0);
        sum_10_1 = fma(weight_10.z, in_2_1_0, sum_10_1);
        sum_10_2 = fma(weight_10.z, in_2_2_0, sum_10_2);
        sum_10_3 = fma(weight_10.z, in_2_3_0, sum_10_3);
        sum_11_0 = fma(weight_10.w, in_2_0_0, sum_11_0);
        sum_11_1 = fma(weight_10.w, in_2_1_0, sum_11_1);
        sum_11_2 = fma(weight_10.w, in_2_2_0, sum_11_2);
        sum_11_3 = fma(weight_10.w, in_2_3_0, sum_11_3);
        let weight_11 = vec4<f32>(weight[taps + 11u]);
        sum_12_0 = fma(weight_11.x, in_2_0_0, sum_12_0);
        sum_12_1 = fma(weight_11.x, in_2_1_0, sum_12_1);
        sum_12_2 = fma(weight_11.x, in_2_2_0, sum_12_2);
        sum_12_3 = fma(weight_11.x, in_2_3_0, sum_12_3);
        sum_13_0 = fma(weight_11.y, in_2_0_0, sum_13_0);
        sum_13_1 = fma(weight_11.y, in_2_1_0, sum_13_1);
        sum_13_2 = fma(weight_11.y, in_2_2_0, sum_13_2);
        sum_13_3 = fma(weight_11.y, in_2_3_0, sum_13_3);
        sum_14_0 = fma(weight_11.z, in_2_0_0, sum_14_0);
        sum_14_1 = fma(weight_11.z, in_2_1_0, sum_14_1);
        sum_14_2 = fma(weight_11.z, in_2_2_0, sum_14_2);
        sum_14_3 = fma(weight_11.z, in_2_3_0, sum_14_3);
        sum_15_0 = fma(weight_11.w, in_2_0_0, sum_15_0);
        sum_15_1 = fma(weight_11.w, in_2_1_0, sum_15_1);
        sum_15_2 = fma(weight_11.w, in_2_2_0, sum_15_2);
        sum_15_3 = fma(weight_11.w, in_2_3_0, sum_15_3);
        let start_3 = (first_plane + channel + 3u) * in_plane;
        let in_3_0_0 = f32(input[start_3 + row_0 + column_0]);
        let in_3_1_0 = f32(input[start_3 + row_1 + column_0]);
        let in_3_2_0 = f32(input[start_3 + row_2 + column_0]);
        let in_3_3_0 = f32(input[start_3 + row_3 + column_0]);
        let weight_12 = vec4<f32>(weight[taps + 12u]);
        sum_0_0 = fma(weight_12.x, in_3_0_0, sum_0_0);
        sum_0_1 = fma(weight_12.x, in_3_1_0, sum_0_1);
        sum_0_2 = fma(weight_12.x, in_3_2_0, sum_0_2);
        sum_0_3 = fma(weight_12.x, in_3_3_0, sum_0_3);
        sum_1_0 = fma(weight_12.y, in_3_0_0, sum_1_0);
        sum_1_1 = fma(weight_12.y, in_3_1_0, sum_1_1);
        sum_1_2 = fma(weight_12.y, in_3_2_0, sum_1_2);
        sum_1_3 = fma(weight_12.y, in_3_3_0, sum_1_3);
        sum_2_0 = fma(weight_12.z, in_3_0_0, sum_2_0);
        sum_2_1 = fma(weight_12.z, in_3_1_0, sum_2_1);
        sum_2_2 = fma(weight_12.z, in_3_2_0, sum_2_2);
        sum_2_3 = fma(weight_12.z, in_3_3_0, sum_2_3);
        sum_3_0 = fma(weight_12.w, in_3_0_0, sum_3_0);
        sum_3_1 = fma(weight_12.w, in_3_1_0, sum_3_1);
        sum_3_2 = fma(weight_12.w, in_3_2_0, sum_3_2);
        sum_3_3 = fma(weight_12.w, in_3_3_0, sum_3_3);
        let weight_13 = vec4<f32>(weight[taps + 13u]);
        sum_4_0 = fma(weight_13.x, in_3_0_0, sum_4_0);
        sum_4_1 = fma(weight_13.x, in_3_1_0, sum_4_1);
        sum_4_2 = fma(weight_13.x, in_3_2_0, sum_4_2);
        sum_4_3 = fma(weight_13.x, in_3_3_0, sum_4_3);
        sum_5_0 = fma(weight_13.y, in_3_0_0, sum_5_0);
        sum_5_1 = fma(weight_13.y, in_3_1_0, sum_5_1);
        sum_5_2 = fma(weight_13.y, in_3_2_0, sum_5_2);
        sum_5_3 = fma(weight_13.y, in_3_3_0, sum_5_3);
        sum_6_0 = fma(weight_13.z, in_3_0_0, sum_6_0);
        sum_6_1 = fma(weight_13.z, in_3_1_0, sum_6_1);
        sum_6_2 = fma(weight_13.z, in_3_2_0, sum_6_2);
        sum_6_3 = fma(weight_13.z, in_3_3_0, sum_6_3);
        sum_7_0 = fma(weight_13.w, in_3_0_0, sum_7_0);
        sum_7_1 = fma(weight_13.w, in_3_1_0, sum_7_1);
        sum_7_2 = fma(weight_13.w, in_3_2_0, sum_7_2);
        sum_7_3 = fma(weight_13.w, in_3_3_0, sum_7_3);
        let weight_14 = vec4<f32>(weight[taps + 14u]);
        sum_8_0 = fma(weight_14.x, in_3_0_0, sum_8_0);
        sum_8_1 = fma(weight_14.x, in_3_1_0, sum_8_1);
        sum_8_2 = fma(weight_14.x, in_3_2_0, sum_8_2);
        sum_8_3 = fma(weight_14.x, in_3_3_0, sum_8_3);
        sum_9_0 = fma(weight_14.y, in_3_0_0, sum_9_0);
        sum_9_1 = fma(weight_14.y, in_3_1_0, sum_9_1);
        sum_9_2 = fma(weight_14.y, in_3_2_0, sum_9_2);
        sum_9_3 = fma(weight_14.y, in_3_3_0, sum_9_3);
        sum_10_0 = fma(weight_14.z, in_3_0_0, sum_10_0);
        sum_10_1 = fma(weight_14.z, in_3_1_0, sum_10_1);
        sum_10_2 = fma(weight_14.z, in_3_2_0, sum_10_2);
        sum_10_3 = fma(weight_14.z, in_3_3_0, sum_10_3);
        sum_11_0 = fma(weight_14.w, in_3_0_0, sum_11_0);
        sum_11_1 = fma(weight_14.w, in_3_1_0, sum_11_1);
        sum_11_2 = fma(weight_14.w, in_3_2_0, sum_11_2);
        sum_11_3 = fma(weight_14.w, in_3_3_0, sum_11_3);
        let weight_15 = vec4<f32>(weight[taps + 15u]);
        sum_12_0 = fma(weight_15.x, in_3_0_0, sum_12_0);
        sum_12_1 = fma(weight_15.x, in_3_1_0, sum_12_1);
        sum_12_2 = fma(weight_15.x, in_3_2_0, sum_12_2);
        sum_12_3 = fma(weight_15.x, in_3_3_0, sum_12_3);
        sum_13_0 = fma(weight_15.y, in_3_0_0, sum_13_0);
        sum_13_1 = fma(weight_15.y, in_3_1_0, sum_13_1);
        sum_13_2 = fma(weight_15.y, in_3_2_0, sum_13_2);
        sum_13_3 = fma(weight_15.y, in_3_3_0, sum_13_3);
        sum_14_0 = fma(weight_15.z, in_3_0_0, sum_14_0);
        sum_14_1 = fma(weight_15.z, in_3_1_0, sum_14_1);
        sum_14_2 = fma(weight_15.z, in_3_2_0, sum_14_2);
        sum_14_3 = fma(weight_15.z, in_3_3_0, sum_14_3);
        sum_15_0 = fma(weight_15.w, in_3_0_0, sum_15_0);
        sum_15_1 = fma(weight_15.w, in_3_1_0, sum_15_1);
        sum_15_2 = fma(weight_15.w, in_3_2_0, sum_15_2);
        sum_15_3 = fma(weight_15.w, in_3_3_0, sum_15_3);
        step += 16u;
    }
    totals[0u + local] += vec4<f32>(sum_0_0, sum_1_0, sum_2_0, sum_3_0);
    sum_0_0 = 0.0;
    sum_1_0 = 0.0;
    sum_2_0 = 0.0;
    sum_3_0 = 0.0;
    totals[64u + local] += vec4<f32>(sum_0_1, sum_1_1, sum_2_1, sum_3_1);
    sum_0_1 = 0.0;
    sum_1_1 = 0.0;
    sum_2_1 = 0.0;
    sum_3_1 = 0.0;
    totals[128u + local] += vec4<f32>(sum_0_2, sum_1_2, sum_2_2, sum_3_2);
    sum_0_2 = 0.0;
    sum_1_2 = 0.0;
    sum_2_2 = 0.0;
    sum_3_2 = 0.0;
    totals[192u + local] += vec4<f32>(sum_0_3, sum_1_3, sum_2_3, sum_3_3);
    sum_0_3 = 0.0;
    sum_1_3 = 0.0;
    sum_2_3 = 0.0;
    sum_3_3 = 0.0;
    totals[256u + local] += vec4<f32>(sum_4_0, sum_5_0, sum_6_0, sum_7_0);
    sum_4_0 = 0.0;
    sum_5_0 = 0.0;
    sum_6_0 = 0.0;
    sum_7_0 = 0.0;
    totals[320u + local] += vec4<f32>(sum_4_1, sum_5_1, sum_6_1, sum_7_1);
    sum_4_1 = 0.0;
    sum_5_1 = 0.0;
    sum_6_1 = 0.0;
    sum_7_1 = 0.0;
    totals[384u + local] += vec4<f32>(sum_4_2, sum_5_2, sum_6_2, sum_7_2);
    sum_4_2 = 0.0;
    sum_5_2 = 0.0;
    sum_6_2 = 0.0;
    sum_7_2 = 0.0;
    totals[448u + local] += vec4<f32>(sum_4_3, sum_5_3, sum_6_3, sum_7_3);
    sum_4_3 = 0.0;
    sum_5_3 = 0.0;
    sum_6_3 = 0.0;
    sum_7_3 = 0.0;
    totals[512u + local] += vec4<f32>(sum_8_0, sum_9_0, sum_10_0, sum_11_0);
    sum_8_0 = 0.0;
    sum_9_0 = 0.0;
    sum_10_0 = 0.0;
    sum_11_0 = 0.0;
    totals[576u + local] += vec4<f32>(sum_8_1, sum_9_1, sum_10_1, sum_11_1);
    sum_8_1 = 0.0;
    sum_9_1 = 0.0;
    sum_10_1 = 0.0;
    sum_11_1 = 0.0;
    totals[640u + local] += vec4<f32>(sum_8_2, sum_9_2, sum_10_2, sum_11_2);
    sum_8_2 = 0.0;
    sum_9_2 = 0.0;
    sum_10_2 = 0.0;
    sum_11_2 = 0.0;
    totals[704u + local] += vec4<f32>(sum_8_3, sum_9_3, sum_10_3, sum_11_3);
    sum_8_3 = 0.0;
    sum_9_3 = 0.0;
    sum_10_3 = 0.0;
    sum_11_3 = 0.0;
    totals[768u + local] += vec4<f32>(sum_12_0, sum_13_0, sum_14_0, sum_15_0);
    sum_12_0 = 0.0;
    sum_13_0 = 0.0;
    sum_14_0 = 0.0;
    sum_15_0 = 0.0;
    totals[832u + local] += vec4<f32>(sum_12_1, sum_13_1, sum_14_1, sum_15_1);
    sum_12_1 = 0.0;
    sum_13_1 = 0.0;
    sum_14_1 = 0.0;
    sum_15_1 = 0.0;
    totals[896u + local] += vec4<f32>(sum_12_2, sum_13_2, sum_14_2, sum_15_2);
    sum_12_2 = 0.0;
    sum_13_2 = 0.0;
    sum_14_2 = 0.0;
    sum_15_2 = 0.0;
    totals[960u + local] += vec4<f32>(sum_12_3, sum_13_3, sum_14_3, sum_15_3);
    sum_12_3 = 0.0;
    sum_13_3 = 0.0;
    sum_14_3 = 0.0;
    sum_15_3 = 0.0;
    }

    // What lies inside the output is stored.
    let out_channel = group * params.group_out_channels + first_channel;
    let out_plane = params.out_height * params.out_width;
    let out_start = params.output_start + out_y * params.out_width + out_x
        + (image * params.groups * params.group_out_channels + out_channel) * out_plane;
    if first_channel + 0u < params.group_out_channels {
        let bias_0 = f32(bias[out_channel + 0u]);
        let value_0_0 = totals[0u + local].x + bias_0;
        if out_y + 0u < params.out_height {
            output[out_start + 0u * out_plane + 0u * params.out_width]
                = to_element(activate(value_0_0));
        }
        let value_0_1 = totals[64u + local].x + bias_0;
        if out_y + 1u < params.out_height {
            output[out_start + 0u * out_plane + 1u * params.out_width]
                = to_element(activate(value_0_1));
        }
        let value_0_2 = totals[128u + local].x + bias_0;
        if out_y + 2u < params.out_height {
            output[out_start + 0u * out_plane + 2u * params.out_width]
                = to_element(activate(value_0_2));
        }
        let value_0_3 = totals[192u + local].x + bias_0;
        if out_y + 3u < params.out_height {
            output[out_start + 0u * out_plane + 3u * params.out_width]
                = to_element(activate(value_0_3));
        }
    }
    if first_channel + 1u < params.group_out_channels {
        let bias_1 = f32(bias[out_channel + 1u]);
        let value_1_0 = totals[0u + local].y + bias_1;
        if out_y + 0u < params.out_height {
            output[out_start + 1u * out_plane + 0u * params.out_width]
                = to_element(activate(value_1_0));
        }
        let value_1_1 = totals[64u + local].y + bias_1;
        if out_y + 1u < params.out_height {
            output[out_start + 1u * out_plane + 1u * params.out_width]
                = to_element(activate(value_1_1));
        }
        let value_1_2 = totals[128u + local].y + bias_1;
        if out_y + 2u < params.out_height {
            output[out_start + 1u * out_plane + 2u * params.out_width]
                = to_element(activate(value_1_2));
        }
        let value_1_3 = totals[192u + local].y + bias_1;
        if out_y + 3u < params.out_height {
            output[out_start + 1u * out_plane + 3u * params.out_width]
                = to_element(activate(value_1_3));
        }
    }
    if first_channel + 2u < params.group_out_channels {
        let bias_2 = f32(bias[out_channel + 2u]);
        let value_2_0 = totals[0u + local].z + bias_2;
        if out_y + 0u < params.out_height {
            output[out_start + 2u * out_plane + 0u * params.out_width]
                = to_element(activate(value_2_0));
        }
        let value_2_1 = totals[64u + local].z + bias_2;
        if out_y + 1u < params.out_height {
            output[out_start + 2u * out_plane + 1u * params.out_width]
                = to_element(activate(value_2_1));
        }
        let value_2_2 = totals[128u + local].z + bias_2;
        if out_y + 2u < params.out_height {
            output[out_start + 2u * out_plane + 2u * params.out_width]
                = to_element(activate(value_2_2));
        }
        let value_2_3 = totals[192u + local].z + bias_2;
        if out_y + 3u < params.out_height {
            output[out_start + 2u * out_plane + 3u * params.out_width]
                = to_element(activate(value_2_3));
        }
    }
    if first_channel + 3u < params.group_out_channels {
        let bias_3 = f32(bias[out_channel + 3u]);
        let value_3_0 = totals[0u + local].w + bias_3;
        if out_y + 0u < params.out_height {
            output[out_start + 3u * out_plane + 0u * params.out_width]
                = to_element(activate(value_3_0));
        }
        let value_3_1 = totals[64u + local].w + bias_3;
        if out_y + 1u < params.out_height {
            output[out_start + 3u * out_plane + 1u * params.out_width]
                = to_element(activate(value_3_1));
        }
        let value_3_2 = totals[128u + local].w + bias_3;
        if out_y + 2u < params.out_height {
            output[out_start + 3u * out_plane + 2u * params.out_width]
                = to_element(activate(value_3_2));
        }
        let value_3_3 = totals[192u + local].w + bias_3;
        if out_y + 3u < params.out_height {
            output[out_start + 3u * out_plane + 3u * params.out_width]
                = to_element(activate(value_3_3));
        }
    }
    if first_channel + 4u < params.group_out_channels {
        let bias_4 = f32(bias[out_channel + 4u]);
        let value_4_0 = totals[256u + local].x + bias_4;
        if out_y + 0u < params.out_height {
            output[out_start + 4u * out_plane + 0u * params.out_width]
                = to_element(activate(value_4_0));
        }
        let value_4_1 = totals[320u + local].x + bias_4;
        if out_y + 1u < params.out_height {
            output[out_start + 4u * out_plane + 1u * params.out_width]
                = to_element(activate(value_4_1));
        }
        let value_4_2 = totals[384u + local].x + bias_4;
        if out_y + 2u < params.out_height {
            output[out_start + 4u * out_plane + 2u * params.out_width]
                = to_element(activate(value_4_2));
        }
        let value_4_3 = totals[448u + local].x + bias_4;
        if out_y + 3u < params.out_height {
            output[out_start + 4u * out_plane + 3u * params.out_width]
                = to_element(activate(value_4_3));
        }
    }
    if first_channel + 5u < params.group_out_channels {
        let bias_5 = f32(bias[out_channel + 5u]);
        let value_5_0 = totals[256u + local].y + bias_5;
        if out_y + 0u < params.out_height {
            output[out_start + 5u * out_plane + 0u * params.out_width]
                = to_element(activate(value_5_0));
        }
        let value_5_1 = totals[320u + local].y + bias_5;
        if out_y + 1u < params.out_height {
            output[out_start + 5u * out_plane + 1u * params.out_width]
                = to_element(activate(value_5_1));
        }
        let value_5_2 = totals[384u + local].y + bias_5;
        if out_y + 2u < params.out_height {
            output[out_start + 5u * out_plane + 2u * params.out_width]
                = to_element(activate(value_5_2));
        }
        let value_5_3 = totals[448u + local].y + bias_5;
        if out_y + 3u < params.out_height {
            output[out_start + 5u * out_plane + 3u * params.out_width]
                = to_element(activate(value_5_3));
        }
    }
    if first_channel + 6u < params.group_out_channels {
        let bias_6 = f32(bias[out_channel + 6u]);
        let value_6_0 = totals[256u + local].z + bias_6;
        if out_y + 0u < params.out_height {
            output[out_start + 6u * out_plane + 0u * params.out_width]
                = to_element(activate(value_6_0));
        }
        let value_6_1 = totals[320u + local].z + bias_6;
        if out_y + 1u < params.out_height {
            output[out_start + 6u * out_plane + 1u * params.out_width]
                = to_element(activate(value_6_1));
        }
        let value_6_2 = totals[384u + local].z + bias_6;
        if out_y + 2u < params.out_height {
            output[out_start + 6u * out_plane + 2u * params.out_width]
                = to_element(activate(value_6_2));
        }
        let value_6_3 = totals[448u + local].z + bias_6;
        if out_y + 3u < params.out_height {
            output[out_start + 6u * out_plane + 3u * params.out_width]
                = to_element(activate(value_6_3));
        }
    }
    if first_channel + 7u < params.group_out_channels {
        let bias_7 = f32(bias[out_channel + 7u]);
        let value_7_0 = totals[256u + local].w + bias_7;
        if out_y + 0u < params.out_height {
            output[out_start + 7u * out_plane + 0u * params.out_width]
                = to_element(activate(value_7_0));
        }
        let value_7_1 = totals[320u + local].w + bias_7;
        if out_y + 1u < params.out_height {
            output[out_start + 7u * out_plane + 1u * params.out_width]
                = to_element(activate(value_7_1));
        }
        let value_7_2 = totals[384u + local].w + bias_7;
        if out_y + 2u < params.out_height {
            output[out_start + 7u * out_plane + 2u * params.out_width]
                = to_element(activate(value_7_2));
        }
        let value_7_3 = totals[448u + local].w + bias_7;
        if out_y + 3u < params.out_height {
            output[out_start + 7u * out_plane + 3u * params.out_width]
                = to_element(activate(value_7_3));
        }
    }
    if first_channel + 8u < params.group_out_channels {
        let bias_8 = f32(bias[out_channel + 8u]);
        let value_8_0 = totals[512u + local].x + bias_8;
        if out_y + 0u < params.out_height {
            output[out_start + 8u * out_plane + 0u * params.out_width]
                = to_element(activate(value_8_0));
        }
        let value_8_1 = totals[576u + local].x + bias_8;
        if out_y + 1u < params.out_height {
            output[out_start + 8u * out_plane + 1u * params.out_width]
                = to_element(activate(value_8_1));
        }
        let value_8_2 = totals[640u + local].x + bias_8;
        if out_y + 2u < params.out_height {
            output[out_start + 8u * out_plane + 2u * params.out_width]
                = to_element(activate(value_8_2));
        }
        let value_8_3 = totals[704u + local].x + bias_8;
        if out_y + 3u < params.out_height {
            output[out_start + 8u * out_plane + 3u * params.out_width]
                = to_element(activate(value_8_3));
        }
    }
    if first_channel + 9u < params.group_out_channels {
        let bias_9 = f32(bias[out_channel + 9u]);
        let value_9_0 = totals[512u + local].y + bias_9;
        if out_y + 0u < params.out_height {
            output[out_start + 9u * out_plane + 0u * params.out_width]
                = to_element(activate(value_9_0));
        }
        let value_9_1 = totals[576u + local].y + bias_9;
        if out_y + 1u < params.out_height {
            output[out_start + 9u * out_plane + 1u * params.out_width]
                = to_element(activate(value_9_1));
        }
        let value_9_2 = totals[640u + local].y + bias_9;
        if out_y + 2u < params.out_height {
            output[out_start + 9u * out_plane + 2u * params.out_width]
                = to_element(activate(value_9_2));
        }
        let value_9_3 = totals[704u + local].y + bias_9;
        if out_y + 3u < params.out_height {
            output[out_start + 9u * out_plane + 3u * params.out_width]
                = to_element(activate(value_9_3));
        }
    }
    if first_channel + 10u < params.group_out_channels {
        let bias_10 = f32(bias[out_channel + 10u]);
        let value_10_0 = totals[512u + local].z + bias_10;
        if out_y + 0u < params.out_height {
            output[out_start + 10u * out_plane + 0u * params.out_width]
                = to_element(activate(value_10_0));
        }
        let value_10_1 = totals[576u + local].z + bias_10;
        if out_y + 1u < params.out_height {
            output[out_start + 10u * out_plane + 1u * params.out_width]
                = to_element(activate(value_10_1));
        }
        let value_10_2 = totals[640u + local].z + bias_10;
        if out_y + 2u < params.out_height {
            output[out_start + 10u * out_plane + 2u * params.out_width]
                = to_element(activate(value_10_2));
        }
        let value_10_3 = totals[704u + local].z + bias_10;
        if out_y + 3u < params.out_height {
            output[out_start + 10u * out_plane + 3u * params.out_width]
                = to_element(activate(value_10_3));
        }
    }
    if first_channel + 11u < params.group_out_channels {
        let bias_11 = f32(bias[out_channel + 11u]);
        let value_11_0 = totals[512u + local].w + bias_11;
        if out_y + 0u < params.out_height {
            output[out_start + 11u * out_plane + 0u * params.out_width]
                = to_element(activate(value_11_0));
        }
        let value_11_1 = totals[576u + local].w + bias_11;
        if out_y + 1u < params.out_height {
            output[out_start + 11u * out_plane + 1u * params.out_width]
                = to_element(activate(value_11_1));
        }
        let value_11_2 = totals[640u + local].w + bias_11;
        if out_y + 2u < params.out_height {
            output[out_start + 11u * out_plane + 2u * params.out_width]
                = to_element(activate(value_11_2));
        }
        let value_11_3 = totals[704u + local].w + bias_11;
        if out_y + 3u < params.out_height {
            output[out_start + 11u * out_plane + 3u * params.out_width]
                = to_element(activate(value_11_3));
        }
    }
    if first_channel + 12u < params.group_out_channels {
        let bias_12 = f32(bias[out_channel + 12u]);
        let value_12_0 = totals[768u + local].x + bias_12;
        if out_y + 0u < params.out_height {
            output[out_start + 12u * out_plane + 0u * params.out_width]
                = to_element(activate(value_12_0));
        }
        let value_12_1 = totals[832u + local].x + bias_12;
        if out_y + 1u < params.out_height {
            output[out_start + 12u * out_plane + 1u * params.out_width]
                = to_element(activate(value_12_1));
        }
        let value_12_2 = totals[896u + local].x + bias_12;
        if out_y + 2u < params.out_height {
            output[out_start + 12u * out_plane + 2u * params.out_width]
                = to_element(activate(value_12_2));
        }
        let value_12_3 = totals[960u + local].x + bias_12;
        if out_y + 3u < params.out_height {
            output[out_start + 12u * out_plane + 3u * params.out_width]
                = to_element(activate(value_12_3));
        }
    }
    if first_channel + 13u < params.group_out_channels {
        let bias_13 = f32(bias[out_channel + 13u]);
        let value_13_0 = totals[768u + local].y + bias_13;
        if out_y + 0u < params.out_height {
            output[out_start + 13u * out_plane + 0u * params.out_width]
                = to_element(activate(value_13_0));
        }
        let value_13_1 = totals[832u + local].y + bias_13;
        if out_y + 1u < params.out_height {
            output[out_start + 13u * out_plane + 1u * params.out_width]
                = to_element(activate(value_13_1));
        }
        let value_13_2 = totals[896u + local].y + bias_13;
        if out_y + 2u < params.out_height {
            output[out_start + 13u * out_plane + 2u * params.out_width]
                = to_element(activate(value_13_2));
        }
        let value_13_3 = totals[960u + local].y + bias_13;
        if out_y + 3u < params.out_height {
            output[out_start + 13u * out_plane + 3u * params.out_width]
                = to_element(activate(value_13_3));
        }
    }
    if first_channel + 14u < params.group_out_channels {
        let bias_14 = f32(bias[out_channel + 14u]);
        let value_14_0 = totals[768u + local].z + bias_14;
        if out_y + 0u < params.out_height {
            output[out_start + 14u * out_plane + 0u * params.out_width]
                = to_element(activate(value_14_0));
        }
        let value_14_1 = totals[832u + local].z + bias_14;
        if out_y + 1u < params.out_height {
            output[out_start + 14u * out_plane + 1u * params.out_width]
                = to_element(activate(value_14_1));
        }
        let value_14_2 = totals[896u + local].z + bias_14;
        if out_y + 2u < params.out_height {
            output[out_start + 14u * out_plane + 2u * params.out_width]
                = to_element(activate(value_14_2));
        }
        let value_14_3 = totals[960u + local].z + bias_14;
        if out_y + 3u < params.out_height {
            output[out_start + 14u * out_plane + 3u * params.out_width]
                = to_element(activate(value_14_3));
        }
    }
    if first_channel + 15u < params.group_out_channels {
        let bias_15 = f32(bias[out_channel + 15u]);
        let value_15_0 = totals[768u + local].w + bias_15;
        if out_y + 0u < params.out_height {
            output[out_start + 15u * out_plane + 0u * params.out_width]
                = to_element(activate(value_15_0));
        }
        let value_15_1 = totals[832u + local].w + bias_15;
        if out_y + 1u < params.out_height {
            output[out_start + 15u * out_plane + 1u * params.out_width]
                = to_element(activate(value_15_1));
        }
        let value_15_2 = totals[896u + local].w + bias_15;
        if out_y + 2u < params.out_height {
            output[out_start + 15u * out_plane + 2u * params.out_width]
                = to_element(activate(value_15_2));
        }
        let value_15_3 = totals[960u + local].w + bias_15;
        if out_y + 3u < params.out_height {
            output[out_start + 15u * out_plane + 3u * params.out_width]
                = to_element(activate(value_15_3));
        }
    }
}