// Composed from resample_blocks.wgsl as resample_blocks-factors2x2-load_width2-shuffled for: pixel shuffle by 2, 64x56x56.
// Computes: an input's elements, each become a block of the output: nearest interpolation by whole
//   factors, and pixel shuffle, where elements of several planes share a block.
// Owns: an invocation load_width elements of a row of the input, of a shuffle of all planes that share
//   a block; neighbours in a workgroup are neighbours along the row, in input and output.
// Padding: none.
// Host guarantees: count is load_width elements times the input's elements of one plane of a block,
//   which load_width divides the rows of; both buffers lie in one binding each.
// Reference: src/reference/interpolate.rs, src/reference/pixel_shuffle.rs
alias Element = f32;

fn to_element(value: f32) -> Element {
    return value;
}

alias Loaded = vec2<u32>;
alias Stored = vec4<u32>;

// Only a shuffle reads in_height. in_width is in vectors of load_width.
struct Params {
    grid_width: u32,
    count: u32,
    in_width: u32,
    in_height: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> input: array<Loaded>;
@group(0) @binding(2) var<storage, read_write> output: array<Stored>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let index = (group.x + group.y * params.grid_width) * 64u + local;
    if index >= params.count {
        return;
    }
    let row = index / params.in_width;
    let in_x = index - row * params.in_width;
    let plane = row / params.in_height;
    let distance = params.in_height * params.in_width;
    let first = index + plane * 3u * distance;
    let phase_0 = input[first + 0u * distance];
    let phase_1 = input[first + 1u * distance];
    let phase_2 = input[first + 2u * distance];
    let phase_3 = input[first + 3u * distance];
    let row_0 = (row * 2u + 0u) * params.in_width + in_x;
    output[row_0] = Stored(phase_0.x, phase_1.x, phase_0.y, phase_1.y);
    let row_1 = (row * 2u + 1u) * params.in_width + in_x;
    output[row_1] = Stored(phase_2.x, phase_3.x, phase_2.y, phase_3.y);
}