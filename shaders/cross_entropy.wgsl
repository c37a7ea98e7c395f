// Computes: of every position the cross-entropy of its classes' softmax with its label, and the
//   gradient of the mean over all positions.
// Owns: an invocation one position, all its classes; neighbours are neighbours along out_x.
// Padding: none.
// Host guarantees: logits and gradient hold positions * classes elements, labels and losses positions;
//   plane (height * width) divides positions; every label is below classes; scale is 1 / positions.
// Reference: src/reference/loss.rs
struct Params {
    grid_width: u32,
    positions: u32,
    classes: u32,
    plane: u32,
    scale: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> logits: array<f32>;
@group(0) @binding(2) var<storage, read> labels: array<u32>;
@group(0) @binding(3) var<storage, read_write> losses: array<f32>;
@group(0) @binding(4) var<storage, read_write> gradient: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let position = (group.x + group.y * params.grid_width) * 64u + local;
    if position >= params.positions {
        return;
    }
    let image = position / params.plane;
    let first = image * params.classes * params.plane + position % params.plane;

    var largest = logits[first];
    for (var channel = 1u; channel < params.classes; channel += 1u) {
        let logit = logits[first + channel * params.plane];
        largest = select(largest, logit, logit > largest);
    }
    // The largest exponent is 0, so that nothing overflows.
    var total = 0.0;
    for (var channel = 0u; channel < params.classes; channel += 1u) {
        total += exp(logits[first + channel * params.plane] - largest);
    }
    let label = labels[position];
    losses[position] = log(total) + (largest - logits[first + label * params.plane]);
    for (var channel = 0u; channel < params.classes; channel += 1u) {
        let at = first + channel * params.plane;
        let expected = select(0.0, 1.0, channel == label);
        gradient[at] = (exp(logits[at] - largest) / total - expected) * params.scale;
    }
}
