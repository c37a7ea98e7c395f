{#
  The skeleton of the gradients of a pooling's input, as a gather: an invocation, or with workgroup a
  workgroup, adds up what the windows that can contain a cell give it. The shaders that extend it say
  what that is. Their blocks:
    bindings
    functions   share(output, out_y, out_x, in_y, cell), what the window at out_y, out_x gives, which
                lies at output in its buffers; with columns also
                index_in_row(output, in_y), that window's index or u32::MAX
    store       the sum is total, its place in the buffer of the gradient at
#}
{% include "pool2d/pool_params" %}

@group(0) @binding(0) var<uniform> params: Params;
{% block bindings %}
{% endblock %}

{% include "pool2d/pool_windows_of" %}

{% if workgroup %}
{% include "lib/workgroup_sum" %}

{% endif %}
{% block functions %}
{% endblock %}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
{% if workgroup %}
    let index = group.x + group.y * params.grid_width;
{% else %}
    let index = (group.x + group.y * params.grid_width) * 64u + local;
{% endif %}
    if index >= params.count {
        return;
    }
    let in_x = index % params.in_width;
    let row = index / params.in_width;
    let in_y = params.first_row + row % params.dispatch_rows;
    let plane = params.first_plane + row / params.dispatch_rows;
    let cell = in_y * params.in_width + in_x;
    let output_plane = plane * params.out_height * params.out_width - params.output_base;
    let rows = vertical_windows_of(in_y);
    let columns = horizontal_windows_of(in_x);

    // Sums of blocks keep the rounding error of many windows small.
    var sum = 0.0;
{% if columns %}
    var winner = 0xffffffffu;
{% endif %}
{% if workgroup %}
    let width = max(columns.end, columns.first) - columns.first;
    let windows = (max(rows.end, rows.first) - rows.first) * width;
    let block = params.block * 64u;
    for (var from_window = local; from_window < windows; from_window += block) {
        var part = 0.0;
        for (var window = from_window; window < min(from_window + block, windows); window += 64u) {
            let window_y = window / width;
            let out_y = rows.first + window_y;
            let out_x = columns.first + window - window_y * width;
            let output = output_plane + out_y * params.out_width + out_x;
            part += share(output, out_y, out_x, in_y, cell);
{% if columns %}
            winner = min(winner, index_in_row(output, in_y));
{% endif %}
        }
        sum += part;
    }
    let total = workgroup_sum(local, sum);
{% else %}
    let block = params.block;
    for (var from_y = rows.first; from_y < rows.end; from_y += block) {
        var block_sum = 0.0;
        for (var out_y = from_y; out_y < min(from_y + block, rows.end); out_y++) {
            let output_row = output_plane + out_y * params.out_width;
            for (var from_x = columns.first; from_x < columns.end; from_x += block) {
                var part = 0.0;
                for (var out_x = from_x; out_x < min(from_x + block, columns.end); out_x++) {
                    part += share(output_row + out_x, out_y, out_x, in_y, cell);
{% if columns %}
                    winner = min(winner, index_in_row(output_row + out_x, in_y));
{% endif %}
                }
                block_sum += part;
            }
        }
        sum += block_sum;
    }
    let total = sum;
{% endif %}
    let at = plane * params.in_height * params.in_width + cell - params.input_base;
{% block store %}
    {{ "if local == 0u " if workgroup }}{
        grad_input[at] = total;
    }
{% endblock %}
}
