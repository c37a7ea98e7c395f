// Composed from conv2d_grad_weight_tiled.wgsl as conv2d_grad_weight_tiled-zeros-kernel_height3-kernel_width3-tile_rows3-tile_channels1-tile_filters8-lanes32-masked for: gradient of the weight of a convolution 3x3, 64x56x56 to 64.
// Computes: the gradient of a convolution's weight, by tiles in registers.
// Owns: a workgroup 8 filters by 1 input channels of a group by 3 kernel rows, and one part of
//   the outputs. Its invocations take neighbouring outputs in turns, so that they read neighbouring
//   gradients and inputs; their sums are added up at the end.
// Padding: rows and columns are mapped once per output; a tap over zeros adds nothing.
// Host guarantees: every size is at least 1; all tensors lie in the bindings. Tiles beyond the last
//   filter or channel repeat it and store nothing. Where accumulate is 1 grad_weight holds the sums
//   of the outputs before these; parts of one dispatch lie weights elements apart.
// Reference: src/reference/conv2d.rs
alias Element = f32;

fn to_element(value: f32) -> Element {
    return value;
}

struct Params {
    grid_width: u32,
    count: u32,
    filter_tiles: u32,
    channel_tiles: u32,
    row_tiles: u32,
    first_output: u32,
    end_output: u32,
    part_outputs: u32,
    weights: u32,
    in_channels: u32,
    out_channels: u32,
    group_in_channels: u32,
    group_out_channels: u32,
    in_height: i32,
    in_width: i32,
    out_height: u32,
    out_width: u32,
    stride_height: i32,
    stride_width: i32,
    pad_top: i32,
    pad_left: i32,
    dilation_height: i32,
    dilation_width: i32,
    accumulate: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> input: array<Element>;
@group(0) @binding(2) var<storage, read> grad_output: array<Element>;
@group(0) @binding(3) var<storage, read_write> grad_weight: array<Element>;

// Where a coordinate of the padded input lies in the input, or -1 where the padding holds zeros.
// The host guarantees padding below (reflect) or at most (circular) the size.
fn source_of(at: i32, size: i32) -> i32 {
    return select(-1, at, at >= 0 && at < size);
}
var<workgroup> lane_sums: array<f32, 2304>;

fn store(sum: u32, total: f32, part: u32, first_filter: u32, first_channel: u32, first_row: u32,
    first_filter_of_group: u32) {
    let kernel_x = sum % 3u;
    let kernel_y = first_row + sum / 3u % 3u;
    let channel = first_channel + sum / 9u % 1u;
    let group_filter = first_filter + sum / 9u;
    if group_filter >= params.group_out_channels
        || channel >= params.group_in_channels {
        return;
    }
    let index = part * params.weights
        + (((first_filter_of_group + group_filter) * params.group_in_channels + channel)
            * 3u + kernel_y) * 3u + kernel_x;
    if params.accumulate == 1u {
        grad_weight[index] = Element(f32(grad_weight[index]) + total);
    } else {
        grad_weight[index] = Element(total);
    }
}

@compute @workgroup_size(32)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let index = group.x + group.y * params.grid_width;
    if index >= params.count {
        return;
    }
    let first_row = index % params.row_tiles * 3u;
    let channel_tile = index / params.row_tiles;
    let first_channel = channel_tile % params.channel_tiles * 1u;
    let filter_tile = channel_tile / params.channel_tiles;
    let first_filter = filter_tile % params.filter_tiles * 8u;
    let channel_group_part = filter_tile / params.filter_tiles;
    let groups = params.in_channels / params.group_in_channels;
    let channel_group = channel_group_part % groups;
    let part = channel_group_part / groups;

