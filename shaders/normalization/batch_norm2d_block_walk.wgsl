    let index = group.x + group.y * params.grid_width;
    if index >= params.count {
        return;
    }
    let block = index % params.blocks;
    let channel = params.first_channel + index / params.blocks;
    let first_unit = block * params.block_units;
    let end_unit = min(first_unit + params.block_units, params.units);

    // An invocation's units lie 64 apart: a quotient and a remainder here are those of every step.
    let step_images = 64u / params.dispatch_outputs;
    let step_outputs = 64u % params.dispatch_outputs;
    var image = params.first_image + (first_unit + local) / params.dispatch_outputs;
    var at = (first_unit + local) % params.dispatch_outputs;
