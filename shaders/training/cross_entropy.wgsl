// Computes: of every position the cross-entropy of its classes' softmax with its label, and the
//   gradient of the mean over all positions.
// Owns: an invocation one position, all its classes; neighbours are neighbours in a plane. Where
//   classes are shared, a workgroup one position, its invocations the classes in turns.
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

{% if shared %}
{% set lanes = 64 %}
{% include "lib/workgroup_sum" %}

// The largest over the invocations of a workgroup; all of them must call it.
fn workgroup_largest(local: u32, value: f32) -> f32 {
    partial_sums[local] = value;
    for (var half = 32u; half > 0u; half /= 2u) {
        workgroupBarrier();
        if local < half {
            let other = partial_sums[local + half];
            partial_sums[local] = select(partial_sums[local], other, other > partial_sums[local]);
        }
    }
    workgroupBarrier();
    let largest = partial_sums[0];
    // The next sum writes there again.
    workgroupBarrier();
    return largest;
}

{% else %}
{% set lanes = 1 %}
{% endif %}
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
{% if shared %}
    let position = group.x + group.y * params.grid_width;
    let first_class = local;
{% else %}
    let position = (group.x + group.y * params.grid_width) * 64u + local;
    let first_class = 0u;
{% endif %}
    if position >= params.positions {
        return;
    }
    let image = position / params.plane;
    let first = image * params.classes * params.plane + position % params.plane;

    var largest = logits[first];
    for (var channel = first_class; channel < params.classes; channel += {{ lanes }}u) {
        let logit = logits[first + channel * params.plane];
        largest = select(largest, logit, logit > largest);
    }
{% if shared %}
    largest = workgroup_largest(local, largest);
{% endif %}
    // The largest exponent is 0, so that nothing overflows. Sums of blocks of classes keep the
    // rounding error far below that of one long sum.
    var total = 0.0;
    for (var from_class = first_class; from_class < params.classes; from_class += {{ 64 * lanes }}u) {
        var block = 0.0;
        let end = min(from_class + {{ 64 * lanes }}u, params.classes);
        for (var channel = from_class; channel < end; channel += {{ lanes }}u) {
            block += exp(logits[first + channel * params.plane] - largest);
        }
        total += block;
    }
{% if shared %}
    total = workgroup_sum(local, total);
{% endif %}
    let label = labels[position];
{% if shared %}
    if local == 0u {
        losses[position] = log(total) + (largest - logits[first + label * params.plane]);
    }
{% else %}
    losses[position] = log(total) + (largest - logits[first + label * params.plane]);
{% endif %}
    for (var channel = first_class; channel < params.classes; channel += {{ lanes }}u) {
        let at = first + channel * params.plane;
        let expected = select(0.0, 1.0, channel == label);
        gradient[at] = (exp(logits[at] - largest) / total - expected) * params.scale;
    }
}