    let in_plane = u32(params.in_height) * u32(params.in_width);
    let out_plane = params.out_height * params.out_width;
    let channel_0 = (channel_group * params.group_in_channels
        + min(first_channel + 0u, params.group_in_channels - 1u)) * in_plane;
    let filter_0 = (channel_group * params.group_out_channels
        + min(first_filter + 0u, params.group_out_channels - 1u)) * out_plane;
    let filter_1 = (channel_group * params.group_out_channels
        + min(first_filter + 1u, params.group_out_channels - 1u)) * out_plane;
    let filter_2 = (channel_group * params.group_out_channels
        + min(first_filter + 2u, params.group_out_channels - 1u)) * out_plane;
    let filter_3 = (channel_group * params.group_out_channels
        + min(first_filter + 3u, params.group_out_channels - 1u)) * out_plane;
    let filter_4 = (channel_group * params.group_out_channels
        + min(first_filter + 4u, params.group_out_channels - 1u)) * out_plane;
    let filter_5 = (channel_group * params.group_out_channels
        + min(first_filter + 5u, params.group_out_channels - 1u)) * out_plane;
    let filter_6 = (channel_group * params.group_out_channels
        + min(first_filter + 6u, params.group_out_channels - 1u)) * out_plane;
    let filter_7 = (channel_group * params.group_out_channels
        + min(first_filter + 7u, params.group_out_channels - 1u)) * out_plane;
    var sum_0 = 0.0;
    var sum_1 = 0.0;
    var sum_2 = 0.0;
    var sum_3 = 0.0;
    var sum_4 = 0.0;
    var sum_5 = 0.0;
    var sum_6 = 0.0;
    var sum_7 = 0.0;
    var sum_8 = 0.0;
    var sum_9 = 0.0;
    var sum_10 = 0.0;
    var sum_11 = 0.0;
    var sum_12 = 0.0;
    var sum_13 = 0.0;
    var sum_14 = 0.0;
    var sum_15 = 0.0;
    var sum_16 = 0.0;
    var sum_17 = 0.0;
    var sum_18 = 0.0;
    var sum_19 = 0.0;
    var sum_20 = 0.0;
    var sum_21 = 0.0;
    var sum_22 = 0.0;
    var sum_23 = 0.0;
    var sum_24 = 0.0;
    var sum_25 = 0.0;
    var sum_26 = 0.0;
    var sum_27 = 0.0;
    var sum_28 = 0.0;
    var sum_29 = 0.0;
    var sum_30 = 0.0;
    var sum_31 = 0.0;
    var sum_32 = 0.0;
    var sum_33 = 0.0;
    var sum_34 = 0.0;
    var sum_35 = 0.0;
    var sum_36 = 0.0;
    var sum_37 = 0.0;
    var sum_38 = 0.0;
    var sum_39 = 0.0;
    var sum_40 = 0.0;
    var sum_41 = 0.0;
    var sum_42 = 0.0;
    var sum_43 = 0.0;
    var sum_44 = 0.0;
    var sum_45 = 0.0;
    var sum_46 = 0.0;
    var sum_47 = 0.0;
    var sum_48 = 0.0;
    var sum_49 = 0.0;
    var sum_50 = 0.0;
    var sum_51 = 0.0;
    var sum_52 = 0.0;
    var sum_53 = 0.0;
    var sum_54 = 0.0;
    var sum_55 = 0.0;
    var sum_56 = 0.0;
    var sum_57 = 0.0;
    var sum_58 = 0.0;
    var sum_59 = 0.0;
    var sum_60 = 0.0;
    var sum_61 = 0.0;
    var sum_62 = 0.0;
    var sum_63 = 0.0;
    var sum_64 = 0.0;
    var sum_65 = 0.0;
    var sum_66 = 0.0;
    var sum_67 = 0.0;
    var sum_68 = 0.0;
    var sum_69 = 0.0;
    var sum_70 = 0.0;
    var sum_71 = 0.0;

