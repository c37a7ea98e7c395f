// Composed from conv2d_halo.wgsl as conv2d_halo-zeros-masked-skipping-none-bias-registers-kernel_height7-kernel_width7-stride_y2-stride_x2-dilation_y1-dilation_x1-tile_channels8-tile_rows4-row_step1-channel_step1-staged-unroll_rows-lanes_y4-lanes_x16 for: convolution 7x7 with stride 2, 3x224x224 to 64.
// Computes: a convolution whose workgroups share their inputs through workgroup memory.
// Owns: an invocation tile_channels output channels of one group at tile_rows rows of a column; a
//   workgroup lanes_x columns and lanes_y * tile_rows rows, row_step apart. It copies the inputs
//   they need, channel_step channels at a time; neighbouring invocations copy and read
//   neighbouring elements, and all read the same weights, from its memory if they are staged
//   there. Workgroup z is the block of channels.
// Padding: applied while copying; places over zeros are 0, and a tile with a NaN is computed
//   without them.
// Host guarantees: channel_step divides group_in_channels and a block of them; weight is packed by
//   conv2d_pack with these strides; row_step divides dilation_y; every index is below 2^32.
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
alias Pack = f32;

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> input: array<Element>;
@group(0) @binding(2) var<storage, read> weight: array<vec4<Element>>;
@group(0) @binding(3) var<storage, read> bias: array<Element>;
@group(0) @binding(4) var<storage, read_write> output: array<Element>;

// The places behind the halo are for copies that nobody reads.
var<workgroup> halo: array<Pack, 1408>;

