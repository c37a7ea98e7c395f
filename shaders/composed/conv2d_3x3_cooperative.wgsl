// Composed from conv2d_cooperative.wgsl as conv2d_cooperative-zeros-masked-none-bias-f16-none-kernel_height3-kernel_width3-stride_y1-stride_x1-dilation_y1-dilation_x1-tile_channels128-tile_rows1-row_step1-channel_step32-unroll_rows-lanes_y2-lanes_x128-taps_first for: convolution 3x3 of f16 by cooperative matrices, 32 of 128x28x28 to 128.
// Computes: a convolution as a product of matrices, as conv2d_gemm does, of f16 by what multiplies
//   matrices for a subgroup (tensor cores); sums are f32 and not in blocks.
// Owns: a workgroup tile_channels output channels of one group at lanes_x * tile_rows outputs, which
//   follow each other across rows and images; a subgroup a lanes_y-th of the channels at
//   32 * tile_rows outputs, in matrices of 16 x 16. Weights and inputs of channel_step input channels
//   at one tap go through workgroup memory. Workgroup z is the block of channels.
// Padding: an invocation copies the inputs of the same outputs in every step, and maps their places
//   once for a tap; places over zeros are 0, and an output that is NaN is computed without them.
// Host guarantees: subgroups have 32 invocations; channel_step is 16 or 32 and divides
//   group_in_channels; weight is packed by conv2d_pack, taps before channels; every invocation copies
//   as many inputs as the others; every index is below 2^32.
// Reference: src/reference/conv2d.rs
enable wgpu_cooperative_matrix;
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
struct Eight {
    low: vec4<Element>,
    high: vec4<Element>,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> input: array<Element>;
@group(0) @binding(2) var<storage, read> weight: array<Eight>;
@group(0) @binding(3) var<storage, read> bias: array<Element>;
@group(0) @binding(4) var<storage, read_write> output: array<Element>;

// Of one step, a row for each input channel.
var<workgroup> weights: array<vec4<Element>, 1088>;
var<workgroup> inputs: array<Element, 4352>;
// Of each subgroup a matrix.
var<workgroup> results: array<f32, 2560>;

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

@compute @workgroup_size(256)
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let first_output = (workgroup.y * params.grid_width + workgroup.x) * 128u;
    if first_output >= params.tiles {
        return;
    }
    let group = workgroup.z / params.channel_blocks;
    let in_plane = params.in_height * params.in_width;
    let out_plane = params.out_height * params.out_width;
    let lane = local % 32u;
    let subgroup = local / 32u;
    let subgroup_channel = subgroup / 4u * 64u;
    let subgroup_output = subgroup % 4u * 32u;

    // The last output stands for those beyond it.
    let output_0 = min(first_output + 0u + local % 128u, params.tiles - 1u);
    let image_0 = output_0 / out_plane;
    let cell_0 = output_0 % out_plane;
    let in_y_0 = i32(cell_0 / params.out_width * 1u) - i32(params.pad_top);
    let in_x_0 = i32(cell_0 % params.out_width * 1u) - i32(params.pad_left);
    let plane_0 = params.input_start
        + ((image_0 * params.groups + group) * params.group_in_channels + local / 128u) * in_plane;
    var place_0 = 0u;
    var inside_0 = false;
    var value_0_0 = Element(0.0);
    var value_0_2 = Element(0.0);
    var value_0_4 = Element(0.0);
    var value_0_6 = Element(0.0);
    var value_0_8 = Element(0.0);
    var value_0_10 = Element(0.0);
    var value_0_12 = Element(0.0);
    var value_0_14 = Element(0.0);
    var value_0_16 = Element(0.0);
    var value_0_18 = Element(0.0);
    var value_0_20 = Element(0.0);
    var value_0_22 = Element(0.0);
    var value_0_24 = Element(0.0);
    var value_0_26 = Element(0.0);
    var value_0_28 = Element(0.0);
    var value_0_30 = Element(0.0);
    var weight_0_low = vec4<Element>();
    var weight_0_high = vec4<Element>();
    var weight_256_low = vec4<Element>();
    var weight_256_high = vec4<Element>();
    var sum_0_0 = coop_mat16x16<f32, C>();
    var sum_0_1 = coop_mat16x16<f32, C>();
    var sum_1_0 = coop_mat16x16<f32, C>();
    var sum_1_1 = coop_mat16x16<f32, C>();
    var sum_2_0 = coop_mat16x16<f32, C>();
    var sum_2_1 = coop_mat16x16<f32, C>();
    var sum_3_0 = coop_mat16x16<f32, C>();
    var sum_3_1 = coop_mat16x16<f32, C>();


