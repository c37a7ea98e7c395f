// Computes: one step of gradient descent, with momentum where there is a velocity.
// Owns: an invocation one element; neighbours in a workgroup are neighbours in memory.
// Padding: none.
// Host guarantees: count elements in all buffers.
// Reference: src/reference/optimizer.rs
struct Params {
    grid_width: u32,
    count: u32,
    learning_rate: f32,
    momentum: f32,
    weight_decay: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> parameter: array<f32>;
@group(0) @binding(2) var<storage, read> gradient: array<f32>;
{% if momentum %}
@group(0) @binding(3) var<storage, read> velocity: array<f32>;
@group(0) @binding(4) var<storage, read_write> next_parameter: array<f32>;
@group(0) @binding(5) var<storage, read_write> next_velocity: array<f32>;
{% else %}
@group(0) @binding(3) var<storage, read_write> next_parameter: array<f32>;
{% endif %}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let index = (group.x + group.y * params.grid_width) * 64u + local;
    if index >= params.count {
        return;
    }
    let slope = gradient[index] + params.weight_decay * parameter[index];
{% if momentum %}
    let moved = params.momentum * velocity[index] + slope;
    next_velocity[index] = moved;
{% if nesterov %}
    let direction = slope + params.momentum * moved;
{% else %}
    let direction = moved;
{% endif %}
{% else %}
    let direction = slope;
{% endif %}
    next_parameter[index] = parameter[index] - params.learning_rate * direction;
}
