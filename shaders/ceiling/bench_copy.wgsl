// Computes: a copy, the most bytes that an adapter moves.
// Owns: a workgroup 1024 vectors of four elements, an invocation every 256th of them, so that it has
//   several loads in flight; neighbours are neighbours in memory.
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

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let first = (group.x + group.y * params.grid_width) * 1024u + local;
    let last = params.count - 1u;
{% for i in range(4) %}
    let index_{{ i }} = min(first + {{ i * 256 }}u, last);
{% if from_texture %}
    let value_{{ i }} = textureLoad(input, vec2<u32>(index_{{ i }} % {{ texture_width }}u, index_{{ i }} / {{ texture_width }}u));
{% else %}
    let value_{{ i }} = input[index_{{ i }}];
{% endif %}
{% endfor %}
{% for i in range(4) %}
    output[index_{{ i }}] = value_{{ i }};
{% endfor %}
}