    let first = params.first_output + part * params.part_outputs;
    let end = min(first + params.part_outputs, params.end_output);
    for (var output = first + local; output < end; output += 32u) {
        let out_x = output % params.out_width;
        let row = output / params.out_width;
        let out_y = row % params.out_height;
        let image = row / params.out_height;
        let grads = image * params.out_channels * out_plane + out_y * params.out_width + out_x;
        let inputs = image * params.in_channels * in_plane;
        let start_y = i32(out_y) * params.stride_height - params.pad_top
            + i32(first_row) * params.dilation_height;
        let start_x = i32(out_x) * params.stride_width - params.pad_left;
        let in_y_0 = source_of(start_y + 0 * params.dilation_height, params.in_height);
        let row_0 = inputs + u32(max(in_y_0, 0)) * u32(params.in_width);
        let in_y_1 = source_of(start_y + 1 * params.dilation_height, params.in_height);
        let row_1 = inputs + u32(max(in_y_1, 0)) * u32(params.in_width);
        let in_y_2 = source_of(start_y + 2 * params.dilation_height, params.in_height);
        let row_2 = inputs + u32(max(in_y_2, 0)) * u32(params.in_width);
        let in_x_0 = source_of(start_x + 0 * params.dilation_width, params.in_width);
        let column_0 = u32(max(in_x_0, 0));
        let in_x_1 = source_of(start_x + 1 * params.dilation_width, params.in_width);
        let column_1 = u32(max(in_x_1, 0));
        let in_x_2 = source_of(start_x + 2 * params.dilation_width, params.in_width);
        let column_2 = u32(max(in_x_2, 0));
        let grad_0 = f32(grad_output[grads + filter_0]);
        let grad_1 = f32(grad_output[grads + filter_1]);
        let grad_2 = f32(grad_output[grads + filter_2]);
        let grad_3 = f32(grad_output[grads + filter_3]);
        let grad_4 = f32(grad_output[grads + filter_4]);
        let grad_5 = f32(grad_output[grads + filter_5]);
        let grad_6 = f32(grad_output[grads + filter_6]);
        let grad_7 = f32(grad_output[grads + filter_7]);
        let in_0 = f32(input[row_0 + column_0 + channel_0]);
        let inside_0 = in_y_0 >= 0 && in_x_0 >= 0;
        sum_0 = select(sum_0, fma(grad_0, in_0, sum_0), inside_0);
        sum_9 = select(sum_9, fma(grad_1, in_0, sum_9), inside_0);
        sum_18 = select(sum_18, fma(grad_2, in_0, sum_18), inside_0);
        sum_27 = select(sum_27, fma(grad_3, in_0, sum_27), inside_0);
        sum_36 = select(sum_36, fma(grad_4, in_0, sum_36), inside_0);
        sum_45 = select(sum_45, fma(grad_5, in_0, sum_45), inside_0);
        sum_54 = select(sum_54, fma(grad_6, in_0, sum_54), inside_0);
        sum_63 = select(sum_63, fma(grad_7, in_0, sum_63), inside_0);
        let in_1 = f32(input[row_0 + column_1 + channel_0]);
        let inside_1 = in_y_0 >= 0 && in_x_1 >= 0;
        sum_1 = select(sum_1, fma(grad_0, in_1, sum_1), inside_1);
        sum_10 = select(sum_10, fma(grad_1, in_1, sum_10), inside_1);
        sum_19 = select(sum_19, fma(grad_2, in_1, sum_19), inside_1);
        sum_28 = select(sum_28, fma(grad_3, in_1, sum_28), inside_1);
        sum_37 = select(sum_37, fma(grad_4, in_1, sum_37), inside_1);
        sum_46 = select(sum_46, fma(grad_5, in_1, sum_46), inside_1);
        sum_55 = select(sum_55, fma(grad_6, in_1, sum_55), inside_1);
        sum_64 = select(sum_64, fma(grad_7, in_1, sum_64), inside_1);
        let in_2 = f32(input[row_0 + column_2 + channel_0]);
        let inside_2 = in_y_0 >= 0 && in_x_2 >= 0;
        sum_2 = select(sum_2, fma(grad_0, in_2, sum_2), inside_2);
        sum_11 = select(sum_11, fma(grad_1, in_2, sum_11), inside_2);
        sum_20 = select(sum_20, fma(grad_2, in_2, sum_20), inside_2);
        sum_29 = select(sum_29, fma(grad_3, in_2, sum_29), inside_2);
        sum_38 = select(sum_38, fma(grad_4, in_2, sum_38), inside_2);
        sum_47 = select(sum_47, fma(grad_5, in_2, sum_47), inside_2);
        sum_56 = select(sum_56, fma(grad_6, in_2, sum_56), inside_2);
        sum_65 = select(sum_65, fma(grad_7, in_2, sum_65), inside_2);
        let in_3 = f32(input[row_1 + column_0 + channel_0]);
        let inside_3 = in_y_1 >= 0 && in_x_0 >= 0;
        sum_3 = select(sum_3, fma(grad_0, in_3, sum_3), inside_3);
        sum_12 = select(sum_12, fma(grad_1, in_3, sum_12), inside_3);
        sum_21 = select(sum_21, fma(grad_2, in_3, sum_21), inside_3);
        sum_30 = select(sum_30, fma(grad_3, in_3, sum_30), inside_3);
        sum_39 = select(sum_39, fma(grad_4, in_3, sum_39), inside_3);
        sum_48 = select(sum_48, fma(grad_5, in_3, sum_48), inside_3);
        sum_57 = select(sum_57, fma(grad_6, in_3, sum_57), inside_3);
        sum_66 = select(sum_66, fma(grad_7, in_3, sum_66), inside_3);
        let in_4 = f32(input[row_1 + column_1 + channel_0]);
        let inside_4 = in_y_1 >= 0 && in_x_1 >= 0;
        sum_4 = select(sum_4, fma(grad_0, in_4, sum_4), inside_4);
        sum_13 = select(sum_13, fma(grad_1, in_4, sum_13), inside_4);
        sum_22 = select(sum_22, fma(grad_2, in_4, sum_22), inside_4);
        sum_31 = select(sum_31, fma(grad_3, in_4, sum_31), inside_4);
        sum_40 = select(sum_40, fma(grad_4, in_4, sum_40), inside_4);
        sum_49 = select(sum_49, fma(grad_5, in_4, sum_49), inside_4);
        sum_58 = select(sum_58, fma(grad_6, in_4, sum_58), inside_4);
        sum_67 = select(sum_67, fma(grad_7, in_4, sum_67), inside_4);
        let in_5 = f32(input[row_1 + column_2 + channel_0]);
        let inside_5 = in_y_1 >= 0 && in_x_2 >= 0;
        sum_5 = select(sum_5, fma(grad_0, in_5, sum_5), inside_5);
        sum_14 = select(sum_14, fma(grad_1, in_5, sum_14), inside_5);
        sum_23 = select(sum_23, fma(grad_2, in_5, sum_23), inside_5);
        sum_32 = select(sum_32, fma(grad_3, in_5, sum_32), inside_5);
        sum_41 = select(sum_41, fma(grad_4, in_5, sum_41), inside_5);
        sum_50 = select(sum_50, fma(grad_5, in_5, sum_50), inside_5);
        sum_59 = select(sum_59, fma(grad_6, in_5, sum_59), inside_5);
        sum_68 = select(sum_68, fma(grad_7, in_5, sum_68), inside_5);
        let in_6 = f32(input[row_2 + column_0 + channel_0]);
        let inside_6 = in_y_2 >= 0 && in_x_0 >= 0;
        sum_6 = select(sum_6, fma(grad_0, in_6, sum_6), inside_6);
        sum_15 = select(sum_15, fma(grad_1, in_6, sum_15), inside_6);
        sum_24 = select(sum_24, fma(grad_2, in_6, sum_24), inside_6);
        sum_33 = select(sum_33, fma(grad_3, in_6, sum_33), inside_6);
        sum_42 = select(sum_42, fma(grad_4, in_6, sum_42), inside_6);
        sum_51 = select(sum_51, fma(grad_5, in_6, sum_51), inside_6);
        sum_60 = select(sum_60, fma(grad_6, in_6, sum_60), inside_6);
        sum_69 = select(sum_69, fma(grad_7, in_6, sum_69), inside_6);
        let in_7 = f32(input[row_2 + column_1 + channel_0]);
        let inside_7 = in_y_2 >= 0 && in_x_1 >= 0;
        sum_7 = select(sum_7, fma(grad_0, in_7, sum_7), inside_7);
        sum_16 = select(sum_16, fma(grad_1, in_7, sum_16), inside_7);
        sum_25 = select(sum_25, fma(grad_2, in_7, sum_25), inside_7);
        sum_34 = select(sum_34, fma(grad_3, in_7, sum_34), inside_7);
        sum_43 = select(sum_43, fma(grad_4, in_7, sum_43), inside_7);
        sum_52 = select(sum_52, fma(grad_5, in_7, sum_52), inside_7);
        sum_61 = select(sum_61, fma(grad_6, in_7, sum_61), inside_7);
        sum_70 = select(sum_70, fma(grad_7, in_7, sum_70), inside_7);
        let in_8 = f32(input[row_2 + column_2 + channel_0]);
        let inside_8 = in_y_2 >= 0 && in_x_2 >= 0;
        sum_8 = select(sum_8, fma(grad_0, in_8, sum_8), inside_8);
        sum_17 = select(sum_17, fma(grad_1, in_8, sum_17), inside_8);
        sum_26 = select(sum_26, fma(grad_2, in_8, sum_26), inside_8);
        sum_35 = select(sum_35, fma(grad_3, in_8, sum_35), inside_8);
        sum_44 = select(sum_44, fma(grad_4, in_8, sum_44), inside_8);
        sum_53 = select(sum_53, fma(grad_5, in_8, sum_53), inside_8);
        sum_62 = select(sum_62, fma(grad_6, in_8, sum_62), inside_8);
        sum_71 = select(sum_71, fma(grad_7, in_8, sum_71), inside_8);
    }

