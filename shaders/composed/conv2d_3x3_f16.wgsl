// Composed from conv2d_gemm.wgsl as conv2d_gemm-zeros-masked-skipping-none-bias-f16-registers-kernel_height3-kernel_width3-stride_y1-stride_x1-dilation_y1-dilation_x1-tile_channels32-tile_rows4-row_step1-channel_step16-unroll_rows-lanes_y4-lanes_x8-taps_first-wide_output for: convolution 3x3 of f16, 64x56x56 to 64.
// Computes: a convolution as a product of matrices, weights [channels, products] by inputs
//   [products, outputs] that are gathered as they are needed, never stored (implicit GEMM).
// Owns: a workgroup tile_channels output channels of one group at lanes_x * tile_rows outputs, which
//   follow each other across rows and images; an invocation every lanes_y-th four of the channels
//   and every lanes_x-th four of the outputs. Inputs and weights of channel_step input channels at
//   one tap go through workgroup memory, those of the next step while this one's are multiplied.
//   Workgroup z is the block of channels.
// Padding: an invocation copies the inputs of the same four outputs in every step, and maps their
//   places once for a tap; places over zeros are 0, and a tile with a NaN is computed without them.
// Host guarantees: channel_step divides group_in_channels; weight is packed by conv2d_pack, taps
//   before channels; lanes_x is a multiple of 8, lanes_y of 4, tile_channels / lanes_y and tile_rows
//   of 4; the invocations are a multiple of the fours of outputs; where input or output is wide, its
//   planes and starts are multiples of four elements; every index is below 2^32.
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
@group(0) @binding(4) var<storage, read_write> output: array<vec4<Element>>;

// Of two steps, every four of channels and of outputs as an invocation reads them.
var<workgroup> inputs: array<array<array<array<vec4<f32>, 8>, 1>, 16>, 2>;
var<workgroup> weights: array<array<array<array<vec4<f32>, 4>, 2>, 16>, 2>;

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
// What is applied to every output. A NaN passes.
fn activate(x: f32) -> f32 {
    return x;
}
fn input_at(plane: u32, in_y: u32, in_x: u32) -> f32 {
    return f32(input[params.input_start + (plane * params.in_height + in_y) * params.in_width + in_x]);
}

fn weight_at(index: u32) -> f32 {
    return f32(weight[index / 4u][index % 4u]);
}

fn is_nan(value: f32) -> bool {
    return (bitcast<u32>(value) & 0x7fffffffu) > 0x7f800000u;
}

