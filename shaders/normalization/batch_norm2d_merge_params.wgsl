struct Params {
    grid_width: u32,
    count: u32,
    blocks: u32,
    first_channel: u32,
    values: f32,
    eps: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
