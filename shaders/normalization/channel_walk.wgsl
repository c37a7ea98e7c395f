struct Params {
    grid_width: u32,
    count: u32,
    plane_units: u32,
    channels: u32,
    first_channel: u32,
    first_at: u32,
    step_channels: u32,
    step_at: u32,
}

@group(0) @binding(0) var<uniform> params: Params;

// The channel of a unit and its place in its plane.
fn walk_from(index: u32) -> vec2<u32> {
    let at = params.first_at + index;
    let plane = params.first_channel + at / params.plane_units;
    return vec2<u32>(plane % params.channels, at % params.plane_units);
}

// Those of the unit 64 further.
fn walk_on(walk: vec2<u32>) -> vec2<u32> {
    var at = walk.y + params.step_at;
    let is_next = at >= params.plane_units;
    at -= select(0u, params.plane_units, is_next);
    var channel = walk.x + params.step_channels + u32(is_next);
    channel -= select(0u, params.channels, channel >= params.channels);
    return vec2<u32>(channel, at);
}
