// Computes: the square of every difference, and the gradient of the mean of all squares.
// Owns: an invocation one element; neighbours in a workgroup are neighbours in memory.
// Padding: none.
// Host guarantees: count elements in all buffers; gradient_scale is 2 / the number of all elements.
// Reference: src/reference/loss.rs
struct Params {
    grid_width: u32,
    count: u32,
    gradient_scale: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> input: array<f32>;
@group(0) @binding(2) var<storage, read> expected: array<f32>;
@group(0) @binding(3) var<storage, read_write> squares: array<f32>;
@group(0) @binding(4) var<storage, read_write> gradient: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let index = (group.x + group.y * params.grid_width) * 64u + local;
    if index >= params.count {
        return;
    }
    let difference = input[index] - expected[index];
    squares[index] = difference * difference;
    gradient[index] = difference * params.gradient_scale;
}
