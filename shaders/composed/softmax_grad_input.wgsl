// Composed from softmax_grad_input.wgsl as softmax_grad_input-whole-lanes1 for: gradient of a softmax, 21x128x128.
// Computes: the gradient of the input of a softmax; or, where the channels of a position do not lie
//   in one binding, the sum so far of the products of some of them, or the gradients of some.
// Owns: 1 invocations one position, the channels in turns; neighbours of the 64
//   positions of a workgroup are neighbours in a plane.
// Padding: none.
// Host guarantees: a dispatch covers images, channels and outputs of a plane whose elements lie in
//   the bindings. Indices are modulo 2^32, as is the base. In parts state has the positions of the
//   dispatch, and is_first is 1 for those that nothing came before.
// Reference: src/reference/softmax.rs
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
@group(0) @binding(1) var<storage, read> output: array<f32>;
@group(0) @binding(2) var<storage, read> grad_output: array<f32>;
@group(0) @binding(3) var<storage, read_write> grad_input: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let group_index = group.x + group.y * params.grid_width;
    if group_index * 64u >= params.positions {
        return;
    }
    let found = position_of(group_index, local);
    // Sums of blocks of channels keep the rounding error far below that of one long sum.
    var total = 0.0;
    for (var from_channel = found.lane; from_channel < params.dispatch_channels; from_channel += 64u) {
        var block = 0.0;
        let end = min(from_channel + 64u, params.dispatch_channels);
        for (var channel = from_channel; channel < end; channel += 1u) {
            let at = found.first + channel * params.plane;
            block += output[at] * grad_output[at];
        }
        total += block;
    }
    if found.is_inside {
        for (var channel = found.lane; channel < params.dispatch_channels; channel += 1u) {
            let at = found.first + channel * params.plane;
            grad_input[at] = output[at] * (grad_output[at] - total);
        }
    }
}