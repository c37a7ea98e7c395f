fn input_at(plane: u32, in_y: u32, in_x: u32) -> f32 {
    return f32(input[params.input_start + (plane * params.in_height + in_y) * params.in_width + in_x]);
}

fn weight_at(index: u32) -> f32 {
    return f32(weight[index / 4u][index % 4u]);
}

{% include "conv2d/conv2d_skipping" %}