    let products = params.group_in_channels * 9u;
    var step = workgroup.z * products * 16u;
    var channel = 0u;
    var kernel_y = 0u;
    var kernel_x = 0u;
        {
            let y = in_y_0 + i32(kernel_y * 1u);
            let x = in_x_0 + i32(kernel_x * 1u);
            place_0 = plane_0 + source_inside(y, params.in_height) * params.in_width
                + source_inside(x, params.in_width);
            inside_0 = u32(y) < params.in_height && u32(x) < params.in_width;
        }

        {
            let at = place_0 + channel * in_plane;
            value_0_0 = input[at];
            value_0_2 = input[at + 2u * in_plane];
            value_0_4 = input[at + 4u * in_plane];
            value_0_6 = input[at + 6u * in_plane];
            value_0_8 = input[at + 8u * in_plane];
            value_0_10 = input[at + 10u * in_plane];
            value_0_12 = input[at + 12u * in_plane];
            value_0_14 = input[at + 14u * in_plane];
            value_0_16 = input[at + 16u * in_plane];
            value_0_18 = input[at + 18u * in_plane];
            value_0_20 = input[at + 20u * in_plane];
            value_0_22 = input[at + 22u * in_plane];
            value_0_24 = input[at + 24u * in_plane];
            value_0_26 = input[at + 26u * in_plane];
            value_0_28 = input[at + 28u * in_plane];
            value_0_30 = input[at + 30u * in_plane];
        }
        {
            let at = step + local;
            weight_0_low = weight[at].low;
            weight_0_high = weight[at].high;
        }
        {
            let at = step + local + 256u;
            weight_256_low = weight[at].low;
            weight_256_high = weight[at].high;
        }

