// Composed from conv2d_depthwise.wgsl as conv2d_depthwise-tile1x4-kernel_size3x3-stride1x1-dilation1x1-zeros-zeros-load_width4-phase3-store_width4-plane_workgroups-operands2-bias-none for: depthwise convolution 3x3, 144x56x56.
// Computes: a convolution of single planes, with any number of filters per plane.
// Owns: an invocation a tile of outputs, in every uniform window of the input where there are
//   several; neighbours own tiles side by side, so that they read and write runs of the rows.
//   Where plane_workgroups is set a workgroup stays in one plane, so that its weights are uniform.
// Padding: source_y() and source_x() say where a tap reads; one over zeros is skipped.
// Host guarantees: sizes and quotients that divide() and i32 can take; every uniform window begins
//   where the shader computes it to.
// Reference: src/reference/conv2d.rs
alias Element = f32;

fn to_element(value: f32) -> Element {
    return value;
}
alias Value = f32;

fn value_of(element: Element) -> Value {
    return f32(element);
}

// Of strips. local_planes and tiles are those that the invocations of a dispatch run over: all
// planes and the tiles of one, or those of one uniform window.
struct Params {
    grid_width: u32,
    planes: u32,
    local_planes: u32,
    tiles: u32,
    reciprocal_tiles: f32,
    tiles_x: u32,
    reciprocal_tiles_x: f32,
    plane_groups: u32,
    reciprocal_plane_groups: f32,
    in_height: i32,
    in_width: i32,
    out_height: u32,
    out_width: u32,
    pad_top: i32,
    pad_left: i32,
    out_channels: u32,
    reciprocal_out_channels: f32,
    multiplier: u32,
    reciprocal_multiplier: f32,
    activation_parameter: f32,
    divisor: f32,
    count_pad_top: i32,
    count_pad_left: i32,
    count_end_y: i32,
    count_end_x: i32,
    first_window: u32,
    window_limit: u32,
    bands: u32,
    reciprocal_bands: f32,
    band_rows: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> input: array<vec4<Element>>;
@group(0) @binding(2) var<storage, read> weight: array<Element>;
@group(0) @binding(3) var<storage, read> bias: array<Element>;
@group(0) @binding(4) var<storage, read_write> output: array<vec4<Element>>;

// index / divisor, exact for quotients below 2^22: an estimate and one step back or forth.
fn divide(index: u32, divisor: u32, reciprocal: f32) -> u32 {
    let quotient = u32(f32(index) * reciprocal);
    let remainder = i32(index - quotient * divisor);
    return select(quotient + u32(remainder >= i32(divisor)), quotient - 1u, remainder < 0);
}

// Where a coordinate lies in the input, as the padding mode has it or clamped.
fn source_y(at: i32, last: i32) -> i32 {
    return clamp(at, 0, last);
}

// Where a coordinate lies in the input, as the padding mode has it or clamped.
fn source_x(at: i32, last: i32) -> i32 {
    return clamp(at, 0, last);
}

// The plane of the input that a plane of the output reads.
fn input_plane(plane: u32) -> u32 {
    return plane;
}

fn weight_at(index: u32) -> f32 {
    return f32(weight[index]);
}

fn bias_at(index: u32) -> f32 {
    return f32(bias[index]);
}

// What is applied to every output. A NaN passes.
fn activate(x: f32) -> f32 {
    return x;
}
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let group_index = group.x + group.y * params.grid_width;
    let local_plane = divide(group_index, params.plane_groups, params.reciprocal_plane_groups);
    let tile = (group_index - local_plane * params.plane_groups) * 64u + local;
    if local_plane >= params.local_planes || tile >= params.tiles {
        return;
    }
    let tile_y = divide(tile, params.tiles_x, params.reciprocal_tiles_x);
    let tile_x = tile - tile_y * params.tiles_x;
    let out_x = tile_x * 4u;
    let row_vectors = u32(params.in_width) / 4u;
    let plane_vectors = u32(params.in_height) * row_vectors;
    let first_x = i32(tile_x * 1u) - (params.pad_left + 3) / 4;
    let in_x_0 = source_x(first_x + 0, i32(row_vectors) - 1);
    let inside_x_0 = in_x_0 == first_x + 0;
    let in_x_1 = source_x(first_x + 1, i32(row_vectors) - 1);
    let inside_x_1 = in_x_1 == first_x + 1;
    let in_x_2 = source_x(first_x + 2, i32(row_vectors) - 1);
    let inside_x_2 = in_x_2 == first_x + 2;
    {
        let plane = local_plane;
        let band_y = 0u;
        let origin = input_plane(plane) * plane_vectors;
        let out_y = band_y + tile_y * 1u;
        let first_y = i32(out_y * 1u) - params.pad_top;
        let image = divide(plane, params.out_channels, params.reciprocal_out_channels);
        let out_channel = plane - image * params.out_channels;
        let first_tap = out_channel * 9u;
        let weight_0 = weight_at(first_tap + 0u);
        let weight_1 = weight_at(first_tap + 1u);
        let weight_2 = weight_at(first_tap + 2u);
        let weight_3 = weight_at(first_tap + 3u);
        let weight_4 = weight_at(first_tap + 4u);
        let weight_5 = weight_at(first_tap + 5u);
        let weight_6 = weight_at(first_tap + 6u);
        let weight_7 = weight_at(first_tap + 7u);
        let weight_8 = weight_at(first_tap + 8u);
        let start = bias_at(out_channel);
        var sum_0_0 = start;
        var sum_0_1 = start;
        var sum_0_2 = start;
        var sum_0_3 = start;
        let in_y_0 = source_y(first_y + 0, params.in_height - 1);
        let inside_y_0 = in_y_0 == first_y + 0;
        let row_0 = origin + u32(in_y_0) * row_vectors;
        let vector_0_0 = input[row_0 + u32(in_x_0)];
        let vector_0_1 = input[row_0 + u32(in_x_1)];
        let vector_0_2 = input[row_0 + u32(in_x_2)];
        let input_0_3 = value_of(vector_0_0.w);
        let input_0_4 = value_of(vector_0_1.x);
        let input_0_5 = value_of(vector_0_1.y);
        let input_0_6 = value_of(vector_0_1.z);
        let input_0_7 = value_of(vector_0_1.w);
        let input_0_8 = value_of(vector_0_2.x);
        sum_0_0 = select(sum_0_0, fma(weight_0, input_0_3, sum_0_0), inside_y_0 && inside_x_0);
        sum_0_0 = select(sum_0_0, fma(weight_1, input_0_4, sum_0_0), inside_y_0 && inside_x_1);
        sum_0_0 = select(sum_0_0, fma(weight_2, input_0_5, sum_0_0), inside_y_0 && inside_x_1);
        sum_0_1 = select(sum_0_1, fma(weight_0, input_0_4, sum_0_1), inside_y_0 && inside_x_1);
        sum_0_1 = select(sum_0_1, fma(weight_1, input_0_5, sum_0_1), inside_y_0 && inside_x_1);
        sum_0_1 = select(sum_0_1, fma(weight_2, input_0_6, sum_0_1), inside_y_0 && inside_x_1);
        sum_0_2 = select(sum_0_2, fma(weight_0, input_0_5, sum_0_2), inside_y_0 && inside_x_1);
        sum_0_2 = select(sum_0_2, fma(weight_1, input_0_6, sum_0_2), inside_y_0 && inside_x_1);
        sum_0_2 = select(sum_0_2, fma(weight_2, input_0_7, sum_0_2), inside_y_0 && inside_x_1);
        sum_0_3 = select(sum_0_3, fma(weight_0, input_0_6, sum_0_3), inside_y_0 && inside_x_1);
        sum_0_3 = select(sum_0_3, fma(weight_1, input_0_7, sum_0_3), inside_y_0 && inside_x_1);
        sum_0_3 = select(sum_0_3, fma(weight_2, input_0_8, sum_0_3), inside_y_0 && inside_x_2);
        let in_y_1 = source_y(first_y + 1, params.in_height - 1);
        let inside_y_1 = in_y_1 == first_y + 1;
        let row_1 = origin + u32(in_y_1) * row_vectors;
        let vector_1_0 = input[row_1 + u32(in_x_0)];
        let vector_1_1 = input[row_1 + u32(in_x_1)];
        let vector_1_2 = input[row_1 + u32(in_x_2)];
        let input_1_3 = value_of(vector_1_0.w);
        let input_1_4 = value_of(vector_1_1.x);
        let input_1_5 = value_of(vector_1_1.y);
        let input_1_6 = value_of(vector_1_1.z);
        let input_1_7 = value_of(vector_1_1.w);
        let input_1_8 = value_of(vector_1_2.x);
        sum_0_0 = select(sum_0_0, fma(weight_3, input_1_3, sum_0_0), inside_y_1 && inside_x_0);
        sum_0_0 = select(sum_0_0, fma(weight_4, input_1_4, sum_0_0), inside_y_1 && inside_x_1);
        sum_0_0 = select(sum_0_0, fma(weight_5, input_1_5, sum_0_0), inside_y_1 && inside_x_1);
        sum_0_1 = select(sum_0_1, fma(weight_3, input_1_4, sum_0_1), inside_y_1 && inside_x_1);
        sum_0_1 = select(sum_0_1, fma(weight_4, input_1_5, sum_0_1), inside_y_1 && inside_x_1);
        sum_0_1 = select(sum_0_1, fma(weight_5, input_1_6, sum_0_1), inside_y_1 && inside_x_1);
        sum_0_2 = select(sum_0_2, fma(weight_3, input_1_5, sum_0_2), inside_y_1 && inside_x_1);
        sum_0_2 = select(sum_0_2, fma(weight_4, input_1_6, sum_0_2), inside_y_1 && inside_x_1);
        sum_0_2 = select(sum_0_2, fma(weight_5, input_1_7, sum_0_2), inside_y_1 && inside_x_1);
        sum_0_3 = select(sum_0_3, fma(weight_3, input_1_6, sum_0_3), inside_y_1 && inside_x_1);
        sum_0_3 = select(sum_0_3, fma(weight_4, input_1_7, sum_0_3), inside_y_1 && inside_x_1);
        sum_0_3 = select(sum_0_3, fma(weight_5, input_1_8, sum_0_3), inside_y_1 && inside_x_2);
        let in_y_2 = source_y(first_y + 2, params.in_height - 1);
        let inside_y_2 = in_y_2 == first_y + 2;
        let row_2 = origin + u32(in_y_2) * row_vectors;
        let vector_2_0 = input[row_2 + u32(in_x_0)];
        let vector_2_1 = input[row_2 + u32(in_x_1)];
        let vector_2_2 = input[row_2 + u32(in_x_2)];
        let input_2_3 = value_of(vector_2_0.w);
        let input_2_4 = value_of(vector_2_1.x);
        let input_2_5 = value_of(vector_2_1.y);
        let input_2_6 = value_of(vector_2_1.z);
        let input_2_7 = value_of(vector_2_1.w);
        let input_2_8 = value_of(vector_2_2.x);
        sum_0_0 = select(sum_0_0, fma(weight_6, input_2_3, sum_0_0), inside_y_2 && inside_x_0);
        sum_0_0 = select(sum_0_0, fma(weight_7, input_2_4, sum_0_0), inside_y_2 && inside_x_1);
        sum_0_0 = select(sum_0_0, fma(weight_8, input_2_5, sum_0_0), inside_y_2 && inside_x_1);
        sum_0_1 = select(sum_0_1, fma(weight_6, input_2_4, sum_0_1), inside_y_2 && inside_x_1);
        sum_0_1 = select(sum_0_1, fma(weight_7, input_2_5, sum_0_1), inside_y_2 && inside_x_1);
        sum_0_1 = select(sum_0_1, fma(weight_8, input_2_6, sum_0_1), inside_y_2 && inside_x_1);
        sum_0_2 = select(sum_0_2, fma(weight_6, input_2_5, sum_0_2), inside_y_2 && inside_x_1);
        sum_0_2 = select(sum_0_2, fma(weight_7, input_2_6, sum_0_2), inside_y_2 && inside_x_1);
        sum_0_2 = select(sum_0_2, fma(weight_8, input_2_7, sum_0_2), inside_y_2 && inside_x_1);
        sum_0_3 = select(sum_0_3, fma(weight_6, input_2_6, sum_0_3), inside_y_2 && inside_x_1);
        sum_0_3 = select(sum_0_3, fma(weight_7, input_2_7, sum_0_3), inside_y_2 && inside_x_1);
        sum_0_3 = select(sum_0_3, fma(weight_8, input_2_8, sum_0_3), inside_y_2 && inside_x_2);
        {
            let out_row = (plane * params.out_height + out_y + 0u) * params.out_width + out_x;
            output[(out_row + 0u) / 4u] = vec4<Element>(
to_element(activate(sum_0_0)),
to_element(activate(sum_0_1)),
to_element(activate(sum_0_2)),
to_element(activate(sum_0_3)),
            );
        }
    }
}