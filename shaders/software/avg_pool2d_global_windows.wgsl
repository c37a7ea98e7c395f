// Computes: the mean of every plane, where uniform loads are much faster than storage loads.
// Owns: an invocation the same plane of every uniform window of the input; a window holds whole
//   planes.
// Padding: none.
// Host guarantees: every window begins where the shader computes it to.
// Reference: src/reference/avg_pool2d.rs
struct Params {
    planes: u32,
    window_planes: u32,
    first_window: u32,
    window_limit: u32,
    plane_cells: u32,
    divisor: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
{% for window in range(windows) %}
@group(0) @binding({{ window + 1 }}) var<uniform> window_{{ window }}: array<vec4<f32>, {{ window_vectors }}>;
{% endfor %}
@group(0) @binding({{ windows + 1 }}) var<storage, read_write> output: array<f32>;

{% for window in range(windows) %}
fn load_{{ window }}(index: u32) -> f32 {
    return window_{{ window }}[index >> 2u][index & 3u];
}

{% endfor %}
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x >= params.window_planes {
        return;
    }
    let cells = params.plane_cells;
{% for window in range(windows) %}
    let first_{{ window }} = (params.first_window + {{ window }}u) * params.window_planes;
    let plane_{{ window }} = first_{{ window }} + id.x;
    let origin_{{ window }} = min(plane_{{ window }}, params.planes - 1u) * cells
        - min((first_{{ window }} * cells) & 0xfffffff8u, params.window_limit);
    var sum_{{ window }} = 0.0;
{% endfor %}
    // Sums of blocks keep the rounding error of large planes small.
    for (var block = 0u; block < cells; block += 72u) {
{% for window in range(windows) %}
        var block_{{ window }} = 0.0;
{% endfor %}
        for (var cell = block; cell < min(block + 72u, cells); cell++) {
{% for window in range(windows) %}
            block_{{ window }} += load_{{ window }}(origin_{{ window }} + cell);
{% endfor %}
        }
{% for window in range(windows) %}
        sum_{{ window }} += block_{{ window }};
{% endfor %}
    }
{% for window in range(windows) %}
    if plane_{{ window }} < params.planes {
        output[plane_{{ window }}] = sum_{{ window }} / params.divisor;
    }
{% endfor %}
}
