// Composed from avg_pool2d_strip.wgsl as avg_pool2d_strip-tile3x4-kernel_size3x3-stride1x1-dilation1x1-zeros-zeros-load_width4-phase3-store_width4-ragged_y for: average pooling 3x3 that counts the padding, 64x112x112.
// Computes: the mean of every window.
// Owns: an invocation a tile of outputs, in every uniform window of the input where there are
//   several; neighbours own tiles side by side, so that they read and write runs of the rows.
//   The sums of a row are shared by the windows above each other.
// Padding: a tap outside the input adds nothing; the divisor is the host's, or where windows
//   differ counts the cells inside the input, or inside the padded input.
// Host guarantees: sizes and quotients that divide() and i32 can take; every uniform window begins
//   where the shader computes it to.
// Reference: src/reference/avg_pool2d.rs
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
@group(0) @binding(2) var<storage, read_write> output: array<vec4<Element>>;

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

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let group_index = group.x + group.y * params.grid_width;
    let index = group_index * 64u + local;
    let local_plane = divide(index, params.tiles, params.reciprocal_tiles);
    let tile = index - local_plane * params.tiles;
    if local_plane >= params.local_planes {
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
        let out_y = band_y + tile_y * 3u;
        let first_y = i32(out_y * 1u) - params.pad_top;
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
        let value_0_3 = select(0.0, input_0_3, inside_y_0 && inside_x_0);
        let value_0_4 = select(0.0, input_0_4, inside_y_0 && inside_x_1);
        let value_0_5 = select(0.0, input_0_5, inside_y_0 && inside_x_1);
        let value_0_6 = select(0.0, input_0_6, inside_y_0 && inside_x_1);
        let value_0_7 = select(0.0, input_0_7, inside_y_0 && inside_x_1);
        let value_0_8 = select(0.0, input_0_8, inside_y_0 && inside_x_2);
        let row_sum_0_0 = value_0_3 + value_0_4 + value_0_5;
        var sum_0_0 = row_sum_0_0;
        let row_sum_0_1 = value_0_4 + value_0_5 + value_0_6;
        var sum_0_1 = row_sum_0_1;
        let row_sum_0_2 = value_0_5 + value_0_6 + value_0_7;
        var sum_0_2 = row_sum_0_2;
        let row_sum_0_3 = value_0_6 + value_0_7 + value_0_8;
        var sum_0_3 = row_sum_0_3;
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
        let value_1_3 = select(0.0, input_1_3, inside_y_1 && inside_x_0);
        let value_1_4 = select(0.0, input_1_4, inside_y_1 && inside_x_1);
        let value_1_5 = select(0.0, input_1_5, inside_y_1 && inside_x_1);
        let value_1_6 = select(0.0, input_1_6, inside_y_1 && inside_x_1);
        let value_1_7 = select(0.0, input_1_7, inside_y_1 && inside_x_1);
        let value_1_8 = select(0.0, input_1_8, inside_y_1 && inside_x_2);
        let row_sum_1_0 = value_1_3 + value_1_4 + value_1_5;
         sum_0_0 += row_sum_1_0;
        var sum_1_0 = row_sum_1_0;
        let row_sum_1_1 = value_1_4 + value_1_5 + value_1_6;
         sum_0_1 += row_sum_1_1;
        var sum_1_1 = row_sum_1_1;
        let row_sum_1_2 = value_1_5 + value_1_6 + value_1_7;
         sum_0_2 += row_sum_1_2;
        var sum_1_2 = row_sum_1_2;
        let row_sum_1_3 = value_1_6 + value_1_7 + value_1_8;
         sum_0_3 += row_sum_1_3;
        var sum_1_3 = row_sum_1_3;
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
        let value_2_3 = select(0.0, input_2_3, inside_y_2 && inside_x_0);
        let value_2_4 = select(0.0, input_2_4, inside_y_2 && inside_x_1);
        let value_2_5 = select(0.0, input_2_5, inside_y_2 && inside_x_1);
        let value_2_6 = select(0.0, input_2_6, inside_y_2 && inside_x_1);
        let value_2_7 = select(0.0, input_2_7, inside_y_2 && inside_x_1);
        let value_2_8 = select(0.0, input_2_8, inside_y_2 && inside_x_2);
        let row_sum_2_0 = value_2_3 + value_2_4 + value_2_5;
         sum_0_0 += row_sum_2_0;
         sum_1_0 += row_sum_2_0;
        var sum_2_0 = row_sum_2_0;
        let row_sum_2_1 = value_2_4 + value_2_5 + value_2_6;
         sum_0_1 += row_sum_2_1;
         sum_1_1 += row_sum_2_1;
        var sum_2_1 = row_sum_2_1;
        let row_sum_2_2 = value_2_5 + value_2_6 + value_2_7;
         sum_0_2 += row_sum_2_2;
         sum_1_2 += row_sum_2_2;
        var sum_2_2 = row_sum_2_2;
        let row_sum_2_3 = value_2_6 + value_2_7 + value_2_8;
         sum_0_3 += row_sum_2_3;
         sum_1_3 += row_sum_2_3;
        var sum_2_3 = row_sum_2_3;
        let in_y_3 = source_y(first_y + 3, params.in_height - 1);
        let inside_y_3 = in_y_3 == first_y + 3;
        let row_3 = origin + u32(in_y_3) * row_vectors;
        let vector_3_0 = input[row_3 + u32(in_x_0)];
        let vector_3_1 = input[row_3 + u32(in_x_1)];
        let vector_3_2 = input[row_3 + u32(in_x_2)];
        let input_3_3 = value_of(vector_3_0.w);
        let input_3_4 = value_of(vector_3_1.x);
        let input_3_5 = value_of(vector_3_1.y);
        let input_3_6 = value_of(vector_3_1.z);
        let input_3_7 = value_of(vector_3_1.w);
        let input_3_8 = value_of(vector_3_2.x);
        let value_3_3 = select(0.0, input_3_3, inside_y_3 && inside_x_0);
        let value_3_4 = select(0.0, input_3_4, inside_y_3 && inside_x_1);
        let value_3_5 = select(0.0, input_3_5, inside_y_3 && inside_x_1);
        let value_3_6 = select(0.0, input_3_6, inside_y_3 && inside_x_1);
        let value_3_7 = select(0.0, input_3_7, inside_y_3 && inside_x_1);
        let value_3_8 = select(0.0, input_3_8, inside_y_3 && inside_x_2);
        let row_sum_3_0 = value_3_3 + value_3_4 + value_3_5;
         sum_1_0 += row_sum_3_0;
         sum_2_0 += row_sum_3_0;
        let row_sum_3_1 = value_3_4 + value_3_5 + value_3_6;
         sum_1_1 += row_sum_3_1;
         sum_2_1 += row_sum_3_1;
        let row_sum_3_2 = value_3_5 + value_3_6 + value_3_7;
         sum_1_2 += row_sum_3_2;
         sum_2_2 += row_sum_3_2;
        let row_sum_3_3 = value_3_6 + value_3_7 + value_3_8;
         sum_1_3 += row_sum_3_3;
         sum_2_3 += row_sum_3_3;
        let in_y_4 = source_y(first_y + 4, params.in_height - 1);
        let inside_y_4 = in_y_4 == first_y + 4;
        let row_4 = origin + u32(in_y_4) * row_vectors;
        let vector_4_0 = input[row_4 + u32(in_x_0)];
        let vector_4_1 = input[row_4 + u32(in_x_1)];
        let vector_4_2 = input[row_4 + u32(in_x_2)];
        let input_4_3 = value_of(vector_4_0.w);
        let input_4_4 = value_of(vector_4_1.x);
        let input_4_5 = value_of(vector_4_1.y);
        let input_4_6 = value_of(vector_4_1.z);
        let input_4_7 = value_of(vector_4_1.w);
        let input_4_8 = value_of(vector_4_2.x);
        let value_4_3 = select(0.0, input_4_3, inside_y_4 && inside_x_0);
        let value_4_4 = select(0.0, input_4_4, inside_y_4 && inside_x_1);
        let value_4_5 = select(0.0, input_4_5, inside_y_4 && inside_x_1);
        let value_4_6 = select(0.0, input_4_6, inside_y_4 && inside_x_1);
        let value_4_7 = select(0.0, input_4_7, inside_y_4 && inside_x_1);
        let value_4_8 = select(0.0, input_4_8, inside_y_4 && inside_x_2);
        let row_sum_4_0 = value_4_3 + value_4_4 + value_4_5;
         sum_2_0 += row_sum_4_0;
        let row_sum_4_1 = value_4_4 + value_4_5 + value_4_6;
         sum_2_1 += row_sum_4_1;
        let row_sum_4_2 = value_4_5 + value_4_6 + value_4_7;
         sum_2_2 += row_sum_4_2;
        let row_sum_4_3 = value_4_6 + value_4_7 + value_4_8;
         sum_2_3 += row_sum_4_3;
        {
            let out_row = (plane * params.out_height + out_y + 0u) * params.out_width + out_x;
            output[(out_row + 0u) / 4u] = vec4<Element>(
to_element(sum_0_0 / params.divisor),
to_element(sum_0_1 / params.divisor),
to_element(sum_0_2 / params.divisor),
to_element(sum_0_3 / params.divisor),
            );
        }
        if out_y + 1u < params.out_height {
            let out_row = (plane * params.out_height + out_y + 1u) * params.out_width + out_x;
            output[(out_row + 0u) / 4u] = vec4<Element>(
to_element(sum_1_0 / params.divisor),
to_element(sum_1_1 / params.divisor),
to_element(sum_1_2 / params.divisor),
to_element(sum_1_3 / params.divisor),
            );
        }
        if out_y + 2u < params.out_height {
            let out_row = (plane * params.out_height + out_y + 2u) * params.out_width + out_x;
            output[(out_row + 0u) / 4u] = vec4<Element>(
to_element(sum_2_0 / params.divisor),
to_element(sum_2_1 / params.divisor),
to_element(sum_2_2 / params.divisor),
to_element(sum_2_3 / params.divisor),
            );
        }
    }
}