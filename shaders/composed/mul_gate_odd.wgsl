// Composed from pairwise.wgsl as pairwise-mul-none-each-spread-width1 for: gate of 512x7x7.
// Computes: a function of the elements of two tensors that broadcast, and an activation of it; or of
//   two and a gradient of the output.
// Owns: an invocation a cell, which is one element or a vector of four; neighbours in a workgroup
//   are neighbours in the output and in the tensors that have an element for each of its.
// Padding: none.
// Host guarantees: count cells of the output, rows of size_3 cells; all that they need lies in the
//   bindings, from output_first, input_first and other_first on. These and strides are in cells, but
//   in elements where a tensor is spread and each of its elements serves whole cells.
// Reference: src/reference/arithmetic.rs
alias Element = f32;

fn to_element(value: f32) -> Element {
    return value;
}

struct Params {
    grid_width: u32,
    count: u32,
    activation_parameter: f32,
    output_first: u32,
    input_first: u32,
    other_first: u32,
    input_run: u32,
    input_values: u32,
    other_run: u32,
    other_values: u32,
    size_1: u32,
    size_2: u32,
    size_3: u32,
    input_stride_0: u32,
    input_stride_1: u32,
    input_stride_2: u32,
    input_stride_3: u32,
    other_stride_0: u32,
    other_stride_1: u32,
    other_stride_2: u32,
    other_stride_3: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> input: array<Element>;
@group(0) @binding(2) var<storage, read> other: array<Element>;
@group(0) @binding(3) var<storage, read_write> output: array<Element>;

// What is applied to every output. A NaN passes.
fn activate(x: f32) -> f32 {
    return x;
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let index = (group.x + group.y * params.grid_width) * 64u + local;
    if index >= params.count {
        return;
    }
    let place = params.output_first + index;
    let input_place = index;
    let input_value = f32(input[params.input_first + input_place]);
    let other_place = index / params.other_run % params.other_values;
    let other_value = f32(f32(other[params.other_first + other_place]));
    let value = input_value * other_value;
    output[place] = to_element(activate(value));
}