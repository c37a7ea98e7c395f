struct Params {
    grid_width: u32,
    positions: u32,
    channels: u32,
    plane: u32,
    first_image: u32,
    first_channel: u32,
    dispatch_channels: u32,
    first_output: u32,
    dispatch_outputs: u32,
    base: u32,
    is_first: u32,
}

@group(0) @binding(0) var<uniform> params: Params;

struct Found {
    // That of the dispatch, and its first channel in the binding.
    position: u32,
    first: u32,
    // Which of those that share the position.
    lane: u32,
    is_inside: bool,
}

// What an invocation works on; beyond the last position that one again.
fn position_of(group: u32, local: u32) -> Found {
    let own = group * {{ 64 // lanes }}u + local % {{ 64 // lanes }}u;
    let position = min(own, params.positions - 1u);
    let image = params.first_image + position / params.dispatch_outputs;
    let at = params.first_output + position % params.dispatch_outputs;
    let first = (image * params.channels + params.first_channel) * params.plane + at - params.base;
    return Found(position, first, local / {{ 64 // lanes }}u, own < params.positions);
}