// A zero of the padding times an infinite weight is NaN: an output that is NaN is computed again,
// without the taps outside the input.
fn sum_skipping(image: u32, group: u32, channel: u32, out_y: u32, out_x: u32) -> f32 {
    let block = group * params.channel_blocks + channel / 32u;
    let first_tap = block * 9u;
    let first_plane = (image * params.groups + group) * params.group_in_channels;
    var total = f32(bias[group * params.group_out_channels + channel]);
    var sum = 0.0;
    for (var tap = 0u; tap < params.group_in_channels * 9u; tap++) {
        let in_channel = tap / 9u;
        let kernel_y = tap / 3u % 3u;
        let kernel_x = tap % 3u;
        // Before the input these wrap to more than any size.
        let in_y = out_y * 1u + kernel_y * 1u - params.pad_top;
        let in_x = out_x * 1u + kernel_x * 1u - params.pad_left;
        if in_y < params.in_height && in_x < params.in_width {
            let at = (first_tap + tap % 9u) * params.group_in_channels * 32u
                + in_channel * 32u + channel % 32u;
            sum = fma(weight_at(at), input_at(first_plane + in_channel, in_y, in_x), sum);
        }
        let is_last = tap % 64u == 63u;
        total += select(0.0, sum, is_last);
        sum = select(sum, 0.0, is_last);
    }
    return total + sum;
}
@compute @workgroup_size(8, 4)
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    // Of 32 invocations that follow each other 8 lie along x and 4 along y: they read the fewest
    // different vectors of workgroup memory.
    let lane = vec2<u32>(local / 32u % 1u * 8u + local % 8u, local / 32u * 4u + local / 8u % 4u);
    let first_output = (workgroup.y * params.grid_width + workgroup.x) * 32u;
    if first_output >= params.tiles {
        return;
    }
    let group = workgroup.z / params.channel_blocks;
    let first_channel = workgroup.z % params.channel_blocks * 32u;
    let in_plane = params.in_height * params.in_width;
    let out_plane = params.out_height * params.out_width;

    let column = local % 8u;
    let first_row = local / 8u;
    // The last output stands for those beyond it.
    let output_0 = min(first_output + column * 4u + 0u, params.tiles - 1u);
    let cell_0 = output_0 % out_plane;
    let in_y_0 = i32(cell_0 / params.out_width * 1u) - i32(params.pad_top);
    let in_x_0 = i32(cell_0 % params.out_width * 1u) - i32(params.pad_left);
    let plane_0 = params.input_start
        + (output_0 / out_plane * params.groups + group) * params.group_in_channels * in_plane;
    var place_0 = 0u;
    // The last output stands for those beyond it.
    let output_1 = min(first_output + column * 4u + 1u, params.tiles - 1u);
    let cell_1 = output_1 % out_plane;
    let in_y_1 = i32(cell_1 / params.out_width * 1u) - i32(params.pad_top);
    let in_x_1 = i32(cell_1 % params.out_width * 1u) - i32(params.pad_left);
    let plane_1 = params.input_start
        + (output_1 / out_plane * params.groups + group) * params.group_in_channels * in_plane;
    var place_1 = 0u;
    // The last output stands for those beyond it.
    let output_2 = min(first_output + column * 4u + 2u, params.tiles - 1u);
    let cell_2 = output_2 % out_plane;
    let in_y_2 = i32(cell_2 / params.out_width * 1u) - i32(params.pad_top);
    let in_x_2 = i32(cell_2 % params.out_width * 1u) - i32(params.pad_left);
    let plane_2 = params.input_start
        + (output_2 / out_plane * params.groups + group) * params.group_in_channels * in_plane;
    var place_2 = 0u;
    // The last output stands for those beyond it.
    let output_3 = min(first_output + column * 4u + 3u, params.tiles - 1u);
    let cell_3 = output_3 % out_plane;
    let in_y_3 = i32(cell_3 / params.out_width * 1u) - i32(params.pad_top);
    let in_x_3 = i32(cell_3 % params.out_width * 1u) - i32(params.pad_left);
    let plane_3 = params.input_start
        + (output_3 / out_plane * params.groups + group) * params.group_in_channels * in_plane;
    var place_3 = 0u;
    var inside = vec4<bool>();
    var sum_0_0 = 0.0;
    var total_0_0 = 0.0;
    var sum_0_1 = 0.0;
    var total_0_1 = 0.0;
    var sum_0_2 = 0.0;
    var total_0_2 = 0.0;
    var sum_0_3 = 0.0;
    var total_0_3 = 0.0;
    var sum_1_0 = 0.0;
    var total_1_0 = 0.0;
    var sum_1_1 = 0.0;
    var total_1_1 = 0.0;
    var sum_1_2 = 0.0;
    var total_1_2 = 0.0;
    var sum_1_3 = 0.0;
    var total_1_3 = 0.0;
    var sum_2_0 = 0.0;
    var total_2_0 = 0.0;
    var sum_2_1 = 0.0;
    var total_2_1 = 0.0;
    var sum_2_2 = 0.0;
    var total_2_2 = 0.0;
    var sum_2_3 = 0.0;
    var total_2_3 = 0.0;
    var sum_3_0 = 0.0;
    var total_3_0 = 0.0;
    var sum_3_1 = 0.0;
    var total_3_1 = 0.0;
    var sum_3_2 = 0.0;
    var total_3_2 = 0.0;
    var sum_3_3 = 0.0;
    var total_3_3 = 0.0;
    var sum_4_0 = 0.0;
    var total_4_0 = 0.0;
    var sum_4_1 = 0.0;
    var total_4_1 = 0.0;
    var sum_4_2 = 0.0;
    var total_4_2 = 0.0;
    var sum_4_3 = 0.0;
    var total_4_3 = 0.0;
    var sum_5_0 = 0.0;
    var total_5_0 = 0.0;
    var sum_5_1 = 0.0;
    var total_5_1 = 0.0;
    var sum_5_2 = 0.0;
    var total_5_2 = 0.0;
    var sum_5_3 = 0.0;
    var total_5_3 = 0.0;
    var sum_6_0 = 0.0;
    var total_6_0 = 0.0;
    var sum_6_1 = 0.0;
    var total_6_1 = 0.0;
    var sum_6_2 = 0.0;
    var total_6_2 = 0.0;
    var sum_6_3 = 0.0;
    var total_6_3 = 0.0;
    var sum_7_0 = 0.0;
    var total_7_0 = 0.0;
    var sum_7_1 = 0.0;
    var total_7_1 = 0.0;
    var sum_7_2 = 0.0;
    var total_7_2 = 0.0;
    var sum_7_3 = 0.0;
    var total_7_3 = 0.0;

    let products = params.group_in_channels * 9u;
    var step = workgroup.z * products * 8u;
    var channel = 0u;
    var kernel_y = 0u;
    var kernel_x = 0u;
    var buffer = 0u;
        {
            let y = in_y_0 + i32(kernel_y * 1u);
            let x = in_x_0 + i32(kernel_x * 1u);
            place_0 = plane_0 + source_inside(y, params.in_height) * params.in_width
                + source_inside(x, params.in_width);
            inside.x = u32(y) < params.in_height && u32(x) < params.in_width;
        }
        {
            let y = in_y_1 + i32(kernel_y * 1u);
            let x = in_x_1 + i32(kernel_x * 1u);
            place_1 = plane_1 + source_inside(y, params.in_height) * params.in_width
                + source_inside(x, params.in_width);
            inside.y = u32(y) < params.in_height && u32(x) < params.in_width;
        }
        {
            let y = in_y_2 + i32(kernel_y * 1u);
            let x = in_x_2 + i32(kernel_x * 1u);
            place_2 = plane_2 + source_inside(y, params.in_height) * params.in_width
                + source_inside(x, params.in_width);
            inside.z = u32(y) < params.in_height && u32(x) < params.in_width;
        }
        {
            let y = in_y_3 + i32(kernel_y * 1u);
            let x = in_x_3 + i32(kernel_x * 1u);
            place_3 = plane_3 + source_inside(y, params.in_height) * params.in_width
                + source_inside(x, params.in_width);
            inside.w = u32(y) < params.in_height && u32(x) < params.in_width;
        }

    {
        let row_0 = (channel + first_row) * in_plane;
        let value_0 = vec4<f32>(f32(input[place_0 + row_0]), f32(input[place_1 + row_0]), f32(input[place_2 + row_0]), f32(input[place_3 + row_0]));
        let row_1 = (channel + first_row + 4u) * in_plane;
        let value_1 = vec4<f32>(f32(input[place_0 + row_1]), f32(input[place_1 + row_1]), f32(input[place_2 + row_1]), f32(input[place_3 + row_1]));
        let row_2 = (channel + first_row + 8u) * in_plane;
        let value_2 = vec4<f32>(f32(input[place_0 + row_2]), f32(input[place_1 + row_2]), f32(input[place_2 + row_2]), f32(input[place_3 + row_2]));
        let row_3 = (channel + first_row + 12u) * in_plane;
        let value_3 = vec4<f32>(f32(input[place_0 + row_3]), f32(input[place_1 + row_3]), f32(input[place_2 + row_3]), f32(input[place_3 + row_3]));
        let weight_0 = vec4<f32>(weight[step + local]);
        let weight_32 = vec4<f32>(weight[step + local + 32u]);
        let weight_64 = vec4<f32>(weight[step + local + 64u]);
        let weight_96 = vec4<f32>(weight[step + local + 96u]);

        inputs[buffer][first_row + 0u][column / 8u][column % 8u] = select(vec4<f32>(0.0), value_0, inside);
        inputs[buffer][first_row + 4u][column / 8u][column % 8u] = select(vec4<f32>(0.0), value_1, inside);
        inputs[buffer][first_row + 8u][column / 8u][column % 8u] = select(vec4<f32>(0.0), value_2, inside);
        inputs[buffer][first_row + 12u][column / 8u][column % 8u] = select(vec4<f32>(0.0), value_3, inside);
        weights[buffer][local / 8u][local / 4u % 2u][local % 4u] = weight_0;
        weights[buffer][(local + 32u) / 8u][(local + 32u) / 4u % 2u][(local + 32u) % 4u] = weight_32;
        weights[buffer][(local + 64u) / 8u][(local + 64u) / 4u % 2u][(local + 64u) % 4u] = weight_64;
        weights[buffer][(local + 96u) / 8u][(local + 96u) / 4u % 2u][(local + 96u) % 4u] = weight_96;

    }
    workgroupBarrier();
    // Sums of blocks of products keep the rounding error far below that of one long sum.
    for (var block = 0u; block < products; block += params.block) {
    let end_block = min(block + params.block, products);
    for (var product = block; product < end_block; product += 16u) {
        // The last step copies its own again, which nobody reads.
        if product + 16u < products {
            step += 128u;
            channel += 16u;
        }
        if channel == params.group_in_channels {
            channel = 0u;
            kernel_x += 1u;
            if kernel_x == 3u {
                kernel_x = 0u;
                kernel_y += 1u;
            }
        {
            let y = in_y_0 + i32(kernel_y * 1u);
            let x = in_x_0 + i32(kernel_x * 1u);
            place_0 = plane_0 + source_inside(y, params.in_height) * params.in_width
                + source_inside(x, params.in_width);
            inside.x = u32(y) < params.in_height && u32(x) < params.in_width;
        }
        {
            let y = in_y_1 + i32(kernel_y * 1u);
            let x = in_x_1 + i32(kernel_x * 1u);
            place_1 = plane_1 + source_inside(y, params.in_height) * params.in_width
                + source_inside(x, params.in_width);
            inside.y = u32(y) < params.in_height && u32(x) < params.in_width;
        }
        {
            let y = in_y_2 + i32(kernel_y * 1u);
            let x = in_x_2 + i32(kernel_x * 1u);
            place_2 = plane_2 + source_inside(y, params.in_height) * params.in_width
                + source_inside(x, params.in_width);
            inside.z = u32(y) < params.in_height && u32(x) < params.in_width;
        }
        {
            let y = in_y_3 + i32(kernel_y * 1u);
            let x = in_x_3 + i32(kernel_x * 1u);
            place_3 = plane_3 + source_inside(y, params.in_height) * params.in_width
                + source_inside(x, params.in_width);
            inside.w = u32(y) < params.in_height && u32(x) < params.in_width;
        }

        }
        let row_0 = (channel + first_row) * in_plane;
        let value_0 = vec4<f32>(f32(input[place_0 + row_0]), f32(input[place_1 + row_0]), f32(input[place_2 + row_0]), f32(input[place_3 + row_0]));
        let row_1 = (channel + first_row + 4u) * in_plane;
        let value_1 = vec4<f32>(f32(input[place_0 + row_1]), f32(input[place_1 + row_1]), f32(input[place_2 + row_1]), f32(input[place_3 + row_1]));
        let row_2 = (channel + first_row + 8u) * in_plane;
        let value_2 = vec4<f32>(f32(input[place_0 + row_2]), f32(input[place_1 + row_2]), f32(input[place_2 + row_2]), f32(input[place_3 + row_2]));
        let row_3 = (channel + first_row + 12u) * in_plane;
        let value_3 = vec4<f32>(f32(input[place_0 + row_3]), f32(input[place_1 + row_3]), f32(input[place_2 + row_3]), f32(input[place_3 + row_3]));
        let weight_0 = vec4<f32>(weight[step + local]);
        let weight_32 = vec4<f32>(weight[step + local + 32u]);
        let weight_64 = vec4<f32>(weight[step + local + 64u]);
        let weight_96 = vec4<f32>(weight[step + local + 96u]);

        let in_0_0 = inputs[buffer][0][0][lane.x];
        let weight_0_0 = weights[buffer][0][0][lane.y];
        let weight_0_1 = weights[buffer][0][1][lane.y];
        sum_0_0 = fma(weight_0_0.x, in_0_0.x, sum_0_0);
        sum_1_0 = fma(weight_0_0.y, in_0_0.x, sum_1_0);
        sum_2_0 = fma(weight_0_0.z, in_0_0.x, sum_2_0);
        sum_3_0 = fma(weight_0_0.w, in_0_0.x, sum_3_0);
        sum_4_0 = fma(weight_0_1.x, in_0_0.x, sum_4_0);
        sum_5_0 = fma(weight_0_1.y, in_0_0.x, sum_5_0);
        sum_6_0 = fma(weight_0_1.z, in_0_0.x, sum_6_0);
        sum_7_0 = fma(weight_0_1.w, in_0_0.x, sum_7_0);
        sum_7_1 = fma(weight_0_1.w, in_0_0.y, sum_7_1);
        sum_6_1 = fma(weight_0_1.z, in_0_0.y, sum_6_1);
        sum_5_1 = fma(weight_0_1.y, in_0_0.y, sum_5_1);
        sum_4_1 = fma(weight_0_1.x, in_0_0.y, sum_4_1);
        sum_3_1 = fma(weight_0_0.w, in_0_0.y, sum_3_1);
        sum_2_1 = fma(weight_0_0.z, in_0_0.y, sum_2_1);
        sum_1_1 = fma(weight_0_0.y, in_0_0.y, sum_1_1);
        sum_0_1 = fma(weight_0_0.x, in_0_0.y, sum_0_1);
        sum_0_2 = fma(weight_0_0.x, in_0_0.z, sum_0_2);
        sum_1_2 = fma(weight_0_0.y, in_0_0.z, sum_1_2);
        sum_2_2 = fma(weight_0_0.z, in_0_0.z, sum_2_2);
        sum_3_2 = fma(weight_0_0.w, in_0_0.z, sum_3_2);
        sum_4_2 = fma(weight_0_1.x, in_0_0.z, sum_4_2);
        sum_5_2 = fma(weight_0_1.y, in_0_0.z, sum_5_2);
        sum_6_2 = fma(weight_0_1.z, in_0_0.z, sum_6_2);
        sum_7_2 = fma(weight_0_1.w, in_0_0.z, sum_7_2);
        sum_7_3 = fma(weight_0_1.w, in_0_0.w, sum_7_3);
        sum_6_3 = fma(weight_0_1.z, in_0_0.w, sum_6_3);
        sum_5_3 = fma(weight_0_1.y, in_0_0.w, sum_5_3);
        sum_4_3 = fma(weight_0_1.x, in_0_0.w, sum_4_3);
        sum_3_3 = fma(weight_0_0.w, in_0_0.w, sum_3_3);
        sum_2_3 = fma(weight_0_0.z, in_0_0.w, sum_2_3);
        sum_1_3 = fma(weight_0_0.y, in_0_0.w, sum_1_3);
        sum_0_3 = fma(weight_0_0.x, in_0_0.w, sum_0_3);
        let in_1_0 = inputs[buffer][1][0][lane.x];
        let weight_1_0 = weights[buffer][1][0][lane.y];
        let weight_1_1 = weights[buffer][1][1][lane.y];
        sum_0_0 = fma(weight_1_0.x, in_1_0.x, sum_0_0);
        sum_1_0 = fma(weight_1_0.y, in_1_0.x, sum_1_0);
        sum_2_0 = fma(weight_1_0.z, in_1_0.x, sum_2_0);
        sum_3_0 = fma(weight_1_0.w, in_1_0.x, sum_3_0);
        sum_4_0 = fma(weight_1_1.x, in_1_0.x, sum_4_0);
        sum_5_0 = fma(weight_1_1.y, in_1_0.x, sum_5_0);
        sum_6_0 = fma(weight_1_1.z, in_1_0.x, sum_6_0);
        sum_7_0 = fma(weight_1_1.w, in_1_0.x, sum_7_0);
        sum_7_1 = fma(weight_1_1.w, in_1_0.y, sum_7_1);
        sum_6_1 = fma(weight_1_1.z, in_1_0.y, sum_6_1);
        sum_5_1 = fma(weight_1_1.y, in_1_0.y, sum_5_1);
        sum_4_1 = fma(weight_1_1.x, in_1_0.y, sum_4_1);
        sum_3_1 = fma(weight_1_0.w, in_1_0.y, sum_3_1);
        sum_2_1 = fma(weight_1_0.z, in_1_0.y, sum_2_1);
        sum_1_1 = fma(weight_1_0.y, in_1_0.y, sum_1_1);
        sum_0_1 = fma(weight_1_0.x, in_1_0.y, sum_0_1);
        sum_0_2 = fma(weight_1_0.x, in_1_0.z, sum_0_2);
        sum_1_2 = fma(weight_1_0.y, in_1_0.z, sum_1_2);
        sum_2_2 = fma(weight_1_0.z, in_1_0.z, sum_2_2);
        sum_3_2 = fma(weight_1_0.w, in_1_0.z, sum_3_2);
        sum_4_2 = fma(weight_1_1.x, in_1_0.z, sum_4_2);
        sum_5_2 = fma(weight_1_1.y, in_1_0.z, sum_5_2);
        sum_6_2 = fma(weight_1_1.z, in_1_0.z, sum_6_2);
        sum_7_2 = fma(weight_1_1.w, in_1_0.z, sum_7_2);
        sum_7_3 = fma(weight_1_1.w, in_1_0.w, sum_7_3);
        sum_6_3 = fma(weight_1_1.z, in_1_0.w, sum_6_3);
        sum_5_3 = fma(weight_1_1.y, in_1_0.w, sum_5_3);
        sum_4_3 = fma(weight_1_1.x, in_1_0.w, sum_4_3);
        sum_3_3 = fma(weight_1_0.w, in_1_0.w, sum_3_3);
        sum_2_3 = fma(weight_1_0.z, in_1_0.w, sum_2_3);
        sum_1_3 = fma(weight_1_0.y, in_1_0.w, sum_1_3);
        sum_0_3 = fma(weight_1_0.x, in_1_0.w, sum_0_3);
        let in_2_0 = inputs[buffer][2][0][lane.x];
        let weight_2_0 = weights[buffer][2][0][lane.y];
        let weight_2_1 = weights[buffer][2][1][lane.y];
        sum_0_0 = fma(weight_2_0.x, in_2_0.x, sum_0_0);
        sum_1_0 = fma(weight_2_0.y, in_2_0.x, sum_1_0);
        sum_2_0 = fma(weight_2_0.z, in_2_0.x, sum_2_0);
        sum_3_0 = fma(weight_2_0.w, in_2_0.x, sum_3_0);
        sum_4_0 = fma(weight_2_1.x, in_2_0.x, sum_4_0);
        sum_5_0 = fma(weight_2_1.y, in_2_0.x, sum_5_0);
        sum_6_0 = fma(weight_2_1.z, in_2_0.x, sum_6_0);
        sum_7_0 = fma(weight_2_1.w, in_2_0.x, sum_7_0);
        sum_7_1 = fma(weight_2_1.w, in_2_0.y, sum_7_1);
        sum_6_1 = fma(weight_2_1.z, in_2_0.y, sum_6_1);
        sum_5_1 = fma(weight_2_1.y, in_2_0.y, sum_5_1);
        sum_4_1 = fma(weight_2_1.x, in_2_0.y, sum_4_1);
        sum_3_1 = fma(weight_2_0.w, in_2_0.y, sum_3_1);
        sum_2_1 = fma(weight_2_0.z, in_2_0.y, sum_2_1);
        sum_1_1 = fma(weight_2_0.y, in_2_0.y, sum_1_1);
        sum_0_1 = fma(weight_2_0.x, in_2_0.y, sum_0_1);
        sum_0_2 = fma(weight_2_0.x, in_2_0.z, sum_0_2);
        sum_1_2 = fma(weight_2_0.y, in_2_0.z, sum_1_2);
        sum_2_2 = fma(weight_2_0.z, in_2_0.z, sum_2_2);
        sum_3_2 = fma(weight_2_0.w, in_2_0.z, sum_3_2);
        sum_4_2 = fma(weight_2_1.x, in_2_0.z, sum_4_2);
        sum_5_2 = fma(weight_2_1.y, in_2_0.z, sum_5_2);
        sum_6_2 = fma(weight_2_1.z, in_2_0.z, sum_6_2);
        sum_7_2 = fma(weight_2_1.w, in_2_0.z, sum_7_2);
        sum_7_3 = fma(weight_2_1.w, in_2_0.w, sum_7_3);
        sum_6_3 = fma(weight_2_1.z, in_2_0.w, sum_6_3);
        sum_5_3 = fma(weight_2_1.y, in_2_0.w, sum_5_3);
        sum_4_3 = fma(weight_2_1.x, in_2_0.w, sum_4_3);
        sum_3_3 = fma(weight_2_0.w, in_2_0.w, sum_3_3);
        sum_2_3 = fma(weight_2_0.z, in_2_0.w, sum_2_3);
        sum_1_3 = fma(weight_2_0.y, in_2_0.w, sum_1_3);
        sum_0_3 = fma(weight_2_0.x, in_2_0.w, sum_0_3);
        let in_3_0 = inputs[buffer][3][0][lane.x];
        let weight_3_0 = weights[buffer][3][0][lane.y];
        let weight_3_1 = weights[buffer][3][1][lane.y];
        sum_0_0 = fma(weight_3_0.x, in_3_0.x, sum_0_0);
        sum_1_0 = fma(weight_3_0.y, in_3_0.x, sum_1_0);
        sum_2_0 = fma(weight_3_0.z, in_3_0.x, sum_2_0);
        sum_3_0 = fma(weight_3_0.w, in_3_0.x, sum_3_0);
        sum_4_0 = fma(weight_3_1.x, in_3_0.x, sum_4_0);
        sum_5_0 = fma(weight_3_1.y, in_3_0.x, sum_5_0);
        sum_6_0 = fma(weight_3_1.z, in_3_0.x, sum_6_0);
        sum_7_0 = fma(weight_3_1.w, in_3_0.x, sum_7_0);
        sum_7_1 = fma(weight_3_1.w, in_3_0.y, sum_7_1);
        sum_6_1 = fma(weight_3_1.z, in_3_0.y, sum_6_1);
        sum_5_1 = fma(weight_3_1.y, in_3_0.y, sum_5_1);
        sum_4_1 = fma(weight_3_1.x, in_3_0.y, sum_4_1);
        sum_3_1 = fma(weight_3_0.w, in_3_0.y, sum_3_1);
        sum_2_1 = fma(weight_3_0.z, in_3_0.y, sum_2_1);
        sum_1_1 = fma(weight_3_0.y, in_3_0.y, sum_1_1);
        sum_0_1 = fma(weight_3_0.x, in_3_0.y, sum_0_1);
        sum_0_2 = fma(weight_3_0.x, in_3_0.z, sum_0_2);
        sum_1_2 = fma(weight_3_0.y, in_3_0.z, sum_1_2);
        sum_2_2 = fma(weight_3_0.z, in_3_0.z, sum_2_2);
        sum_3_2 = fma(weight_3_0.w, in_3_0.z, sum_3_2);
        sum_4_2 = fma(weight_3_1.x, in_3_0.z, sum_4_2);
        sum_5_2 = fma(weight_3_1.y, in_3_0.z, sum_5_2);
        sum_6_2 = fma(weight_3_1.z, in_3_0.z, sum_6_2);
        sum_7_2 = fma(weight_3_1.w, in_3_0.z, sum_7_2);
        sum_7_3 = fma(weight_3_1.w, in_3_0.w, sum_7_3);
        sum_6_3 = fma(weight_3_1.z, in_3_0.w, sum_6_3);
        sum_5_3 = fma(weight_3_1.y, in_3_0.w, sum_5_3);
        sum_4_3 = fma(weight_3_1.x, in_3_0.w, sum_4_3);
        sum_3_3 = fma(weight_3_0.w, in_3_0.w, sum_3_3);
        sum_2_3 = fma(weight_3_0.z, in_3_0.w, sum_2_3);
        sum_1_3 = fma(weight_3_0.y, in_3_0.w, sum_1_3);
        sum_0_3 = fma(weight_3_0.x, in_3_0.w, sum_0_3);
        let in_4_0 = inputs[buffer][4][0][lane.x];
        let weight_4_0 = weights[buffer][4][0][lane.y];
        let weight_4_1 = weights[buffer][4][1][lane.y];
        sum_0_0 = fma(weight_4_0.x, in_4_0.x, sum_0_0);
        sum_1_0 = fma(weight_4_0.y, in_4_0.x, sum_1_0);
        sum_2_0 = fma(weight_4_0.z, in_4_0.x, sum_2_0);
        sum_3_0 = fma(weight_4_0.w, in_4_0.x, sum_3_0);
        sum_4_0 = fma(weight_4_1.x, in_4_0.x, sum_4_0);
        sum_5_0 = fma(weight_4_1.y, in_4_0.x, sum_5_0);
        sum_6_0 = fma(weight_4_1.z, in_4_0.x, sum_6_0);
        sum_7_0 = fma(weight_4_1.w, in_4_0.x, sum_7_0);
        sum_7_1 = fma(weight_4_1.w, in_4_0.y, sum_7_1);
        sum_6_1 = fma(weight_4_1.z, in_4_0.y, sum_6_1);
        sum_5_1 = fma(weight_4_1.y, in_4_0.y, sum_5_1);
        sum_4_1 = fma(weight_4_1.x, in_4_0.y, sum_4_1);
        sum_3_1 = fma(weight_4_0.w, in_4_0.y, sum_3_1);
        sum_2_1 = fma(weight_4_0.z, in_4_0.y, sum_2_1);
        sum_1_1 = fma(weight_4_0.y, in_4_0.y, sum_1_1);
        sum_0_1 = fma(weight_4_0.x, in_4_0.y, sum_0_1);
        sum_0_2 = fma(weight_4_0.x, in_4_0.z, sum_0_2);
        sum_1_2 = fma(weight_4_0.y, in_4_0.z, sum_1_2);
        sum_2_2 = fma(weight_4_0.z, in_4_0.z, sum_2_2);
        sum_3_2 = fma(weight_4_0.w, in_4_0.z, sum_3_2);
        sum_4_2 = fma(weight_4_1.x, in_4_0.z, sum_4_2);
        sum_5_2 = fma(weight_4_1.y, in_4_0.z, sum_5_2);
        sum_6_2 = fma(weight_4_1.z, in_4_0.z, sum_6_2);
        sum_7_2 = fma(weight_4_1.w, in_4_0.z, sum_7_2);
        sum_7_3 = fma(weight_4_1.w, in_4_0.w, sum_7_3);
        sum_6_3 = fma(weight_4_1.z, in_4_0.w, sum_6_3);
        sum_5_3 = fma(weight_4_1.y, in_4_0.w, sum_5_3);
        sum_4_3 = fma(weight_4_1.x, in_4_0.w, sum_4_3);
        sum_3_3 = fma(weight_4_0.w, in_4_0.w, sum_3_3);
        sum_2_3 = fma(weight_4_0.z, in_4_0.w, sum_2_3);
        sum_1_3 = fma(weight_4_0.y, in_4_0.w, sum_1_3);
        sum_0_3 = fma(weight_4_0.x, in_4_0.w, sum_0_3);
        let in_5_0 = inputs[buffer][5][0][lane.x];
        let weight_5_0 = weights[buffer][5][0][lane.y];
        let weight_5_1 = weights[buffer][5][1][lane.y];
        sum_0_0 = fma(weight_5_0.x, in_5_0.x, sum_0_0);
        sum_1_0 = fma(weight_5_0.y, in_5_0.x, sum_1_0);
        sum_2_0 = fma(weight_5_0.z, in_5_0.x, sum_2_0);
        sum_3_0 = fma(weight_5_0.w, in_5_0.x, sum_3_0);
        sum_4_0 = fma(weight_5_1.x, in_5_0.x, sum_4_0);
        sum_5_0 = fma(weight_5_1.y, in_5_0.x, sum_5_0);
        sum_6_0 = fma(weight_5_1.z, in_5_0.x, sum_6_0);
        sum_7_0 = fma(weight_5_1.w, in_5_0.x, sum_7_0);
        sum_7_1 = fma(weight_5_1.w, in_5_0.y, sum_7_1);
        sum_6_1 = fma(weight_5_1.z, in_5_0.y, sum_6_1);
        sum_5_1 = fma(weight_5_1.y, in_5_0.y, sum_5_1);
        sum_4_1 = fma(weight_5_1.x, in_5_0.y, sum_4_1);
        sum_3_1 = fma(weight_5_0.w, in_5_0.y, sum_3_1);
        sum_2_1 = fma(weight_5_0.z, in_5_0.y, sum_2_1);
        sum_1_1 = fma(weight_5_0.y, in_5_0.y, sum_1_1);
        sum_0_1 = fma(weight_5_0.x, in_5_0.y, sum_0_1);
        sum_0_2 = fma(weight_5_0.x, in_5_0.z, sum_0_2);
        sum_1_2 = fma(weight_5_0.y, in_5_0.z, sum_1_2);
        sum_2_2 = fma(weight_5_0.z, in_5_0.z, sum_2_2);
        sum_3_2 = fma(weight_5_0.w, in_5_0.z, sum_3_2);
        sum_4_2 = fma(weight_5_1.x, in_5_0.z, sum_4_2);
        sum_5_2 = fma(weight_5_1.y, in_5_0.z, sum_5_2);
        sum_6_2 = fma(weight_5_1.z, in_5_0.z, sum_6_2);
        sum_7_2 = fma(weight_5_1.w, in_5_0.z, sum_7_2);
        sum_7_3 = fma(weight_5_1.w, in_5_0.w, sum_7_3);
        sum_6_3 = fma(weight_5_1.z, in_5_0.w, sum_6_3);
        sum_5_3 = fma(weight_5_1.y, in_5_0.w, sum_5_3);
        sum_4_3 = fma(weight_5_1.x, in_5_0.w, sum_4_3);
        sum_3_3 = fma(weight_5_0.w, in_5_0.w, sum_3_3);
        sum_2_3 = fma(weight_5_0.z, in_5_0.w, sum_2_3);
        sum_1_3 = fma(weight_5_0.y, in_5_0.w, sum_1_3);
        sum_0_3 = fma(weight_5_0.x, in_5_0.w, sum_0_3);
        let in_6_0 = inputs[buffer][6][0][lane.x];
        let weight_6_0 = weights[buffer][6][0][lane.y];
        let weight_6_1 = weights[buffer][6][1][lane.y];
        sum_0_0 = fma(weight_6_0.x, in_6_0.x, sum_0_0);
        sum_1_0 = fma(weight_6_0.y, in_6_0.x, sum_1_0);
        sum_2_0 = fma(weight_6_0.z, in_6_0.x, sum_2_0);
        sum_3_0 = fma(weight_6_0.w, in_6_0.x, sum_3_0);
        sum_4_0 = fma(weight_6_1.x, in_6_0.x, sum_4_0);
        sum_5_0 = fma(weight_6_1.y, in_6_0.x, sum_5_0);
        sum_6_0 = fma(weight_6_1.z, in_6_0.x, sum_6_0);
        sum_7_0 = fma(weight_6_1.w, in_6_0.x, sum_7_0);
        sum_7_1 = fma(weight_6_1.w, in_6_0.y, sum_7_1);
        sum_6_1 = fma(weight_6_1.z, in_6_0.y, sum_6_1);
        sum_5_1 = fma(weight_6_1.y, in_6_0.y, sum_5_1);
        sum_4_1 = fma(weight_6_1.x, in_6_0.y, sum_4_1);
        sum_3_1 = fma(weight_6_0.w, in_6_0.y, sum_3_1);
        sum_2_1 = fma(weight_6_0.z, in_6_0.y, sum_2_1);
        sum_1_1 = fma(weight_6_0.y, in_6_0.y, sum_1_1);
        sum_0_1 = fma(weight_6_0.x, in_6_0.y, sum_0_1);
        sum_0_2 = fma(weight_6_0.x, in_6_0.z, sum_0_2);
        sum_1_2 = fma(weight_6_0.y, in_6_0.z, sum_1_2);
        sum_2_2 = fma(weight_6_0.z, in_6_0.z, sum_2_2);
        sum_3_2 = fma(weight_6_0.w, in_6_0.z, sum_3_2);
        sum_4_2 = fma(weight_6_1.x, in_6_0.z, sum_4_2);
        sum_5_2 = fma(weight_6_1.y, in_6_0.z, sum_5_2);
        sum_6_2 = fma(weight_6_1.z, in_6_0.z, sum_6_2);
        sum_7_2 = fma(weight_6_1.w, in_6_0.z, sum_7_2);
        sum_7_3 = fma(weight_6_1.w, in_6_0.w, sum_7_3);
        sum_6_3 = fma(weight_6_1.z, in_6_0.w, sum_6_3);
        sum_5_3 = fma(weight_6_1.y, in_6_0.w, sum_5_3);
        sum_4_3 = fma(weight_6_1.x, in_6_0.w, sum_4_3);
        sum_3_3 = fma(weight_6_0.w, in_6_0.w, sum_3_3);
        sum_2_3 = fma(weight_6_0.z, in_6_0.w, sum_2_3);
        sum_1_3 = fma(weight_6_0.y, in_6_0.w, sum_1_3);
        sum_0_3 = fma(weight_6_0.x, in_6_0.w, sum_0_3);
        let in_7_0 = inputs[buffer][7][0][lane.x];
        let weight_7_0 = weights[buffer][7][0][lane.y];
        let weight_7_1 = weights[buffer][7][1][lane.y];
        sum_0_0 = fma(weight_7_0.x, in_7_0.x, sum_0_0);
        sum_1_0 = fma(weight_7_0.y, in_7_0.x, sum_1_0);
        sum_2_0 = fma(weight_7_0.z, in_7_0.x, sum_2_0);
        sum_3_0 = fma(weight_7_0.w, in_7_0.x, sum_3_0);
        sum_4_0 = fma(weight_7_1.x, in_7_0.x, sum_4_0);
        sum_5_0 = fma(weight_7_1.y, in_7_0.x, sum_5_0);
        sum_6_0 = fma(weight_7_1.z, in_7_0.x, sum_6_0);
        sum_7_0 = fma(weight_7_1.w, in_7_0.x, sum_7_0);
        sum_7_1 = fma(weight_7_1.w, in_7_0.y, sum_7_1);
        sum_6_1 = fma(weight_7_1.z, in_7_0.y, sum_6_1);
        sum_5_1 = fma(weight_7_1.y, in_7_0.y, sum_5_1);
        sum_4_1 = fma(weight_7_1.x, in_7_0.y, sum_4_1);
        sum_3_1 = fma(weight_7_0.w, in_7_0.y, sum_3_1);
        sum_2_1 = fma(weight_7_0.z, in_7_0.y, sum_2_1);
        sum_1_1 = fma(weight_7_0.y, in_7_0.y, sum_1_1);
        sum_0_1 = fma(weight_7_0.x, in_7_0.y, sum_0_1);
        sum_0_2 = fma(weight_7_0.x, in_7_0.z, sum_0_2);
        sum_1_2 = fma(weight_7_0.y, in_7_0.z, sum_1_2);
        sum_2_2 = fma(weight_7_0.z, in_7_0.z, sum_2_2);
        sum_3_2 = fma(weight_7_0.w, in_7_0.z, sum_3_2);
        sum_4_2 = fma(weight_7_1.x, in_7_0.z, sum_4_2);
        sum_5_2 = fma(weight_7_1.y, in_7_0.z, sum_5_2);
        sum_6_2 = fma(weight_7_1.z, in_7_0.z, sum_6_2);
        sum_7_2 = fma(weight_7_1.w, in_7_0.z, sum_7_2);
        sum_7_3 = fma(weight_7_1.w, in_7_0.w, sum_7_3);
        sum_6_3 = fma(weight_7_1.z, in_7_0.w, sum_6_3);
        sum_5_3 = fma(weight_7_1.y, in_7_0.w, sum_5_3);
        sum_4_3 = fma(weight_7_1.x, in_7_0.w, sum_4_3);
        sum_3_3 = fma(weight_7_0.w, in_7_0.w, sum_3_3);
        sum_2_3 = fma(weight_7_0.z, in_7_0.w, sum_2_3);
        sum_1_3 = fma(weight_7_0.y, in_7_0.w, sum_1_3);
        sum_0_3 = fma(weight_7_0.x, in_7_0.w, sum_0_3);
        let in_8_0 = inputs[buffer][8][0][lane.x];
        let weight_8_0 = weights[buffer][8][0][lane.y];
        let weight_8_1 = weights[buffer][8][1][lane.y];
        sum_0_0 = fma(weight_8_0.x, in_8_0.x, sum_0_0);
        sum_1_0 = fma(weight_8_0.y, in_8_0.x, sum_1_0);
        sum_2_0 = fma(weight_8_0.z, in_8_0.x, sum_2_0);
        sum_3_0 = fma(weight_8_0.w, in_8_0.x, sum_3_0);
        sum_4_0 = fma(weight_8_1.x, in_8_0.x, sum_4_0);
        sum_5_0 = fma(weight_8_1.y, in_8_0.x, sum_5_0);
        sum_6_0 = fma(weight_8_1.z, in_8_0.x, sum_6_0);
        sum_7_0 = fma(weight_8_1.w, in_8_0.x, sum_7_0);
        sum_7_1 = fma(weight_8_1.w, in_8_0.y, sum_7_1);
        sum_6_1 = fma(weight_8_1.z, in_8_0.y, sum_6_1);
        sum_5_1 = fma(weight_8_1.y, in_8_0.y, sum_5_1);
        sum_4_1 = fma(weight_8_1.x, in_8_0.y, sum_4_1);
        sum_3_1 = fma(weight_8_0.w, in_8_0.y, sum_3_1);
        sum_2_1 = fma(weight_8_0.z, in_8_0.y, sum_2_1);
        sum_1_1 = fma(weight_8_0.y, in_8_0.y, sum_1_1);
        sum_0_1 = fma(weight_8_0.x, in_8_0.y, sum_0_1);
        sum_0_2 = fma(weight_8_0.x, in_8_0.z, sum_0_2);
        sum_1_2 = fma(weight_8_0.y, in_8_0.z, sum_1_2);
        sum_2_2 = fma(weight_8_0.z, in_8_0.z, sum_2_2);
        sum_3_2 = fma(weight_8_0.w, in_8_0.z, sum_3_2);
        sum_4_2 = fma(weight_8_1.x, in_8_0.z, sum_4_2);
        sum_5_2 = fma(weight_8_1.y, in_8_0.z, sum_5_2);
        sum_6_2 = fma(weight_8_1.z, in_8_0.z, sum_6_2);
        sum_7_2 = fma(weight_8_1.w, in_8_0.z, sum_7_2);
        sum_7_3 = fma(weight_8_1.w, in_8_0.w, sum_7_3);
        sum_6_3 = fma(weight_8_1.z, in_8_0.w, sum_6_3);
        sum_5_3 = fma(weight_8_1.y, in_8_0.w, sum_5_3);
        sum_4_3 = fma(weight_8_1.x, in_8_0.w, sum_4_3);
        sum_3_3 = fma(weight_8_0.w, in_8_0.w, sum_3_3);
        sum_2_3 = fma(weight_8_0.z, in_8_0.w, sum_2_3);
        sum_1_3 = fma(weight_8_0.y, in_8_0.w, sum_1_3);
        sum_0_3 = fma(weight_8_0.x, in_8_0.w, sum_0_3);
        let in_9_0 = inputs[buffer][9][0][lane.x];
        let weight_9_0 = weights[buffer][9][0][lane.y];
        let weight_9_1 = weights[buffer][9][1][lane.y];
        sum_0_0 = fma(weight_9_0.x, in_9_0.x, sum_0_0);
        sum_1_0 = fma(weight_9_0.y, in_9_0.x, sum_1_0);
        sum_2_0 = fma(weight_9_0.z, in_9_0.x, sum_2_0);
        sum_3_0 = fma(weight_9_0.w, in_9_0.x, sum_3_0);
        sum_4_0 = fma(weight_9_1.x, in_9_0.x, sum_4_0);
        sum_5_0 = fma(weight_9_1.y, in_9_0.x, sum_5_0);
        sum_6_0 = fma(weight_9_1.z, in_9_0.x, sum_6_0);
        sum_7_0 = fma(weight_9_1.w, in_9_0.x, sum_7_0);
        sum_7_1 = fma(weight_9_1.w, in_9_0.y, sum_7_1);
        sum_6_1 = fma(weight_9_1.z, in_9_0.y, sum_6_1);
        sum_5_1 = fma(weight_9_1.y, in_9_0.y, sum_5_1);
        sum_4_1 = fma(weight_9_1.x, in_9_0.y, sum_4_1);
        sum_3_1 = fma(weight_9_0.w, in_9_0.y, sum_3_1);
        sum_2_1 = fma(weight_9_0.z, in_9_0.y, sum_2_1);
        sum_1_1 = fma(weight_9_0.y, in_9_0.y, sum_1_1);
        sum_0_1 = fma(weight_9_0.x, in_9_0.y, sum_0_1);
        sum_0_2 = fma(weight_9_0.x, in_9_0.z, sum_0_2);
        sum_1_2 = fma(weight_9_0.y, in_9_0.z, sum_1_2);
        sum_2_2 = fma(weight_9_0.z, in_9_0.z, sum_2_2);
        sum_3_2 = fma(weight_9_0.w, in_9_0.z, sum_3_2);
        sum_4_2 = fma(weight_9_1.x, in_9_0.z, sum_4_2);
        sum_5_2 = fma(weight_9_1.y, in_9_0.z, sum_5_2);
        sum_6_2 = fma(weight_9_1.z, in_9_0.z, sum_6_2);
        sum_7_2 = fma(weight_9_1.w, in_9_0.z, sum_7_2);
        sum_7_3 = fma(weight_9_1.w, in_9_0.w, sum_7_3);
        sum_6_3 = fma(weight_9_1.z, in_9_0.w, sum_6_3);
        sum_5_3 = fma(weight_9_1.y, in_9_0.w, sum_5_3);
        sum_4_3 = fma(weight_9_1.x, in_9_0.w, sum_4_3);
        sum_3_3 = fma(weight_9_0.w, in_9_0.w, sum_3_3);
        sum_2_3 = fma(weight_9_0.z, in_9_0.w, sum_2_3);
        sum_1_3 = fma(weight_9_0.y, in_9_0.w, sum_1_3);
        sum_0_3 = fma(weight_9_0.x, in_9_0.w, sum_0_3);
        let in_10_0 = inputs[buffer][10][0][lane.x];
        let weight_10_0 = weights[buffer][10][0][lane.y];
        let weight_10_1 = weights[buffer][10][1][lane.y];
        sum_0_0 = fma(weight_10_0.x, in_10_0.x, sum_0_0);
        sum_1_0 = fma(weight_10_0.y, in_10_0.x, sum_1_0);
        sum_2_0 = fma(weight_10_0.z, in_10_0.x, sum_2_0);
        sum_3_0 = fma(weight_10_0.w, in_10_0.x, sum_3_0);
        sum_4_0 = fma(weight_10_1.x, in_10_0.x, sum_4_0);
        sum_5_0 = fma(weight_10_1.y, in_10_0.x, sum_5_0);
        sum_6_0 = fma(weight_10_1.z, in_10_0.x, sum_6_0);
        sum_7_0 = fma(weight_10_1.w, in_10_0.x, sum_7_0);
        sum_7_1 = fma(weight_10_1.w, in_10_0.y, sum_7_1);
        sum_6_1 = fma(weight_10_1.z, in_10_0.y, sum_6_1);
        sum_5_1 = fma(weight_10_1.y, in_10_0.y, sum_5_1);
        sum_4_1 = fma(weight_10_1.x, in_10_0.y, sum_4_1);
        sum_3_1 = fma(weight_10_0.w, in_10_0.y, sum_3_1);
        sum_2_1 = fma(weight_10_0.z, in_10_0.y, sum_2_1);
        sum_1_1 = fma(weight_10_0.y, in_10_0.y, sum_1_1);
        sum_0_1 = fma(weight_10_0.x, in_10_0.y, sum_0_1);
        sum_0_2 = fma(weight_10_0.x, in_10_0.z, sum_0_2);
        sum_1_2 = fma(weight_10_0.y, in_10_0.z, sum_1_2);
        sum_2_2 = fma(weight_10_0.z, in_10_0.z, sum_2_2);
        sum_3_2 = fma(weight_10_0.w, in_10_0.z, sum_3_2);
        sum_4_2 = fma(weight_10_1.x, in_10_0.z, sum_4_2);
        sum_5_2 = fma(weight_10_1.y, in_10_0.z, sum_5_2);
        sum_6_2 = fma(weight_10_1.z, in_10_0.z, sum_6_2);
        sum_7_2 = fma(weight_10_1.w, in_10_0.z, sum_7_2);
        sum_7_3 = fma(weight_10_1.w, in_10_0.w, sum_7_3);
        sum_6_3 = fma(weight_10_1.z, in_10_0.w, sum_6_3);
        sum_5_3 = fma(weight_10_1.y, in_10_0.w, sum_5_3);
        sum_4_3 = fma(weight_10_1.x, in_10_0.w, sum_4_3);
        sum_3_3 = fma(weight_10_0.w, in_10_0.w, sum_3_3);
        sum_2_3 = fma(weight_10_0.z, in_10_0.w, sum_2_3);
        sum_1_3 = fma(weight_10_0.y, in_10_0.w, sum_1_3);
        sum_0_3 = fma(weight_10_0.x, in_10_0.w, sum_0_3);
        let in_11_0 = inputs[buffer][11][0][lane.x];
        let weight_11_0 = weights[buffer][11][0][lane.y];
        let weight_11_1 = weights[buffer][11][1][lane.y];
        sum_0_0 = fma(weight_11_0.x, in_11_0.x, sum_0_0);
        sum_1_0 = fma(weight_11_0.y, in_11_0.x, sum_1_0);
        sum_2_0 = fma(weight_11_0.z, in_11_0.x, sum_2_0);
        sum_3_0 = fma(weight_11_0.w, in_11_0.x, sum_3_0);
        sum_4_0 = fma(weight_11_1.x, in_11_0.x, sum_4_0);
        sum_5_0 = fma(weight_11_1.y, in_11_0.x, sum_5_0);
        sum_6_0 = fma(weight_11_1.z, in_11_0.x, sum_6_0);
        sum_7_0 = fma(weight_11_1.w, in_11_0.x, sum_7_0);
        sum_7_1 = fma(weight_11_1.w, in_11_0.y, sum_7_1);
        sum_6_1 = fma(weight_11_1.z, in_11_0.y, sum_6_1);
        sum_5_1 = fma(weight_11_1.y, in_11_0.y, sum_5_1);
        sum_4_1 = fma(weight_11_1.x, in_11_0.y, sum_4_1);
        sum_3_1 = fma(weight_11_0.w, in_11_0.y, sum_3_1);
        sum_2_1 = fma(weight_11_0.z, in_11_0.y, sum_2_1);
        sum_1_1 = fma(weight_11_0.y, in_11_0.y, sum_1_1);
        sum_0_1 = fma(weight_11_0.x, in_11_0.y, sum_0_1);
        sum_0_2 = fma(weight_11_0.x, in_11_0.z, sum_0_2);
        sum_1_2 = fma(weight_11_0.y, in_11_0.z, sum_1_2);
        sum_2_2 = fma(weight_11_0.z, in_11_0.z, sum_2_2);
        sum_3_2 = fma(weight_11_0.w, in_11_0.z, sum_3_2);
        sum_4_2 = fma(weight_11_1.x, in_11_0.z, sum_4_2);
        sum_5_2 = fma(weight_11_1.y, in_11_0.z, sum_5_2);
        sum_6_2 = fma(weight_11_1.z, in_11_0.z, sum_6_2);
        sum_7_2 = fma(weight_11_1.w, in_11_0.z, sum_7_2);
        sum_7_3 = fma(weight_11_1.w, in_11_0.w, sum_7_3);
        sum_6_3 = fma(weight_11_1.z, in_11_0.w, sum_6_3);
        sum_5_3 = fma(weight_11_1.y, in_11_0.w, sum_5_3);
        sum_4_3 = fma(weight_11_1.x, in_11_0.w, sum_4_3);
        sum_3_3 = fma(weight_11_0.w, in_11_0.w, sum_3_3);
        sum_2_3 = fma(weight_11_0.z, in_11_0.w, sum_2_3);
        sum_1_3 = fma(weight_11_0.y, in_11_0.w, sum_1_3);
        sum_0_3 = fma(weight_11_0.x, in_11_0.w, sum_0_3);
        let in_12_0 = inputs[buffer][12][0][lane.x];
        let weight_12_0 = weights[buffer][12][0][lane.y];
        let weight_12_1 = weights[buffer][12][1][lane.y];
        sum_0_0 = fma(weight_12_0.x, in_12_0.x, sum_0_0);
        sum_1_0 = fma(weight_12_0.y, in_12_0.x, sum_1_0);
        sum_2_0 = fma(weight_12_0.z, in_12_0.x, sum_2_0);
        sum_3_0 = fma(weight_12_0.w, in_12_0.x, sum_3_0);
        sum_4_0 = fma(weight_12_1.x, in_12_0.x, sum_4_0);
        sum_5_0 = fma(weight_12_1.y, in_12_0.x, sum_5_0);
        sum_6_0 = fma(weight_12_1.z, in_12_0.x, sum_6_0);
        sum_7_0 = fma(weight_12_1.w, in_12_0.x, sum_7_0);
        sum_7_1 = fma(weight_12_1.w, in_12_0.y, sum_7_1);
        sum_6_1 = fma(weight_12_1.z, in_12_0.y, sum_6_1);
        sum_5_1 = fma(weight_12_1.y, in_12_0.y, sum_5_1);
        sum_4_1 = fma(weight_12_1.x, in_12_0.y, sum_4_1);
        sum_3_1 = fma(weight_12_0.w, in_12_0.y, sum_3_1);
        sum_2_1 = fma(weight_12_0.z, in_12_0.y, sum_2_1);
        sum_1_1 = fma(weight_12_0.y, in_12_0.y, sum_1_1);
        sum_0_1 = fma(weight_12_0.x, in_12_0.y, sum_0_1);
        sum_0_2 = fma(weight_12_0.x, in_12_0.z, sum_0_2);
        sum_1_2 = fma(weight_12_0.y, in_12_0.z, sum_1_2);
        sum_2_2 = fma(weight_12_0.z, in_12_0.z, sum_2_2);
        sum_3_2 = fma(weight_12_0.w, in_12_0.z, sum_3_2);
        sum_4_2 = fma(weight_12_1.x, in_12_0.z, sum_4_2);
        sum_5_2 = fma(weight_12_1.y, in_12_0.z, sum_5_2);
        sum_6_2 = fma(weight_12_1.z, in_12_0.z, sum_6_2);
        sum_7_2 = fma(weight_12_1.w, in_12_0.z, sum_7_2);
        sum_7_3 = fma(weight_12_1.w, in_12_0.w, sum_7_3);
        sum_6_3 = fma(weight_12_1.z, in_12_0.w, sum_6_3);
        sum_5_3 = fma(weight_12_1.y, in_12_0.w, sum_5_3);
        sum_4_3 = fma(weight_12_1.x, in_12_0.w, sum_4_3);
        sum_3_3 = fma(weight_12_0.w, in_12_0.w, sum_3_3);
        sum_2_3 = fma(weight_12_0.z, in_12_0.w, sum_2_3);
        sum_1_3 = fma(weight_12_0.y, in_12_0.w, sum_1_3);
        sum_0_3 = fma(weight_12_0.x, in_12_0.w, sum_0_3);
        let in_13_0 = inputs[buffer][13][0][lane.x];
        let weight_13_0 = weights[buffer][13][0][lane.y];
        let weight_13_1 = weights[buffer][13][1][lane.y];
        sum_0_0 = fma(weight_13_0.x, in_13_0.x, sum_0_0);
        sum_1_0 = fma(weight_13_0.y, in_13_0.x, sum_1_0);
        sum_2_0 = fma(weight_13_0.z, in_13_0.x, sum_2_0);
        sum_3_0 = fma(weight_13_0.w, in_13_0.x, sum_3_0);
        sum_4_0 = fma(weight_13_1.x, in_13_0.x, sum_4_0);
        sum_5_0 = fma(weight_13_1.y, in_13_0.x, sum_5_0);
        sum_6_0 = fma(weight_13_1.z, in_13_0.x, sum_6_0);
        sum_7_0 = fma(weight_13_1.w, in_13_0.x, sum_7_0);
        sum_7_1 = fma(weight_13_1.w, in_13_0.y, sum_7_1);
        sum_6_1 = fma(weight_13_1.z, in_13_0.y, sum_6_1);
        sum_5_1 = fma(weight_13_1.y, in_13_0.y, sum_5_1);
        sum_4_1 = fma(weight_13_1.x, in_13_0.y, sum_4_1);
        sum_3_1 = fma(weight_13_0.w, in_13_0.y, sum_3_1);
        sum_2_1 = fma(weight_13_0.z, in_13_0.y, sum_2_1);
        sum_1_1 = fma(weight_13_0.y, in_13_0.y, sum_1_1);
        sum_0_1 = fma(weight_13_0.x, in_13_0.y, sum_0_1);
        sum_0_2 = fma(weight_13_0.x, in_13_0.z, sum_0_2);
        sum_1_2 = fma(weight_13_0.y, in_13_0.z, sum_1_2);
        sum_2_2 = fma(weight_13_0.z, in_13_0.z, sum_2_2);
        sum_3_2 = fma(weight_13_0.w, in_13_0.z, sum_3_2);
        sum_4_2 = fma(weight_13_1.x, in_13_0.z, sum_4_2);
        sum_5_2 = fma(weight_13_1.y, in_13_0.z, sum_5_2);
        sum_6_2 = fma(weight_13_1.z, in_13_0.z, sum_6_2);
        sum_7_2 = fma(weight_13_1.w, in_13_0.z, sum_7_2);
        sum_7_3 = fma(weight_13_1.w, in_13_0.w, sum_7_3);
        sum_6_3 = fma(weight_13_1.z, in_13_0.w, sum_6_3);
        sum_5_3 = fma(weight_13_1.y, in_13_0.w, sum_5_3);
        sum_4_3 = fma(weight_13_1.x, in_13_0.w, sum_4_3);
        sum_3_3 = fma(weight_13_0.w, in_13_0.w, sum_3_3);
        sum_2_3 = fma(weight_13_0.z, in_13_0.w, sum_2_3);
        sum_1_3 = fma(weight_13_0.y, in_13_0.w, sum_1_3);
        sum_0_3 = fma(weight_13_0.x, in_13_0.w, sum_0_3);
        let in_14_0 = inputs[buffer][14][0][lane.x];
        let weight_14_0 = weights[buffer][14][0][lane.y];
        let weight_14_1 = weights[buffer][14][1][lane.y];
        sum_0_0 = fma(weight_14_0.x, in_14_0.x, sum_0_0);
        sum_1_0 = fma(weight_14_0.y, in_14_0.x, sum_1_0);
        sum_2_0 = fma(weight_14_0.z, in_14_0.x, sum_2_0);
        sum_3_0 = fma(weight_14_0.w, in_14_0.x, sum_3_0);
        sum_4_0 = fma(weight_14_1.x, in_14_0.x, sum_4_0);
        sum_5_0 = fma(weight_14_1.y, in_14_0.x, sum_5_0);
        sum_6_0 = fma(weight_14_1.z, in_14_0.x, sum_6_0);
        sum_7_0 = fma(weight_14_1.w, in_14_0.x, sum_7_0);
        sum_7_1 = fma(weight_14_1.w, in_14_0.y, sum_7_1);
        sum_6_1 = fma(weight_14_1.z, in_14_0.y, sum_6_1);
        sum_5_1 = fma(weight_14_1.y, in_14_0.y, sum_5_1);
        sum_4_1 = fma(weight_14_1.x, in_14_0.y, sum_4_1);
        sum_3_1 = fma(weight_14_0.w, in_14_0.y, sum_3_1);
        sum_2_1 = fma(weight_14_0.z, in_14_0.y, sum_2_1);
        sum_1_1 = fma(weight_14_0.y, in_14_0.y, sum_1_1);
        sum_0_1 = fma(weight_14_0.x, in_14_0.y, sum_0_1);
        sum_0_2 = fma(weight_14_0.x, in_14_0.z, sum_0_2);
        sum_1_2 = fma(weight_14_0.y, in_14_0.z, sum_1_2);
        sum_2_2 = fma(weight_14_0.z, in_14_0.z, sum_2_2);
        sum_3_2 = fma(weight_14_0.w, in_14_0.z, sum_3_2);
        sum_4_2 = fma(weight_14_1.x, in_14_0.z, sum_4_2);
        sum_5_2 = fma(weight_14_1.y, in_14_0.z, sum_5_2);
        sum_6_2 = fma(weight_14_1.z, in_14_0.z, sum_6_2);
        sum_7_2 = fma(weight_14_1.w, in_14_0.z, sum_7_2);
        sum_7_3 = fma(weight_14_1.w, in_14_0.w, sum_7_3);
        sum_6_3 = fma(weight_14_1.z, in_14_0.w, sum_6_3);
        sum_5_3 = fma(weight_14_1.y, in_14_0.w, sum_5_3);
        sum_4_3 = fma(weight_14_1.x, in_14_0.w, sum_4_3);
        sum_3_3 = fma(weight_14_0.w, in_14_0.w, sum_3_3);
        sum_2_3 = fma(weight_14_0.z, in_14_0.w, sum_2_3);
        sum_1_3 = fma(weight_14_0.y, in_14_0.w, sum_1_3);
        sum_0_3 = fma(weight_14_0.x, in_14_0.w, sum_0_3);
        let in_15_0 = inputs[buffer][15][0][lane.x];
        let weight_15_0 = weights[buffer][15][0][lane.y];
        let weight_15_1 = weights[buffer][15][1][lane.y];
        sum_0_0 = fma(weight_15_0.x, in_15_0.x, sum_0_0);
        sum_1_0 = fma(weight_15_0.y, in_15_0.x, sum_1_0);
        sum_2_0 = fma(weight_15_0.z, in_15_0.x, sum_2_0);
        sum_3_0 = fma(weight_15_0.w, in_15_0.x, sum_3_0);
        sum_4_0 = fma(weight_15_1.x, in_15_0.x, sum_4_0);
        sum_5_0 = fma(weight_15_1.y, in_15_0.x, sum_5_0);
        sum_6_0 = fma(weight_15_1.z, in_15_0.x, sum_6_0);
        sum_7_0 = fma(weight_15_1.w, in_15_0.x, sum_7_0);
        sum_7_1 = fma(weight_15_1.w, in_15_0.y, sum_7_1);
        sum_6_1 = fma(weight_15_1.z, in_15_0.y, sum_6_1);
        sum_5_1 = fma(weight_15_1.y, in_15_0.y, sum_5_1);
        sum_4_1 = fma(weight_15_1.x, in_15_0.y, sum_4_1);
        sum_3_1 = fma(weight_15_0.w, in_15_0.y, sum_3_1);
        sum_2_1 = fma(weight_15_0.z, in_15_0.y, sum_2_1);
        sum_1_1 = fma(weight_15_0.y, in_15_0.y, sum_1_1);
        sum_0_1 = fma(weight_15_0.x, in_15_0.y, sum_0_1);
        sum_0_2 = fma(weight_15_0.x, in_15_0.z, sum_0_2);
        sum_1_2 = fma(weight_15_0.y, in_15_0.z, sum_1_2);
        sum_2_2 = fma(weight_15_0.z, in_15_0.z, sum_2_2);
        sum_3_2 = fma(weight_15_0.w, in_15_0.z, sum_3_2);
        sum_4_2 = fma(weight_15_1.x, in_15_0.z, sum_4_2);
        sum_5_2 = fma(weight_15_1.y, in_15_0.z, sum_5_2);
        sum_6_2 = fma(weight_15_1.z, in_15_0.z, sum_6_2);
        sum_7_2 = fma(weight_15_1.w, in_15_0.z, sum_7_2);
        sum_7_3 = fma(weight_15_1.w, in_15_0.w, sum_7_3);
        sum_6_3 = fma(weight_15_1.z, in_15_0.w, sum_6_3);
        sum_5_3 = fma(weight_15_1.y, in_15_0.w, sum_5_3);
        sum_4_3 = fma(weight_15_1.x, in_15_0.w, sum_4_3);
        sum_3_3 = fma(weight_15_0.w, in_15_0.w, sum_3_3);
        sum_2_3 = fma(weight_15_0.z, in_15_0.w, sum_2_3);
        sum_1_3 = fma(weight_15_0.y, in_15_0.w, sum_1_3);
        sum_0_3 = fma(weight_15_0.x, in_15_0.w, sum_0_3);
        buffer = 1u - buffer;
        inputs[buffer][first_row + 0u][column / 8u][column % 8u] = select(vec4<f32>(0.0), value_0, inside);
        inputs[buffer][first_row + 4u][column / 8u][column % 8u] = select(vec4<f32>(0.0), value_1, inside);
        inputs[buffer][first_row + 8u][column / 8u][column % 8u] = select(vec4<f32>(0.0), value_2, inside);
        inputs[buffer][first_row + 12u][column / 8u][column % 8u] = select(vec4<f32>(0.0), value_3, inside);
        weights[buffer][local / 8u][local / 4u % 2u][local % 4u] = weight_0;
        weights[buffer][(local + 32u) / 8u][(local + 32u) / 4u % 2u][(local + 32u) % 4u] = weight_32;
        weights[buffer][(local + 64u) / 8u][(local + 64u) / 4u % 2u][(local + 64u) % 4u] = weight_64;
        weights[buffer][(local + 96u) / 8u][(local + 96u) / 4u % 2u][(local + 96u) % 4u] = weight_96;

        workgroupBarrier();
    }
    total_0_0 += sum_0_0;
    sum_0_0 = 0.0;
    total_0_1 += sum_0_1;
    sum_0_1 = 0.0;
    total_0_2 += sum_0_2;
    sum_0_2 = 0.0;
    total_0_3 += sum_0_3;
    sum_0_3 = 0.0;
    total_1_0 += sum_1_0;
    sum_1_0 = 0.0;
    total_1_1 += sum_1_1;
    sum_1_1 = 0.0;
    total_1_2 += sum_1_2;
    sum_1_2 = 0.0;
    total_1_3 += sum_1_3;
    sum_1_3 = 0.0;
    total_2_0 += sum_2_0;
    sum_2_0 = 0.0;
    total_2_1 += sum_2_1;
    sum_2_1 = 0.0;
    total_2_2 += sum_2_2;
    sum_2_2 = 0.0;
    total_2_3 += sum_2_3;
    sum_2_3 = 0.0;
    total_3_0 += sum_3_0;
    sum_3_0 = 0.0;
    total_3_1 += sum_3_1;
    sum_3_1 = 0.0;
    total_3_2 += sum_3_2;
    sum_3_2 = 0.0;
    total_3_3 += sum_3_3;
    sum_3_3 = 0.0;
    total_4_0 += sum_4_0;
    sum_4_0 = 0.0;
    total_4_1 += sum_4_1;
    sum_4_1 = 0.0;
    total_4_2 += sum_4_2;
    sum_4_2 = 0.0;
    total_4_3 += sum_4_3;
    sum_4_3 = 0.0;
    total_5_0 += sum_5_0;
    sum_5_0 = 0.0;
    total_5_1 += sum_5_1;
    sum_5_1 = 0.0;
    total_5_2 += sum_5_2;
    sum_5_2 = 0.0;
    total_5_3 += sum_5_3;
    sum_5_3 = 0.0;
    total_6_0 += sum_6_0;
    sum_6_0 = 0.0;
    total_6_1 += sum_6_1;
    sum_6_1 = 0.0;
    total_6_2 += sum_6_2;
    sum_6_2 = 0.0;
    total_6_3 += sum_6_3;
    sum_6_3 = 0.0;
    total_7_0 += sum_7_0;
    sum_7_0 = 0.0;
    total_7_1 += sum_7_1;
    sum_7_1 = 0.0;
    total_7_2 += sum_7_2;
    sum_7_2 = 0.0;
    total_7_3 += sum_7_3;
    sum_7_3 = 0.0;
    }

    // What lies inside the output is stored.
    let out_channels = params.groups * params.group_out_channels;
    var any_nan = false;
    {
        let at = first_output + (0u + lane.x) * 4u + 0u;
        if at < params.tiles {
            let out_start = params.output_start + at / out_plane * out_channels * out_plane + at % out_plane;
            {
                let channel = first_channel + (0u + lane.y) * 4u + 0u;
                if channel < params.group_out_channels {
                    let out_channel = group * params.group_out_channels + channel;
                    let bias = f32(bias[out_channel]);
                    let value_0 = total_0_0 + bias;
                    any_nan |= is_nan(value_0);
                    let value_1 = total_0_1 + bias;
                    any_nan |= is_nan(value_1);
                    let value_2 = total_0_2 + bias;
                    any_nan |= is_nan(value_2);
                    let value_3 = total_0_3 + bias;
                    any_nan |= is_nan(value_3);
                    output[(out_start + out_channel * out_plane) / 4u] = vec4<Element>(to_element(activate(value_0)), to_element(activate(value_1)), to_element(activate(value_2)), to_element(activate(value_3)));
                }
            }
            {
                let channel = first_channel + (0u + lane.y) * 4u + 1u;
                if channel < params.group_out_channels {
                    let out_channel = group * params.group_out_channels + channel;
                    let bias = f32(bias[out_channel]);
                    let value_0 = total_1_0 + bias;
                    any_nan |= is_nan(value_0);
                    let value_1 = total_1_1 + bias;
                    any_nan |= is_nan(value_1);
                    let value_2 = total_1_2 + bias;
                    any_nan |= is_nan(value_2);
                    let value_3 = total_1_3 + bias;
                    any_nan |= is_nan(value_3);
                    output[(out_start + out_channel * out_plane) / 4u] = vec4<Element>(to_element(activate(value_0)), to_element(activate(value_1)), to_element(activate(value_2)), to_element(activate(value_3)));
                }
            }
            {
                let channel = first_channel + (0u + lane.y) * 4u + 2u;
                if channel < params.group_out_channels {
                    let out_channel = group * params.group_out_channels + channel;
                    let bias = f32(bias[out_channel]);
                    let value_0 = total_2_0 + bias;
                    any_nan |= is_nan(value_0);
                    let value_1 = total_2_1 + bias;
                    any_nan |= is_nan(value_1);
                    let value_2 = total_2_2 + bias;
                    any_nan |= is_nan(value_2);
                    let value_3 = total_2_3 + bias;
                    any_nan |= is_nan(value_3);
                    output[(out_start + out_channel * out_plane) / 4u] = vec4<Element>(to_element(activate(value_0)), to_element(activate(value_1)), to_element(activate(value_2)), to_element(activate(value_3)));
                }
            }
            {
                let channel = first_channel + (0u + lane.y) * 4u + 3u;
                if channel < params.group_out_channels {
                    let out_channel = group * params.group_out_channels + channel;
                    let bias = f32(bias[out_channel]);
                    let value_0 = total_3_0 + bias;
                    any_nan |= is_nan(value_0);
                    let value_1 = total_3_1 + bias;
                    any_nan |= is_nan(value_1);
                    let value_2 = total_3_2 + bias;
                    any_nan |= is_nan(value_2);
                    let value_3 = total_3_3 + bias;
                    any_nan |= is_nan(value_3);
                    output[(out_start + out_channel * out_plane) / 4u] = vec4<Element>(to_element(activate(value_0)), to_element(activate(value_1)), to_element(activate(value_2)), to_element(activate(value_3)));
                }
            }
            {
                let channel = first_channel + (4u + lane.y) * 4u + 0u;
                if channel < params.group_out_channels {
                    let out_channel = group * params.group_out_channels + channel;
                    let bias = f32(bias[out_channel]);
                    let value_0 = total_4_0 + bias;
                    any_nan |= is_nan(value_0);
                    let value_1 = total_4_1 + bias;
                    any_nan |= is_nan(value_1);
                    let value_2 = total_4_2 + bias;
                    any_nan |= is_nan(value_2);
                    let value_3 = total_4_3 + bias;
                    any_nan |= is_nan(value_3);
                    output[(out_start + out_channel * out_plane) / 4u] = vec4<Element>(to_element(activate(value_0)), to_element(activate(value_1)), to_element(activate(value_2)), to_element(activate(value_3)));
                }
            }
            {
                let channel = first_channel + (4u + lane.y) * 4u + 1u;
                if channel < params.group_out_channels {
                    let out_channel = group * params.group_out_channels + channel;
                    let bias = f32(bias[out_channel]);
                    let value_0 = total_5_0 + bias;
                    any_nan |= is_nan(value_0);
                    let value_1 = total_5_1 + bias;
                    any_nan |= is_nan(value_1);
                    let value_2 = total_5_2 + bias;
                    any_nan |= is_nan(value_2);
                    let value_3 = total_5_3 + bias;
                    any_nan |= is_nan(value_3);
                    output[(out_start + out_channel * out_plane) / 4u] = vec4<Element>(to_element(activate(value_0)), to_element(activate(value_1)), to_element(activate(value_2)), to_element(activate(value_3)));
                }
            }
            {
                let channel = first_channel + (4u + lane.y) * 4u + 2u;
                if channel < params.group_out_channels {
                    let out_channel = group * params.group_out_channels + channel;
                    let bias = f32(bias[out_channel]);
                    let value_0 = total_6_0 + bias;
                    any_nan |= is_nan(value_0);
                    let value_1 = total_6_1 + bias;
                    any_nan |= is_nan(value_1);
                    let value_2 = total_6_2 + bias;
                    any_nan |= is_nan(value_2);
                    let value_3 = total_6_3 + bias;
                    any_nan |= is_nan(value_3);
                    output[(out_start + out_channel * out_plane) / 4u] = vec4<Element>(to_element(activate(value_0)), to_element(activate(value_1)), to_element(activate(value_2)), to_element(activate(value_3)));
                }
            }
            {
                let channel = first_channel + (4u + lane.y) * 4u + 3u;
                if channel < params.group_out_channels {
                    let out_channel = group * params.group_out_channels + channel;
                    let bias = f32(bias[out_channel]);
                    let value_0 = total_7_0 + bias;
                    any_nan |= is_nan(value_0);
                    let value_1 = total_7_1 + bias;
                    any_nan |= is_nan(value_1);
                    let value_2 = total_7_2 + bias;
                    any_nan |= is_nan(value_2);
                    let value_3 = total_7_3 + bias;
                    any_nan |= is_nan(value_3);
                    output[(out_start + out_channel * out_plane) / 4u] = vec4<Element>(to_element(activate(value_0)), to_element(activate(value_1)), to_element(activate(value_2)), to_element(activate(value_3)));
                }
            }
        }
    }
    if any_nan {
        for (var i = 0u; i < 32u; i++) {
            let at = first_output + (i / 4u % 1u * 8u + lane.x) * 4u + i % 4u;
            let lane_channel = i / 4u;
            let channel = first_channel + (lane_channel / 4u * 4u + lane.y) * 4u + lane_channel % 4u;
            if at < params.tiles && channel < params.group_out_channels {
                let image = at / out_plane;
                let cell = at % out_plane;
                let sum = sum_skipping(image, group, channel, cell / params.out_width, cell % params.out_width);
                let out_at = params.output_start + (image * out_channels + group * params.group_out_channels + channel) * out_plane + cell;
                output[out_at / 4u][out_at % 4u] = to_element(activate(sum));
            }
        }
    }
}