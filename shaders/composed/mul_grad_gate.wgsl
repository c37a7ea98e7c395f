// Composed from reduction.wgsl as reduction-product-each-shared for: gradient of a gate of 64x56x56.
// Computes: sums of terms along one axis of a tensor, or of parts of them: the gradient of a tensor
//   that was broadcast along it.
// Owns: an invocation, or a workgroup, one part of one sum. The invocations of a workgroup take terms
//   in turns, those of others have neighbouring sums; or parts take terms in turns, where there are
//   too few sums for that: so neighbours read neighbours.
// Padding: none.
// Host guarantees: every size is at least 1; count sums of parts, each of at most terms terms, which
//   lie in the bindings from gradient_first on, term_distance from one to the next and
//   outer_distance from one block of inner sums to the next. Indices are modulo 2^32.
// Reference: src/reference/arithmetic.rs
struct Params {
    grid_width: u32,
    count: u32,
    inner: u32,
    parts: u32,
    terms: u32,
    block: u32,
    step: u32,
    part_distance: u32,
    part_span: u32,
    term_distance: u32,
    outer_distance: u32,
    gradient_first: u32,
    factor_first: u32,
    sums_first: u32,
    sum_distance: u32,
    sums_distance: u32,
    scale: f32,
    first_sum: u32,
    left_1: u32,
    left_2: u32,
    factor_stride_0: u32,
    factor_stride_1: u32,
    factor_stride_2: u32,
    factor_term: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> gradient: array<f32>;
@group(0) @binding(2) var<storage, read> factor: array<f32>;
@group(0) @binding(3) var<storage, read_write> sums: array<f32>;

var<workgroup> partial_sums: array<f32, 64>;

// The sum over the 64 invocations of a workgroup, by halves; all of them must call it.
fn workgroup_sum(local: u32, value: f32) -> f32 {
    partial_sums[local] = value;
    for (var half = 32u; half > 0u; half /= 2u) {
        workgroupBarrier();
        if local < half {
            partial_sums[local] += partial_sums[local + half];
        }
    }
    workgroupBarrier();
    let sum = partial_sums[0];
    // The next call writes there again.
    workgroupBarrier();
    return sum;
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let index = group.x + group.y * params.grid_width;
    if index >= params.count {
        return;
    }
    let row = index / params.inner;
    let column = index - row * params.inner;
    let outer = row / params.parts;
    let part = row - outer * params.parts;
    let gradient_start = params.gradient_first + outer * params.outer_distance + column;
    let factor_start = params.factor_first + outer * params.outer_distance + column;
    let factor_term = params.term_distance;

    // Sums of blocks keep the rounding error far below that of one long sum.
    let first = part * params.part_distance + local;
    let end_term = min(part * params.part_distance + params.part_span, params.terms);
    let block_step = params.block * params.step;
    var sum = 0.0;
    for (var from_term = first; from_term < end_term; from_term += block_step) {
        var block = 0.0;
        let end = min(from_term + block_step, end_term);
        for (var term = from_term; term < end; term += params.step) {
            let value = gradient[gradient_start + term * params.term_distance];
            let by = factor[factor_start + term * factor_term];
            block += value * by;
        }
        sum += block;
    }
    let place = params.sums_first + (outer * params.sums_distance + column) * params.sum_distance + part;
    let total = workgroup_sum(local, sum);
    if local == 0u {
        sums[place] = total * params.scale;
    }
}