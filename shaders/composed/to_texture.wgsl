// Composed from texture_write.wgsl as texture_write-unorm8-components4-scaled-channels3-set for: three channels to Rgba8Unorm.
// Computes: texels of scale * element + bias of channels of a tensor, as their format stores them,
//   packed into words that are copied into a texture.
// Owns: an invocation a texel, or those of a word where several share one; a workgroup 64
//   neighbours of a row. What lies behind the last texel of a row is not copied.
// Padding: none.
// Host guarantees: height * row_workgroups workgroups at least; rows of row_words words hold width
//   texels each; the elements of the rows lie in the planes, one for each of a number of channels,
//   from a start on; where alpha is kept the texels from left and top on lie in the texture.
// Reference: src/reference/texture.rs
alias Element = f32;

fn to_element(value: f32) -> Element {
    return value;
}

struct Params {
    grid_width: u32,
    row_workgroups: u32,
    width: u32,
    height: u32,
    left: u32,
    top: u32,
    row_words: u32,
    alpha_bits: u32,
    start_0: u32,
    start_1: u32,
    start_2: u32,
    start_3: u32,
    scale_0: f32,
    scale_1: f32,
    scale_2: f32,
    scale_3: f32,
    bias_0: f32,
    bias_1: f32,
    bias_2: f32,
    bias_3: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> plane_0: array<Element>;
@group(0) @binding(2) var<storage, read> plane_1: array<Element>;
@group(0) @binding(3) var<storage, read> plane_2: array<Element>;
@group(0) @binding(4) var<storage, read_write> words: array<u32>;

// From 0 to 1, and 0 for NaN. As whole numbers, those from 0 to 1 order as they are and above
// infinity lie NaN and what is below 0; as floats none may be taken to be NaN.
fn clamped(value: f32) -> f32 {
    let bits = bitcast<u32>(value);
    return bitcast<f32>(select(min(bits, 0x3f800000u), 0u, bits > 0x7f800000u));
}

// The nearest of 0 to 255, ties to even. In whole numbers, since a product of floats that is rounded
// may become a tie.
fn unorm8(value: f32) -> u32 {
    let bits = bitcast<u32>(clamped(value));
    let product = ((bits & 0x7fffffu) | 0x800000u) * 255u;
    // In halves: one place more than stand before the point. Below 2^-9 all is nearest to 0.
    let shift = min(149u - (bits >> 23u), 31u);
    let halves = product >> shift;
    let is_up = (product & ((1u << shift) - 1u)) != 0u || (halves & 2u) != 0u;
    return select((halves + select(0u, 1u, is_up)) >> 1u, 0u, bits < 0x3b000000u);
}

fn number_0(place: u32) -> u32 {
    let element = f32(plane_0[params.start_0 + place]);
    return unorm8(params.scale_0 * element + params.bias_0);
}

fn number_1(place: u32) -> u32 {
    let element = f32(plane_1[params.start_1 + place]);
    return unorm8(params.scale_1 * element + params.bias_1);
}

fn number_2(place: u32) -> u32 {
    let element = f32(plane_2[params.start_2 + place]);
    return unorm8(params.scale_2 * element + params.bias_2);
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let workgroup = group.x + group.y * params.grid_width;
    let y = workgroup / params.row_workgroups;
    let unit = (workgroup - y * params.row_workgroups) * 64u + local;
    let x = unit;
    if x >= params.width || y >= params.height {
        return;
    }
    let row = y * params.width;
    let red = number_0(row + x);
    let green = number_1(row + x);
    let blue = number_2(row + x);
    let alpha = params.alpha_bits;
    words[y * params.row_words + unit] =
        red | (green << 8u) | (blue << 16u) | (alpha << 24u);
}