    for (var product = 0u; product < products; product += 32u) {
        inputs[0u + local / 128u * 136u + local % 128u] = select(Element(0.0), value_0_0, inside_0);
        inputs[272u + local / 128u * 136u + local % 128u] = select(Element(0.0), value_0_2, inside_0);
        inputs[544u + local / 128u * 136u + local % 128u] = select(Element(0.0), value_0_4, inside_0);
        inputs[816u + local / 128u * 136u + local % 128u] = select(Element(0.0), value_0_6, inside_0);
        inputs[1088u + local / 128u * 136u + local % 128u] = select(Element(0.0), value_0_8, inside_0);
        inputs[1360u + local / 128u * 136u + local % 128u] = select(Element(0.0), value_0_10, inside_0);
        inputs[1632u + local / 128u * 136u + local % 128u] = select(Element(0.0), value_0_12, inside_0);
        inputs[1904u + local / 128u * 136u + local % 128u] = select(Element(0.0), value_0_14, inside_0);
        inputs[2176u + local / 128u * 136u + local % 128u] = select(Element(0.0), value_0_16, inside_0);
        inputs[2448u + local / 128u * 136u + local % 128u] = select(Element(0.0), value_0_18, inside_0);
        inputs[2720u + local / 128u * 136u + local % 128u] = select(Element(0.0), value_0_20, inside_0);
        inputs[2992u + local / 128u * 136u + local % 128u] = select(Element(0.0), value_0_22, inside_0);
        inputs[3264u + local / 128u * 136u + local % 128u] = select(Element(0.0), value_0_24, inside_0);
        inputs[3536u + local / 128u * 136u + local % 128u] = select(Element(0.0), value_0_26, inside_0);
        inputs[3808u + local / 128u * 136u + local % 128u] = select(Element(0.0), value_0_28, inside_0);
        inputs[4080u + local / 128u * 136u + local % 128u] = select(Element(0.0), value_0_30, inside_0);
        {
            let at = (local + 0u) / 16u * 34u + (local + 0u) % 16u * 2u;
            weights[at] = weight_0_low;
            weights[at + 1u] = weight_0_high;
        }
        {
            let at = (local + 256u) / 16u * 34u + (local + 256u) % 16u * 2u;
            weights[at] = weight_256_low;
            weights[at + 1u] = weight_256_high;
        }
        workgroupBarrier();
        // What the next step copies is on its way while this one's is multiplied.
        if product + 32u < products {
            step += 512u;
            channel += 32u;
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
            inside_0 = u32(y) < params.in_height && u32(x) < params.in_width;
        }

            }
        {
            let at = place_0 + channel * in_plane;
            value_0_0 = input[at];
            value_0_2 = input[at + 2u * in_plane];
            value_0_4 = input[at + 4u * in_plane];
            value_0_6 = input[at + 6u * in_plane];
            value_0_8 = input[at + 8u * in_plane];
            value_0_10 = input[at + 10u * in_plane];
            value_0_12 = input[at + 12u * in_plane];
            value_0_14 = input[at + 14u * in_plane];
            value_0_16 = input[at + 16u * in_plane];
            value_0_18 = input[at + 18u * in_plane];
            value_0_20 = input[at + 20u * in_plane];
            value_0_22 = input[at + 22u * in_plane];
            value_0_24 = input[at + 24u * in_plane];
            value_0_26 = input[at + 26u * in_plane];
            value_0_28 = input[at + 28u * in_plane];
            value_0_30 = input[at + 30u * in_plane];
        }
        {
            let at = step + local;
            weight_0_low = weight[at].low;
            weight_0_high = weight[at].high;
        }
        {
            let at = step + local + 256u;
            weight_256_low = weight[at].low;
            weight_256_high = weight[at].high;
        }

        }
        {
            let weights_0 = coopLoad<coop_mat16x16<f16, A>>(&weights[0u + subgroup_channel / 4u + 0u], 34u);
            let weights_1 = coopLoad<coop_mat16x16<f16, A>>(&weights[0u + subgroup_channel / 4u + 4u], 34u);
            let weights_2 = coopLoad<coop_mat16x16<f16, A>>(&weights[0u + subgroup_channel / 4u + 8u], 34u);
            let weights_3 = coopLoad<coop_mat16x16<f16, A>>(&weights[0u + subgroup_channel / 4u + 12u], 34u);
            let inputs_0 = coopLoadT<coop_mat16x16<f16, B>>(&inputs[0u + subgroup_output + 0u], 136u);
            let inputs_1 = coopLoadT<coop_mat16x16<f16, B>>(&inputs[0u + subgroup_output + 16u], 136u);
            sum_0_0 = coopMultiplyAdd(weights_0, inputs_0, sum_0_0);
            sum_0_1 = coopMultiplyAdd(weights_0, inputs_1, sum_0_1);
            sum_1_0 = coopMultiplyAdd(weights_1, inputs_0, sum_1_0);
            sum_1_1 = coopMultiplyAdd(weights_1, inputs_1, sum_1_1);
            sum_2_0 = coopMultiplyAdd(weights_2, inputs_0, sum_2_0);
            sum_2_1 = coopMultiplyAdd(weights_2, inputs_1, sum_2_1);
            sum_3_0 = coopMultiplyAdd(weights_3, inputs_0, sum_3_0);
            sum_3_1 = coopMultiplyAdd(weights_3, inputs_1, sum_3_1);
        }

        {
            let weights_0 = coopLoad<coop_mat16x16<f16, A>>(&weights[544u + subgroup_channel / 4u + 0u], 34u);
            let weights_1 = coopLoad<coop_mat16x16<f16, A>>(&weights[544u + subgroup_channel / 4u + 4u], 34u);
            let weights_2 = coopLoad<coop_mat16x16<f16, A>>(&weights[544u + subgroup_channel / 4u + 8u], 34u);
            let weights_3 = coopLoad<coop_mat16x16<f16, A>>(&weights[544u + subgroup_channel / 4u + 12u], 34u);
            let inputs_0 = coopLoadT<coop_mat16x16<f16, B>>(&inputs[2176u + subgroup_output + 0u], 136u);
            let inputs_1 = coopLoadT<coop_mat16x16<f16, B>>(&inputs[2176u + subgroup_output + 16u], 136u);
            sum_0_0 = coopMultiplyAdd(weights_0, inputs_0, sum_0_0);
            sum_0_1 = coopMultiplyAdd(weights_0, inputs_1, sum_0_1);
            sum_1_0 = coopMultiplyAdd(weights_1, inputs_0, sum_1_0);
            sum_1_1 = coopMultiplyAdd(weights_1, inputs_1, sum_1_1);
            sum_2_0 = coopMultiplyAdd(weights_2, inputs_0, sum_2_0);
            sum_2_1 = coopMultiplyAdd(weights_2, inputs_1, sum_2_1);
            sum_3_0 = coopMultiplyAdd(weights_3, inputs_0, sum_3_0);
            sum_3_1 = coopMultiplyAdd(weights_3, inputs_1, sum_3_1);
        }

        workgroupBarrier();
    }

    // What lies inside the output is stored: an invocation has every second row of a column.
    let out_channels = params.groups * params.group_out_channels;
    let first_channel = workgroup.z % params.channel_blocks * 128u + subgroup_channel + lane / 16u;
    let results_at = subgroup * 320u;
    let at_0 = first_output + subgroup_output + 0u + lane % 16u;
    let start_0 = params.output_start + at_0 / out_plane * out_channels * out_plane + at_0 % out_plane;
    {
        coopStoreT(sum_0_0, &results[results_at], 20u);

        workgroupBarrier();
        if at_0 < params.tiles {
            for (var i = 0u; i < 16u; i += 2u) {
                let channel = first_channel + 0u + i;
                if channel < params.group_out_channels {
                    let out_channel = group * params.group_out_channels + channel;
                    let value = results[results_at + (i + lane / 16u) * 20u + lane % 16u] + f32(bias[out_channel]);
                    output[start_0 + out_channel * out_plane] = to_element(activate(value));
                }
            }
        }
        workgroupBarrier();
    }
    {
        coopStoreT(sum_1_0, &results[results_at], 20u);

        workgroupBarrier();
        if at_0 < params.tiles {
            for (var i = 0u; i < 16u; i += 2u) {
                let channel = first_channel + 16u + i;
                if channel < params.group_out_channels {
                    let out_channel = group * params.group_out_channels + channel;
                    let value = results[results_at + (i + lane / 16u) * 20u + lane % 16u] + f32(bias[out_channel]);
                    output[start_0 + out_channel * out_plane] = to_element(activate(value));
                }
            }
        }
        workgroupBarrier();
    }
    {
        coopStoreT(sum_2_0, &results[results_at], 20u);

        workgroupBarrier();
        if at_0 < params.tiles {
            for (var i = 0u; i < 16u; i += 2u) {
                let channel = first_channel + 32u + i;
                if channel < params.group_out_channels {
                    let out_channel = group * params.group_out_channels + channel;
                    let value = results[results_at + (i + lane / 16u) * 20u + lane % 16u] + f32(bias[out_channel]);
                    output[start_0 + out_channel * out_plane] = to_element(activate(value));
                }
            }
        }
        workgroupBarrier();
    }
    {
        coopStoreT(sum_3_0, &results[results_at], 20u);

        workgroupBarrier();
        if at_0 < params.tiles {
            for (var i = 0u; i < 16u; i += 2u) {
                let channel = first_channel + 48u + i;
                if channel < params.group_out_channels {
                    let out_channel = group * params.group_out_channels + channel;
                    let value = results[results_at + (i + lane / 16u) * 20u + lane % 16u] + f32(bias[out_channel]);
                    output[start_0 + out_channel * out_plane] = to_element(activate(value));
                }
            }
        }
        workgroupBarrier();
    }
    let at_1 = first_output + subgroup_output + 16u + lane % 16u;
    let start_1 = params.output_start + at_1 / out_plane * out_channels * out_plane + at_1 % out_plane;
    {
        coopStoreT(sum_0_1, &results[results_at], 20u);

        workgroupBarrier();
        if at_1 < params.tiles {
            for (var i = 0u; i < 16u; i += 2u) {
                let channel = first_channel + 0u + i;
                if channel < params.group_out_channels {
                    let out_channel = group * params.group_out_channels + channel;
                    let value = results[results_at + (i + lane / 16u) * 20u + lane % 16u] + f32(bias[out_channel]);
                    output[start_1 + out_channel * out_plane] = to_element(activate(value));
                }
            }
        }
        workgroupBarrier();
    }
    {
        coopStoreT(sum_1_1, &results[results_at], 20u);

        workgroupBarrier();
        if at_1 < params.tiles {
            for (var i = 0u; i < 16u; i += 2u) {
                let channel = first_channel + 16u + i;
                if channel < params.group_out_channels {
                    let out_channel = group * params.group_out_channels + channel;
                    let value = results[results_at + (i + lane / 16u) * 20u + lane % 16u] + f32(bias[out_channel]);
                    output[start_1 + out_channel * out_plane] = to_element(activate(value));
                }
            }
        }
        workgroupBarrier();
    }
    {
        coopStoreT(sum_2_1, &results[results_at], 20u);

        workgroupBarrier();
        if at_1 < params.tiles {
            for (var i = 0u; i < 16u; i += 2u) {
                let channel = first_channel + 32u + i;
                if channel < params.group_out_channels {
                    let out_channel = group * params.group_out_channels + channel;
                    let value = results[results_at + (i + lane / 16u) * 20u + lane % 16u] + f32(bias[out_channel]);
                    output[start_1 + out_channel * out_plane] = to_element(activate(value));
                }
            }
        }
        workgroupBarrier();
    }
    {
        coopStoreT(sum_3_1, &results[results_at], 20u);

        workgroupBarrier();
        if at_1 < params.tiles {
            for (var i = 0u; i < 16u; i += 2u) {
                let channel = first_channel + 48u + i;
                if channel < params.group_out_channels {
                    let out_channel = group * params.group_out_channels + channel;
                    let value = results[results_at + (i + lane / 16u) * 20u + lane % 16u] + f32(bias[out_channel]);
                    output[start_1 + out_channel * out_plane] = to_element(activate(value));
                }
            }
        }
        workgroupBarrier();
    }
}