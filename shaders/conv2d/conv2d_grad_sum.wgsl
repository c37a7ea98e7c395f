// Computes: the sums of the parts of a gradient of a convolution's weight.
// Owns: an invocation one element of the gradient; neighbours in a workgroup are neighbours in
//   memory.
// Padding: none.
// Host guarantees: parts partial sums of each of the count elements, those of a part together.
// Reference: src/reference/conv2d.rs
{% include "lib/element" %}

struct Params {
    grid_width: u32,
    count: u32,
    parts: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> partial: array<Element>;
@group(0) @binding(2) var<storage, read_write> gradient: array<Element>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let index = (group.x + group.y * params.grid_width) * 64u + local;
    if index >= params.count {
        return;
    }
    var sum = 0.0;
    // Sums of blocks of parts keep the rounding error far below that of one long sum.
    for (var from_part = 0u; from_part < params.parts; from_part += 64u) {
        var block = 0.0;
        let end = min(from_part + 64u, params.parts);
        for (var part = from_part; part < end; part++) {
            block += f32(partial[part * params.count + index]);
        }
        sum += block;
    }
    gradient[index] = Element(sum);
}
