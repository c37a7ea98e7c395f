// Composed from avg_pool2d_global.wgsl as avg_pool2d_global-lanes16-load_width1-unroll1 for: average of whole planes, 512x7x7.
// Computes: the mean of every plane.
// Owns: 16 neighbouring invocations a plane, which they read side by side, and a workgroup
//   4; their sums meet in workgroup memory.
// Padding: none.
// Host guarantees: a plane is a whole number of vectors.
// Reference: src/reference/avg_pool2d.rs
alias Element = f32;

fn to_element(value: f32) -> Element {
    return value;
}

struct Params {
    grid_width: u32,
    planes: u32,
    plane_vectors: u32,
    divisor: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> input: array<Element>;
@group(0) @binding(2) var<storage, read_write> output: array<Element>;

var<workgroup> sums: array<f32, 64>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let group_index = group.x + group.y * params.grid_width;
    let plane = group_index * 4u + local / 16u;
    let lane = local % 16u;
    let first = min(plane, params.planes - 1u) * params.plane_vectors;
    let end = first + params.plane_vectors;

    // Several sums keep loads in flight, and the rounding error of large planes small.
    var index = first + lane;
    var sum_0 = f32(0.0);
    for (; index < end; index += 16u) {
        sum_0 += f32(input[index]);
    }
    let sum = sum_0;
    sums[local] = sum;
    workgroupBarrier();
    if lane < 8u {
        sums[local] += sums[local + 8u];
    }
    workgroupBarrier();
    if lane < 4u {
        sums[local] += sums[local + 4u];
    }
    workgroupBarrier();
    if lane < 2u {
        sums[local] += sums[local + 2u];
    }
    workgroupBarrier();
    if lane < 1u {
        sums[local] += sums[local + 1u];
    }
    if lane == 0u && plane < params.planes {
        output[plane] = to_element(sums[local] / params.divisor);
    }
}