    let first_filter_of_group = channel_group * params.group_out_channels;
    lane_sums[0u + local] = sum_0;
    lane_sums[32u + local] = sum_1;
    lane_sums[64u + local] = sum_2;
    lane_sums[96u + local] = sum_3;
    lane_sums[128u + local] = sum_4;
    lane_sums[160u + local] = sum_5;
    lane_sums[192u + local] = sum_6;
    lane_sums[224u + local] = sum_7;
    lane_sums[256u + local] = sum_8;
    lane_sums[288u + local] = sum_9;
    lane_sums[320u + local] = sum_10;
    lane_sums[352u + local] = sum_11;
    lane_sums[384u + local] = sum_12;
    lane_sums[416u + local] = sum_13;
    lane_sums[448u + local] = sum_14;
    lane_sums[480u + local] = sum_15;
    lane_sums[512u + local] = sum_16;
    lane_sums[544u + local] = sum_17;
    lane_sums[576u + local] = sum_18;
    lane_sums[608u + local] = sum_19;
    lane_sums[640u + local] = sum_20;
    lane_sums[672u + local] = sum_21;
    lane_sums[704u + local] = sum_22;
    lane_sums[736u + local] = sum_23;
    lane_sums[768u + local] = sum_24;
    lane_sums[800u + local] = sum_25;
    lane_sums[832u + local] = sum_26;
    lane_sums[864u + local] = sum_27;
    lane_sums[896u + local] = sum_28;
    lane_sums[928u + local] = sum_29;
    lane_sums[960u + local] = sum_30;
    lane_sums[992u + local] = sum_31;
    lane_sums[1024u + local] = sum_32;
    lane_sums[1056u + local] = sum_33;
    lane_sums[1088u + local] = sum_34;
    lane_sums[1120u + local] = sum_35;
    lane_sums[1152u + local] = sum_36;
    lane_sums[1184u + local] = sum_37;
    lane_sums[1216u + local] = sum_38;
    lane_sums[1248u + local] = sum_39;
    lane_sums[1280u + local] = sum_40;
    lane_sums[1312u + local] = sum_41;
    lane_sums[1344u + local] = sum_42;
    lane_sums[1376u + local] = sum_43;
    lane_sums[1408u + local] = sum_44;
    lane_sums[1440u + local] = sum_45;
    lane_sums[1472u + local] = sum_46;
    lane_sums[1504u + local] = sum_47;
    lane_sums[1536u + local] = sum_48;
    lane_sums[1568u + local] = sum_49;
    lane_sums[1600u + local] = sum_50;
    lane_sums[1632u + local] = sum_51;
    lane_sums[1664u + local] = sum_52;
    lane_sums[1696u + local] = sum_53;
    lane_sums[1728u + local] = sum_54;
    lane_sums[1760u + local] = sum_55;
    lane_sums[1792u + local] = sum_56;
    lane_sums[1824u + local] = sum_57;
    lane_sums[1856u + local] = sum_58;
    lane_sums[1888u + local] = sum_59;
    lane_sums[1920u + local] = sum_60;
    lane_sums[1952u + local] = sum_61;
    lane_sums[1984u + local] = sum_62;
    lane_sums[2016u + local] = sum_63;
    lane_sums[2048u + local] = sum_64;
    lane_sums[2080u + local] = sum_65;
    lane_sums[2112u + local] = sum_66;
    lane_sums[2144u + local] = sum_67;
    lane_sums[2176u + local] = sum_68;
    lane_sums[2208u + local] = sum_69;
    lane_sums[2240u + local] = sum_70;
    lane_sums[2272u + local] = sum_71;
    workgroupBarrier();
    for (var sum = local; sum < 72u; sum += 32u) {
        var total = 0.0;
        for (var lane = 0u; lane < 32u; lane++) {
            total += lane_sums[sum * 32u + lane];
        }
        store(sum, total, part, first_filter, first_channel, first_row, first_filter_of_group);
    }
}