// Computes: a copy, the most bytes that an adapter moves.
// Owns: an invocation four elements; neighbours in a workgroup are neighbours in memory.
// Padding: none.
// Host guarantees: count vectors of four elements in both; a texture as input is texture_width
//   texels wide and filled row by row.
// Reference: src/ceiling.rs compares with the input.
struct Params {
    grid_width: u32,
    count: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
{% if from_texture %}
@group(0) @binding(1) var input: texture_storage_2d<rgba32float, read>;
{% else %}
@group(0) @binding(1) var<storage, read> input: array<vec4<f32>>;
{% endif %}
@group(0) @binding(2) var<storage, read_write> output: array<vec4<f32>>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let index = (group.x + group.y * params.grid_width) * 64u + local;
    if index >= params.count {
        return;
    }
{% if from_texture %}
    let texel = vec2<u32>(index % {{ texture_width }}u, index / {{ texture_width }}u);
    output[index] = textureLoad(input, texel);
{% else %}
    output[index] = input[index];
{% endif %}
}
