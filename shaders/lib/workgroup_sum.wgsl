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
