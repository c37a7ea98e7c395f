// Computes: the images that a list of numbers names, in its order; elements of four bytes each.
// Owns: an invocation one element; neighbours in a workgroup are neighbours in both buffers.
// Padding: none.
// Host guarantees: image_len * selected = count elements of the output; a dispatch copies the images
//   first_image to end_image - 1, which lie in the binding, and leaves the others alone. Indices
//   are modulo 2^32, as is source_base.
// Reference: ndarray's select along the first axis.
struct Params {
    grid_width: u32,
    count: u32,
    first_number: u32,
    image_len: u32,
    first_image: u32,
    end_image: u32,
    source_base: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> source: array<u32>;
@group(0) @binding(2) var<storage, read> numbers: array<u32>;
@group(0) @binding(3) var<storage, read_write> output: array<u32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let index = (group.x + group.y * params.grid_width) * 64u + local;
    if index >= params.count {
        return;
    }
    let image = numbers[params.first_number + index / params.image_len];
    if image < params.first_image || image >= params.end_image {
        return;
    }
    let element = index % params.image_len;
    output[index] = source[image * params.image_len + element - params.source_base];
}
