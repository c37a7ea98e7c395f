// Computes: a copy of blocks that lie at one distance to places at another: channels of images.
// Owns: an invocation one cell, of four words, a word or half a word; neighbours in a workgroup are
//   neighbours in both buffers.
// Padding: none.
// Host guarantees: count cells, block of them a block; all lie in the bindings, from source_first and
//   target_first on.
// Reference: src/reference/cat.rs
{% if f16 %}
enable f16;

alias Cell = f16;
{% else %}
alias Cell = {{ "vec4<u32>" if cell == "vectors" else "u32" }};
{% endif %}

struct Params {
    grid_width: u32,
    count: u32,
    block: u32,
    source_first: u32,
    source_distance: u32,
    target_first: u32,
    target_distance: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> source: array<Cell>;
@group(0) @binding(2) var<storage, read_write> copied: array<Cell>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let index = (group.x + group.y * params.grid_width) * 64u + local;
    if index >= params.count {
        return;
    }
    let block = index / params.block;
    let at = index - block * params.block;
    copied[params.target_first + block * params.target_distance + at] =
        source[params.source_first + block * params.source_distance + at];
}
