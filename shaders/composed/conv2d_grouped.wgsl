// Composed from conv2d_halo.wgsl as conv2d_halo-zeros-masked-skipping-none-bias-none-kernel_height3-kernel_width3-stride_y1-stride_x1-dilation_y1-dilation_x1-tile_channels4-tile_rows4-row_step1-channel_step4-staged-unroll_rows-lanes_y8-lanes_x8 for: convolution 3x3 in 32 groups, 128x56x56 to 128.
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
alias Pack = vec4<f32>;

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> input: array<Element>;
@group(0) @binding(2) var<storage, read> weight: array<vec4<Element>>;
@group(0) @binding(3) var<storage, read> bias: array<Element>;
@group(0) @binding(4) var<storage, read_write> output: array<Element>;

// The places behind the halo are for copies that nobody reads.
var<workgroup> halo: array<Pack, 384>;

// The weights of a step, a column of the kernel each.
var<workgroup> staged: array<array<vec4<f32>, 12>, 3>;


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
    let block = group * params.channel_blocks + channel / 4u;
    let first_step = block * (params.group_in_channels / 4u);
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
            let step = first_step + in_channel / 4u;
            let at = step * 144u + in_channel % 4u * 4u
                + kernel_y * 16u + kernel_x * 48u
                + channel % 4u;
            sum = fma(weight_at(at), input_at(first_plane + in_channel, in_y, in_x), sum);
        }
        let is_last = tap % 64u == 63u;
        total += select(0.0, sum, is_last);
        sum = select(sum, 0.0, is_last);
    }
    return total + sum;
}
@compute @workgroup_size(8, 8)
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
    let first_x = tile % params.tiles_x * 8u;
    let first_y = tile_y * 32u;
    let image = tile / (params.tiles_x * params.tiles_y);
    let group = workgroup.z / params.channel_blocks;
    let first_channel = workgroup.z % params.channel_blocks * 4u;

    // An invocation copies the same places of every channel.
    let in_y = i32(first_y * 1u) - i32(params.pad_top);
    let in_x = i32(first_x * 1u) - i32(params.pad_left);
    var inside = 0u;
    let place_0 = local + 0u;
    let y_0 = in_y + i32(place_0 / 10u);
    let x_0 = in_x + i32(place_0 % 10u);
    let from_0 = params.input_start + source_inside(y_0, params.in_height) * params.in_width
        + source_inside(x_0, params.in_width);
    if u32(y_0) < params.in_height && u32(x_0) < params.in_width {
        inside |= 1u;
    }
    let place_1 = local + 64u;
    let y_1 = in_y + i32(place_1 / 10u);
    let x_1 = in_x + i32(place_1 % 10u);
    let from_1 = params.input_start + source_inside(y_1, params.in_height) * params.in_width
        + source_inside(x_1, params.in_width);
    if u32(y_1) < params.in_height && u32(x_1) < params.in_width {
        inside |= 2u;
    }
    let place_2 = local + 128u;
    let y_2 = in_y + i32(place_2 / 10u);
    let x_2 = in_x + i32(place_2 % 10u);
    let from_2 = params.input_start + source_inside(y_2, params.in_height) * params.in_width
        + source_inside(x_2, params.in_width);
    if u32(y_2) < params.in_height && u32(x_2) < params.in_width {
        inside |= 4u;
    }
    let place_3 = local + 192u;
    let y_3 = in_y + i32(place_3 / 10u);
    let x_3 = in_x + i32(place_3 % 10u);
    let from_3 = params.input_start + source_inside(y_3, params.in_height) * params.in_width
        + source_inside(x_3, params.in_width);
    if u32(y_3) < params.in_height && u32(x_3) < params.in_width {
        inside |= 8u;
    }
    let place_4 = local + 256u;
    let y_4 = in_y + i32(place_4 / 10u);
    let x_4 = in_x + i32(place_4 % 10u);
    let from_4 = params.input_start + source_inside(y_4, params.in_height) * params.in_width
        + source_inside(x_4, params.in_width);
    if u32(y_4) < params.in_height && u32(x_4) < params.in_width {
        inside |= 16u;
    }
    let place_5 = local + 320u;
    let y_5 = in_y + i32(place_5 / 10u);
    let x_5 = in_x + i32(place_5 % 10u);
    let from_5 = params.input_start + source_inside(y_5, params.in_height) * params.in_width
        + source_inside(x_5, params.in_width);
    if u32(y_5) < params.in_height && u32(x_5) < params.in_width {
        inside |= 32u;
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

    let corner = lane.y * 40u + lane.x * 1u;
    let in_plane = params.in_height * params.in_width;
    let first_plane = (image * params.groups + group) * params.group_in_channels;
    var step = workgroup.z * (params.group_in_channels / 4u) * 36u;
    for (var channel = 0u; channel < params.group_in_channels; channel += 4u) {
        workgroupBarrier();
        let start_0 = (first_plane + channel + 0u) * in_plane;
        let start_1 = (first_plane + channel + 1u) * in_plane;
        let start_2 = (first_plane + channel + 2u) * in_plane;
        let start_3 = (first_plane + channel + 3u) * in_plane;
        let value_0 = Pack(f32(input[start_0 + from_0]), f32(input[start_1 + from_0]), f32(input[start_2 + from_0]), f32(input[start_3 + from_0]));
        halo[place_0] = select(Pack(0.0), value_0, (inside & 1u) != 0u);
        let value_1 = Pack(f32(input[start_0 + from_1]), f32(input[start_1 + from_1]), f32(input[start_2 + from_1]), f32(input[start_3 + from_1]));
        halo[place_1] = select(Pack(0.0), value_1, (inside & 2u) != 0u);
        let value_2 = Pack(f32(input[start_0 + from_2]), f32(input[start_1 + from_2]), f32(input[start_2 + from_2]), f32(input[start_3 + from_2]));
        halo[place_2] = select(Pack(0.0), value_2, (inside & 4u) != 0u);
        let value_3 = Pack(f32(input[start_0 + from_3]), f32(input[start_1 + from_3]), f32(input[start_2 + from_3]), f32(input[start_3 + from_3]));
        halo[place_3] = select(Pack(0.0), value_3, (inside & 8u) != 0u);
        let value_4 = Pack(f32(input[start_0 + from_4]), f32(input[start_1 + from_4]), f32(input[start_2 + from_4]), f32(input[start_3 + from_4]));
        halo[place_4] = select(Pack(0.0), value_4, (inside & 16u) != 0u);
        let value_5 = Pack(f32(input[start_0 + from_5]), f32(input[start_1 + from_5]), f32(input[start_2 + from_5]), f32(input[start_3 + from_5]));
        halo[place_5] = select(Pack(0.0), value_5, (inside & 32u) != 0u);
        if local < 36u { staged[local / 12u][local % 12u] = vec4<f32>(weight[step + local]); }
        workgroupBarrier();
        for (var kernel_x = 0u; kernel_x < 3u; kernel_x++) {
            let top = corner + kernel_x;
            let in_0 = halo[top + 0u];
            let in_1 = halo[top + 10u];
            let in_2 = halo[top + 20u];
            let in_3 = halo[top + 30u];
            let weight_0 = staged[kernel_x][0];
            sum_0_0 = fma(weight_0.x, in_0.x, sum_0_0);
            sum_0_1 = fma(weight_0.x, in_1.x, sum_0_1);
            sum_0_2 = fma(weight_0.x, in_2.x, sum_0_2);
            sum_0_3 = fma(weight_0.x, in_3.x, sum_0_3);
            sum_1_3 = fma(weight_0.y, in_3.x, sum_1_3);
            sum_1_2 = fma(weight_0.y, in_2.x, sum_1_2);
            sum_1_1 = fma(weight_0.y, in_1.x, sum_1_1);
            sum_1_0 = fma(weight_0.y, in_0.x, sum_1_0);
            sum_2_0 = fma(weight_0.z, in_0.x, sum_2_0);
            sum_2_1 = fma(weight_0.z, in_1.x, sum_2_1);
            sum_2_2 = fma(weight_0.z, in_2.x, sum_2_2);
            sum_2_3 = fma(weight_0.z, in_3.x, sum_2_3);
            sum_3_3 = fma(weight_0.w, in_3.x, sum_3_3);
            sum_3_2 = fma(weight_0.w, in_2.x, sum_3_2);
            sum_3_1 = fma(weight_0.w, in_1.x, sum_3_1);
            sum_3_0 = fma(weight_0.w, in_0.x, sum_3_0);
            let weight_1 = staged[kernel_x][1];
            sum_0_0 = fma(weight_1.x, in_0.y, sum_0_0);
            sum_0_1 = fma(weight_1.x, in_1.y, sum_0_1);
            sum_0_2 = fma(weight_1.x, in_2.y, sum_0_2);
            sum_0_3 = fma(weight_1.x, in_3.y, sum_0_3);
            sum_1_3 = fma(weight_1.y, in_3.y, sum_1_3);
            sum_1_2 = fma(weight_1.y, in_2.y, sum_1_2);
            sum_1_1 = fma(weight_1.y, in_1.y, sum_1_1);
            sum_1_0 = fma(weight_1.y, in_0.y, sum_1_0);
            sum_2_0 = fma(weight_1.z, in_0.y, sum_2_0);
            sum_2_1 = fma(weight_1.z, in_1.y, sum_2_1);
            sum_2_2 = fma(weight_1.z, in_2.y, sum_2_2);
            sum_2_3 = fma(weight_1.z, in_3.y, sum_2_3);
            sum_3_3 = fma(weight_1.w, in_3.y, sum_3_3);
            sum_3_2 = fma(weight_1.w, in_2.y, sum_3_2);
            sum_3_1 = fma(weight_1.w, in_1.y, sum_3_1);
            sum_3_0 = fma(weight_1.w, in_0.y, sum_3_0);
            let weight_2 = staged[kernel_x][2];
            sum_0_0 = fma(weight_2.x, in_0.z, sum_0_0);
            sum_0_1 = fma(weight_2.x, in_1.z, sum_0_1);
            sum_0_2 = fma(weight_2.x, in_2.z, sum_0_2);
            sum_0_3 = fma(weight_2.x, in_3.z, sum_0_3);
            sum_1_3 = fma(weight_2.y, in_3.z, sum_1_3);
            sum_1_2 = fma(weight_2.y, in_2.z, sum_1_2);
            sum_1_1 = fma(weight_2.y, in_1.z, sum_1_1);
            sum_1_0 = fma(weight_2.y, in_0.z, sum_1_0);
            sum_2_0 = fma(weight_2.z, in_0.z, sum_2_0);
            sum_2_1 = fma(weight_2.z, in_1.z, sum_2_1);
            sum_2_2 = fma(weight_2.z, in_2.z, sum_2_2);
            sum_2_3 = fma(weight_2.z, in_3.z, sum_2_3);
            sum_3_3 = fma(weight_2.w, in_3.z, sum_3_3);
            sum_3_2 = fma(weight_2.w, in_2.z, sum_3_2);
            sum_3_1 = fma(weight_2.w, in_1.z, sum_3_1);
            sum_3_0 = fma(weight_2.w, in_0.z, sum_3_0);
            let weight_3 = staged[kernel_x][3];
            sum_0_0 = fma(weight_3.x, in_0.w, sum_0_0);
            sum_0_1 = fma(weight_3.x, in_1.w, sum_0_1);
            sum_0_2 = fma(weight_3.x, in_2.w, sum_0_2);
            sum_0_3 = fma(weight_3.x, in_3.w, sum_0_3);
            sum_1_3 = fma(weight_3.y, in_3.w, sum_1_3);
            sum_1_2 = fma(weight_3.y, in_2.w, sum_1_2);
            sum_1_1 = fma(weight_3.y, in_1.w, sum_1_1);
            sum_1_0 = fma(weight_3.y, in_0.w, sum_1_0);
            sum_2_0 = fma(weight_3.z, in_0.w, sum_2_0);
            sum_2_1 = fma(weight_3.z, in_1.w, sum_2_1);
            sum_2_2 = fma(weight_3.z, in_2.w, sum_2_2);
            sum_2_3 = fma(weight_3.z, in_3.w, sum_2_3);
            sum_3_3 = fma(weight_3.w, in_3.w, sum_3_3);
            sum_3_2 = fma(weight_3.w, in_2.w, sum_3_2);
            sum_3_1 = fma(weight_3.w, in_1.w, sum_3_1);
            sum_3_0 = fma(weight_3.w, in_0.w, sum_3_0);
            let in_4 = halo[top + 40u];
            let weight_4 = staged[kernel_x][4];
            sum_0_0 = fma(weight_4.x, in_1.x, sum_0_0);
            sum_0_1 = fma(weight_4.x, in_2.x, sum_0_1);
            sum_0_2 = fma(weight_4.x, in_3.x, sum_0_2);
            sum_0_3 = fma(weight_4.x, in_4.x, sum_0_3);
            sum_1_3 = fma(weight_4.y, in_4.x, sum_1_3);
            sum_1_2 = fma(weight_4.y, in_3.x, sum_1_2);
            sum_1_1 = fma(weight_4.y, in_2.x, sum_1_1);
            sum_1_0 = fma(weight_4.y, in_1.x, sum_1_0);
            sum_2_0 = fma(weight_4.z, in_1.x, sum_2_0);
            sum_2_1 = fma(weight_4.z, in_2.x, sum_2_1);
            sum_2_2 = fma(weight_4.z, in_3.x, sum_2_2);
            sum_2_3 = fma(weight_4.z, in_4.x, sum_2_3);
            sum_3_3 = fma(weight_4.w, in_4.x, sum_3_3);
            sum_3_2 = fma(weight_4.w, in_3.x, sum_3_2);
            sum_3_1 = fma(weight_4.w, in_2.x, sum_3_1);
            sum_3_0 = fma(weight_4.w, in_1.x, sum_3_0);
            let weight_5 = staged[kernel_x][5];
            sum_0_0 = fma(weight_5.x, in_1.y, sum_0_0);
            sum_0_1 = fma(weight_5.x, in_2.y, sum_0_1);
            sum_0_2 = fma(weight_5.x, in_3.y, sum_0_2);
            sum_0_3 = fma(weight_5.x, in_4.y, sum_0_3);
            sum_1_3 = fma(weight_5.y, in_4.y, sum_1_3);
            sum_1_2 = fma(weight_5.y, in_3.y, sum_1_2);
            sum_1_1 = fma(weight_5.y, in_2.y, sum_1_1);
            sum_1_0 = fma(weight_5.y, in_1.y, sum_1_0);
            sum_2_0 = fma(weight_5.z, in_1.y, sum_2_0);
            sum_2_1 = fma(weight_5.z, in_2.y, sum_2_1);
            sum_2_2 = fma(weight_5.z, in_3.y, sum_2_2);
            sum_2_3 = fma(weight_5.z, in_4.y, sum_2_3);
            sum_3_3 = fma(weight_5.w, in_4.y, sum_3_3);
            sum_3_2 = fma(weight_5.w, in_3.y, sum_3_2);
            sum_3_1 = fma(weight_5.w, in_2.y, sum_3_1);
            sum_3_0 = fma(weight_5.w, in_1.y, sum_3_0);
            let weight_6 = staged[kernel_x][6];
            sum_0_0 = fma(weight_6.x, in_1.z, sum_0_0);
            sum_0_1 = fma(weight_6.x, in_2.z, sum_0_1);
            sum_0_2 = fma(weight_6.x, in_3.z, sum_0_2);
            sum_0_3 = fma(weight_6.x, in_4.z, sum_0_3);
            sum_1_3 = fma(weight_6.y, in_4.z, sum_1_3);
            sum_1_2 = fma(weight_6.y, in_3.z, sum_1_2);
            sum_1_1 = fma(weight_6.y, in_2.z, sum_1_1);
            sum_1_0 = fma(weight_6.y, in_1.z, sum_1_0);
            sum_2_0 = fma(weight_6.z, in_1.z, sum_2_0);
            sum_2_1 = fma(weight_6.z, in_2.z, sum_2_1);
            sum_2_2 = fma(weight_6.z, in_3.z, sum_2_2);
            sum_2_3 = fma(weight_6.z, in_4.z, sum_2_3);
            sum_3_3 = fma(weight_6.w, in_4.z, sum_3_3);
            sum_3_2 = fma(weight_6.w, in_3.z, sum_3_2);
            sum_3_1 = fma(weight_6.w, in_2.z, sum_3_1);
            sum_3_0 = fma(weight_6.w, in_1.z, sum_3_0);
            let weight_7 = staged[kernel_x][7];
            sum_0_0 = fma(weight_7.x, in_1.w, sum_0_0);
            sum_0_1 = fma(weight_7.x, in_2.w, sum_0_1);
            sum_0_2 = fma(weight_7.x, in_3.w, sum_0_2);
            sum_0_3 = fma(weight_7.x, in_4.w, sum_0_3);
            sum_1_3 = fma(weight_7.y, in_4.w, sum_1_3);
            sum_1_2 = fma(weight_7.y, in_3.w, sum_1_2);
            sum_1_1 = fma(weight_7.y, in_2.w, sum_1_1);
            sum_1_0 = fma(weight_7.y, in_1.w, sum_1_0);
            sum_2_0 = fma(weight_7.z, in_1.w, sum_2_0);
            sum_2_1 = fma(weight_7.z, in_2.w, sum_2_1);
            sum_2_2 = fma(weight_7.z, in_3.w, sum_2_2);
            sum_2_3 = fma(weight_7.z, in_4.w, sum_2_3);
            sum_3_3 = fma(weight_7.w, in_4.w, sum_3_3);
            sum_3_2 = fma(weight_7.w, in_3.w, sum_3_2);
            sum_3_1 = fma(weight_7.w, in_2.w, sum_3_1);
            sum_3_0 = fma(weight_7.w, in_1.w, sum_3_0);
            let in_5 = halo[top + 50u];
            let weight_8 = staged[kernel_x][8];
            sum_0_0 = fma(weight_8.x, in_2.x, sum_0_0);
            sum_0_1 = fma(weight_8.x, in_3.x, sum_0_1);
            sum_0_2 = fma(weight_8.x, in_4.x, sum_0_2);
            sum_0_3 = fma(weight_8.x, in_5.x, sum_0_3);
            sum_1_3 = fma(weight_8.y, in_5.x, sum_1_3);
            sum_1_2 = fma(weight_8.y, in_4.x, sum_1_2);
            sum_1_1 = fma(weight_8.y, in_3.x, sum_1_1);
            sum_1_0 = fma(weight_8.y, in_2.x, sum_1_0);
            sum_2_0 = fma(weight_8.z, in_2.x, sum_2_0);
            sum_2_1 = fma(weight_8.z, in_3.x, sum_2_1);
            sum_2_2 = fma(weight_8.z, in_4.x, sum_2_2);
            sum_2_3 = fma(weight_8.z, in_5.x, sum_2_3);
            sum_3_3 = fma(weight_8.w, in_5.x, sum_3_3);
            sum_3_2 = fma(weight_8.w, in_4.x, sum_3_2);
            sum_3_1 = fma(weight_8.w, in_3.x, sum_3_1);
            sum_3_0 = fma(weight_8.w, in_2.x, sum_3_0);
            let weight_9 = staged[kernel_x][9];
            sum_0_0 = fma(weight_9.x, in_2.y, sum_0_0);
            sum_0_1 = fma(weight_9.x, in_3.y, sum_0_1);
            sum_0_2 = fma(weight_9.x, in_4.y, sum_0_2);
            sum_0_3 = fma(weight_9.x, in_5.y, sum_0_3);
            sum_1_3 = fma(weight_9.y, in_5.y, sum_1_3);
            sum_1_2 = fma(weight_9.y, in_4.y, sum_1_2);
            sum_1_1 = fma(weight_9.y, in_3.y, sum_1_1);
            sum_1_0 = fma(weight_9.y, in_2.y, sum_1_0);
            sum_2_0 = fma(weight_9.z, in_2.y, sum_2_0);
            sum_2_1 = fma(weight_9.z, in_3.y, sum_2_1);
            sum_2_2 = fma(weight_9.z, in_4.y, sum_2_2);
            sum_2_3 = fma(weight_9.z, in_5.y, sum_2_3);
            sum_3_3 = fma(weight_9.w, in_5.y, sum_3_3);
            sum_3_2 = fma(weight_9.w, in_4.y, sum_3_2);
            sum_3_1 = fma(weight_9.w, in_3.y, sum_3_1);
            sum_3_0 = fma(weight_9.w, in_2.y, sum_3_0);
            let weight_10 = staged[kernel_x][10];
            sum_0_0 = fma(weight_10.x, in_2.z, sum_0_0);
            sum_0_1 = fma(weight_10.x, in_3.z, sum_0_1);
            sum_0_2 = fma(weight_10.x, in_4.z, sum_0_2);
            sum_0_3 = fma(weight_10.x, in_5.z, sum_0_3);
            sum_1_3 = fma(weight_10.y, in_5.z, sum_1_3);
            sum_1_2 = fma(weight_10.y, in_4.z, sum_1_2);
            sum_1_1 = fma(weight_10.y, in_3.z, sum_1_1);
            sum_1_0 = fma(weight_10.y, in_2.z, sum_1_0);
            sum_2_0 = fma(weight_10.z, in_2.z, sum_2_0);
            sum_2_1 = fma(weight_10.z, in_3.z, sum_2_1);
            sum_2_2 = fma(weight_10.z, in_4.z, sum_2_2);
            sum_2_3 = fma(weight_10.z, in_5.z, sum_2_3);
            sum_3_3 = fma(weight_10.w, in_5.z, sum_3_3);
            sum_3_2 = fma(weight_10.w, in_4.z, sum_3_2);
            sum_3_1 = fma(weight_10.w, in_3.z, sum_3_1);
            sum_3_0 = fma(weight_10.w, in_2.z, sum_3_0);
            let weight_11 = staged[kernel_x][11];
            sum_0_0 = fma(weight_11.x, in_2.w, sum_0_0);
            sum_0_1 = fma(weight_11.x, in_3.w, sum_0_1);
            sum_0_2 = fma(weight_11.x, in_4.w, sum_0_2);
            sum_0_3 = fma(weight_11.x, in_5.w, sum_0_3);
            sum_1_3 = fma(weight_11.y, in_5.w, sum_1_3);
            sum_1_2 = fma(weight_11.y, in_4.w, sum_1_2);
            sum_1_1 = fma(weight_11.y, in_3.w, sum_1_1);
            sum_1_0 = fma(weight_11.y, in_2.w, sum_1_0);
            sum_2_0 = fma(weight_11.z, in_2.w, sum_2_0);
            sum_2_1 = fma(weight_11.z, in_3.w, sum_2_1);
            sum_2_2 = fma(weight_11.z, in_4.w, sum_2_2);
            sum_2_3 = fma(weight_11.z, in_5.w, sum_2_3);
            sum_3_3 = fma(weight_11.w, in_5.w, sum_3_3);
            sum_3_2 = fma(weight_11.w, in_4.w, sum_3_2);
            sum_3_1 = fma(weight_11.w, in_3.w, sum_3_1);
            sum_3_0 = fma(weight_11.w, in_2.w, sum_3_0);
        }
        step += 36u;
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
        let value_0_0 = sum_0_0 + bias_0;
        any_nan |= is_nan(value_0_0);
        if out_y + 0u < params.out_height {
            output[out_start + 0u * out_plane + 0u * params.out_width]
                = to_element(activate(value_0_0));
        }
        let value_0_1 = sum_0_1 + bias_0;
        any_nan |= is_nan(value_0_1);
        if out_y + 1u < params.out_height {
            output[out_start + 0u * out_plane + 1u * params.out_width]
                = to_element(activate(value_0_1));
        }
        let value_0_2 = sum_0_2 + bias_0;
        any_nan |= is_nan(value_0_2);
        if out_y + 2u < params.out_height {
            output[out_start + 0u * out_plane + 2u * params.out_width]
                = to_element(activate(value_0_2));
        }
        let value_0_3 = sum_0_3 + bias_0;
        any_nan |= is_nan(value_0_3);
        if out_y + 3u < params.out_height {
            output[out_start + 0u * out_plane + 3u * params.out_width]
                = to_element(activate(value_0_3));
        }
    }
    if first_channel + 1u < params.group_out_channels {
        let bias_1 = f32(bias[out_channel + 1u]);
        let value_1_0 = sum_1_0 + bias_1;
        any_nan |= is_nan(value_1_0);
        if out_y + 0u < params.out_height {
            output[out_start + 1u * out_plane + 0u * params.out_width]
                = to_element(activate(value_1_0));
        }
        let value_1_1 = sum_1_1 + bias_1;
        any_nan |= is_nan(value_1_1);
        if out_y + 1u < params.out_height {
            output[out_start + 1u * out_plane + 1u * params.out_width]
                = to_element(activate(value_1_1));
        }
        let value_1_2 = sum_1_2 + bias_1;
        any_nan |= is_nan(value_1_2);
        if out_y + 2u < params.out_height {
            output[out_start + 1u * out_plane + 2u * params.out_width]
                = to_element(activate(value_1_2));
        }
        let value_1_3 = sum_1_3 + bias_1;
        any_nan |= is_nan(value_1_3);
        if out_y + 3u < params.out_height {
            output[out_start + 1u * out_plane + 3u * params.out_width]
                = to_element(activate(value_1_3));
        }
    }
    if first_channel + 2u < params.group_out_channels {
        let bias_2 = f32(bias[out_channel + 2u]);
        let value_2_0 = sum_2_0 + bias_2;
        any_nan |= is_nan(value_2_0);
        if out_y + 0u < params.out_height {
            output[out_start + 2u * out_plane + 0u * params.out_width]
                = to_element(activate(value_2_0));
        }
        let value_2_1 = sum_2_1 + bias_2;
        any_nan |= is_nan(value_2_1);
        if out_y + 1u < params.out_height {
            output[out_start + 2u * out_plane + 1u * params.out_width]
                = to_element(activate(value_2_1));
        }
        let value_2_2 = sum_2_2 + bias_2;
        any_nan |= is_nan(value_2_2);
        if out_y + 2u < params.out_height {
            output[out_start + 2u * out_plane + 2u * params.out_width]
                = to_element(activate(value_2_2));
        }
        let value_2_3 = sum_2_3 + bias_2;
        any_nan |= is_nan(value_2_3);
        if out_y + 3u < params.out_height {
            output[out_start + 2u * out_plane + 3u * params.out_width]
                = to_element(activate(value_2_3));
        }
    }
    if first_channel + 3u < params.group_out_channels {
        let bias_3 = f32(bias[out_channel + 3u]);
        let value_3_0 = sum_3_0 + bias_3;
        any_nan |= is_nan(value_3_0);
        if out_y + 0u < params.out_height {
            output[out_start + 3u * out_plane + 0u * params.out_width]
                = to_element(activate(value_3_0));
        }
        let value_3_1 = sum_3_1 + bias_3;
        any_nan |= is_nan(value_3_1);
        if out_y + 1u < params.out_height {
            output[out_start + 3u * out_plane + 1u * params.out_width]
                = to_element(activate(value_3_1));
        }
        let value_3_2 = sum_3_2 + bias_3;
        any_nan |= is_nan(value_3_2);
        if out_y + 2u < params.out_height {
            output[out_start + 3u * out_plane + 2u * params.out_width]
                = to_element(activate(value_3_2));
        }
        let value_3_3 = sum_3_3 + bias_3;
        any_nan |= is_nan(value_3_3);
        if out_y + 3u < params.out_height {
            output[out_start + 3u * out_plane + 3u * params.out_width]
                = to_element(activate(value_3_3));
        }
    }
    if any_nan {
        let end_channel = min(first_channel + 4u, params.group_out_channels);
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