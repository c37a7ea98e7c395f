struct Params {
    grid_width: u32,
    count: u32,
    blocks: u32,
    block_units: u32,
    units: u32,
    first_image: u32,
    first_channel: u32,
    first_output: u32,
    dispatch_outputs: u32,
    channels: u32,
    plane_units: u32,
    base: u32,
    first_block: u32,
    group_blocks: u32,
}

@group(0) @binding(0) var<uniform> params: Params;

// Where a unit of a channel lies in the tensor.
fn place(image: u32, channel: u32, at: u32) -> u32 {
    return (image * params.channels + channel) * params.plane_units + params.first_output + at
        - params.base;
}

fn across(value: {{ vector }}) -> f32 {
{% if load_width == 4 %}
    return (value.x + value.y) + (value.z + value.w);
{% else %}
    return value;
{% endif %}
}