// The weights of a step, a column of the kernel each.
var<workgroup> staged: array<array<vec4<f32>, 14>, 7>;


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
    let block = group * params.channel_blocks + channel / 8u;
    let first_step = block * (params.group_in_channels / 1u);
    let first_plane = (image * params.groups + group) * params.group_in_channels;
    var total = f32(bias[group * params.group_out_channels + channel]);
    var sum = 0.0;
    for (var tap = 0u; tap < params.group_in_channels * 49u; tap++) {
        let in_channel = tap / 49u;
        let kernel_y = tap / 7u % 7u;
        let kernel_x = tap % 7u;
        // Before the input these wrap to more than any size.
        let in_y = out_y * 2u + kernel_y * 1u - params.pad_top;
        let in_x = out_x * 2u + kernel_x * 1u - params.pad_left;
        if in_y < params.in_height && in_x < params.in_width {
            let step = first_step + in_channel / 1u;
            let at = step * 392u + in_channel % 1u * 8u
                + kernel_y * 8u + kernel_x * 56u
                + channel % 8u;
            sum = fma(weight_at(at), input_at(first_plane + in_channel, in_y, in_x), sum);
        }
        let is_last = tap % 64u == 63u;
        total += select(0.0, sum, is_last);
        sum = select(sum, 0.0, is_last);
    }
    return total + sum;
}
@compute @workgroup_size(16, 4)
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(local_invocation_id) lane: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let tile = workgroup.y * params.grid_width + workgroup.x;
    if tile >= params.tiles {
        return;
    }
    let tile_y = tile / params.tiles_x % params.tiles_y;
    let first_x = tile % params.tiles_x * 16u;
    let first_y = tile_y * 16u;
    let image = tile / (params.tiles_x * params.tiles_y);
    let group = workgroup.z / params.channel_blocks;
    let first_channel = workgroup.z % params.channel_blocks * 8u;

    // An invocation copies the same places of every channel.
    let in_y = i32(first_y * 2u) - i32(params.pad_top);
    let in_x = i32(first_x * 2u) - i32(params.pad_left);
    var inside = 0u;
    let place_0 = local + 0u;
    let y_0 = in_y + i32(place_0 / 37u);
    let x_0 = in_x + i32(place_0 % 37u);
    let from_0 = params.input_start + source_inside(y_0, params.in_height) * params.in_width
        + source_inside(x_0, params.in_width);
    if u32(y_0) < params.in_height && u32(x_0) < params.in_width {
        inside |= 1u;
    }
    let place_1 = local + 64u;
    let y_1 = in_y + i32(place_1 / 37u);
    let x_1 = in_x + i32(place_1 % 37u);
    let from_1 = params.input_start + source_inside(y_1, params.in_height) * params.in_width
        + source_inside(x_1, params.in_width);
    if u32(y_1) < params.in_height && u32(x_1) < params.in_width {
        inside |= 2u;
    }
    let place_2 = local + 128u;
    let y_2 = in_y + i32(place_2 / 37u);
    let x_2 = in_x + i32(place_2 % 37u);
    let from_2 = params.input_start + source_inside(y_2, params.in_height) * params.in_width
        + source_inside(x_2, params.in_width);
    if u32(y_2) < params.in_height && u32(x_2) < params.in_width {
        inside |= 4u;
    }
    let place_3 = local + 192u;
    let y_3 = in_y + i32(place_3 / 37u);
    let x_3 = in_x + i32(place_3 % 37u);
    let from_3 = params.input_start + source_inside(y_3, params.in_height) * params.in_width
        + source_inside(x_3, params.in_width);
    if u32(y_3) < params.in_height && u32(x_3) < params.in_width {
        inside |= 8u;
    }
    let place_4 = local + 256u;
    let y_4 = in_y + i32(place_4 / 37u);
    let x_4 = in_x + i32(place_4 % 37u);
    let from_4 = params.input_start + source_inside(y_4, params.in_height) * params.in_width
        + source_inside(x_4, params.in_width);
    if u32(y_4) < params.in_height && u32(x_4) < params.in_width {
        inside |= 16u;
    }
    let place_5 = local + 320u;
    let y_5 = in_y + i32(place_5 / 37u);
    let x_5 = in_x + i32(place_5 % 37u);
    let from_5 = params.input_start + source_inside(y_5, params.in_height) * params.in_width
        + source_inside(x_5, params.in_width);
    if u32(y_5) < params.in_height && u32(x_5) < params.in_width {
        inside |= 32u;
    }
    let place_6 = local + 384u;
    let y_6 = in_y + i32(place_6 / 37u);
    let x_6 = in_x + i32(place_6 % 37u);
    let from_6 = params.input_start + source_inside(y_6, params.in_height) * params.in_width
        + source_inside(x_6, params.in_width);
    if u32(y_6) < params.in_height && u32(x_6) < params.in_width {
        inside |= 64u;
    }
    let place_7 = local + 448u;
    let y_7 = in_y + i32(place_7 / 37u);
    let x_7 = in_x + i32(place_7 % 37u);
    let from_7 = params.input_start + source_inside(y_7, params.in_height) * params.in_width
        + source_inside(x_7, params.in_width);
    if u32(y_7) < params.in_height && u32(x_7) < params.in_width {
        inside |= 128u;
    }
    let place_8 = local + 512u;
    let y_8 = in_y + i32(place_8 / 37u);
    let x_8 = in_x + i32(place_8 % 37u);
    let from_8 = params.input_start + source_inside(y_8, params.in_height) * params.in_width
        + source_inside(x_8, params.in_width);
    if u32(y_8) < params.in_height && u32(x_8) < params.in_width {
        inside |= 256u;
    }
    let place_9 = local + 576u;
    let y_9 = in_y + i32(place_9 / 37u);
    let x_9 = in_x + i32(place_9 % 37u);
    let from_9 = params.input_start + source_inside(y_9, params.in_height) * params.in_width
        + source_inside(x_9, params.in_width);
    if u32(y_9) < params.in_height && u32(x_9) < params.in_width {
        inside |= 512u;
    }
    let place_10 = local + 640u;
    let y_10 = in_y + i32(place_10 / 37u);
    let x_10 = in_x + i32(place_10 % 37u);
    let from_10 = params.input_start + source_inside(y_10, params.in_height) * params.in_width
        + source_inside(x_10, params.in_width);
    if u32(y_10) < params.in_height && u32(x_10) < params.in_width {
        inside |= 1024u;
    }
    let place_11 = local + 704u;
    let y_11 = in_y + i32(place_11 / 37u);
    let x_11 = in_x + i32(place_11 % 37u);
    let from_11 = params.input_start + source_inside(y_11, params.in_height) * params.in_width
        + source_inside(x_11, params.in_width);
    if u32(y_11) < params.in_height && u32(x_11) < params.in_width {
        inside |= 2048u;
    }
    let place_12 = local + 768u;
    let y_12 = in_y + i32(place_12 / 37u);
    let x_12 = in_x + i32(place_12 % 37u);
    let from_12 = params.input_start + source_inside(y_12, params.in_height) * params.in_width
        + source_inside(x_12, params.in_width);
    if u32(y_12) < params.in_height && u32(x_12) < params.in_width {
        inside |= 4096u;
    }
    let place_13 = local + 832u;
    let y_13 = in_y + i32(place_13 / 37u);
    let x_13 = in_x + i32(place_13 % 37u);
    let from_13 = params.input_start + source_inside(y_13, params.in_height) * params.in_width
        + source_inside(x_13, params.in_width);
    if u32(y_13) < params.in_height && u32(x_13) < params.in_width {
        inside |= 8192u;
    }
    let place_14 = local + 896u;
    let y_14 = in_y + i32(place_14 / 37u);
    let x_14 = in_x + i32(place_14 % 37u);
    let from_14 = params.input_start + source_inside(y_14, params.in_height) * params.in_width
        + source_inside(x_14, params.in_width);
    if u32(y_14) < params.in_height && u32(x_14) < params.in_width {
        inside |= 16384u;
    }
    let place_15 = local + 960u;
    let y_15 = in_y + i32(place_15 / 37u);
    let x_15 = in_x + i32(place_15 % 37u);
    let from_15 = params.input_start + source_inside(y_15, params.in_height) * params.in_width
        + source_inside(x_15, params.in_width);
    if u32(y_15) < params.in_height && u32(x_15) < params.in_width {
        inside |= 32768u;
    }
    let place_16 = local + 1024u;
    let y_16 = in_y + i32(place_16 / 37u);
    let x_16 = in_x + i32(place_16 % 37u);
    let from_16 = params.input_start + source_inside(y_16, params.in_height) * params.in_width
        + source_inside(x_16, params.in_width);
    if u32(y_16) < params.in_height && u32(x_16) < params.in_width {
        inside |= 65536u;
    }
    let place_17 = local + 1088u;
    let y_17 = in_y + i32(place_17 / 37u);
    let x_17 = in_x + i32(place_17 % 37u);
    let from_17 = params.input_start + source_inside(y_17, params.in_height) * params.in_width
        + source_inside(x_17, params.in_width);
    if u32(y_17) < params.in_height && u32(x_17) < params.in_width {
        inside |= 131072u;
    }
    let place_18 = local + 1152u;
    let y_18 = in_y + i32(place_18 / 37u);
    let x_18 = in_x + i32(place_18 % 37u);
    let from_18 = params.input_start + source_inside(y_18, params.in_height) * params.in_width
        + source_inside(x_18, params.in_width);
    if u32(y_18) < params.in_height && u32(x_18) < params.in_width {
        inside |= 262144u;
    }
    let place_19 = local + 1216u;
    let y_19 = in_y + i32(place_19 / 37u);
    let x_19 = in_x + i32(place_19 % 37u);
    let from_19 = params.input_start + source_inside(y_19, params.in_height) * params.in_width
        + source_inside(x_19, params.in_width);
    if u32(y_19) < params.in_height && u32(x_19) < params.in_width {
        inside |= 524288u;
    }
    let place_20 = local + 1280u;
    let y_20 = in_y + i32(place_20 / 37u);
    let x_20 = in_x + i32(place_20 % 37u);
    let from_20 = params.input_start + source_inside(y_20, params.in_height) * params.in_width
        + source_inside(x_20, params.in_width);
    if u32(y_20) < params.in_height && u32(x_20) < params.in_width {
        inside |= 1048576u;
    }
    let place_21 = local + 1344u;
    let y_21 = in_y + i32(place_21 / 37u);
    let x_21 = in_x + i32(place_21 % 37u);
    let from_21 = params.input_start + source_inside(y_21, params.in_height) * params.in_width
        + source_inside(x_21, params.in_width);
    if u32(y_21) < params.in_height && u32(x_21) < params.in_width {
        inside |= 2097152u;
    }
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
    var total_0_0 = 0.0;
    var total_0_1 = 0.0;
    var total_0_2 = 0.0;
    var total_0_3 = 0.0;
    var total_1_0 = 0.0;
    var total_1_1 = 0.0;
    var total_1_2 = 0.0;
    var total_1_3 = 0.0;
    var total_2_0 = 0.0;
    var total_2_1 = 0.0;
    var total_2_2 = 0.0;
    var total_2_3 = 0.0;
    var total_3_0 = 0.0;
    var total_3_1 = 0.0;
    var total_3_2 = 0.0;
    var total_3_3 = 0.0;
    var total_4_0 = 0.0;
    var total_4_1 = 0.0;
    var total_4_2 = 0.0;
    var total_4_3 = 0.0;
    var total_5_0 = 0.0;
    var total_5_1 = 0.0;
    var total_5_2 = 0.0;
    var total_5_3 = 0.0;
    var total_6_0 = 0.0;
    var total_6_1 = 0.0;
    var total_6_2 = 0.0;
    var total_6_3 = 0.0;
    var total_7_0 = 0.0;
    var total_7_1 = 0.0;
    var total_7_2 = 0.0;
    var total_7_3 = 0.0;

    let corner = lane.y * 296u + lane.x * 2u;
    let in_plane = params.in_height * params.in_width;
    let first_plane = (image * params.groups + group) * params.group_in_channels;
    var step = workgroup.z * (params.group_in_channels / 1u) * 98u;
    // Sums of blocks of channels keep the rounding error far below that of one long sum.
    for (var block = 0u; block < params.group_in_channels; block += params.block) {
    let end_block = min(block + params.block, params.group_in_channels);
    for (var channel = block; channel < end_block; channel += 1u) {
        workgroupBarrier();
        let start_0 = (first_plane + channel + 0u) * in_plane;
        let value_0 = Pack(f32(input[start_0 + from_0]));
        halo[place_0] = select(Pack(0.0), value_0, (inside & 1u) != 0u);
        let value_1 = Pack(f32(input[start_0 + from_1]));
        halo[place_1] = select(Pack(0.0), value_1, (inside & 2u) != 0u);
        let value_2 = Pack(f32(input[start_0 + from_2]));
        halo[place_2] = select(Pack(0.0), value_2, (inside & 4u) != 0u);
        let value_3 = Pack(f32(input[start_0 + from_3]));
        halo[place_3] = select(Pack(0.0), value_3, (inside & 8u) != 0u);
        let value_4 = Pack(f32(input[start_0 + from_4]));
        halo[place_4] = select(Pack(0.0), value_4, (inside & 16u) != 0u);
        let value_5 = Pack(f32(input[start_0 + from_5]));
        halo[place_5] = select(Pack(0.0), value_5, (inside & 32u) != 0u);
        let value_6 = Pack(f32(input[start_0 + from_6]));
        halo[place_6] = select(Pack(0.0), value_6, (inside & 64u) != 0u);
        let value_7 = Pack(f32(input[start_0 + from_7]));
        halo[place_7] = select(Pack(0.0), value_7, (inside & 128u) != 0u);
        let value_8 = Pack(f32(input[start_0 + from_8]));
        halo[place_8] = select(Pack(0.0), value_8, (inside & 256u) != 0u);
        let value_9 = Pack(f32(input[start_0 + from_9]));
        halo[place_9] = select(Pack(0.0), value_9, (inside & 512u) != 0u);
        let value_10 = Pack(f32(input[start_0 + from_10]));
        halo[place_10] = select(Pack(0.0), value_10, (inside & 1024u) != 0u);
        let value_11 = Pack(f32(input[start_0 + from_11]));
        halo[place_11] = select(Pack(0.0), value_11, (inside & 2048u) != 0u);
        let value_12 = Pack(f32(input[start_0 + from_12]));
        halo[place_12] = select(Pack(0.0), value_12, (inside & 4096u) != 0u);
        let value_13 = Pack(f32(input[start_0 + from_13]));
        halo[place_13] = select(Pack(0.0), value_13, (inside & 8192u) != 0u);
        let value_14 = Pack(f32(input[start_0 + from_14]));
        halo[place_14] = select(Pack(0.0), value_14, (inside & 16384u) != 0u);
        let value_15 = Pack(f32(input[start_0 + from_15]));
        halo[place_15] = select(Pack(0.0), value_15, (inside & 32768u) != 0u);
        let value_16 = Pack(f32(input[start_0 + from_16]));
        halo[place_16] = select(Pack(0.0), value_16, (inside & 65536u) != 0u);
        let value_17 = Pack(f32(input[start_0 + from_17]));
        halo[place_17] = select(Pack(0.0), value_17, (inside & 131072u) != 0u);
        let value_18 = Pack(f32(input[start_0 + from_18]));
        halo[place_18] = select(Pack(0.0), value_18, (inside & 262144u) != 0u);
        let value_19 = Pack(f32(input[start_0 + from_19]));
        halo[place_19] = select(Pack(0.0), value_19, (inside & 524288u) != 0u);
        let value_20 = Pack(f32(input[start_0 + from_20]));
        halo[place_20] = select(Pack(0.0), value_20, (inside & 1048576u) != 0u);
        let value_21 = Pack(f32(input[start_0 + from_21]));
        halo[place_21] = select(Pack(0.0), value_21, (inside & 2097152u) != 0u);
        staged[local / 14u][local % 14u] = vec4<f32>(weight[step + local]);
        if local < 34u { staged[(local + 64u) / 14u][(local + 64u) % 14u] = vec4<f32>(weight[step + (local + 64u)]); }
        workgroupBarrier();
        for (var kernel_x = 0u; kernel_x < 7u; kernel_x++) {
            let top = corner + kernel_x;
            let in_0 = halo[top + 0u];
            let in_2 = halo[top + 74u];
            let in_4 = halo[top + 148u];
            let in_6 = halo[top + 222u];
            let weight_0 = staged[kernel_x][0];
            sum_0_0 = fma(weight_0.x, in_0, sum_0_0);
            sum_0_1 = fma(weight_0.x, in_2, sum_0_1);
            sum_0_2 = fma(weight_0.x, in_4, sum_0_2);
            sum_0_3 = fma(weight_0.x, in_6, sum_0_3);
            sum_1_3 = fma(weight_0.y, in_6, sum_1_3);
            sum_1_2 = fma(weight_0.y, in_4, sum_1_2);
            sum_1_1 = fma(weight_0.y, in_2, sum_1_1);
            sum_1_0 = fma(weight_0.y, in_0, sum_1_0);
            sum_2_0 = fma(weight_0.z, in_0, sum_2_0);
            sum_2_1 = fma(weight_0.z, in_2, sum_2_1);
            sum_2_2 = fma(weight_0.z, in_4, sum_2_2);
            sum_2_3 = fma(weight_0.z, in_6, sum_2_3);
            sum_3_3 = fma(weight_0.w, in_6, sum_3_3);
            sum_3_2 = fma(weight_0.w, in_4, sum_3_2);
            sum_3_1 = fma(weight_0.w, in_2, sum_3_1);
            sum_3_0 = fma(weight_0.w, in_0, sum_3_0);
            let weight_1 = staged[kernel_x][1];
            sum_4_0 = fma(weight_1.x, in_0, sum_4_0);
            sum_4_1 = fma(weight_1.x, in_2, sum_4_1);
            sum_4_2 = fma(weight_1.x, in_4, sum_4_2);
            sum_4_3 = fma(weight_1.x, in_6, sum_4_3);
            sum_5_3 = fma(weight_1.y, in_6, sum_5_3);
            sum_5_2 = fma(weight_1.y, in_4, sum_5_2);
            sum_5_1 = fma(weight_1.y, in_2, sum_5_1);
            sum_5_0 = fma(weight_1.y, in_0, sum_5_0);
            sum_6_0 = fma(weight_1.z, in_0, sum_6_0);
            sum_6_1 = fma(weight_1.z, in_2, sum_6_1);
            sum_6_2 = fma(weight_1.z, in_4, sum_6_2);
            sum_6_3 = fma(weight_1.z, in_6, sum_6_3);
            sum_7_3 = fma(weight_1.w, in_6, sum_7_3);
            sum_7_2 = fma(weight_1.w, in_4, sum_7_2);
            sum_7_1 = fma(weight_1.w, in_2, sum_7_1);
            sum_7_0 = fma(weight_1.w, in_0, sum_7_0);
            let in_1 = halo[top + 37u];
            let in_3 = halo[top + 111u];
            let in_5 = halo[top + 185u];
            let in_7 = halo[top + 259u];
            let weight_2 = staged[kernel_x][2];
            sum_0_0 = fma(weight_2.x, in_1, sum_0_0);
            sum_0_1 = fma(weight_2.x, in_3, sum_0_1);
            sum_0_2 = fma(weight_2.x, in_5, sum_0_2);
            sum_0_3 = fma(weight_2.x, in_7, sum_0_3);
            sum_1_3 = fma(weight_2.y, in_7, sum_1_3);
            sum_1_2 = fma(weight_2.y, in_5, sum_1_2);
            sum_1_1 = fma(weight_2.y, in_3, sum_1_1);
            sum_1_0 = fma(weight_2.y, in_1, sum_1_0);
            sum_2_0 = fma(weight_2.z, in_1, sum_2_0);
            sum_2_1 = fma(weight_2.z, in_3, sum_2_1);
            sum_2_2 = fma(weight_2.z, in_5, sum_2_2);
            sum_2_3 = fma(weight_2.z, in_7, sum_2_3);
            sum_3_3 = fma(weight_2.w, in_7, sum_3_3);
            sum_3_2 = fma(weight_2.w, in_5, sum_3_2);
            sum_3_1 = fma(weight_2.w, in_3, sum_3_1);
            sum_3_0 = fma(weight_2.w, in_1, sum_3_0);
            let weight_3 = staged[kernel_x][3];
            sum_4_0 = fma(weight_3.x, in_1, sum_4_0);
            sum_4_1 = fma(weight_3.x, in_3, sum_4_1);
            sum_4_2 = fma(weight_3.x, in_5, sum_4_2);
            sum_4_3 = fma(weight_3.x, in_7, sum_4_3);
            sum_5_3 = fma(weight_3.y, in_7, sum_5_3);
            sum_5_2 = fma(weight_3.y, in_5, sum_5_2);
            sum_5_1 = fma(weight_3.y, in_3, sum_5_1);
            sum_5_0 = fma(weight_3.y, in_1, sum_5_0);
            sum_6_0 = fma(weight_3.z, in_1, sum_6_0);
            sum_6_1 = fma(weight_3.z, in_3, sum_6_1);
            sum_6_2 = fma(weight_3.z, in_5, sum_6_2);
            sum_6_3 = fma(weight_3.z, in_7, sum_6_3);
            sum_7_3 = fma(weight_3.w, in_7, sum_7_3);
            sum_7_2 = fma(weight_3.w, in_5, sum_7_2);
            sum_7_1 = fma(weight_3.w, in_3, sum_7_1);
            sum_7_0 = fma(weight_3.w, in_1, sum_7_0);
            let in_8 = halo[top + 296u];
            let weight_4 = staged[kernel_x][4];
            sum_0_0 = fma(weight_4.x, in_2, sum_0_0);
            sum_0_1 = fma(weight_4.x, in_4, sum_0_1);
            sum_0_2 = fma(weight_4.x, in_6, sum_0_2);
            sum_0_3 = fma(weight_4.x, in_8, sum_0_3);
            sum_1_3 = fma(weight_4.y, in_8, sum_1_3);
            sum_1_2 = fma(weight_4.y, in_6, sum_1_2);
            sum_1_1 = fma(weight_4.y, in_4, sum_1_1);
            sum_1_0 = fma(weight_4.y, in_2, sum_1_0);
            sum_2_0 = fma(weight_4.z, in_2, sum_2_0);
            sum_2_1 = fma(weight_4.z, in_4, sum_2_1);
            sum_2_2 = fma(weight_4.z, in_6, sum_2_2);
            sum_2_3 = fma(weight_4.z, in_8, sum_2_3);
            sum_3_3 = fma(weight_4.w, in_8, sum_3_3);
            sum_3_2 = fma(weight_4.w, in_6, sum_3_2);
            sum_3_1 = fma(weight_4.w, in_4, sum_3_1);
            sum_3_0 = fma(weight_4.w, in_2, sum_3_0);
            let weight_5 = staged[kernel_x][5];
            sum_4_0 = fma(weight_5.x, in_2, sum_4_0);
            sum_4_1 = fma(weight_5.x, in_4, sum_4_1);
            sum_4_2 = fma(weight_5.x, in_6, sum_4_2);
            sum_4_3 = fma(weight_5.x, in_8, sum_4_3);
            sum_5_3 = fma(weight_5.y, in_8, sum_5_3);
            sum_5_2 = fma(weight_5.y, in_6, sum_5_2);
            sum_5_1 = fma(weight_5.y, in_4, sum_5_1);
            sum_5_0 = fma(weight_5.y, in_2, sum_5_0);
            sum_6_0 = fma(weight_5.z, in_2, sum_6_0);
            sum_6_1 = fma(weight_5.z, in_4, sum_6_1);
            sum_6_2 = fma(weight_5.z, in_6, sum_6_2);
            sum_6_3 = fma(weight_5.z, in_8, sum_6_3);
            sum_7_3 = fma(weight_5.w, in_8, sum_7_3);
            sum_7_2 = fma(weight_5.w, in_6, sum_7_2);
            sum_7_1 = fma(weight_5.w, in_4, sum_7_1);
            sum_7_0 = fma(weight_5.w, in_2, sum_7_0);
            let in_9 = halo[top + 333u];
            let weight_6 = staged[kernel_x][6];
            sum_0_0 = fma(weight_6.x, in_3, sum_0_0);
            sum_0_1 = fma(weight_6.x, in_5, sum_0_1);
            sum_0_2 = fma(weight_6.x, in_7, sum_0_2);
            sum_0_3 = fma(weight_6.x, in_9, sum_0_3);
            sum_1_3 = fma(weight_6.y, in_9, sum_1_3);
            sum_1_2 = fma(weight_6.y, in_7, sum_1_2);
            sum_1_1 = fma(weight_6.y, in_5, sum_1_1);
            sum_1_0 = fma(weight_6.y, in_3, sum_1_0);
            sum_2_0 = fma(weight_6.z, in_3, sum_2_0);
            sum_2_1 = fma(weight_6.z, in_5, sum_2_1);
            sum_2_2 = fma(weight_6.z, in_7, sum_2_2);
            sum_2_3 = fma(weight_6.z, in_9, sum_2_3);
            sum_3_3 = fma(weight_6.w, in_9, sum_3_3);
            sum_3_2 = fma(weight_6.w, in_7, sum_3_2);
            sum_3_1 = fma(weight_6.w, in_5, sum_3_1);
            sum_3_0 = fma(weight_6.w, in_3, sum_3_0);
            let weight_7 = staged[kernel_x][7];
            sum_4_0 = fma(weight_7.x, in_3, sum_4_0);
            sum_4_1 = fma(weight_7.x, in_5, sum_4_1);
            sum_4_2 = fma(weight_7.x, in_7, sum_4_2);
            sum_4_3 = fma(weight_7.x, in_9, sum_4_3);
            sum_5_3 = fma(weight_7.y, in_9, sum_5_3);
            sum_5_2 = fma(weight_7.y, in_7, sum_5_2);
            sum_5_1 = fma(weight_7.y, in_5, sum_5_1);
            sum_5_0 = fma(weight_7.y, in_3, sum_5_0);
            sum_6_0 = fma(weight_7.z, in_3, sum_6_0);
            sum_6_1 = fma(weight_7.z, in_5, sum_6_1);
            sum_6_2 = fma(weight_7.z, in_7, sum_6_2);
            sum_6_3 = fma(weight_7.z, in_9, sum_6_3);
            sum_7_3 = fma(weight_7.w, in_9, sum_7_3);
            sum_7_2 = fma(weight_7.w, in_7, sum_7_2);
            sum_7_1 = fma(weight_7.w, in_5, sum_7_1);
            sum_7_0 = fma(weight_7.w, in_3, sum_7_0);
            let in_10 = halo[top + 370u];
            let weight_8 = staged[kernel_x][8];
            sum_0_0 = fma(weight_8.x, in_4, sum_0_0);
            sum_0_1 = fma(weight_8.x, in_6, sum_0_1);
            sum_0_2 = fma(weight_8.x, in_8, sum_0_2);
            sum_0_3 = fma(weight_8.x, in_10, sum_0_3);
            sum_1_3 = fma(weight_8.y, in_10, sum_1_3);
            sum_1_2 = fma(weight_8.y, in_8, sum_1_2);
            sum_1_1 = fma(weight_8.y, in_6, sum_1_1);
            sum_1_0 = fma(weight_8.y, in_4, sum_1_0);
            sum_2_0 = fma(weight_8.z, in_4, sum_2_0);
            sum_2_1 = fma(weight_8.z, in_6, sum_2_1);
            sum_2_2 = fma(weight_8.z, in_8, sum_2_2);
            sum_2_3 = fma(weight_8.z, in_10, sum_2_3);
            sum_3_3 = fma(weight_8.w, in_10, sum_3_3);
            sum_3_2 = fma(weight_8.w, in_8, sum_3_2);
            sum_3_1 = fma(weight_8.w, in_6, sum_3_1);
            sum_3_0 = fma(weight_8.w, in_4, sum_3_0);
            let weight_9 = staged[kernel_x][9];
            sum_4_0 = fma(weight_9.x, in_4, sum_4_0);
            sum_4_1 = fma(weight_9.x, in_6, sum_4_1);
            sum_4_2 = fma(weight_9.x, in_8, sum_4_2);
            sum_4_3 = fma(weight_9.x, in_10, sum_4_3);
            sum_5_3 = fma(weight_9.y, in_10, sum_5_3);
            sum_5_2 = fma(weight_9.y, in_8, sum_5_2);
            sum_5_1 = fma(weight_9.y, in_6, sum_5_1);
            sum_5_0 = fma(weight_9.y, in_4, sum_5_0);
            sum_6_0 = fma(weight_9.z, in_4, sum_6_0);
            sum_6_1 = fma(weight_9.z, in_6, sum_6_1);
            sum_6_2 = fma(weight_9.z, in_8, sum_6_2);
            sum_6_3 = fma(weight_9.z, in_10, sum_6_3);
            sum_7_3 = fma(weight_9.w, in_10, sum_7_3);
            sum_7_2 = fma(weight_9.w, in_8, sum_7_2);
            sum_7_1 = fma(weight_9.w, in_6, sum_7_1);
            sum_7_0 = fma(weight_9.w, in_4, sum_7_0);
            let in_11 = halo[top + 407u];
            let weight_10 = staged[kernel_x][10];
            sum_0_0 = fma(weight_10.x, in_5, sum_0_0);
            sum_0_1 = fma(weight_10.x, in_7, sum_0_1);
            sum_0_2 = fma(weight_10.x, in_9, sum_0_2);
            sum_0_3 = fma(weight_10.x, in_11, sum_0_3);
            sum_1_3 = fma(weight_10.y, in_11, sum_1_3);
            sum_1_2 = fma(weight_10.y, in_9, sum_1_2);
            sum_1_1 = fma(weight_10.y, in_7, sum_1_1);
            sum_1_0 = fma(weight_10.y, in_5, sum_1_0);
            sum_2_0 = fma(weight_10.z, in_5, sum_2_0);
            sum_2_1 = fma(weight_10.z, in_7, sum_2_1);
            sum_2_2 = fma(weight_10.z, in_9, sum_2_2);
            sum_2_3 = fma(weight_10.z, in_11, sum_2_3);
            sum_3_3 = fma(weight_10.w, in_11, sum_3_3);
            sum_3_2 = fma(weight_10.w, in_9, sum_3_2);
            sum_3_1 = fma(weight_10.w, in_7, sum_3_1);
            sum_3_0 = fma(weight_10.w, in_5, sum_3_0);
            let weight_11 = staged[kernel_x][11];
            sum_4_0 = fma(weight_11.x, in_5, sum_4_0);
            sum_4_1 = fma(weight_11.x, in_7, sum_4_1);
            sum_4_2 = fma(weight_11.x, in_9, sum_4_2);
            sum_4_3 = fma(weight_11.x, in_11, sum_4_3);
            sum_5_3 = fma(weight_11.y, in_11, sum_5_3);
            sum_5_2 = fma(weight_11.y, in_9, sum_5_2);
            sum_5_1 = fma(weight_11.y, in_7, sum_5_1);
            sum_5_0 = fma(weight_11.y, in_5, sum_5_0);
            sum_6_0 = fma(weight_11.z, in_5, sum_6_0);
            sum_6_1 = fma(weight_11.z, in_7, sum_6_1);
            sum_6_2 = fma(weight_11.z, in_9, sum_6_2);
            sum_6_3 = fma(weight_11.z, in_11, sum_6_3);
            sum_7_3 = fma(weight_11.w, in_11, sum_7_3);
            sum_7_2 = fma(weight_11.w, in_9, sum_7_2);
            sum_7_1 = fma(weight_11.w, in_7, sum_7_1);
            sum_7_0 = fma(weight_11.w, in_5, sum_7_0);
            let in_12 = halo[top + 444u];
            let weight_12 = staged[kernel_x][12];
            sum_0_0 = fma(weight_12.x, in_6, sum_0_0);
            sum_0_1 = fma(weight_12.x, in_8, sum_0_1);
            sum_0_2 = fma(weight_12.x, in_10, sum_0_2);
            sum_0_3 = fma(weight_12.x, in_12, sum_0_3);
            sum_1_3 = fma(weight_12.y, in_12, sum_1_3);
            sum_1_2 = fma(weight_12.y, in_10, sum_1_2);
            sum_1_1 = fma(weight_12.y, in_8, sum_1_1);
            sum_1_0 = fma(weight_12.y, in_6, sum_1_0);
            sum_2_0 = fma(weight_12.z, in_6, sum_2_0);
            sum_2_1 = fma(weight_12.z, in_8, sum_2_1);
            sum_2_2 = fma(weight_12.z, in_10, sum_2_2);
            sum_2_3 = fma(weight_12.z, in_12, sum_2_3);
            sum_3_3 = fma(weight_12.w, in_12, sum_3_3);
            sum_3_2 = fma(weight_12.w, in_10, sum_3_2);
            sum_3_1 = fma(weight_12.w, in_8, sum_3_1);
            sum_3_0 = fma(weight_12.w, in_6, sum_3_0);
            let weight_13 = staged[kernel_x][13];
            sum_4_0 = fma(weight_13.x, in_6, sum_4_0);
            sum_4_1 = fma(weight_13.x, in_8, sum_4_1);
            sum_4_2 = fma(weight_13.x, in_10, sum_4_2);
            sum_4_3 = fma(weight_13.x, in_12, sum_4_3);
            sum_5_3 = fma(weight_13.y, in_12, sum_5_3);
            sum_5_2 = fma(weight_13.y, in_10, sum_5_2);
            sum_5_1 = fma(weight_13.y, in_8, sum_5_1);
            sum_5_0 = fma(weight_13.y, in_6, sum_5_0);
            sum_6_0 = fma(weight_13.z, in_6, sum_6_0);
            sum_6_1 = fma(weight_13.z, in_8, sum_6_1);
            sum_6_2 = fma(weight_13.z, in_10, sum_6_2);
            sum_6_3 = fma(weight_13.z, in_12, sum_6_3);
            sum_7_3 = fma(weight_13.w, in_12, sum_7_3);
            sum_7_2 = fma(weight_13.w, in_10, sum_7_2);
            sum_7_1 = fma(weight_13.w, in_8, sum_7_1);
            sum_7_0 = fma(weight_13.w, in_6, sum_7_0);
        }
        step += 98u;
    }
    total_0_0 += sum_0_0;
    sum_0_0 = 0.0;
    total_1_0 += sum_1_0;
    sum_1_0 = 0.0;
    total_2_0 += sum_2_0;
    sum_2_0 = 0.0;
    total_3_0 += sum_3_0;
    sum_3_0 = 0.0;
    total_0_1 += sum_0_1;
    sum_0_1 = 0.0;
    total_1_1 += sum_1_1;
    sum_1_1 = 0.0;
    total_2_1 += sum_2_1;
    sum_2_1 = 0.0;
    total_3_1 += sum_3_1;
    sum_3_1 = 0.0;
    total_0_2 += sum_0_2;
    sum_0_2 = 0.0;
    total_1_2 += sum_1_2;
    sum_1_2 = 0.0;
    total_2_2 += sum_2_2;
    sum_2_2 = 0.0;
    total_3_2 += sum_3_2;
    sum_3_2 = 0.0;
    total_0_3 += sum_0_3;
    sum_0_3 = 0.0;
    total_1_3 += sum_1_3;
    sum_1_3 = 0.0;
    total_2_3 += sum_2_3;
    sum_2_3 = 0.0;
    total_3_3 += sum_3_3;
    sum_3_3 = 0.0;
    total_4_0 += sum_4_0;
    sum_4_0 = 0.0;
    total_5_0 += sum_5_0;
    sum_5_0 = 0.0;
    total_6_0 += sum_6_0;
    sum_6_0 = 0.0;
    total_7_0 += sum_7_0;
    sum_7_0 = 0.0;
    total_4_1 += sum_4_1;
    sum_4_1 = 0.0;
    total_5_1 += sum_5_1;
    sum_5_1 = 0.0;
    total_6_1 += sum_6_1;
    sum_6_1 = 0.0;
    total_7_1 += sum_7_1;
    sum_7_1 = 0.0;
    total_4_2 += sum_4_2;
    sum_4_2 = 0.0;
    total_5_2 += sum_5_2;
    sum_5_2 = 0.0;
    total_6_2 += sum_6_2;
    sum_6_2 = 0.0;
    total_7_2 += sum_7_2;
    sum_7_2 = 0.0;
    total_4_3 += sum_4_3;
    sum_4_3 = 0.0;
    total_5_3 += sum_5_3;
    sum_5_3 = 0.0;
    total_6_3 += sum_6_3;
    sum_6_3 = 0.0;
    total_7_3 += sum_7_3;
    sum_7_3 = 0.0;
    }

    let out_x = first_x + lane.x;
    let out_y = first_y + lane.y * 4u;
    if out_x >= params.out_width || out_y >= params.out_height {
        return;
    }
    // What lies inside the output is stored.
    let out_channel = group * params.group_out_channels + first_channel;
    let out_plane = params.out_height * params.out_width;
    let out_start = params.output_start + out_y * params.out_width + out_x
        + (image * params.groups * params.group_out_channels + out_channel) * out_plane;
    var any_nan = false;
    if first_channel + 0u < params.group_out_channels {
        let bias_0 = f32(bias[out_channel + 0u]);
        let value_0_0 = total_0_0 + bias_0;
        any_nan |= is_nan(value_0_0);
        if out_y + 0u < params.out_height {
            output[out_start + 0u * out_plane + 0u * params.out_width]
                = to_element(activate(value_0_0));
        }
        let value_0_1 = total_0_1 + bias_0;
        any_nan |= is_nan(value_0_1);
        if out_y + 1u < params.out_height {
            output[out_start + 0u * out_plane + 1u * params.out_width]
                = to_element(activate(value_0_1));
        }
        let value_0_2 = total_0_2 + bias_0;
        any_nan |= is_nan(value_0_2);
        if out_y + 2u < params.out_height {
            output[out_start + 0u * out_plane + 2u * params.out_width]
                = to_element(activate(value_0_2));
        }
        let value_0_3 = total_0_3 + bias_0;
        any_nan |= is_nan(value_0_3);
        if out_y + 3u < params.out_height {
            output[out_start + 0u * out_plane + 3u * params.out_width]
                = to_element(activate(value_0_3));
        }
    }
    if first_channel + 1u < params.group_out_channels {
        let bias_1 = f32(bias[out_channel + 1u]);
        let value_1_0 = total_1_0 + bias_1;
        any_nan |= is_nan(value_1_0);
        if out_y + 0u < params.out_height {
            output[out_start + 1u * out_plane + 0u * params.out_width]
                = to_element(activate(value_1_0));
        }
        let value_1_1 = total_1_1 + bias_1;
        any_nan |= is_nan(value_1_1);
        if out_y + 1u < params.out_height {
            output[out_start + 1u * out_plane + 1u * params.out_width]
                = to_element(activate(value_1_1));
        }
        let value_1_2 = total_1_2 + bias_1;
        any_nan |= is_nan(value_1_2);
        if out_y + 2u < params.out_height {
            output[out_start + 1u * out_plane + 2u * params.out_width]
                = to_element(activate(value_1_2));
        }
        let value_1_3 = total_1_3 + bias_1;
        any_nan |= is_nan(value_1_3);
        if out_y + 3u < params.out_height {
            output[out_start + 1u * out_plane + 3u * params.out_width]
                = to_element(activate(value_1_3));
        }
    }
    if first_channel + 2u < params.group_out_channels {
        let bias_2 = f32(bias[out_channel + 2u]);
        let value_2_0 = total_2_0 + bias_2;
        any_nan |= is_nan(value_2_0);
        if out_y + 0u < params.out_height {
            output[out_start + 2u * out_plane + 0u * params.out_width]
                = to_element(activate(value_2_0));
        }
        let value_2_1 = total_2_1 + bias_2;
        any_nan |= is_nan(value_2_1);
        if out_y + 1u < params.out_height {
            output[out_start + 2u * out_plane + 1u * params.out_width]
                = to_element(activate(value_2_1));
        }
        let value_2_2 = total_2_2 + bias_2;
        any_nan |= is_nan(value_2_2);
        if out_y + 2u < params.out_height {
            output[out_start + 2u * out_plane + 2u * params.out_width]
                = to_element(activate(value_2_2));
        }
        let value_2_3 = total_2_3 + bias_2;
        any_nan |= is_nan(value_2_3);
        if out_y + 3u < params.out_height {
            output[out_start + 2u * out_plane + 3u * params.out_width]
                = to_element(activate(value_2_3));
        }
    }
    if first_channel + 3u < params.group_out_channels {
        let bias_3 = f32(bias[out_channel + 3u]);
        let value_3_0 = total_3_0 + bias_3;
        any_nan |= is_nan(value_3_0);
        if out_y + 0u < params.out_height {
            output[out_start + 3u * out_plane + 0u * params.out_width]
                = to_element(activate(value_3_0));
        }
        let value_3_1 = total_3_1 + bias_3;
        any_nan |= is_nan(value_3_1);
        if out_y + 1u < params.out_height {
            output[out_start + 3u * out_plane + 1u * params.out_width]
                = to_element(activate(value_3_1));
        }
        let value_3_2 = total_3_2 + bias_3;
        any_nan |= is_nan(value_3_2);
        if out_y + 2u < params.out_height {
            output[out_start + 3u * out_plane + 2u * params.out_width]
                = to_element(activate(value_3_2));
        }
        let value_3_3 = total_3_3 + bias_3;
        any_nan |= is_nan(value_3_3);
        if out_y + 3u < params.out_height {
            output[out_start + 3u * out_plane + 3u * params.out_width]
                = to_element(activate(value_3_3));
        }
    }
    if first_channel + 4u < params.group_out_channels {
        let bias_4 = f32(bias[out_channel + 4u]);
        let value_4_0 = total_4_0 + bias_4;
        any_nan |= is_nan(value_4_0);
        if out_y + 0u < params.out_height {
            output[out_start + 4u * out_plane + 0u * params.out_width]
                = to_element(activate(value_4_0));
        }
        let value_4_1 = total_4_1 + bias_4;
        any_nan |= is_nan(value_4_1);
        if out_y + 1u < params.out_height {
            output[out_start + 4u * out_plane + 1u * params.out_width]
                = to_element(activate(value_4_1));
        }
        let value_4_2 = total_4_2 + bias_4;
        any_nan |= is_nan(value_4_2);
        if out_y + 2u < params.out_height {
            output[out_start + 4u * out_plane + 2u * params.out_width]
                = to_element(activate(value_4_2));
        }
        let value_4_3 = total_4_3 + bias_4;
        any_nan |= is_nan(value_4_3);
        if out_y + 3u < params.out_height {
            output[out_start + 4u * out_plane + 3u * params.out_width]
                = to_element(activate(value_4_3));
        }
    }
    if first_channel + 5u < params.group_out_channels {
        let bias_5 = f32(bias[out_channel + 5u]);
        let value_5_0 = total_5_0 + bias_5;
        any_nan |= is_nan(value_5_0);
        if out_y + 0u < params.out_height {
            output[out_start + 5u * out_plane + 0u * params.out_width]
                = to_element(activate(value_5_0));
        }
        let value_5_1 = total_5_1 + bias_5;
        any_nan |= is_nan(value_5_1);
        if out_y + 1u < params.out_height {
            output[out_start + 5u * out_plane + 1u * params.out_width]
                = to_element(activate(value_5_1));
        }
        let value_5_2 = total_5_2 + bias_5;
        any_nan |= is_nan(value_5_2);
        if out_y + 2u < params.out_height {
            output[out_start + 5u * out_plane + 2u * params.out_width]
                = to_element(activate(value_5_2));
        }
        let value_5_3 = total_5_3 + bias_5;
        any_nan |= is_nan(value_5_3);
        if out_y + 3u < params.out_height {
            output[out_start + 5u * out_plane + 3u * params.out_width]
                = to_element(activate(value_5_3));
        }
    }
    if first_channel + 6u < params.group_out_channels {
        let bias_6 = f32(bias[out_channel + 6u]);
        let value_6_0 = total_6_0 + bias_6;
        any_nan |= is_nan(value_6_0);
        if out_y + 0u < params.out_height {
            output[out_start + 6u * out_plane + 0u * params.out_width]
                = to_element(activate(value_6_0));
        }
        let value_6_1 = total_6_1 + bias_6;
        any_nan |= is_nan(value_6_1);
        if out_y + 1u < params.out_height {
            output[out_start + 6u * out_plane + 1u * params.out_width]
                = to_element(activate(value_6_1));
        }
        let value_6_2 = total_6_2 + bias_6;
        any_nan |= is_nan(value_6_2);
        if out_y + 2u < params.out_height {
            output[out_start + 6u * out_plane + 2u * params.out_width]
                = to_element(activate(value_6_2));
        }
        let value_6_3 = total_6_3 + bias_6;
        any_nan |= is_nan(value_6_3);
        if out_y + 3u < params.out_height {
            output[out_start + 6u * out_plane + 3u * params.out_width]
                = to_element(activate(value_6_3));
        }
    }
    if first_channel + 7u < params.group_out_channels {
        let bias_7 = f32(bias[out_channel + 7u]);
        let value_7_0 = total_7_0 + bias_7;
        any_nan |= is_nan(value_7_0);
        if out_y + 0u < params.out_height {
            output[out_start + 7u * out_plane + 0u * params.out_width]
                = to_element(activate(value_7_0));
        }
        let value_7_1 = total_7_1 + bias_7;
        any_nan |= is_nan(value_7_1);
        if out_y + 1u < params.out_height {
            output[out_start + 7u * out_plane + 1u * params.out_width]
                = to_element(activate(value_7_1));
        }
        let value_7_2 = total_7_2 + bias_7;
        any_nan |= is_nan(value_7_2);
        if out_y + 2u < params.out_height {
            output[out_start + 7u * out_plane + 2u * params.out_width]
                = to_element(activate(value_7_2));
        }
        let value_7_3 = total_7_3 + bias_7;
        any_nan |= is_nan(value_7_3);
        if out_y + 3u < params.out_height {
            output[out_start + 7u * out_plane + 3u * params.out_width]
                = to_element(activate(value_7_3));
        }
    }
    if any_nan {
        let end_channel = min(first_channel + 8u, params.group_out_channels);
        let end_y = min(out_y + 4u, params.out_height);
        for (var channel = first_channel; channel < end_channel; channel++) {
            for (var y = out_y; y < end_y; y += 1u) {
                let sum = sum_skipping(image, group, channel, y, out_x);
                output[out_start + (channel - first_channel) * out_plane + (y - out_y) * params.out_width]
                    = to_element(activate(sum));
            }
        }
    }
}