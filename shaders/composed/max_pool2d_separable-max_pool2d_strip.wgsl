// Composed from max_pool2d_strip.wgsl as max_pool2d_strip-tile1x4-kernel_size13x1-stride1x1-dilation1x1-zeros-none-load_width4-store_width4-indices-looked_up for: max pooling 13x13 with stride 1 and indices, 512x20x20.
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
@group(0) @binding(2) var<storage, read> found: array<u32>;
@group(0) @binding(3) var<storage, read_write> output: array<vec4<Element>>;
@group(0) @binding(4) var<storage, read_write> indices: array<vec4<u32>>;

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
    return at;
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

// What the winning cell itself is the maximum of.
fn found_at(plane: u32, cell: u32) -> u32 {
    if cell == 0xffffffffu {
        return cell;
    }
    return found[plane * u32(params.in_height * params.in_width) + cell];
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
    let first_x = i32(tile_x * 1u) - (params.pad_left + 0) / 4;
    let in_x_0 = source_x(first_x + 0, i32(row_vectors) - 1);
    {
        let plane = local_plane;
        let band_y = 0u;
        let origin = input_plane(plane) * plane_vectors;
        let out_y = band_y + tile_y * 1u;
        let first_y = i32(out_y * 1u) - params.pad_top;
        var later: bool;
        let in_y_0 = source_y(first_y + 0, params.in_height - 1);
        let inside_y_0 = in_y_0 == first_y + 0;
        let row_0 = origin + u32(in_y_0) * row_vectors;
        let vector_0_0 = input[row_0 + u32(in_x_0)];
        let input_0_0 = value_of(vector_0_0.x);
        let input_0_1 = value_of(vector_0_0.y);
        let input_0_2 = value_of(vector_0_0.z);
        let input_0_3 = value_of(vector_0_0.w);
        let key_0_0 = select(PADDING_KEY, order_key(input_0_0, NAN_KEY + 0), inside_y_0);
        let bits_0_0 = select(PADDING_BITS, input_0_0, inside_y_0);
        let index_0_0 = select(0xffffffffu, u32(in_y_0 * params.in_width + in_x_0 * 4 + 0), inside_y_0);
        let key_0_1 = select(PADDING_KEY, order_key(input_0_1, NAN_KEY + 1), inside_y_0);
        let bits_0_1 = select(PADDING_BITS, input_0_1, inside_y_0);
        let index_0_1 = select(0xffffffffu, u32(in_y_0 * params.in_width + in_x_0 * 4 + 1), inside_y_0);
        let key_0_2 = select(PADDING_KEY, order_key(input_0_2, NAN_KEY + 2), inside_y_0);
        let bits_0_2 = select(PADDING_BITS, input_0_2, inside_y_0);
        let index_0_2 = select(0xffffffffu, u32(in_y_0 * params.in_width + in_x_0 * 4 + 2), inside_y_0);
        let key_0_3 = select(PADDING_KEY, order_key(input_0_3, NAN_KEY + 3), inside_y_0);
        let bits_0_3 = select(PADDING_BITS, input_0_3, inside_y_0);
        let index_0_3 = select(0xffffffffu, u32(in_y_0 * params.in_width + in_x_0 * 4 + 3), inside_y_0);
        var best_key_row_0_0 = key_0_0;
        var best_bits_row_0_0 = bits_0_0;
        var best_index_row_0_0 = index_0_0;
        var best_key_0_0 = best_key_row_0_0;
        var best_bits_0_0 = best_bits_row_0_0;
        var best_index_0_0 = best_index_row_0_0;
        var best_key_row_0_1 = key_0_1;
        var best_bits_row_0_1 = bits_0_1;
        var best_index_row_0_1 = index_0_1;
        var best_key_0_1 = best_key_row_0_1;
        var best_bits_0_1 = best_bits_row_0_1;
        var best_index_0_1 = best_index_row_0_1;
        var best_key_row_0_2 = key_0_2;
        var best_bits_row_0_2 = bits_0_2;
        var best_index_row_0_2 = index_0_2;
        var best_key_0_2 = best_key_row_0_2;
        var best_bits_0_2 = best_bits_row_0_2;
        var best_index_0_2 = best_index_row_0_2;
        var best_key_row_0_3 = key_0_3;
        var best_bits_row_0_3 = bits_0_3;
        var best_index_row_0_3 = index_0_3;
        var best_key_0_3 = best_key_row_0_3;
        var best_bits_0_3 = best_bits_row_0_3;
        var best_index_0_3 = best_index_row_0_3;
        let in_y_1 = source_y(first_y + 1, params.in_height - 1);
        let inside_y_1 = in_y_1 == first_y + 1;
        let row_1 = origin + u32(in_y_1) * row_vectors;
        let vector_1_0 = input[row_1 + u32(in_x_0)];
        let input_1_0 = value_of(vector_1_0.x);
        let input_1_1 = value_of(vector_1_0.y);
        let input_1_2 = value_of(vector_1_0.z);
        let input_1_3 = value_of(vector_1_0.w);
        let key_1_0 = select(PADDING_KEY, order_key(input_1_0, NAN_KEY + 4), inside_y_1);
        let bits_1_0 = select(PADDING_BITS, input_1_0, inside_y_1);
        let index_1_0 = select(0xffffffffu, u32(in_y_1 * params.in_width + in_x_0 * 4 + 0), inside_y_1);
        let key_1_1 = select(PADDING_KEY, order_key(input_1_1, NAN_KEY + 5), inside_y_1);
        let bits_1_1 = select(PADDING_BITS, input_1_1, inside_y_1);
        let index_1_1 = select(0xffffffffu, u32(in_y_1 * params.in_width + in_x_0 * 4 + 1), inside_y_1);
        let key_1_2 = select(PADDING_KEY, order_key(input_1_2, NAN_KEY + 6), inside_y_1);
        let bits_1_2 = select(PADDING_BITS, input_1_2, inside_y_1);
        let index_1_2 = select(0xffffffffu, u32(in_y_1 * params.in_width + in_x_0 * 4 + 2), inside_y_1);
        let key_1_3 = select(PADDING_KEY, order_key(input_1_3, NAN_KEY + 7), inside_y_1);
        let bits_1_3 = select(PADDING_BITS, input_1_3, inside_y_1);
        let index_1_3 = select(0xffffffffu, u32(in_y_1 * params.in_width + in_x_0 * 4 + 3), inside_y_1);
        var best_key_row_1_0 = key_1_0;
        var best_bits_row_1_0 = bits_1_0;
        var best_index_row_1_0 = index_1_0;
        later = best_key_row_1_0 > best_key_0_0;
        best_key_0_0 = max(best_key_0_0, best_key_row_1_0);
        best_bits_0_0 = select(best_bits_0_0, best_bits_row_1_0, later);
        best_index_0_0 = select(best_index_0_0, best_index_row_1_0, later);
        var best_key_row_1_1 = key_1_1;
        var best_bits_row_1_1 = bits_1_1;
        var best_index_row_1_1 = index_1_1;
        later = best_key_row_1_1 > best_key_0_1;
        best_key_0_1 = max(best_key_0_1, best_key_row_1_1);
        best_bits_0_1 = select(best_bits_0_1, best_bits_row_1_1, later);
        best_index_0_1 = select(best_index_0_1, best_index_row_1_1, later);
        var best_key_row_1_2 = key_1_2;
        var best_bits_row_1_2 = bits_1_2;
        var best_index_row_1_2 = index_1_2;
        later = best_key_row_1_2 > best_key_0_2;
        best_key_0_2 = max(best_key_0_2, best_key_row_1_2);
        best_bits_0_2 = select(best_bits_0_2, best_bits_row_1_2, later);
        best_index_0_2 = select(best_index_0_2, best_index_row_1_2, later);
        var best_key_row_1_3 = key_1_3;
        var best_bits_row_1_3 = bits_1_3;
        var best_index_row_1_3 = index_1_3;
        later = best_key_row_1_3 > best_key_0_3;
        best_key_0_3 = max(best_key_0_3, best_key_row_1_3);
        best_bits_0_3 = select(best_bits_0_3, best_bits_row_1_3, later);
        best_index_0_3 = select(best_index_0_3, best_index_row_1_3, later);
        let in_y_2 = source_y(first_y + 2, params.in_height - 1);
        let inside_y_2 = in_y_2 == first_y + 2;
        let row_2 = origin + u32(in_y_2) * row_vectors;
        let vector_2_0 = input[row_2 + u32(in_x_0)];
        let input_2_0 = value_of(vector_2_0.x);
        let input_2_1 = value_of(vector_2_0.y);
        let input_2_2 = value_of(vector_2_0.z);
        let input_2_3 = value_of(vector_2_0.w);
        let key_2_0 = select(PADDING_KEY, order_key(input_2_0, NAN_KEY + 8), inside_y_2);
        let bits_2_0 = select(PADDING_BITS, input_2_0, inside_y_2);
        let index_2_0 = select(0xffffffffu, u32(in_y_2 * params.in_width + in_x_0 * 4 + 0), inside_y_2);
        let key_2_1 = select(PADDING_KEY, order_key(input_2_1, NAN_KEY + 9), inside_y_2);
        let bits_2_1 = select(PADDING_BITS, input_2_1, inside_y_2);
        let index_2_1 = select(0xffffffffu, u32(in_y_2 * params.in_width + in_x_0 * 4 + 1), inside_y_2);
        let key_2_2 = select(PADDING_KEY, order_key(input_2_2, NAN_KEY + 10), inside_y_2);
        let bits_2_2 = select(PADDING_BITS, input_2_2, inside_y_2);
        let index_2_2 = select(0xffffffffu, u32(in_y_2 * params.in_width + in_x_0 * 4 + 2), inside_y_2);
        let key_2_3 = select(PADDING_KEY, order_key(input_2_3, NAN_KEY + 11), inside_y_2);
        let bits_2_3 = select(PADDING_BITS, input_2_3, inside_y_2);
        let index_2_3 = select(0xffffffffu, u32(in_y_2 * params.in_width + in_x_0 * 4 + 3), inside_y_2);
        var best_key_row_2_0 = key_2_0;
        var best_bits_row_2_0 = bits_2_0;
        var best_index_row_2_0 = index_2_0;
        later = best_key_row_2_0 > best_key_0_0;
        best_key_0_0 = max(best_key_0_0, best_key_row_2_0);
        best_bits_0_0 = select(best_bits_0_0, best_bits_row_2_0, later);
        best_index_0_0 = select(best_index_0_0, best_index_row_2_0, later);
        var best_key_row_2_1 = key_2_1;
        var best_bits_row_2_1 = bits_2_1;
        var best_index_row_2_1 = index_2_1;
        later = best_key_row_2_1 > best_key_0_1;
        best_key_0_1 = max(best_key_0_1, best_key_row_2_1);
        best_bits_0_1 = select(best_bits_0_1, best_bits_row_2_1, later);
        best_index_0_1 = select(best_index_0_1, best_index_row_2_1, later);
        var best_key_row_2_2 = key_2_2;
        var best_bits_row_2_2 = bits_2_2;
        var best_index_row_2_2 = index_2_2;
        later = best_key_row_2_2 > best_key_0_2;
        best_key_0_2 = max(best_key_0_2, best_key_row_2_2);
        best_bits_0_2 = select(best_bits_0_2, best_bits_row_2_2, later);
        best_index_0_2 = select(best_index_0_2, best_index_row_2_2, later);
        var best_key_row_2_3 = key_2_3;
        var best_bits_row_2_3 = bits_2_3;
        var best_index_row_2_3 = index_2_3;
        later = best_key_row_2_3 > best_key_0_3;
        best_key_0_3 = max(best_key_0_3, best_key_row_2_3);
        best_bits_0_3 = select(best_bits_0_3, best_bits_row_2_3, later);
        best_index_0_3 = select(best_index_0_3, best_index_row_2_3, later);
        let in_y_3 = source_y(first_y + 3, params.in_height - 1);
        let inside_y_3 = in_y_3 == first_y + 3;
        let row_3 = origin + u32(in_y_3) * row_vectors;
        let vector_3_0 = input[row_3 + u32(in_x_0)];
        let input_3_0 = value_of(vector_3_0.x);
        let input_3_1 = value_of(vector_3_0.y);
        let input_3_2 = value_of(vector_3_0.z);
        let input_3_3 = value_of(vector_3_0.w);
        let key_3_0 = select(PADDING_KEY, order_key(input_3_0, NAN_KEY + 12), inside_y_3);
        let bits_3_0 = select(PADDING_BITS, input_3_0, inside_y_3);
        let index_3_0 = select(0xffffffffu, u32(in_y_3 * params.in_width + in_x_0 * 4 + 0), inside_y_3);
        let key_3_1 = select(PADDING_KEY, order_key(input_3_1, NAN_KEY + 13), inside_y_3);
        let bits_3_1 = select(PADDING_BITS, input_3_1, inside_y_3);
        let index_3_1 = select(0xffffffffu, u32(in_y_3 * params.in_width + in_x_0 * 4 + 1), inside_y_3);
        let key_3_2 = select(PADDING_KEY, order_key(input_3_2, NAN_KEY + 14), inside_y_3);
        let bits_3_2 = select(PADDING_BITS, input_3_2, inside_y_3);
        let index_3_2 = select(0xffffffffu, u32(in_y_3 * params.in_width + in_x_0 * 4 + 2), inside_y_3);
        let key_3_3 = select(PADDING_KEY, order_key(input_3_3, NAN_KEY + 15), inside_y_3);
        let bits_3_3 = select(PADDING_BITS, input_3_3, inside_y_3);
        let index_3_3 = select(0xffffffffu, u32(in_y_3 * params.in_width + in_x_0 * 4 + 3), inside_y_3);
        var best_key_row_3_0 = key_3_0;
        var best_bits_row_3_0 = bits_3_0;
        var best_index_row_3_0 = index_3_0;
        later = best_key_row_3_0 > best_key_0_0;
        best_key_0_0 = max(best_key_0_0, best_key_row_3_0);
        best_bits_0_0 = select(best_bits_0_0, best_bits_row_3_0, later);
        best_index_0_0 = select(best_index_0_0, best_index_row_3_0, later);
        var best_key_row_3_1 = key_3_1;
        var best_bits_row_3_1 = bits_3_1;
        var best_index_row_3_1 = index_3_1;
        later = best_key_row_3_1 > best_key_0_1;
        best_key_0_1 = max(best_key_0_1, best_key_row_3_1);
        best_bits_0_1 = select(best_bits_0_1, best_bits_row_3_1, later);
        best_index_0_1 = select(best_index_0_1, best_index_row_3_1, later);
        var best_key_row_3_2 = key_3_2;
        var best_bits_row_3_2 = bits_3_2;
        var best_index_row_3_2 = index_3_2;
        later = best_key_row_3_2 > best_key_0_2;
        best_key_0_2 = max(best_key_0_2, best_key_row_3_2);
        best_bits_0_2 = select(best_bits_0_2, best_bits_row_3_2, later);
        best_index_0_2 = select(best_index_0_2, best_index_row_3_2, later);
        var best_key_row_3_3 = key_3_3;
        var best_bits_row_3_3 = bits_3_3;
        var best_index_row_3_3 = index_3_3;
        later = best_key_row_3_3 > best_key_0_3;
        best_key_0_3 = max(best_key_0_3, best_key_row_3_3);
        best_bits_0_3 = select(best_bits_0_3, best_bits_row_3_3, later);
        best_index_0_3 = select(best_index_0_3, best_index_row_3_3, later);
        let in_y_4 = source_y(first_y + 4, params.in_height - 1);
        let inside_y_4 = in_y_4 == first_y + 4;
        let row_4 = origin + u32(in_y_4) * row_vectors;
        let vector_4_0 = input[row_4 + u32(in_x_0)];
        let input_4_0 = value_of(vector_4_0.x);
        let input_4_1 = value_of(vector_4_0.y);
        let input_4_2 = value_of(vector_4_0.z);
        let input_4_3 = value_of(vector_4_0.w);
        let key_4_0 = select(PADDING_KEY, order_key(input_4_0, NAN_KEY + 16), inside_y_4);
        let bits_4_0 = select(PADDING_BITS, input_4_0, inside_y_4);
        let index_4_0 = select(0xffffffffu, u32(in_y_4 * params.in_width + in_x_0 * 4 + 0), inside_y_4);
        let key_4_1 = select(PADDING_KEY, order_key(input_4_1, NAN_KEY + 17), inside_y_4);
        let bits_4_1 = select(PADDING_BITS, input_4_1, inside_y_4);
        let index_4_1 = select(0xffffffffu, u32(in_y_4 * params.in_width + in_x_0 * 4 + 1), inside_y_4);
        let key_4_2 = select(PADDING_KEY, order_key(input_4_2, NAN_KEY + 18), inside_y_4);
        let bits_4_2 = select(PADDING_BITS, input_4_2, inside_y_4);
        let index_4_2 = select(0xffffffffu, u32(in_y_4 * params.in_width + in_x_0 * 4 + 2), inside_y_4);
        let key_4_3 = select(PADDING_KEY, order_key(input_4_3, NAN_KEY + 19), inside_y_4);
        let bits_4_3 = select(PADDING_BITS, input_4_3, inside_y_4);
        let index_4_3 = select(0xffffffffu, u32(in_y_4 * params.in_width + in_x_0 * 4 + 3), inside_y_4);
        var best_key_row_4_0 = key_4_0;
        var best_bits_row_4_0 = bits_4_0;
        var best_index_row_4_0 = index_4_0;
        later = best_key_row_4_0 > best_key_0_0;
        best_key_0_0 = max(best_key_0_0, best_key_row_4_0);
        best_bits_0_0 = select(best_bits_0_0, best_bits_row_4_0, later);
        best_index_0_0 = select(best_index_0_0, best_index_row_4_0, later);
        var best_key_row_4_1 = key_4_1;
        var best_bits_row_4_1 = bits_4_1;
        var best_index_row_4_1 = index_4_1;
        later = best_key_row_4_1 > best_key_0_1;
        best_key_0_1 = max(best_key_0_1, best_key_row_4_1);
        best_bits_0_1 = select(best_bits_0_1, best_bits_row_4_1, later);
        best_index_0_1 = select(best_index_0_1, best_index_row_4_1, later);
        var best_key_row_4_2 = key_4_2;
        var best_bits_row_4_2 = bits_4_2;
        var best_index_row_4_2 = index_4_2;
        later = best_key_row_4_2 > best_key_0_2;
        best_key_0_2 = max(best_key_0_2, best_key_row_4_2);
        best_bits_0_2 = select(best_bits_0_2, best_bits_row_4_2, later);
        best_index_0_2 = select(best_index_0_2, best_index_row_4_2, later);
        var best_key_row_4_3 = key_4_3;
        var best_bits_row_4_3 = bits_4_3;
        var best_index_row_4_3 = index_4_3;
        later = best_key_row_4_3 > best_key_0_3;
        best_key_0_3 = max(best_key_0_3, best_key_row_4_3);
        best_bits_0_3 = select(best_bits_0_3, best_bits_row_4_3, later);
        best_index_0_3 = select(best_index_0_3, best_index_row_4_3, later);
        let in_y_5 = source_y(first_y + 5, params.in_height - 1);
        let inside_y_5 = in_y_5 == first_y + 5;
        let row_5 = origin + u32(in_y_5) * row_vectors;
        let vector_5_0 = input[row_5 + u32(in_x_0)];
        let input_5_0 = value_of(vector_5_0.x);
        let input_5_1 = value_of(vector_5_0.y);
        let input_5_2 = value_of(vector_5_0.z);
        let input_5_3 = value_of(vector_5_0.w);
        let key_5_0 = select(PADDING_KEY, order_key(input_5_0, NAN_KEY + 20), inside_y_5);
        let bits_5_0 = select(PADDING_BITS, input_5_0, inside_y_5);
        let index_5_0 = select(0xffffffffu, u32(in_y_5 * params.in_width + in_x_0 * 4 + 0), inside_y_5);
        let key_5_1 = select(PADDING_KEY, order_key(input_5_1, NAN_KEY + 21), inside_y_5);
        let bits_5_1 = select(PADDING_BITS, input_5_1, inside_y_5);
        let index_5_1 = select(0xffffffffu, u32(in_y_5 * params.in_width + in_x_0 * 4 + 1), inside_y_5);
        let key_5_2 = select(PADDING_KEY, order_key(input_5_2, NAN_KEY + 22), inside_y_5);
        let bits_5_2 = select(PADDING_BITS, input_5_2, inside_y_5);
        let index_5_2 = select(0xffffffffu, u32(in_y_5 * params.in_width + in_x_0 * 4 + 2), inside_y_5);
        let key_5_3 = select(PADDING_KEY, order_key(input_5_3, NAN_KEY + 23), inside_y_5);
        let bits_5_3 = select(PADDING_BITS, input_5_3, inside_y_5);
        let index_5_3 = select(0xffffffffu, u32(in_y_5 * params.in_width + in_x_0 * 4 + 3), inside_y_5);
        var best_key_row_5_0 = key_5_0;
        var best_bits_row_5_0 = bits_5_0;
        var best_index_row_5_0 = index_5_0;
        later = best_key_row_5_0 > best_key_0_0;
        best_key_0_0 = max(best_key_0_0, best_key_row_5_0);
        best_bits_0_0 = select(best_bits_0_0, best_bits_row_5_0, later);
        best_index_0_0 = select(best_index_0_0, best_index_row_5_0, later);
        var best_key_row_5_1 = key_5_1;
        var best_bits_row_5_1 = bits_5_1;
        var best_index_row_5_1 = index_5_1;
        later = best_key_row_5_1 > best_key_0_1;
        best_key_0_1 = max(best_key_0_1, best_key_row_5_1);
        best_bits_0_1 = select(best_bits_0_1, best_bits_row_5_1, later);
        best_index_0_1 = select(best_index_0_1, best_index_row_5_1, later);
        var best_key_row_5_2 = key_5_2;
        var best_bits_row_5_2 = bits_5_2;
        var best_index_row_5_2 = index_5_2;
        later = best_key_row_5_2 > best_key_0_2;
        best_key_0_2 = max(best_key_0_2, best_key_row_5_2);
        best_bits_0_2 = select(best_bits_0_2, best_bits_row_5_2, later);
        best_index_0_2 = select(best_index_0_2, best_index_row_5_2, later);
        var best_key_row_5_3 = key_5_3;
        var best_bits_row_5_3 = bits_5_3;
        var best_index_row_5_3 = index_5_3;
        later = best_key_row_5_3 > best_key_0_3;
        best_key_0_3 = max(best_key_0_3, best_key_row_5_3);
        best_bits_0_3 = select(best_bits_0_3, best_bits_row_5_3, later);
        best_index_0_3 = select(best_index_0_3, best_index_row_5_3, later);
        let in_y_6 = source_y(first_y + 6, params.in_height - 1);
        let inside_y_6 = in_y_6 == first_y + 6;
        let row_6 = origin + u32(in_y_6) * row_vectors;
        let vector_6_0 = input[row_6 + u32(in_x_0)];
        let input_6_0 = value_of(vector_6_0.x);
        let input_6_1 = value_of(vector_6_0.y);
        let input_6_2 = value_of(vector_6_0.z);
        let input_6_3 = value_of(vector_6_0.w);
        let key_6_0 = select(PADDING_KEY, order_key(input_6_0, NAN_KEY + 24), inside_y_6);
        let bits_6_0 = select(PADDING_BITS, input_6_0, inside_y_6);
        let index_6_0 = select(0xffffffffu, u32(in_y_6 * params.in_width + in_x_0 * 4 + 0), inside_y_6);
        let key_6_1 = select(PADDING_KEY, order_key(input_6_1, NAN_KEY + 25), inside_y_6);
        let bits_6_1 = select(PADDING_BITS, input_6_1, inside_y_6);
        let index_6_1 = select(0xffffffffu, u32(in_y_6 * params.in_width + in_x_0 * 4 + 1), inside_y_6);
        let key_6_2 = select(PADDING_KEY, order_key(input_6_2, NAN_KEY + 26), inside_y_6);
        let bits_6_2 = select(PADDING_BITS, input_6_2, inside_y_6);
        let index_6_2 = select(0xffffffffu, u32(in_y_6 * params.in_width + in_x_0 * 4 + 2), inside_y_6);
        let key_6_3 = select(PADDING_KEY, order_key(input_6_3, NAN_KEY + 27), inside_y_6);
        let bits_6_3 = select(PADDING_BITS, input_6_3, inside_y_6);
        let index_6_3 = select(0xffffffffu, u32(in_y_6 * params.in_width + in_x_0 * 4 + 3), inside_y_6);
        var best_key_row_6_0 = key_6_0;
        var best_bits_row_6_0 = bits_6_0;
        var best_index_row_6_0 = index_6_0;
        later = best_key_row_6_0 > best_key_0_0;
        best_key_0_0 = max(best_key_0_0, best_key_row_6_0);
        best_bits_0_0 = select(best_bits_0_0, best_bits_row_6_0, later);
        best_index_0_0 = select(best_index_0_0, best_index_row_6_0, later);
        var best_key_row_6_1 = key_6_1;
        var best_bits_row_6_1 = bits_6_1;
        var best_index_row_6_1 = index_6_1;
        later = best_key_row_6_1 > best_key_0_1;
        best_key_0_1 = max(best_key_0_1, best_key_row_6_1);
        best_bits_0_1 = select(best_bits_0_1, best_bits_row_6_1, later);
        best_index_0_1 = select(best_index_0_1, best_index_row_6_1, later);
        var best_key_row_6_2 = key_6_2;
        var best_bits_row_6_2 = bits_6_2;
        var best_index_row_6_2 = index_6_2;
        later = best_key_row_6_2 > best_key_0_2;
        best_key_0_2 = max(best_key_0_2, best_key_row_6_2);
        best_bits_0_2 = select(best_bits_0_2, best_bits_row_6_2, later);
        best_index_0_2 = select(best_index_0_2, best_index_row_6_2, later);
        var best_key_row_6_3 = key_6_3;
        var best_bits_row_6_3 = bits_6_3;
        var best_index_row_6_3 = index_6_3;
        later = best_key_row_6_3 > best_key_0_3;
        best_key_0_3 = max(best_key_0_3, best_key_row_6_3);
        best_bits_0_3 = select(best_bits_0_3, best_bits_row_6_3, later);
        best_index_0_3 = select(best_index_0_3, best_index_row_6_3, later);
        let in_y_7 = source_y(first_y + 7, params.in_height - 1);
        let inside_y_7 = in_y_7 == first_y + 7;
        let row_7 = origin + u32(in_y_7) * row_vectors;
        let vector_7_0 = input[row_7 + u32(in_x_0)];
        let input_7_0 = value_of(vector_7_0.x);
        let input_7_1 = value_of(vector_7_0.y);
        let input_7_2 = value_of(vector_7_0.z);
        let input_7_3 = value_of(vector_7_0.w);
        let key_7_0 = select(PADDING_KEY, order_key(input_7_0, NAN_KEY + 28), inside_y_7);
        let bits_7_0 = select(PADDING_BITS, input_7_0, inside_y_7);
        let index_7_0 = select(0xffffffffu, u32(in_y_7 * params.in_width + in_x_0 * 4 + 0), inside_y_7);
        let key_7_1 = select(PADDING_KEY, order_key(input_7_1, NAN_KEY + 29), inside_y_7);
        let bits_7_1 = select(PADDING_BITS, input_7_1, inside_y_7);
        let index_7_1 = select(0xffffffffu, u32(in_y_7 * params.in_width + in_x_0 * 4 + 1), inside_y_7);
        let key_7_2 = select(PADDING_KEY, order_key(input_7_2, NAN_KEY + 30), inside_y_7);
        let bits_7_2 = select(PADDING_BITS, input_7_2, inside_y_7);
        let index_7_2 = select(0xffffffffu, u32(in_y_7 * params.in_width + in_x_0 * 4 + 2), inside_y_7);
        let key_7_3 = select(PADDING_KEY, order_key(input_7_3, NAN_KEY + 31), inside_y_7);
        let bits_7_3 = select(PADDING_BITS, input_7_3, inside_y_7);
        let index_7_3 = select(0xffffffffu, u32(in_y_7 * params.in_width + in_x_0 * 4 + 3), inside_y_7);
        var best_key_row_7_0 = key_7_0;
        var best_bits_row_7_0 = bits_7_0;
        var best_index_row_7_0 = index_7_0;
        later = best_key_row_7_0 > best_key_0_0;
        best_key_0_0 = max(best_key_0_0, best_key_row_7_0);
        best_bits_0_0 = select(best_bits_0_0, best_bits_row_7_0, later);
        best_index_0_0 = select(best_index_0_0, best_index_row_7_0, later);
        var best_key_row_7_1 = key_7_1;
        var best_bits_row_7_1 = bits_7_1;
        var best_index_row_7_1 = index_7_1;
        later = best_key_row_7_1 > best_key_0_1;
        best_key_0_1 = max(best_key_0_1, best_key_row_7_1);
        best_bits_0_1 = select(best_bits_0_1, best_bits_row_7_1, later);
        best_index_0_1 = select(best_index_0_1, best_index_row_7_1, later);
        var best_key_row_7_2 = key_7_2;
        var best_bits_row_7_2 = bits_7_2;
        var best_index_row_7_2 = index_7_2;
        later = best_key_row_7_2 > best_key_0_2;
        best_key_0_2 = max(best_key_0_2, best_key_row_7_2);
        best_bits_0_2 = select(best_bits_0_2, best_bits_row_7_2, later);
        best_index_0_2 = select(best_index_0_2, best_index_row_7_2, later);
        var best_key_row_7_3 = key_7_3;
        var best_bits_row_7_3 = bits_7_3;
        var best_index_row_7_3 = index_7_3;
        later = best_key_row_7_3 > best_key_0_3;
        best_key_0_3 = max(best_key_0_3, best_key_row_7_3);
        best_bits_0_3 = select(best_bits_0_3, best_bits_row_7_3, later);
        best_index_0_3 = select(best_index_0_3, best_index_row_7_3, later);
        let in_y_8 = source_y(first_y + 8, params.in_height - 1);
        let inside_y_8 = in_y_8 == first_y + 8;
        let row_8 = origin + u32(in_y_8) * row_vectors;
        let vector_8_0 = input[row_8 + u32(in_x_0)];
        let input_8_0 = value_of(vector_8_0.x);
        let input_8_1 = value_of(vector_8_0.y);
        let input_8_2 = value_of(vector_8_0.z);
        let input_8_3 = value_of(vector_8_0.w);
        let key_8_0 = select(PADDING_KEY, order_key(input_8_0, NAN_KEY + 32), inside_y_8);
        let bits_8_0 = select(PADDING_BITS, input_8_0, inside_y_8);
        let index_8_0 = select(0xffffffffu, u32(in_y_8 * params.in_width + in_x_0 * 4 + 0), inside_y_8);
        let key_8_1 = select(PADDING_KEY, order_key(input_8_1, NAN_KEY + 33), inside_y_8);
        let bits_8_1 = select(PADDING_BITS, input_8_1, inside_y_8);
        let index_8_1 = select(0xffffffffu, u32(in_y_8 * params.in_width + in_x_0 * 4 + 1), inside_y_8);
        let key_8_2 = select(PADDING_KEY, order_key(input_8_2, NAN_KEY + 34), inside_y_8);
        let bits_8_2 = select(PADDING_BITS, input_8_2, inside_y_8);
        let index_8_2 = select(0xffffffffu, u32(in_y_8 * params.in_width + in_x_0 * 4 + 2), inside_y_8);
        let key_8_3 = select(PADDING_KEY, order_key(input_8_3, NAN_KEY + 35), inside_y_8);
        let bits_8_3 = select(PADDING_BITS, input_8_3, inside_y_8);
        let index_8_3 = select(0xffffffffu, u32(in_y_8 * params.in_width + in_x_0 * 4 + 3), inside_y_8);
        var best_key_row_8_0 = key_8_0;
        var best_bits_row_8_0 = bits_8_0;
        var best_index_row_8_0 = index_8_0;
        later = best_key_row_8_0 > best_key_0_0;
        best_key_0_0 = max(best_key_0_0, best_key_row_8_0);
        best_bits_0_0 = select(best_bits_0_0, best_bits_row_8_0, later);
        best_index_0_0 = select(best_index_0_0, best_index_row_8_0, later);
        var best_key_row_8_1 = key_8_1;
        var best_bits_row_8_1 = bits_8_1;
        var best_index_row_8_1 = index_8_1;
        later = best_key_row_8_1 > best_key_0_1;
        best_key_0_1 = max(best_key_0_1, best_key_row_8_1);
        best_bits_0_1 = select(best_bits_0_1, best_bits_row_8_1, later);
        best_index_0_1 = select(best_index_0_1, best_index_row_8_1, later);
        var best_key_row_8_2 = key_8_2;
        var best_bits_row_8_2 = bits_8_2;
        var best_index_row_8_2 = index_8_2;
        later = best_key_row_8_2 > best_key_0_2;
        best_key_0_2 = max(best_key_0_2, best_key_row_8_2);
        best_bits_0_2 = select(best_bits_0_2, best_bits_row_8_2, later);
        best_index_0_2 = select(best_index_0_2, best_index_row_8_2, later);
        var best_key_row_8_3 = key_8_3;
        var best_bits_row_8_3 = bits_8_3;
        var best_index_row_8_3 = index_8_3;
        later = best_key_row_8_3 > best_key_0_3;
        best_key_0_3 = max(best_key_0_3, best_key_row_8_3);
        best_bits_0_3 = select(best_bits_0_3, best_bits_row_8_3, later);
        best_index_0_3 = select(best_index_0_3, best_index_row_8_3, later);
        let in_y_9 = source_y(first_y + 9, params.in_height - 1);
        let inside_y_9 = in_y_9 == first_y + 9;
        let row_9 = origin + u32(in_y_9) * row_vectors;
        let vector_9_0 = input[row_9 + u32(in_x_0)];
        let input_9_0 = value_of(vector_9_0.x);
        let input_9_1 = value_of(vector_9_0.y);
        let input_9_2 = value_of(vector_9_0.z);
        let input_9_3 = value_of(vector_9_0.w);
        let key_9_0 = select(PADDING_KEY, order_key(input_9_0, NAN_KEY + 36), inside_y_9);
        let bits_9_0 = select(PADDING_BITS, input_9_0, inside_y_9);
        let index_9_0 = select(0xffffffffu, u32(in_y_9 * params.in_width + in_x_0 * 4 + 0), inside_y_9);
        let key_9_1 = select(PADDING_KEY, order_key(input_9_1, NAN_KEY + 37), inside_y_9);
        let bits_9_1 = select(PADDING_BITS, input_9_1, inside_y_9);
        let index_9_1 = select(0xffffffffu, u32(in_y_9 * params.in_width + in_x_0 * 4 + 1), inside_y_9);
        let key_9_2 = select(PADDING_KEY, order_key(input_9_2, NAN_KEY + 38), inside_y_9);
        let bits_9_2 = select(PADDING_BITS, input_9_2, inside_y_9);
        let index_9_2 = select(0xffffffffu, u32(in_y_9 * params.in_width + in_x_0 * 4 + 2), inside_y_9);
        let key_9_3 = select(PADDING_KEY, order_key(input_9_3, NAN_KEY + 39), inside_y_9);
        let bits_9_3 = select(PADDING_BITS, input_9_3, inside_y_9);
        let index_9_3 = select(0xffffffffu, u32(in_y_9 * params.in_width + in_x_0 * 4 + 3), inside_y_9);
        var best_key_row_9_0 = key_9_0;
        var best_bits_row_9_0 = bits_9_0;
        var best_index_row_9_0 = index_9_0;
        later = best_key_row_9_0 > best_key_0_0;
        best_key_0_0 = max(best_key_0_0, best_key_row_9_0);
        best_bits_0_0 = select(best_bits_0_0, best_bits_row_9_0, later);
        best_index_0_0 = select(best_index_0_0, best_index_row_9_0, later);
        var best_key_row_9_1 = key_9_1;
        var best_bits_row_9_1 = bits_9_1;
        var best_index_row_9_1 = index_9_1;
        later = best_key_row_9_1 > best_key_0_1;
        best_key_0_1 = max(best_key_0_1, best_key_row_9_1);
        best_bits_0_1 = select(best_bits_0_1, best_bits_row_9_1, later);
        best_index_0_1 = select(best_index_0_1, best_index_row_9_1, later);
        var best_key_row_9_2 = key_9_2;
        var best_bits_row_9_2 = bits_9_2;
        var best_index_row_9_2 = index_9_2;
        later = best_key_row_9_2 > best_key_0_2;
        best_key_0_2 = max(best_key_0_2, best_key_row_9_2);
        best_bits_0_2 = select(best_bits_0_2, best_bits_row_9_2, later);
        best_index_0_2 = select(best_index_0_2, best_index_row_9_2, later);
        var best_key_row_9_3 = key_9_3;
        var best_bits_row_9_3 = bits_9_3;
        var best_index_row_9_3 = index_9_3;
        later = best_key_row_9_3 > best_key_0_3;
        best_key_0_3 = max(best_key_0_3, best_key_row_9_3);
        best_bits_0_3 = select(best_bits_0_3, best_bits_row_9_3, later);
        best_index_0_3 = select(best_index_0_3, best_index_row_9_3, later);
        let in_y_10 = source_y(first_y + 10, params.in_height - 1);
        let inside_y_10 = in_y_10 == first_y + 10;
        let row_10 = origin + u32(in_y_10) * row_vectors;
        let vector_10_0 = input[row_10 + u32(in_x_0)];
        let input_10_0 = value_of(vector_10_0.x);
        let input_10_1 = value_of(vector_10_0.y);
        let input_10_2 = value_of(vector_10_0.z);
        let input_10_3 = value_of(vector_10_0.w);
        let key_10_0 = select(PADDING_KEY, order_key(input_10_0, NAN_KEY + 40), inside_y_10);
        let bits_10_0 = select(PADDING_BITS, input_10_0, inside_y_10);
        let index_10_0 = select(0xffffffffu, u32(in_y_10 * params.in_width + in_x_0 * 4 + 0), inside_y_10);
        let key_10_1 = select(PADDING_KEY, order_key(input_10_1, NAN_KEY + 41), inside_y_10);
        let bits_10_1 = select(PADDING_BITS, input_10_1, inside_y_10);
        let index_10_1 = select(0xffffffffu, u32(in_y_10 * params.in_width + in_x_0 * 4 + 1), inside_y_10);
        let key_10_2 = select(PADDING_KEY, order_key(input_10_2, NAN_KEY + 42), inside_y_10);
        let bits_10_2 = select(PADDING_BITS, input_10_2, inside_y_10);
        let index_10_2 = select(0xffffffffu, u32(in_y_10 * params.in_width + in_x_0 * 4 + 2), inside_y_10);
        let key_10_3 = select(PADDING_KEY, order_key(input_10_3, NAN_KEY + 43), inside_y_10);
        let bits_10_3 = select(PADDING_BITS, input_10_3, inside_y_10);
        let index_10_3 = select(0xffffffffu, u32(in_y_10 * params.in_width + in_x_0 * 4 + 3), inside_y_10);
        var best_key_row_10_0 = key_10_0;
        var best_bits_row_10_0 = bits_10_0;
        var best_index_row_10_0 = index_10_0;
        later = best_key_row_10_0 > best_key_0_0;
        best_key_0_0 = max(best_key_0_0, best_key_row_10_0);
        best_bits_0_0 = select(best_bits_0_0, best_bits_row_10_0, later);
        best_index_0_0 = select(best_index_0_0, best_index_row_10_0, later);
        var best_key_row_10_1 = key_10_1;
        var best_bits_row_10_1 = bits_10_1;
        var best_index_row_10_1 = index_10_1;
        later = best_key_row_10_1 > best_key_0_1;
        best_key_0_1 = max(best_key_0_1, best_key_row_10_1);
        best_bits_0_1 = select(best_bits_0_1, best_bits_row_10_1, later);
        best_index_0_1 = select(best_index_0_1, best_index_row_10_1, later);
        var best_key_row_10_2 = key_10_2;
        var best_bits_row_10_2 = bits_10_2;
        var best_index_row_10_2 = index_10_2;
        later = best_key_row_10_2 > best_key_0_2;
        best_key_0_2 = max(best_key_0_2, best_key_row_10_2);
        best_bits_0_2 = select(best_bits_0_2, best_bits_row_10_2, later);
        best_index_0_2 = select(best_index_0_2, best_index_row_10_2, later);
        var best_key_row_10_3 = key_10_3;
        var best_bits_row_10_3 = bits_10_3;
        var best_index_row_10_3 = index_10_3;
        later = best_key_row_10_3 > best_key_0_3;
        best_key_0_3 = max(best_key_0_3, best_key_row_10_3);
        best_bits_0_3 = select(best_bits_0_3, best_bits_row_10_3, later);
        best_index_0_3 = select(best_index_0_3, best_index_row_10_3, later);
        let in_y_11 = source_y(first_y + 11, params.in_height - 1);
        let inside_y_11 = in_y_11 == first_y + 11;
        let row_11 = origin + u32(in_y_11) * row_vectors;
        let vector_11_0 = input[row_11 + u32(in_x_0)];
        let input_11_0 = value_of(vector_11_0.x);
        let input_11_1 = value_of(vector_11_0.y);
        let input_11_2 = value_of(vector_11_0.z);
        let input_11_3 = value_of(vector_11_0.w);
        let key_11_0 = select(PADDING_KEY, order_key(input_11_0, NAN_KEY + 44), inside_y_11);
        let bits_11_0 = select(PADDING_BITS, input_11_0, inside_y_11);
        let index_11_0 = select(0xffffffffu, u32(in_y_11 * params.in_width + in_x_0 * 4 + 0), inside_y_11);
        let key_11_1 = select(PADDING_KEY, order_key(input_11_1, NAN_KEY + 45), inside_y_11);
        let bits_11_1 = select(PADDING_BITS, input_11_1, inside_y_11);
        let index_11_1 = select(0xffffffffu, u32(in_y_11 * params.in_width + in_x_0 * 4 + 1), inside_y_11);
        let key_11_2 = select(PADDING_KEY, order_key(input_11_2, NAN_KEY + 46), inside_y_11);
        let bits_11_2 = select(PADDING_BITS, input_11_2, inside_y_11);
        let index_11_2 = select(0xffffffffu, u32(in_y_11 * params.in_width + in_x_0 * 4 + 2), inside_y_11);
        let key_11_3 = select(PADDING_KEY, order_key(input_11_3, NAN_KEY + 47), inside_y_11);
        let bits_11_3 = select(PADDING_BITS, input_11_3, inside_y_11);
        let index_11_3 = select(0xffffffffu, u32(in_y_11 * params.in_width + in_x_0 * 4 + 3), inside_y_11);
        var best_key_row_11_0 = key_11_0;
        var best_bits_row_11_0 = bits_11_0;
        var best_index_row_11_0 = index_11_0;
        later = best_key_row_11_0 > best_key_0_0;
        best_key_0_0 = max(best_key_0_0, best_key_row_11_0);
        best_bits_0_0 = select(best_bits_0_0, best_bits_row_11_0, later);
        best_index_0_0 = select(best_index_0_0, best_index_row_11_0, later);
        var best_key_row_11_1 = key_11_1;
        var best_bits_row_11_1 = bits_11_1;
        var best_index_row_11_1 = index_11_1;
        later = best_key_row_11_1 > best_key_0_1;
        best_key_0_1 = max(best_key_0_1, best_key_row_11_1);
        best_bits_0_1 = select(best_bits_0_1, best_bits_row_11_1, later);
        best_index_0_1 = select(best_index_0_1, best_index_row_11_1, later);
        var best_key_row_11_2 = key_11_2;
        var best_bits_row_11_2 = bits_11_2;
        var best_index_row_11_2 = index_11_2;
        later = best_key_row_11_2 > best_key_0_2;
        best_key_0_2 = max(best_key_0_2, best_key_row_11_2);
        best_bits_0_2 = select(best_bits_0_2, best_bits_row_11_2, later);
        best_index_0_2 = select(best_index_0_2, best_index_row_11_2, later);
        var best_key_row_11_3 = key_11_3;
        var best_bits_row_11_3 = bits_11_3;
        var best_index_row_11_3 = index_11_3;
        later = best_key_row_11_3 > best_key_0_3;
        best_key_0_3 = max(best_key_0_3, best_key_row_11_3);
        best_bits_0_3 = select(best_bits_0_3, best_bits_row_11_3, later);
        best_index_0_3 = select(best_index_0_3, best_index_row_11_3, later);
        let in_y_12 = source_y(first_y + 12, params.in_height - 1);
        let inside_y_12 = in_y_12 == first_y + 12;
        let row_12 = origin + u32(in_y_12) * row_vectors;
        let vector_12_0 = input[row_12 + u32(in_x_0)];
        let input_12_0 = value_of(vector_12_0.x);
        let input_12_1 = value_of(vector_12_0.y);
        let input_12_2 = value_of(vector_12_0.z);
        let input_12_3 = value_of(vector_12_0.w);
        let key_12_0 = select(PADDING_KEY, order_key(input_12_0, NAN_KEY + 48), inside_y_12);
        let bits_12_0 = select(PADDING_BITS, input_12_0, inside_y_12);
        let index_12_0 = select(0xffffffffu, u32(in_y_12 * params.in_width + in_x_0 * 4 + 0), inside_y_12);
        let key_12_1 = select(PADDING_KEY, order_key(input_12_1, NAN_KEY + 49), inside_y_12);
        let bits_12_1 = select(PADDING_BITS, input_12_1, inside_y_12);
        let index_12_1 = select(0xffffffffu, u32(in_y_12 * params.in_width + in_x_0 * 4 + 1), inside_y_12);
        let key_12_2 = select(PADDING_KEY, order_key(input_12_2, NAN_KEY + 50), inside_y_12);
        let bits_12_2 = select(PADDING_BITS, input_12_2, inside_y_12);
        let index_12_2 = select(0xffffffffu, u32(in_y_12 * params.in_width + in_x_0 * 4 + 2), inside_y_12);
        let key_12_3 = select(PADDING_KEY, order_key(input_12_3, NAN_KEY + 51), inside_y_12);
        let bits_12_3 = select(PADDING_BITS, input_12_3, inside_y_12);
        let index_12_3 = select(0xffffffffu, u32(in_y_12 * params.in_width + in_x_0 * 4 + 3), inside_y_12);
        var best_key_row_12_0 = key_12_0;
        var best_bits_row_12_0 = bits_12_0;
        var best_index_row_12_0 = index_12_0;
        later = best_key_row_12_0 > best_key_0_0;
        best_key_0_0 = max(best_key_0_0, best_key_row_12_0);
        best_bits_0_0 = select(best_bits_0_0, best_bits_row_12_0, later);
        best_index_0_0 = select(best_index_0_0, best_index_row_12_0, later);
        var best_key_row_12_1 = key_12_1;
        var best_bits_row_12_1 = bits_12_1;
        var best_index_row_12_1 = index_12_1;
        later = best_key_row_12_1 > best_key_0_1;
        best_key_0_1 = max(best_key_0_1, best_key_row_12_1);
        best_bits_0_1 = select(best_bits_0_1, best_bits_row_12_1, later);
        best_index_0_1 = select(best_index_0_1, best_index_row_12_1, later);
        var best_key_row_12_2 = key_12_2;
        var best_bits_row_12_2 = bits_12_2;
        var best_index_row_12_2 = index_12_2;
        later = best_key_row_12_2 > best_key_0_2;
        best_key_0_2 = max(best_key_0_2, best_key_row_12_2);
        best_bits_0_2 = select(best_bits_0_2, best_bits_row_12_2, later);
        best_index_0_2 = select(best_index_0_2, best_index_row_12_2, later);
        var best_key_row_12_3 = key_12_3;
        var best_bits_row_12_3 = bits_12_3;
        var best_index_row_12_3 = index_12_3;
        later = best_key_row_12_3 > best_key_0_3;
        best_key_0_3 = max(best_key_0_3, best_key_row_12_3);
        best_bits_0_3 = select(best_bits_0_3, best_bits_row_12_3, later);
        best_index_0_3 = select(best_index_0_3, best_index_row_12_3, later);
        {
            let out_row = (plane * params.out_height + out_y + 0u) * params.out_width + out_x;
            output[(out_row + 0u) / 4u] = vec4<Element>(
best_bits_0_0,
best_bits_0_1,
best_bits_0_2,
best_bits_0_3,
            );
            indices[(out_row + 0u) / 4u] = vec4<u32>(
found_at(plane, best_index_0_0),
found_at(plane, best_index_0_1),
found_at(plane, best_index_0_2),
found_at(plane, best_index_0_3),
            );
        }
    }
}