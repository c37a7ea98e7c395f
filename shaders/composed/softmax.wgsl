// Composed from softmax.wgsl as softmax-whole-lanes1 for: softmax over 21 channels of 128x128 pixels.
// Computes: the softmax over the channels of every position; or, where they do not lie in one
//   binding, the largest and the sum so far of some of them, or the outputs of some.
// Owns: 1 invocations one position, the channels in turns; neighbours of the 64
//   positions of a workgroup are neighbours in a plane.
// Padding: none.
// Host guarantees: a dispatch covers images, channels and outputs of a plane whose elements lie in
//   the binding. Indices are modulo 2^32, as is the base. In parts state has the positions of the
//   dispatch, and is_first is 1 for those that nothing came before.
// Reference: src/reference/softmax.rs
alias Element = f32;

fn to_element(value: f32) -> Element {
    return value;
}
struct Params {
    grid_width: u32,
    positions: u32,
    channels: u32,
    plane: u32,
    first_image: u32,
    first_channel: u32,
    dispatch_channels: u32,
    first_output: u32,
    dispatch_outputs: u32,
    base: u32,
    is_first: u32,
}

@group(0) @binding(0) var<uniform> params: Params;

struct Found {
    // That of the dispatch, and its first channel in the binding.
    position: u32,
    first: u32,
    // Which of those that share the position.
    lane: u32,
    is_inside: bool,
}

// What an invocation works on; beyond the last position that one again.
fn position_of(group: u32, local: u32) -> Found {
    let own = group * 64u + local % 64u;
    let position = min(own, params.positions - 1u);
    let image = params.first_image + position / params.dispatch_outputs;
    let at = params.first_output + position % params.dispatch_outputs;
    let first = (image * params.channels + params.first_channel) * params.plane + at - params.base;
    return Found(position, first, local / 64u, own < params.positions);
}
@group(0) @binding(1) var<storage, read> input: array<Element>;
@group(0) @binding(2) var<storage, read_write> output: array<Element>;

// Orders as the floats do, negative infinity below 0x00800000, NaN as the largest: WGSL lets an
// implementation assume that comparisons of floats see neither.
fn key_of(x: f32) -> u32 {
    let bits = bitcast<u32>(x);
    let key = select(bits | 0x80000000u, ~bits, bits >= 0x80000000u);
    return select(key, 0xffffffffu, (bits & 0x7fffffffu) > 0x7f800000u);
}

fn number_of(key: u32) -> f32 {
    return bitcast<f32>(select(~key, key & 0x7fffffffu, key >= 0x80000000u));
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let group_index = group.x + group.y * params.grid_width;
    if group_index * 64u >= params.positions {
        return;
    }
    let found = position_of(group_index, local);
    var key = 0u;
    for (var channel = found.lane; channel < params.dispatch_channels; channel += 1u) {
        key = max(key, key_of(f32(input[found.first + channel * params.plane])));
    }
    let largest = number_of(key);
    // The largest exponent is 0, so that nothing overflows. Sums of blocks of channels keep the
    // rounding error far below that of one long sum.
    var total = 0.0;
    for (var from_channel = found.lane; from_channel < params.dispatch_channels; from_channel += 64u) {
        var block = 0.0;
        let end = min(from_channel + 64u, params.dispatch_channels);
        for (var channel = from_channel; channel < end; channel += 1u) {
            block += exp(f32(input[found.first + channel * params.plane]) - largest);
        }
        total += block;
    }
    let is_nan = key >= 0xff800000u || key < 0x00800000u;
    if found.is_inside {
        for (var channel = found.lane; channel < params.dispatch_channels; channel += 1u) {
            let at = found.first + channel * params.plane;
            let bits = bitcast<u32>(exp(f32(input[at]) - largest) / total);
            output[at] = to_element(bitcast<f32>(select(bits, 0x7fc00000u, is_nan)));
        }
    }
}