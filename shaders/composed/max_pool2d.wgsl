// Composed from max_pool2d_strip.wgsl as max_pool2d_strip-tile1x4-kernel_size3x3-stride2x2-dilation1x1-zeros-zeros-load_width4-phase3-store_width4 for: max pooling 3x3 with stride 2, 64x112x112.
// Computes: the largest element of every window, bit for bit, and where it is.
// Owns: an invocation a tile of outputs, in every uniform window of the input where there are
//   several; neighbours own tiles side by side, so that they read and write runs of the rows.
//   The maxima of a row are shared by the windows above each other.
// Padding: a tap outside the input has the key below every other, so that it replaces nothing; a
//   window of such taps gives -inf and the index u32::MAX.
// Host guarantees: sizes and quotients that divide() and i32 can take; every uniform window begins
//   where the shader computes it to.
// Reference: src/reference/max_pool2d.rs
// Bits of f32: WGSL lets an implementation assume that floats are never NaN or infinite.
alias Element = i32;
alias Value = i32;

fn value_of(element: Element) -> Value {
    return element;
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

const PADDING_BITS: i32 = -0x800000;
const PADDING_KEY: i32 = -0x7fffffff - 1;
const NAN_KEY: i32 = 0x7f800001;

// An integer that orders as the float does: both zeros have the same, a NaN the given one. Those
// of NaNs are above every other and grow from tap to tap, so that the last NaN wins.
fn order_key(bits: i32, nan_key: i32) -> i32 {
    let ordered = select(bits, PADDING_KEY - bits, bits < 0);
    return select(ordered, nan_key, (bits & 0x7fffffff) > 0x7f800000);
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
    let first_x = i32(tile_x * 2u) - (params.pad_left + 3) / 4;
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
        let first_y = i32(out_y * 2u) - params.pad_top;
        var later: bool;
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
        let input_0_9 = value_of(vector_0_2.y);
        let input_0_10 = value_of(vector_0_2.z);
        let input_0_11 = value_of(vector_0_2.w);
        let key_0_3 = select(PADDING_KEY, order_key(input_0_3, NAN_KEY + 0), inside_y_0 && inside_x_0);
        let bits_0_3 = select(PADDING_BITS, input_0_3, inside_y_0 && inside_x_0);
        let key_0_4 = select(PADDING_KEY, order_key(input_0_4, NAN_KEY + 1), inside_y_0 && inside_x_1);
        let bits_0_4 = select(PADDING_BITS, input_0_4, inside_y_0 && inside_x_1);
        let key_0_5 = select(PADDING_KEY, order_key(input_0_5, NAN_KEY + 2), inside_y_0 && inside_x_1);
        let bits_0_5 = select(PADDING_BITS, input_0_5, inside_y_0 && inside_x_1);
        let key_0_6 = select(PADDING_KEY, order_key(input_0_6, NAN_KEY + 3), inside_y_0 && inside_x_1);
        let bits_0_6 = select(PADDING_BITS, input_0_6, inside_y_0 && inside_x_1);
        let key_0_7 = select(PADDING_KEY, order_key(input_0_7, NAN_KEY + 4), inside_y_0 && inside_x_1);
        let bits_0_7 = select(PADDING_BITS, input_0_7, inside_y_0 && inside_x_1);
        let key_0_8 = select(PADDING_KEY, order_key(input_0_8, NAN_KEY + 5), inside_y_0 && inside_x_2);
        let bits_0_8 = select(PADDING_BITS, input_0_8, inside_y_0 && inside_x_2);
        let key_0_9 = select(PADDING_KEY, order_key(input_0_9, NAN_KEY + 6), inside_y_0 && inside_x_2);
        let bits_0_9 = select(PADDING_BITS, input_0_9, inside_y_0 && inside_x_2);
        let key_0_10 = select(PADDING_KEY, order_key(input_0_10, NAN_KEY + 7), inside_y_0 && inside_x_2);
        let bits_0_10 = select(PADDING_BITS, input_0_10, inside_y_0 && inside_x_2);
        let key_0_11 = select(PADDING_KEY, order_key(input_0_11, NAN_KEY + 8), inside_y_0 && inside_x_2);
        let bits_0_11 = select(PADDING_BITS, input_0_11, inside_y_0 && inside_x_2);
        var best_key_row_0_0 = key_0_3;
        var best_bits_row_0_0 = bits_0_3;
        later = key_0_4 > best_key_row_0_0;
        best_key_row_0_0 = max(best_key_row_0_0, key_0_4);
        best_bits_row_0_0 = select(best_bits_row_0_0, bits_0_4, later);
        later = key_0_5 > best_key_row_0_0;
        best_key_row_0_0 = max(best_key_row_0_0, key_0_5);
        best_bits_row_0_0 = select(best_bits_row_0_0, bits_0_5, later);
        var best_key_0_0 = best_key_row_0_0;
        var best_bits_0_0 = best_bits_row_0_0;
        var best_key_row_0_1 = key_0_5;
        var best_bits_row_0_1 = bits_0_5;
        later = key_0_6 > best_key_row_0_1;
        best_key_row_0_1 = max(best_key_row_0_1, key_0_6);
        best_bits_row_0_1 = select(best_bits_row_0_1, bits_0_6, later);
        later = key_0_7 > best_key_row_0_1;
        best_key_row_0_1 = max(best_key_row_0_1, key_0_7);
        best_bits_row_0_1 = select(best_bits_row_0_1, bits_0_7, later);
        var best_key_0_1 = best_key_row_0_1;
        var best_bits_0_1 = best_bits_row_0_1;
        var best_key_row_0_2 = key_0_7;
        var best_bits_row_0_2 = bits_0_7;
        later = key_0_8 > best_key_row_0_2;
        best_key_row_0_2 = max(best_key_row_0_2, key_0_8);
        best_bits_row_0_2 = select(best_bits_row_0_2, bits_0_8, later);
        later = key_0_9 > best_key_row_0_2;
        best_key_row_0_2 = max(best_key_row_0_2, key_0_9);
        best_bits_row_0_2 = select(best_bits_row_0_2, bits_0_9, later);
        var best_key_0_2 = best_key_row_0_2;
        var best_bits_0_2 = best_bits_row_0_2;
        var best_key_row_0_3 = key_0_9;
        var best_bits_row_0_3 = bits_0_9;
        later = key_0_10 > best_key_row_0_3;
        best_key_row_0_3 = max(best_key_row_0_3, key_0_10);
        best_bits_row_0_3 = select(best_bits_row_0_3, bits_0_10, later);
        later = key_0_11 > best_key_row_0_3;
        best_key_row_0_3 = max(best_key_row_0_3, key_0_11);
        best_bits_row_0_3 = select(best_bits_row_0_3, bits_0_11, later);
        var best_key_0_3 = best_key_row_0_3;
        var best_bits_0_3 = best_bits_row_0_3;
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
        let input_1_9 = value_of(vector_1_2.y);
        let input_1_10 = value_of(vector_1_2.z);
        let input_1_11 = value_of(vector_1_2.w);
        let key_1_3 = select(PADDING_KEY, order_key(input_1_3, NAN_KEY + 9), inside_y_1 && inside_x_0);
        let bits_1_3 = select(PADDING_BITS, input_1_3, inside_y_1 && inside_x_0);
        let key_1_4 = select(PADDING_KEY, order_key(input_1_4, NAN_KEY + 10), inside_y_1 && inside_x_1);
        let bits_1_4 = select(PADDING_BITS, input_1_4, inside_y_1 && inside_x_1);
        let key_1_5 = select(PADDING_KEY, order_key(input_1_5, NAN_KEY + 11), inside_y_1 && inside_x_1);
        let bits_1_5 = select(PADDING_BITS, input_1_5, inside_y_1 && inside_x_1);
        let key_1_6 = select(PADDING_KEY, order_key(input_1_6, NAN_KEY + 12), inside_y_1 && inside_x_1);
        let bits_1_6 = select(PADDING_BITS, input_1_6, inside_y_1 && inside_x_1);
        let key_1_7 = select(PADDING_KEY, order_key(input_1_7, NAN_KEY + 13), inside_y_1 && inside_x_1);
        let bits_1_7 = select(PADDING_BITS, input_1_7, inside_y_1 && inside_x_1);
        let key_1_8 = select(PADDING_KEY, order_key(input_1_8, NAN_KEY + 14), inside_y_1 && inside_x_2);
        let bits_1_8 = select(PADDING_BITS, input_1_8, inside_y_1 && inside_x_2);
        let key_1_9 = select(PADDING_KEY, order_key(input_1_9, NAN_KEY + 15), inside_y_1 && inside_x_2);
        let bits_1_9 = select(PADDING_BITS, input_1_9, inside_y_1 && inside_x_2);
        let key_1_10 = select(PADDING_KEY, order_key(input_1_10, NAN_KEY + 16), inside_y_1 && inside_x_2);
        let bits_1_10 = select(PADDING_BITS, input_1_10, inside_y_1 && inside_x_2);
        let key_1_11 = select(PADDING_KEY, order_key(input_1_11, NAN_KEY + 17), inside_y_1 && inside_x_2);
        let bits_1_11 = select(PADDING_BITS, input_1_11, inside_y_1 && inside_x_2);
        var best_key_row_1_0 = key_1_3;
        var best_bits_row_1_0 = bits_1_3;
        later = key_1_4 > best_key_row_1_0;
        best_key_row_1_0 = max(best_key_row_1_0, key_1_4);
        best_bits_row_1_0 = select(best_bits_row_1_0, bits_1_4, later);
        later = key_1_5 > best_key_row_1_0;
        best_key_row_1_0 = max(best_key_row_1_0, key_1_5);
        best_bits_row_1_0 = select(best_bits_row_1_0, bits_1_5, later);
        later = best_key_row_1_0 > best_key_0_0;
        best_key_0_0 = max(best_key_0_0, best_key_row_1_0);
        best_bits_0_0 = select(best_bits_0_0, best_bits_row_1_0, later);
        var best_key_row_1_1 = key_1_5;
        var best_bits_row_1_1 = bits_1_5;
        later = key_1_6 > best_key_row_1_1;
        best_key_row_1_1 = max(best_key_row_1_1, key_1_6);
        best_bits_row_1_1 = select(best_bits_row_1_1, bits_1_6, later);
        later = key_1_7 > best_key_row_1_1;
        best_key_row_1_1 = max(best_key_row_1_1, key_1_7);
        best_bits_row_1_1 = select(best_bits_row_1_1, bits_1_7, later);
        later = best_key_row_1_1 > best_key_0_1;
        best_key_0_1 = max(best_key_0_1, best_key_row_1_1);
        best_bits_0_1 = select(best_bits_0_1, best_bits_row_1_1, later);
        var best_key_row_1_2 = key_1_7;
        var best_bits_row_1_2 = bits_1_7;
        later = key_1_8 > best_key_row_1_2;
        best_key_row_1_2 = max(best_key_row_1_2, key_1_8);
        best_bits_row_1_2 = select(best_bits_row_1_2, bits_1_8, later);
        later = key_1_9 > best_key_row_1_2;
        best_key_row_1_2 = max(best_key_row_1_2, key_1_9);
        best_bits_row_1_2 = select(best_bits_row_1_2, bits_1_9, later);
        later = best_key_row_1_2 > best_key_0_2;
        best_key_0_2 = max(best_key_0_2, best_key_row_1_2);
        best_bits_0_2 = select(best_bits_0_2, best_bits_row_1_2, later);
        var best_key_row_1_3 = key_1_9;
        var best_bits_row_1_3 = bits_1_9;
        later = key_1_10 > best_key_row_1_3;
        best_key_row_1_3 = max(best_key_row_1_3, key_1_10);
        best_bits_row_1_3 = select(best_bits_row_1_3, bits_1_10, later);
        later = key_1_11 > best_key_row_1_3;
        best_key_row_1_3 = max(best_key_row_1_3, key_1_11);
        best_bits_row_1_3 = select(best_bits_row_1_3, bits_1_11, later);
        later = best_key_row_1_3 > best_key_0_3;
        best_key_0_3 = max(best_key_0_3, best_key_row_1_3);
        best_bits_0_3 = select(best_bits_0_3, best_bits_row_1_3, later);
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
        let input_2_9 = value_of(vector_2_2.y);
        let input_2_10 = value_of(vector_2_2.z);
        let input_2_11 = value_of(vector_2_2.w);
        let key_2_3 = select(PADDING_KEY, order_key(input_2_3, NAN_KEY + 18), inside_y_2 && inside_x_0);
        let bits_2_3 = select(PADDING_BITS, input_2_3, inside_y_2 && inside_x_0);
        let key_2_4 = select(PADDING_KEY, order_key(input_2_4, NAN_KEY + 19), inside_y_2 && inside_x_1);
        let bits_2_4 = select(PADDING_BITS, input_2_4, inside_y_2 && inside_x_1);
        let key_2_5 = select(PADDING_KEY, order_key(input_2_5, NAN_KEY + 20), inside_y_2 && inside_x_1);
        let bits_2_5 = select(PADDING_BITS, input_2_5, inside_y_2 && inside_x_1);
        let key_2_6 = select(PADDING_KEY, order_key(input_2_6, NAN_KEY + 21), inside_y_2 && inside_x_1);
        let bits_2_6 = select(PADDING_BITS, input_2_6, inside_y_2 && inside_x_1);
        let key_2_7 = select(PADDING_KEY, order_key(input_2_7, NAN_KEY + 22), inside_y_2 && inside_x_1);
        let bits_2_7 = select(PADDING_BITS, input_2_7, inside_y_2 && inside_x_1);
        let key_2_8 = select(PADDING_KEY, order_key(input_2_8, NAN_KEY + 23), inside_y_2 && inside_x_2);
        let bits_2_8 = select(PADDING_BITS, input_2_8, inside_y_2 && inside_x_2);
        let key_2_9 = select(PADDING_KEY, order_key(input_2_9, NAN_KEY + 24), inside_y_2 && inside_x_2);
        let bits_2_9 = select(PADDING_BITS, input_2_9, inside_y_2 && inside_x_2);
        let key_2_10 = select(PADDING_KEY, order_key(input_2_10, NAN_KEY + 25), inside_y_2 && inside_x_2);
        let bits_2_10 = select(PADDING_BITS, input_2_10, inside_y_2 && inside_x_2);
        let key_2_11 = select(PADDING_KEY, order_key(input_2_11, NAN_KEY + 26), inside_y_2 && inside_x_2);
        let bits_2_11 = select(PADDING_BITS, input_2_11, inside_y_2 && inside_x_2);
        var best_key_row_2_0 = key_2_3;
        var best_bits_row_2_0 = bits_2_3;
        later = key_2_4 > best_key_row_2_0;
        best_key_row_2_0 = max(best_key_row_2_0, key_2_4);
        best_bits_row_2_0 = select(best_bits_row_2_0, bits_2_4, later);
        later = key_2_5 > best_key_row_2_0;
        best_key_row_2_0 = max(best_key_row_2_0, key_2_5);
        best_bits_row_2_0 = select(best_bits_row_2_0, bits_2_5, later);
        later = best_key_row_2_0 > best_key_0_0;
        best_key_0_0 = max(best_key_0_0, best_key_row_2_0);
        best_bits_0_0 = select(best_bits_0_0, best_bits_row_2_0, later);
        var best_key_row_2_1 = key_2_5;
        var best_bits_row_2_1 = bits_2_5;
        later = key_2_6 > best_key_row_2_1;
        best_key_row_2_1 = max(best_key_row_2_1, key_2_6);
        best_bits_row_2_1 = select(best_bits_row_2_1, bits_2_6, later);
        later = key_2_7 > best_key_row_2_1;
        best_key_row_2_1 = max(best_key_row_2_1, key_2_7);
        best_bits_row_2_1 = select(best_bits_row_2_1, bits_2_7, later);
        later = best_key_row_2_1 > best_key_0_1;
        best_key_0_1 = max(best_key_0_1, best_key_row_2_1);
        best_bits_0_1 = select(best_bits_0_1, best_bits_row_2_1, later);
        var best_key_row_2_2 = key_2_7;
        var best_bits_row_2_2 = bits_2_7;
        later = key_2_8 > best_key_row_2_2;
        best_key_row_2_2 = max(best_key_row_2_2, key_2_8);
        best_bits_row_2_2 = select(best_bits_row_2_2, bits_2_8, later);
        later = key_2_9 > best_key_row_2_2;
        best_key_row_2_2 = max(best_key_row_2_2, key_2_9);
        best_bits_row_2_2 = select(best_bits_row_2_2, bits_2_9, later);
        later = best_key_row_2_2 > best_key_0_2;
        best_key_0_2 = max(best_key_0_2, best_key_row_2_2);
        best_bits_0_2 = select(best_bits_0_2, best_bits_row_2_2, later);
        var best_key_row_2_3 = key_2_9;
        var best_bits_row_2_3 = bits_2_9;
        later = key_2_10 > best_key_row_2_3;
        best_key_row_2_3 = max(best_key_row_2_3, key_2_10);
        best_bits_row_2_3 = select(best_bits_row_2_3, bits_2_10, later);
        later = key_2_11 > best_key_row_2_3;
        best_key_row_2_3 = max(best_key_row_2_3, key_2_11);
        best_bits_row_2_3 = select(best_bits_row_2_3, bits_2_11, later);
        later = best_key_row_2_3 > best_key_0_3;
        best_key_0_3 = max(best_key_0_3, best_key_row_2_3);
        best_bits_0_3 = select(best_bits_0_3, best_bits_row_2_3, later);
        {
            let out_row = (plane * params.out_height + out_y + 0u) * params.out_width + out_x;
            output[(out_row + 0u) / 4u] = vec4<Element>(
best_bits_0_0,
best_bits_0_1,
best_bits_0_2,
best_bits_0_3,
            );
        }
    }
}