    // The output of this index in the dispatch, and its window.
    let out_x = index % params.out_width;
    let row = index / params.out_width;
    let out_y = params.first_row + row % params.dispatch_rows;
    let plane = params.first_plane + row / params.dispatch_rows;
    let output_index = (plane * params.out_height + out_y) * params.out_width + out_x
        - params.output_base;
    let in_width = params.in_width;
    let input_plane = plane * params.in_height * in_width - params.input_base;
    let rows = vertical_window(out_y);
    let columns = horizontal_window(out_x);
