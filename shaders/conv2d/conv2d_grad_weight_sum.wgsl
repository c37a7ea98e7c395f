// Computes: the sums of the parts of a gradient of a convolution's weight, whose filters lie in rows
//   of vectors with taps before channels.
// Owns: a workgroup 16 vectors; four invocations share one, neighbours of every four in memory.
// Padding: none.
// Host guarantees: parts partial sums of each of the count vectors, those of a part together; a row
//   has row_vectors vectors, with taps * channels elements and what fills the last vector.
// Reference: src/reference/conv2d.rs

struct Params {
    grid_width: u32,
    count: u32,
    parts: u32,
    row_vectors: u32,
    taps: u32,
    channels: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> partial: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> gradient: array<f32>;

var<workgroup> sums: array<array<vec4<f32>, 16>, 4>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let vector = (group.x + group.y * params.grid_width) * 16u + local % 16u;
    let quarter = local / 16u;
    var sum = vec4<f32>(0.0);
    if vector < params.count {
        // Sums of blocks of parts keep the rounding error far below that of one long sum.
        for (var from_part = quarter; from_part < params.parts; from_part += 256u) {
            var block = vec4<f32>(0.0);
            let end = min(from_part + 256u, params.parts);
            for (var part = from_part; part < end; part += 4u) {
                block += partial[part * params.count + vector];
            }
            sum += block;
        }
    }
    sums[quarter][local % 16u] = sum;
    workgroupBarrier();
    // An invocation stores the element of its number.
    let row = vector / params.row_vectors;
    let column = vector % params.row_vectors * 4u + quarter;
    if vector >= params.count || column >= params.taps * params.channels {
        return;
    }
    var total = 0.0;
    for (var other = 0u; other < 4u; other++) {
        total += sums[other][local % 16u][quarter];
    }
    let tap = column / params.channels;
    let channel = column % params.channels;
    gradient[(row * params.channels + channel) * params.taps + tap] = total;
}
