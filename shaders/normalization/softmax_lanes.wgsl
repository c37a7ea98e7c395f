var<workgroup> shared_sums: array<f32, 64>;

// The sum over the lanes of a position; all of them must call it.
fn sum_of_lanes(local: u32, value: f32) -> f32 {
    shared_sums[local] = value;
{% for half in [32, 16, 8, 4, 2, 1] if half < lanes %}
    workgroupBarrier();
    if local < {{ half * (64 // lanes) }}u {
        shared_sums[local] += shared_sums[local + {{ half * (64 // lanes) }}u];
    }
{% endfor %}
    workgroupBarrier();
    return shared_sums[local % {{ 64 // lanes }}u];
}

