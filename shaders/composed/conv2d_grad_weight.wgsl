// Composed from conv2d_grad_weight_gemm.wgsl as conv2d_grad_weight_gemm-zeros-masked-tile-tile_filters64-tile_columns64-lanes_x8-lanes_y8 for: gradient of the weight of a convolution 3x3, 64x56x56 to 64.
// Computes: the gradient of a convolution's weight as a product of matrices, gradients of filters
//   [filters, positions of the outputs across images] by gathered inputs [positions, weights of one].
// Owns: a workgroup tile_filters filters of one group by tile_columns weights of each, and a part of
//   the positions; an invocation every lanes_y-th four filters by every lanes_x-th four columns.
//   Both factors of eight positions go through workgroup memory, the next while these are multiplied.
//   By shared_tap all columns of a "tile", or of a "vector" of four, have one tap, or each its own.
// Padding: an invocation copies every eighth position, and maps its places once for a tap. Over
//   zeros both factors are 0 where a tile has one tap; else the input alone, and the host has what
//   then is NaN computed again.
// Host guarantees: tensors lie in the bindings; group_in_channels is a multiple of four but for
//   "column"; part_positions and block are multiples of eight, step_images, step_rows and step_columns
//   eight positions. What lies beyond the last repeats some and is not stored. partial has row_vectors
//   vectors a filter, part_vectors a part, and where accumulate is 1 the sums of positions before.
// Reference: src/reference/conv2d.rs

struct Params {
    grid_width: u32,
    count: u32,
    filter_tiles: u32,
    column_tiles: u32,
    first_position: u32,
    end_position: u32,
    part_positions: u32,
    block: u32,
    part_vectors: u32,
    row_vectors: u32,
    columns: u32,
    outputs: u32,
    step_images: u32,
    step_rows: u32,
    step_columns: u32,
    in_channels: u32,
    out_channels: u32,
    group_in_channels: u32,
    group_out_channels: u32,
    in_height: u32,
    in_width: u32,
    out_height: u32,
    out_width: u32,
    kernel_height: u32,
    kernel_width: u32,
    stride_height: u32,
    stride_width: u32,
    pad_top: u32,
    pad_left: u32,
    dilation_height: u32,
    dilation_width: u32,
    accumulate: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> input: array<f32>;
@group(0) @binding(2) var<storage, read> grad_output: array<f32>;
@group(0) @binding(3) var<storage, read_write> partial: array<vec4<f32>>;

// Of two steps of eight positions. One vector more a position, so that neighbouring positions lie in
// other banks.
var<workgroup> grads: array<array<array<vec4<f32>, 17>, 8>, 2>;
var<workgroup> inputs: array<array<array<vec4<f32>, 17>, 8>, 2>;

// Where a coordinate of the padded input lies in the input, or -1 where the padding holds zeros.
// The host guarantees padding below (reflect) or at most (circular) the size.
fn source_of(at: i32, size: i32) -> i32 {
    return select(-1, at, at >= 0 && at < size);
}
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let index = workgroup.x + workgroup.y * params.grid_width;
    if index >= params.count {
        return;
    }
    let first_filter = index % params.filter_tiles * 64u;
    let column_tile = index / params.filter_tiles;
    let first_column = column_tile % params.column_tiles * 64u;
    let group_part = column_tile / params.column_tiles;
    let groups = params.in_channels / params.group_in_channels;
    let group = group_part % groups;
    let part = group_part / groups;
    let lane_x = local % 8u;
    let lane_y = local / 8u;
    let step_position = local % 8u;
    let first_vector = local / 8u;

    let in_plane = params.in_height * params.in_width;
    let out_plane = params.out_height * params.out_width;
    let tap_0 = first_column / params.group_in_channels;
    let tap_y_0 = i32(tap_0 / params.kernel_width * params.dilation_height) - i32(params.pad_top);
    let tap_x_0 = i32(tap_0 % params.kernel_width * params.dilation_width) - i32(params.pad_left);
    var place_0 = 0u;
    var inside_0 = false;
    var sum_0_0 = 0.0;
    var sum_0_1 = 0.0;
    var sum_0_2 = 0.0;
    var sum_0_3 = 0.0;
    var sum_0_4 = 0.0;
    var sum_0_5 = 0.0;
    var sum_0_6 = 0.0;
    var sum_0_7 = 0.0;
    var sum_1_0 = 0.0;
    var sum_1_1 = 0.0;
    var sum_1_2 = 0.0;
    var sum_1_3 = 0.0;
    var sum_1_4 = 0.0;
    var sum_1_5 = 0.0;
    var sum_1_6 = 0.0;
    var sum_1_7 = 0.0;
    var sum_2_0 = 0.0;
    var sum_2_1 = 0.0;
    var sum_2_2 = 0.0;
    var sum_2_3 = 0.0;
    var sum_2_4 = 0.0;
    var sum_2_5 = 0.0;
    var sum_2_6 = 0.0;
    var sum_2_7 = 0.0;
    var sum_3_0 = 0.0;
    var sum_3_1 = 0.0;
    var sum_3_2 = 0.0;
    var sum_3_3 = 0.0;
    var sum_3_4 = 0.0;
    var sum_3_5 = 0.0;
    var sum_3_6 = 0.0;
    var sum_3_7 = 0.0;
    var sum_4_0 = 0.0;
    var sum_4_1 = 0.0;
    var sum_4_2 = 0.0;
    var sum_4_3 = 0.0;
    var sum_4_4 = 0.0;
    var sum_4_5 = 0.0;
    var sum_4_6 = 0.0;
    var sum_4_7 = 0.0;
    var sum_5_0 = 0.0;
    var sum_5_1 = 0.0;
    var sum_5_2 = 0.0;
    var sum_5_3 = 0.0;
    var sum_5_4 = 0.0;
    var sum_5_5 = 0.0;
    var sum_5_6 = 0.0;
    var sum_5_7 = 0.0;
    var sum_6_0 = 0.0;
    var sum_6_1 = 0.0;
    var sum_6_2 = 0.0;
    var sum_6_3 = 0.0;
    var sum_6_4 = 0.0;
    var sum_6_5 = 0.0;
    var sum_6_6 = 0.0;
    var sum_6_7 = 0.0;
    var sum_7_0 = 0.0;
    var sum_7_1 = 0.0;
    var sum_7_2 = 0.0;
    var sum_7_3 = 0.0;
    var sum_7_4 = 0.0;
    var sum_7_5 = 0.0;
    var sum_7_6 = 0.0;
    var sum_7_7 = 0.0;

    let first = params.first_position + part * params.part_positions;
    let end = min(first + params.part_positions, params.end_position);
    var is_there = first + step_position < end;
    let position = min(first + step_position, end - 1u);
    let image = position / out_plane;
    var out_y = position % out_plane / params.out_width;
    var out_x = position % params.out_width;
    // What lies beyond the last filter is read from others, and beyond the last of these not at all.
    let own_channel = group * params.group_out_channels + first_filter + first_vector * 4u;
    let image_gap = (params.out_channels - 1u) * out_plane;
    var grad_at = position + image * image_gap + own_channel * out_plane;
    let last = params.outputs - 1u;
    let channel = group * params.group_in_channels + first_column % params.group_in_channels + first_vector * 4u;
    var in_start = (image * params.in_channels + channel) * in_plane;
    var buffer = 0u;
        {
            let y = i32(out_y * params.stride_height) + tap_y_0;
            let x = i32(out_x * params.stride_width) + tap_x_0;
            inside_0 = u32(y) < params.in_height && u32(x) < params.in_width;
            let place = select(0u, u32(y) * params.in_width + u32(x), inside_0);
            place_0 = in_start + place;
        }

    {
        let grad_at_0 = grad_at;
        let grad_0 = vec4<f32>(grad_output[min(grad_at_0, last)], grad_output[min(grad_at_0 + out_plane, last)], grad_output[min(grad_at_0 + 2u * out_plane, last)], grad_output[min(grad_at_0 + 3u * out_plane, last)]);
        let grad_at_1 = grad_at + 32u * out_plane;
        let grad_1 = vec4<f32>(grad_output[min(grad_at_1, last)], grad_output[min(grad_at_1 + out_plane, last)], grad_output[min(grad_at_1 + 2u * out_plane, last)], grad_output[min(grad_at_1 + 3u * out_plane, last)]);
        let at_0 = place_0;
        let value_0 = vec4<f32>(input[at_0], input[at_0 + in_plane], input[at_0 + 2u * in_plane], input[at_0 + 3u * in_plane]);
        let at_1 = place_0 + 32u * in_plane;
        let value_1 = vec4<f32>(input[at_1], input[at_1 + in_plane], input[at_1 + 2u * in_plane], input[at_1 + 3u * in_plane]);

        grads[buffer][step_position][first_vector] = select(vec4<f32>(0.0), grad_0, is_there && inside_0);
        grads[buffer][step_position][first_vector + 8u] = select(vec4<f32>(0.0), grad_1, is_there && inside_0);
        inputs[buffer][step_position][first_vector] = select(vec4<f32>(0.0), value_0, is_there && inside_0);
        inputs[buffer][step_position][first_vector + 8u] = select(vec4<f32>(0.0), value_1, is_there && inside_0);

    }
    workgroupBarrier();
    // Sums of blocks of positions keep the rounding error far below that of one long sum.
    for (var block = first; block < end; block += params.block) {
        let end_block = min(block + params.block, end);
        for (var step = block; step < end_block; step += 8u) {
            // Behind the last position its place is read again, and 0 taken.
            is_there = step + 8u + step_position < end;
            if is_there {
                out_x += params.step_columns;
                out_y += params.step_rows;
                if out_x >= params.out_width {
                    out_x -= params.out_width;
                    out_y += 1u;
                }
                var images = params.step_images;
                if out_y >= params.out_height {
                    out_y -= params.out_height;
                    images += 1u;
                }
                grad_at += 8u + images * image_gap;
                in_start += images * params.in_channels * in_plane;
        {
            let y = i32(out_y * params.stride_height) + tap_y_0;
            let x = i32(out_x * params.stride_width) + tap_x_0;
            inside_0 = u32(y) < params.in_height && u32(x) < params.in_width;
            let place = select(0u, u32(y) * params.in_width + u32(x), inside_0);
            place_0 = in_start + place;
        }

            }
        let grad_at_0 = grad_at;
        let grad_0 = vec4<f32>(grad_output[min(grad_at_0, last)], grad_output[min(grad_at_0 + out_plane, last)], grad_output[min(grad_at_0 + 2u * out_plane, last)], grad_output[min(grad_at_0 + 3u * out_plane, last)]);
        let grad_at_1 = grad_at + 32u * out_plane;
        let grad_1 = vec4<f32>(grad_output[min(grad_at_1, last)], grad_output[min(grad_at_1 + out_plane, last)], grad_output[min(grad_at_1 + 2u * out_plane, last)], grad_output[min(grad_at_1 + 3u * out_plane, last)]);
        let at_0 = place_0;
        let value_0 = vec4<f32>(input[at_0], input[at_0 + in_plane], input[at_0 + 2u * in_plane], input[at_0 + 3u * in_plane]);
        let at_1 = place_0 + 32u * in_plane;
        let value_1 = vec4<f32>(input[at_1], input[at_1 + in_plane], input[at_1 + 2u * in_plane], input[at_1 + 3u * in_plane]);

            let input_0_0 = inputs[buffer][0][lane_x];
            let input_0_1 = inputs[buffer][0][lane_x + 8u];
            let grad_0_0 = grads[buffer][0][lane_y];
            let grad_0_1 = grads[buffer][0][lane_y + 8u];
            sum_0_0 = fma(grad_0_0.x, input_0_0.x, sum_0_0);
            sum_0_1 = fma(grad_0_0.x, input_0_0.y, sum_0_1);
            sum_0_2 = fma(grad_0_0.x, input_0_0.z, sum_0_2);
            sum_0_3 = fma(grad_0_0.x, input_0_0.w, sum_0_3);
            sum_0_4 = fma(grad_0_0.x, input_0_1.x, sum_0_4);
            sum_0_5 = fma(grad_0_0.x, input_0_1.y, sum_0_5);
            sum_0_6 = fma(grad_0_0.x, input_0_1.z, sum_0_6);
            sum_0_7 = fma(grad_0_0.x, input_0_1.w, sum_0_7);
            sum_1_7 = fma(grad_0_0.y, input_0_1.w, sum_1_7);
            sum_1_6 = fma(grad_0_0.y, input_0_1.z, sum_1_6);
            sum_1_5 = fma(grad_0_0.y, input_0_1.y, sum_1_5);
            sum_1_4 = fma(grad_0_0.y, input_0_1.x, sum_1_4);
            sum_1_3 = fma(grad_0_0.y, input_0_0.w, sum_1_3);
            sum_1_2 = fma(grad_0_0.y, input_0_0.z, sum_1_2);
            sum_1_1 = fma(grad_0_0.y, input_0_0.y, sum_1_1);
            sum_1_0 = fma(grad_0_0.y, input_0_0.x, sum_1_0);
            sum_2_0 = fma(grad_0_0.z, input_0_0.x, sum_2_0);
            sum_2_1 = fma(grad_0_0.z, input_0_0.y, sum_2_1);
            sum_2_2 = fma(grad_0_0.z, input_0_0.z, sum_2_2);
            sum_2_3 = fma(grad_0_0.z, input_0_0.w, sum_2_3);
            sum_2_4 = fma(grad_0_0.z, input_0_1.x, sum_2_4);
            sum_2_5 = fma(grad_0_0.z, input_0_1.y, sum_2_5);
            sum_2_6 = fma(grad_0_0.z, input_0_1.z, sum_2_6);
            sum_2_7 = fma(grad_0_0.z, input_0_1.w, sum_2_7);
            sum_3_7 = fma(grad_0_0.w, input_0_1.w, sum_3_7);
            sum_3_6 = fma(grad_0_0.w, input_0_1.z, sum_3_6);
            sum_3_5 = fma(grad_0_0.w, input_0_1.y, sum_3_5);
            sum_3_4 = fma(grad_0_0.w, input_0_1.x, sum_3_4);
            sum_3_3 = fma(grad_0_0.w, input_0_0.w, sum_3_3);
            sum_3_2 = fma(grad_0_0.w, input_0_0.z, sum_3_2);
            sum_3_1 = fma(grad_0_0.w, input_0_0.y, sum_3_1);
            sum_3_0 = fma(grad_0_0.w, input_0_0.x, sum_3_0);
            sum_4_0 = fma(grad_0_1.x, input_0_0.x, sum_4_0);
            sum_4_1 = fma(grad_0_1.x, input_0_0.y, sum_4_1);
            sum_4_2 = fma(grad_0_1.x, input_0_0.z, sum_4_2);
            sum_4_3 = fma(grad_0_1.x, input_0_0.w, sum_4_3);
            sum_4_4 = fma(grad_0_1.x, input_0_1.x, sum_4_4);
            sum_4_5 = fma(grad_0_1.x, input_0_1.y, sum_4_5);
            sum_4_6 = fma(grad_0_1.x, input_0_1.z, sum_4_6);
            sum_4_7 = fma(grad_0_1.x, input_0_1.w, sum_4_7);
            sum_5_7 = fma(grad_0_1.y, input_0_1.w, sum_5_7);
            sum_5_6 = fma(grad_0_1.y, input_0_1.z, sum_5_6);
            sum_5_5 = fma(grad_0_1.y, input_0_1.y, sum_5_5);
            sum_5_4 = fma(grad_0_1.y, input_0_1.x, sum_5_4);
            sum_5_3 = fma(grad_0_1.y, input_0_0.w, sum_5_3);
            sum_5_2 = fma(grad_0_1.y, input_0_0.z, sum_5_2);
            sum_5_1 = fma(grad_0_1.y, input_0_0.y, sum_5_1);
            sum_5_0 = fma(grad_0_1.y, input_0_0.x, sum_5_0);
            sum_6_0 = fma(grad_0_1.z, input_0_0.x, sum_6_0);
            sum_6_1 = fma(grad_0_1.z, input_0_0.y, sum_6_1);
            sum_6_2 = fma(grad_0_1.z, input_0_0.z, sum_6_2);
            sum_6_3 = fma(grad_0_1.z, input_0_0.w, sum_6_3);
            sum_6_4 = fma(grad_0_1.z, input_0_1.x, sum_6_4);
            sum_6_5 = fma(grad_0_1.z, input_0_1.y, sum_6_5);
            sum_6_6 = fma(grad_0_1.z, input_0_1.z, sum_6_6);
            sum_6_7 = fma(grad_0_1.z, input_0_1.w, sum_6_7);
            sum_7_7 = fma(grad_0_1.w, input_0_1.w, sum_7_7);
            sum_7_6 = fma(grad_0_1.w, input_0_1.z, sum_7_6);
            sum_7_5 = fma(grad_0_1.w, input_0_1.y, sum_7_5);
            sum_7_4 = fma(grad_0_1.w, input_0_1.x, sum_7_4);
            sum_7_3 = fma(grad_0_1.w, input_0_0.w, sum_7_3);
            sum_7_2 = fma(grad_0_1.w, input_0_0.z, sum_7_2);
            sum_7_1 = fma(grad_0_1.w, input_0_0.y, sum_7_1);
            sum_7_0 = fma(grad_0_1.w, input_0_0.x, sum_7_0);
            let input_1_0 = inputs[buffer][1][lane_x];
            let input_1_1 = inputs[buffer][1][lane_x + 8u];
            let grad_1_0 = grads[buffer][1][lane_y];
            let grad_1_1 = grads[buffer][1][lane_y + 8u];
            sum_0_0 = fma(grad_1_0.x, input_1_0.x, sum_0_0);
            sum_0_1 = fma(grad_1_0.x, input_1_0.y, sum_0_1);
            sum_0_2 = fma(grad_1_0.x, input_1_0.z, sum_0_2);
            sum_0_3 = fma(grad_1_0.x, input_1_0.w, sum_0_3);
            sum_0_4 = fma(grad_1_0.x, input_1_1.x, sum_0_4);
            sum_0_5 = fma(grad_1_0.x, input_1_1.y, sum_0_5);
            sum_0_6 = fma(grad_1_0.x, input_1_1.z, sum_0_6);
            sum_0_7 = fma(grad_1_0.x, input_1_1.w, sum_0_7);
            sum_1_7 = fma(grad_1_0.y, input_1_1.w, sum_1_7);
            sum_1_6 = fma(grad_1_0.y, input_1_1.z, sum_1_6);
            sum_1_5 = fma(grad_1_0.y, input_1_1.y, sum_1_5);
            sum_1_4 = fma(grad_1_0.y, input_1_1.x, sum_1_4);
            sum_1_3 = fma(grad_1_0.y, input_1_0.w, sum_1_3);
            sum_1_2 = fma(grad_1_0.y, input_1_0.z, sum_1_2);
            sum_1_1 = fma(grad_1_0.y, input_1_0.y, sum_1_1);
            sum_1_0 = fma(grad_1_0.y, input_1_0.x, sum_1_0);
            sum_2_0 = fma(grad_1_0.z, input_1_0.x, sum_2_0);
            sum_2_1 = fma(grad_1_0.z, input_1_0.y, sum_2_1);
            sum_2_2 = fma(grad_1_0.z, input_1_0.z, sum_2_2);
            sum_2_3 = fma(grad_1_0.z, input_1_0.w, sum_2_3);
            sum_2_4 = fma(grad_1_0.z, input_1_1.x, sum_2_4);
            sum_2_5 = fma(grad_1_0.z, input_1_1.y, sum_2_5);
            sum_2_6 = fma(grad_1_0.z, input_1_1.z, sum_2_6);
            sum_2_7 = fma(grad_1_0.z, input_1_1.w, sum_2_7);
            sum_3_7 = fma(grad_1_0.w, input_1_1.w, sum_3_7);
            sum_3_6 = fma(grad_1_0.w, input_1_1.z, sum_3_6);
            sum_3_5 = fma(grad_1_0.w, input_1_1.y, sum_3_5);
            sum_3_4 = fma(grad_1_0.w, input_1_1.x, sum_3_4);
            sum_3_3 = fma(grad_1_0.w, input_1_0.w, sum_3_3);
            sum_3_2 = fma(grad_1_0.w, input_1_0.z, sum_3_2);
            sum_3_1 = fma(grad_1_0.w, input_1_0.y, sum_3_1);
            sum_3_0 = fma(grad_1_0.w, input_1_0.x, sum_3_0);
            sum_4_0 = fma(grad_1_1.x, input_1_0.x, sum_4_0);
            sum_4_1 = fma(grad_1_1.x, input_1_0.y, sum_4_1);
            sum_4_2 = fma(grad_1_1.x, input_1_0.z, sum_4_2);
            sum_4_3 = fma(grad_1_1.x, input_1_0.w, sum_4_3);
            sum_4_4 = fma(grad_1_1.x, input_1_1.x, sum_4_4);
            sum_4_5 = fma(grad_1_1.x, input_1_1.y, sum_4_5);
            sum_4_6 = fma(grad_1_1.x, input_1_1.z, sum_4_6);
            sum_4_7 = fma(grad_1_1.x, input_1_1.w, sum_4_7);
            sum_5_7 = fma(grad_1_1.y, input_1_1.w, sum_5_7);
            sum_5_6 = fma(grad_1_1.y, input_1_1.z, sum_5_6);
            sum_5_5 = fma(grad_1_1.y, input_1_1.y, sum_5_5);
            sum_5_4 = fma(grad_1_1.y, input_1_1.x, sum_5_4);
            sum_5_3 = fma(grad_1_1.y, input_1_0.w, sum_5_3);
            sum_5_2 = fma(grad_1_1.y, input_1_0.z, sum_5_2);
            sum_5_1 = fma(grad_1_1.y, input_1_0.y, sum_5_1);
            sum_5_0 = fma(grad_1_1.y, input_1_0.x, sum_5_0);
            sum_6_0 = fma(grad_1_1.z, input_1_0.x, sum_6_0);
            sum_6_1 = fma(grad_1_1.z, input_1_0.y, sum_6_1);
            sum_6_2 = fma(grad_1_1.z, input_1_0.z, sum_6_2);
            sum_6_3 = fma(grad_1_1.z, input_1_0.w, sum_6_3);
            sum_6_4 = fma(grad_1_1.z, input_1_1.x, sum_6_4);
            sum_6_5 = fma(grad_1_1.z, input_1_1.y, sum_6_5);
            sum_6_6 = fma(grad_1_1.z, input_1_1.z, sum_6_6);
            sum_6_7 = fma(grad_1_1.z, input_1_1.w, sum_6_7);
            sum_7_7 = fma(grad_1_1.w, input_1_1.w, sum_7_7);
            sum_7_6 = fma(grad_1_1.w, input_1_1.z, sum_7_6);
            sum_7_5 = fma(grad_1_1.w, input_1_1.y, sum_7_5);
            sum_7_4 = fma(grad_1_1.w, input_1_1.x, sum_7_4);
            sum_7_3 = fma(grad_1_1.w, input_1_0.w, sum_7_3);
            sum_7_2 = fma(grad_1_1.w, input_1_0.z, sum_7_2);
            sum_7_1 = fma(grad_1_1.w, input_1_0.y, sum_7_1);
            sum_7_0 = fma(grad_1_1.w, input_1_0.x, sum_7_0);
            let input_2_0 = inputs[buffer][2][lane_x];
            let input_2_1 = inputs[buffer][2][lane_x + 8u];
            let grad_2_0 = grads[buffer][2][lane_y];
            let grad_2_1 = grads[buffer][2][lane_y + 8u];
            sum_0_0 = fma(grad_2_0.x, input_2_0.x, sum_0_0);
            sum_0_1 = fma(grad_2_0.x, input_2_0.y, sum_0_1);
            sum_0_2 = fma(grad_2_0.x, input_2_0.z, sum_0_2);
            sum_0_3 = fma(grad_2_0.x, input_2_0.w, sum_0_3);
            sum_0_4 = fma(grad_2_0.x, input_2_1.x, sum_0_4);
            sum_0_5 = fma(grad_2_0.x, input_2_1.y, sum_0_5);
            sum_0_6 = fma(grad_2_0.x, input_2_1.z, sum_0_6);
            sum_0_7 = fma(grad_2_0.x, input_2_1.w, sum_0_7);
            sum_1_7 = fma(grad_2_0.y, input_2_1.w, sum_1_7);
            sum_1_6 = fma(grad_2_0.y, input_2_1.z, sum_1_6);
            sum_1_5 = fma(grad_2_0.y, input_2_1.y, sum_1_5);
            sum_1_4 = fma(grad_2_0.y, input_2_1.x, sum_1_4);
            sum_1_3 = fma(grad_2_0.y, input_2_0.w, sum_1_3);
            sum_1_2 = fma(grad_2_0.y, input_2_0.z, sum_1_2);
            sum_1_1 = fma(grad_2_0.y, input_2_0.y, sum_1_1);
            sum_1_0 = fma(grad_2_0.y, input_2_0.x, sum_1_0);
            sum_2_0 = fma(grad_2_0.z, input_2_0.x, sum_2_0);
            sum_2_1 = fma(grad_2_0.z, input_2_0.y, sum_2_1);
            sum_2_2 = fma(grad_2_0.z, input_2_0.z, sum_2_2);
            sum_2_3 = fma(grad_2_0.z, input_2_0.w, sum_2_3);
            sum_2_4 = fma(grad_2_0.z, input_2_1.x, sum_2_4);
            sum_2_5 = fma(grad_2_0.z, input_2_1.y, sum_2_5);
            sum_2_6 = fma(grad_2_0.z, input_2_1.z, sum_2_6);
            sum_2_7 = fma(grad_2_0.z, input_2_1.w, sum_2_7);
            sum_3_7 = fma(grad_2_0.w, input_2_1.w, sum_3_7);
            sum_3_6 = fma(grad_2_0.w, input_2_1.z, sum_3_6);
            sum_3_5 = fma(grad_2_0.w, input_2_1.y, sum_3_5);
            sum_3_4 = fma(grad_2_0.w, input_2_1.x, sum_3_4);
            sum_3_3 = fma(grad_2_0.w, input_2_0.w, sum_3_3);
            sum_3_2 = fma(grad_2_0.w, input_2_0.z, sum_3_2);
            sum_3_1 = fma(grad_2_0.w, input_2_0.y, sum_3_1);
            sum_3_0 = fma(grad_2_0.w, input_2_0.x, sum_3_0);
            sum_4_0 = fma(grad_2_1.x, input_2_0.x, sum_4_0);
            sum_4_1 = fma(grad_2_1.x, input_2_0.y, sum_4_1);
            sum_4_2 = fma(grad_2_1.x, input_2_0.z, sum_4_2);
            sum_4_3 = fma(grad_2_1.x, input_2_0.w, sum_4_3);
            sum_4_4 = fma(grad_2_1.x, input_2_1.x, sum_4_4);
            sum_4_5 = fma(grad_2_1.x, input_2_1.y, sum_4_5);
            sum_4_6 = fma(grad_2_1.x, input_2_1.z, sum_4_6);
            sum_4_7 = fma(grad_2_1.x, input_2_1.w, sum_4_7);
            sum_5_7 = fma(grad_2_1.y, input_2_1.w, sum_5_7);
            sum_5_6 = fma(grad_2_1.y, input_2_1.z, sum_5_6);
            sum_5_5 = fma(grad_2_1.y, input_2_1.y, sum_5_5);
            sum_5_4 = fma(grad_2_1.y, input_2_1.x, sum_5_4);
            sum_5_3 = fma(grad_2_1.y, input_2_0.w, sum_5_3);
            sum_5_2 = fma(grad_2_1.y, input_2_0.z, sum_5_2);
            sum_5_1 = fma(grad_2_1.y, input_2_0.y, sum_5_1);
            sum_5_0 = fma(grad_2_1.y, input_2_0.x, sum_5_0);
            sum_6_0 = fma(grad_2_1.z, input_2_0.x, sum_6_0);
            sum_6_1 = fma(grad_2_1.z, input_2_0.y, sum_6_1);
            sum_6_2 = fma(grad_2_1.z, input_2_0.z, sum_6_2);
            sum_6_3 = fma(grad_2_1.z, input_2_0.w, sum_6_3);
            sum_6_4 = fma(grad_2_1.z, input_2_1.x, sum_6_4);
            sum_6_5 = fma(grad_2_1.z, input_2_1.y, sum_6_5);
            sum_6_6 = fma(grad_2_1.z, input_2_1.z, sum_6_6);
            sum_6_7 = fma(grad_2_1.z, input_2_1.w, sum_6_7);
            sum_7_7 = fma(grad_2_1.w, input_2_1.w, sum_7_7);
            sum_7_6 = fma(grad_2_1.w, input_2_1.z, sum_7_6);
            sum_7_5 = fma(grad_2_1.w, input_2_1.y, sum_7_5);
            sum_7_4 = fma(grad_2_1.w, input_2_1.x, sum_7_4);
            sum_7_3 = fma(grad_2_1.w, input_2_0.w, sum_7_3);
            sum_7_2 = fma(grad_2_1.w, input_2_0.z, sum_7_2);
            sum_7_1 = fma(grad_2_1.w, input_2_0.y, sum_7_1);
            sum_7_0 = fma(grad_2_1.w, input_2_0.x, sum_7_0);
            let input_3_0 = inputs[buffer][3][lane_x];
            let input_3_1 = inputs[buffer][3][lane_x + 8u];
            let grad_3_0 = grads[buffer][3][lane_y];
            let grad_3_1 = grads[buffer][3][lane_y + 8u];
            sum_0_0 = fma(grad_3_0.x, input_3_0.x, sum_0_0);
            sum_0_1 = fma(grad_3_0.x, input_3_0.y, sum_0_1);
            sum_0_2 = fma(grad_3_0.x, input_3_0.z, sum_0_2);
            sum_0_3 = fma(grad_3_0.x, input_3_0.w, sum_0_3);
            sum_0_4 = fma(grad_3_0.x, input_3_1.x, sum_0_4);
            sum_0_5 = fma(grad_3_0.x, input_3_1.y, sum_0_5);
            sum_0_6 = fma(grad_3_0.x, input_3_1.z, sum_0_6);
            sum_0_7 = fma(grad_3_0.x, input_3_1.w, sum_0_7);
            sum_1_7 = fma(grad_3_0.y, input_3_1.w, sum_1_7);
            sum_1_6 = fma(grad_3_0.y, input_3_1.z, sum_1_6);
            sum_1_5 = fma(grad_3_0.y, input_3_1.y, sum_1_5);
            sum_1_4 = fma(grad_3_0.y, input_3_1.x, sum_1_4);
            sum_1_3 = fma(grad_3_0.y, input_3_0.w, sum_1_3);
            sum_1_2 = fma(grad_3_0.y, input_3_0.z, sum_1_2);
            sum_1_1 = fma(grad_3_0.y, input_3_0.y, sum_1_1);
            sum_1_0 = fma(grad_3_0.y, input_3_0.x, sum_1_0);
            sum_2_0 = fma(grad_3_0.z, input_3_0.x, sum_2_0);
            sum_2_1 = fma(grad_3_0.z, input_3_0.y, sum_2_1);
            sum_2_2 = fma(grad_3_0.z, input_3_0.z, sum_2_2);
            sum_2_3 = fma(grad_3_0.z, input_3_0.w, sum_2_3);
            sum_2_4 = fma(grad_3_0.z, input_3_1.x, sum_2_4);
            sum_2_5 = fma(grad_3_0.z, input_3_1.y, sum_2_5);
            sum_2_6 = fma(grad_3_0.z, input_3_1.z, sum_2_6);
            sum_2_7 = fma(grad_3_0.z, input_3_1.w, sum_2_7);
            sum_3_7 = fma(grad_3_0.w, input_3_1.w, sum_3_7);
            sum_3_6 = fma(grad_3_0.w, input_3_1.z, sum_3_6);
            sum_3_5 = fma(grad_3_0.w, input_3_1.y, sum_3_5);
            sum_3_4 = fma(grad_3_0.w, input_3_1.x, sum_3_4);
            sum_3_3 = fma(grad_3_0.w, input_3_0.w, sum_3_3);
            sum_3_2 = fma(grad_3_0.w, input_3_0.z, sum_3_2);
            sum_3_1 = fma(grad_3_0.w, input_3_0.y, sum_3_1);
            sum_3_0 = fma(grad_3_0.w, input_3_0.x, sum_3_0);
            sum_4_0 = fma(grad_3_1.x, input_3_0.x, sum_4_0);
            sum_4_1 = fma(grad_3_1.x, input_3_0.y, sum_4_1);
            sum_4_2 = fma(grad_3_1.x, input_3_0.z, sum_4_2);
            sum_4_3 = fma(grad_3_1.x, input_3_0.w, sum_4_3);
            sum_4_4 = fma(grad_3_1.x, input_3_1.x, sum_4_4);
            sum_4_5 = fma(grad_3_1.x, input_3_1.y, sum_4_5);
            sum_4_6 = fma(grad_3_1.x, input_3_1.z, sum_4_6);
            sum_4_7 = fma(grad_3_1.x, input_3_1.w, sum_4_7);
            sum_5_7 = fma(grad_3_1.y, input_3_1.w, sum_5_7);
            sum_5_6 = fma(grad_3_1.y, input_3_1.z, sum_5_6);
            sum_5_5 = fma(grad_3_1.y, input_3_1.y, sum_5_5);
            sum_5_4 = fma(grad_3_1.y, input_3_1.x, sum_5_4);
            sum_5_3 = fma(grad_3_1.y, input_3_0.w, sum_5_3);
            sum_5_2 = fma(grad_3_1.y, input_3_0.z, sum_5_2);
            sum_5_1 = fma(grad_3_1.y, input_3_0.y, sum_5_1);
            sum_5_0 = fma(grad_3_1.y, input_3_0.x, sum_5_0);
            sum_6_0 = fma(grad_3_1.z, input_3_0.x, sum_6_0);
            sum_6_1 = fma(grad_3_1.z, input_3_0.y, sum_6_1);
            sum_6_2 = fma(grad_3_1.z, input_3_0.z, sum_6_2);
            sum_6_3 = fma(grad_3_1.z, input_3_0.w, sum_6_3);
            sum_6_4 = fma(grad_3_1.z, input_3_1.x, sum_6_4);
            sum_6_5 = fma(grad_3_1.z, input_3_1.y, sum_6_5);
            sum_6_6 = fma(grad_3_1.z, input_3_1.z, sum_6_6);
            sum_6_7 = fma(grad_3_1.z, input_3_1.w, sum_6_7);
            sum_7_7 = fma(grad_3_1.w, input_3_1.w, sum_7_7);
            sum_7_6 = fma(grad_3_1.w, input_3_1.z, sum_7_6);
            sum_7_5 = fma(grad_3_1.w, input_3_1.y, sum_7_5);
            sum_7_4 = fma(grad_3_1.w, input_3_1.x, sum_7_4);
            sum_7_3 = fma(grad_3_1.w, input_3_0.w, sum_7_3);
            sum_7_2 = fma(grad_3_1.w, input_3_0.z, sum_7_2);
            sum_7_1 = fma(grad_3_1.w, input_3_0.y, sum_7_1);
            sum_7_0 = fma(grad_3_1.w, input_3_0.x, sum_7_0);
            let input_4_0 = inputs[buffer][4][lane_x];
            let input_4_1 = inputs[buffer][4][lane_x + 8u];
            let grad_4_0 = grads[buffer][4][lane_y];
            let grad_4_1 = grads[buffer][4][lane_y + 8u];
            sum_0_0 = fma(grad_4_0.x, input_4_0.x, sum_0_0);
            sum_0_1 = fma(grad_4_0.x, input_4_0.y, sum_0_1);
            sum_0_2 = fma(grad_4_0.x, input_4_0.z, sum_0_2);
            sum_0_3 = fma(grad_4_0.x, input_4_0.w, sum_0_3);
            sum_0_4 = fma(grad_4_0.x, input_4_1.x, sum_0_4);
            sum_0_5 = fma(grad_4_0.x, input_4_1.y, sum_0_5);
            sum_0_6 = fma(grad_4_0.x, input_4_1.z, sum_0_6);
            sum_0_7 = fma(grad_4_0.x, input_4_1.w, sum_0_7);
            sum_1_7 = fma(grad_4_0.y, input_4_1.w, sum_1_7);
            sum_1_6 = fma(grad_4_0.y, input_4_1.z, sum_1_6);
            sum_1_5 = fma(grad_4_0.y, input_4_1.y, sum_1_5);
            sum_1_4 = fma(grad_4_0.y, input_4_1.x, sum_1_4);
            sum_1_3 = fma(grad_4_0.y, input_4_0.w, sum_1_3);
            sum_1_2 = fma(grad_4_0.y, input_4_0.z, sum_1_2);
            sum_1_1 = fma(grad_4_0.y, input_4_0.y, sum_1_1);
            sum_1_0 = fma(grad_4_0.y, input_4_0.x, sum_1_0);
            sum_2_0 = fma(grad_4_0.z, input_4_0.x, sum_2_0);
            sum_2_1 = fma(grad_4_0.z, input_4_0.y, sum_2_1);
            sum_2_2 = fma(grad_4_0.z, input_4_0.z, sum_2_2);
            sum_2_3 = fma(grad_4_0.z, input_4_0.w, sum_2_3);
            sum_2_4 = fma(grad_4_0.z, input_4_1.x, sum_2_4);
            sum_2_5 = fma(grad_4_0.z, input_4_1.y, sum_2_5);
            sum_2_6 = fma(grad_4_0.z, input_4_1.z, sum_2_6);
            sum_2_7 = fma(grad_4_0.z, input_4_1.w, sum_2_7);
            sum_3_7 = fma(grad_4_0.w, input_4_1.w, sum_3_7);
            sum_3_6 = fma(grad_4_0.w, input_4_1.z, sum_3_6);
            sum_3_5 = fma(grad_4_0.w, input_4_1.y, sum_3_5);
            sum_3_4 = fma(grad_4_0.w, input_4_1.x, sum_3_4);
            sum_3_3 = fma(grad_4_0.w, input_4_0.w, sum_3_3);
            sum_3_2 = fma(grad_4_0.w, input_4_0.z, sum_3_2);
            sum_3_1 = fma(grad_4_0.w, input_4_0.y, sum_3_1);
            sum_3_0 = fma(grad_4_0.w, input_4_0.x, sum_3_0);
            sum_4_0 = fma(grad_4_1.x, input_4_0.x, sum_4_0);
            sum_4_1 = fma(grad_4_1.x, input_4_0.y, sum_4_1);
            sum_4_2 = fma(grad_4_1.x, input_4_0.z, sum_4_2);
            sum_4_3 = fma(grad_4_1.x, input_4_0.w, sum_4_3);
            sum_4_4 = fma(grad_4_1.x, input_4_1.x, sum_4_4);
            sum_4_5 = fma(grad_4_1.x, input_4_1.y, sum_4_5);
            sum_4_6 = fma(grad_4_1.x, input_4_1.z, sum_4_6);
            sum_4_7 = fma(grad_4_1.x, input_4_1.w, sum_4_7);
            sum_5_7 = fma(grad_4_1.y, input_4_1.w, sum_5_7);
            sum_5_6 = fma(grad_4_1.y, input_4_1.z, sum_5_6);
            sum_5_5 = fma(grad_4_1.y, input_4_1.y, sum_5_5);
            sum_5_4 = fma(grad_4_1.y, input_4_1.x, sum_5_4);
            sum_5_3 = fma(grad_4_1.y, input_4_0.w, sum_5_3);
            sum_5_2 = fma(grad_4_1.y, input_4_0.z, sum_5_2);
            sum_5_1 = fma(grad_4_1.y, input_4_0.y, sum_5_1);
            sum_5_0 = fma(grad_4_1.y, input_4_0.x, sum_5_0);
            sum_6_0 = fma(grad_4_1.z, input_4_0.x, sum_6_0);
            sum_6_1 = fma(grad_4_1.z, input_4_0.y, sum_6_1);
            sum_6_2 = fma(grad_4_1.z, input_4_0.z, sum_6_2);
            sum_6_3 = fma(grad_4_1.z, input_4_0.w, sum_6_3);
            sum_6_4 = fma(grad_4_1.z, input_4_1.x, sum_6_4);
            sum_6_5 = fma(grad_4_1.z, input_4_1.y, sum_6_5);
            sum_6_6 = fma(grad_4_1.z, input_4_1.z, sum_6_6);
            sum_6_7 = fma(grad_4_1.z, input_4_1.w, sum_6_7);
            sum_7_7 = fma(grad_4_1.w, input_4_1.w, sum_7_7);
            sum_7_6 = fma(grad_4_1.w, input_4_1.z, sum_7_6);
            sum_7_5 = fma(grad_4_1.w, input_4_1.y, sum_7_5);
            sum_7_4 = fma(grad_4_1.w, input_4_1.x, sum_7_4);
            sum_7_3 = fma(grad_4_1.w, input_4_0.w, sum_7_3);
            sum_7_2 = fma(grad_4_1.w, input_4_0.z, sum_7_2);
            sum_7_1 = fma(grad_4_1.w, input_4_0.y, sum_7_1);
            sum_7_0 = fma(grad_4_1.w, input_4_0.x, sum_7_0);
            let input_5_0 = inputs[buffer][5][lane_x];
            let input_5_1 = inputs[buffer][5][lane_x + 8u];
            let grad_5_0 = grads[buffer][5][lane_y];
            let grad_5_1 = grads[buffer][5][lane_y + 8u];
            sum_0_0 = fma(grad_5_0.x, input_5_0.x, sum_0_0);
            sum_0_1 = fma(grad_5_0.x, input_5_0.y, sum_0_1);
            sum_0_2 = fma(grad_5_0.x, input_5_0.z, sum_0_2);
            sum_0_3 = fma(grad_5_0.x, input_5_0.w, sum_0_3);
            sum_0_4 = fma(grad_5_0.x, input_5_1.x, sum_0_4);
            sum_0_5 = fma(grad_5_0.x, input_5_1.y, sum_0_5);
            sum_0_6 = fma(grad_5_0.x, input_5_1.z, sum_0_6);
            sum_0_7 = fma(grad_5_0.x, input_5_1.w, sum_0_7);
            sum_1_7 = fma(grad_5_0.y, input_5_1.w, sum_1_7);
            sum_1_6 = fma(grad_5_0.y, input_5_1.z, sum_1_6);
            sum_1_5 = fma(grad_5_0.y, input_5_1.y, sum_1_5);
            sum_1_4 = fma(grad_5_0.y, input_5_1.x, sum_1_4);
            sum_1_3 = fma(grad_5_0.y, input_5_0.w, sum_1_3);
            sum_1_2 = fma(grad_5_0.y, input_5_0.z, sum_1_2);
            sum_1_1 = fma(grad_5_0.y, input_5_0.y, sum_1_1);
            sum_1_0 = fma(grad_5_0.y, input_5_0.x, sum_1_0);
            sum_2_0 = fma(grad_5_0.z, input_5_0.x, sum_2_0);
            sum_2_1 = fma(grad_5_0.z, input_5_0.y, sum_2_1);
            sum_2_2 = fma(grad_5_0.z, input_5_0.z, sum_2_2);
            sum_2_3 = fma(grad_5_0.z, input_5_0.w, sum_2_3);
            sum_2_4 = fma(grad_5_0.z, input_5_1.x, sum_2_4);
            sum_2_5 = fma(grad_5_0.z, input_5_1.y, sum_2_5);
            sum_2_6 = fma(grad_5_0.z, input_5_1.z, sum_2_6);
            sum_2_7 = fma(grad_5_0.z, input_5_1.w, sum_2_7);
            sum_3_7 = fma(grad_5_0.w, input_5_1.w, sum_3_7);
            sum_3_6 = fma(grad_5_0.w, input_5_1.z, sum_3_6);
            sum_3_5 = fma(grad_5_0.w, input_5_1.y, sum_3_5);
            sum_3_4 = fma(grad_5_0.w, input_5_1.x, sum_3_4);
            sum_3_3 = fma(grad_5_0.w, input_5_0.w, sum_3_3);
            sum_3_2 = fma(grad_5_0.w, input_5_0.z, sum_3_2);
            sum_3_1 = fma(grad_5_0.w, input_5_0.y, sum_3_1);
            sum_3_0 = fma(grad_5_0.w, input_5_0.x, sum_3_0);
            sum_4_0 = fma(grad_5_1.x, input_5_0.x, sum_4_0);
            sum_4_1 = fma(grad_5_1.x, input_5_0.y, sum_4_1);
            sum_4_2 = fma(grad_5_1.x, input_5_0.z, sum_4_2);
            sum_4_3 = fma(grad_5_1.x, input_5_0.w, sum_4_3);
            sum_4_4 = fma(grad_5_1.x, input_5_1.x, sum_4_4);
            sum_4_5 = fma(grad_5_1.x, input_5_1.y, sum_4_5);
            sum_4_6 = fma(grad_5_1.x, input_5_1.z, sum_4_6);
            sum_4_7 = fma(grad_5_1.x, input_5_1.w, sum_4_7);
            sum_5_7 = fma(grad_5_1.y, input_5_1.w, sum_5_7);
            sum_5_6 = fma(grad_5_1.y, input_5_1.z, sum_5_6);
            sum_5_5 = fma(grad_5_1.y, input_5_1.y, sum_5_5);
            sum_5_4 = fma(grad_5_1.y, input_5_1.x, sum_5_4);
            sum_5_3 = fma(grad_5_1.y, input_5_0.w, sum_5_3);
            sum_5_2 = fma(grad_5_1.y, input_5_0.z, sum_5_2);
            sum_5_1 = fma(grad_5_1.y, input_5_0.y, sum_5_1);
            sum_5_0 = fma(grad_5_1.y, input_5_0.x, sum_5_0);
            sum_6_0 = fma(grad_5_1.z, input_5_0.x, sum_6_0);
            sum_6_1 = fma(grad_5_1.z, input_5_0.y, sum_6_1);
            sum_6_2 = fma(grad_5_1.z, input_5_0.z, sum_6_2);
            sum_6_3 = fma(grad_5_1.z, input_5_0.w, sum_6_3);
            sum_6_4 = fma(grad_5_1.z, input_5_1.x, sum_6_4);
            sum_6_5 = fma(grad_5_1.z, input_5_1.y, sum_6_5);
            sum_6_6 = fma(grad_5_1.z, input_5_1.z, sum_6_6);
            sum_6_7 = fma(grad_5_1.z, input_5_1.w, sum_6_7);
            sum_7_7 = fma(grad_5_1.w, input_5_1.w, sum_7_7);
            sum_7_6 = fma(grad_5_1.w, input_5_1.z, sum_7_6);
            sum_7_5 = fma(grad_5_1.w, input_5_1.y, sum_7_5);
            sum_7_4 = fma(grad_5_1.w, input_5_1.x, sum_7_4);
            sum_7_3 = fma(grad_5_1.w, input_5_0.w, sum_7_3);
            sum_7_2 = fma(grad_5_1.w, input_5_0.z, sum_7_2);
            sum_7_1 = fma(grad_5_1.w, input_5_0.y, sum_7_1);
            sum_7_0 = fma(grad_5_1.w, input_5_0.x, sum_7_0);
            let input_6_0 = inputs[buffer][6][lane_x];
            let input_6_1 = inputs[buffer][6][lane_x + 8u];
            let grad_6_0 = grads[buffer][6][lane_y];
            let grad_6_1 = grads[buffer][6][lane_y + 8u];
            sum_0_0 = fma(grad_6_0.x, input_6_0.x, sum_0_0);
            sum_0_1 = fma(grad_6_0.x, input_6_0.y, sum_0_1);
            sum_0_2 = fma(grad_6_0.x, input_6_0.z, sum_0_2);
            sum_0_3 = fma(grad_6_0.x, input_6_0.w, sum_0_3);
            sum_0_4 = fma(grad_6_0.x, input_6_1.x, sum_0_4);
            sum_0_5 = fma(grad_6_0.x, input_6_1.y, sum_0_5);
            sum_0_6 = fma(grad_6_0.x, input_6_1.z, sum_0_6);
            sum_0_7 = fma(grad_6_0.x, input_6_1.w, sum_0_7);
            sum_1_7 = fma(grad_6_0.y, input_6_1.w, sum_1_7);
            sum_1_6 = fma(grad_6_0.y, input_6_1.z, sum_1_6);
            sum_1_5 = fma(grad_6_0.y, input_6_1.y, sum_1_5);
            sum_1_4 = fma(grad_6_0.y, input_6_1.x, sum_1_4);
            sum_1_3 = fma(grad_6_0.y, input_6_0.w, sum_1_3);
            sum_1_2 = fma(grad_6_0.y, input_6_0.z, sum_1_2);
            sum_1_1 = fma(grad_6_0.y, input_6_0.y, sum_1_1);
            sum_1_0 = fma(grad_6_0.y, input_6_0.x, sum_1_0);
            sum_2_0 = fma(grad_6_0.z, input_6_0.x, sum_2_0);
            sum_2_1 = fma(grad_6_0.z, input_6_0.y, sum_2_1);
            sum_2_2 = fma(grad_6_0.z, input_6_0.z, sum_2_2);
            sum_2_3 = fma(grad_6_0.z, input_6_0.w, sum_2_3);
            sum_2_4 = fma(grad_6_0.z, input_6_1.x, sum_2_4);
            sum_2_5 = fma(grad_6_0.z, input_6_1.y, sum_2_5);
            sum_2_6 = fma(grad_6_0.z, input_6_1.z, sum_2_6);
            sum_2_7 = fma(grad_6_0.z, input_6_1.w, sum_2_7);
            sum_3_7 = fma(grad_6_0.w, input_6_1.w, sum_3_7);
            sum_3_6 = fma(grad_6_0.w, input_6_1.z, sum_3_6);
            sum_3_5 = fma(grad_6_0.w, input_6_1.y, sum_3_5);
            sum_3_4 = fma(grad_6_0.w, input_6_1.x, sum_3_4);
            sum_3_3 = fma(grad_6_0.w, input_6_0.w, sum_3_3);
            sum_3_2 = fma(grad_6_0.w, input_6_0.z, sum_3_2);
            sum_3_1 = fma(grad_6_0.w, input_6_0.y, sum_3_1);
            sum_3_0 = fma(grad_6_0.w, input_6_0.x, sum_3_0);
            sum_4_0 = fma(grad_6_1.x, input_6_0.x, sum_4_0);
            sum_4_1 = fma(grad_6_1.x, input_6_0.y, sum_4_1);
            sum_4_2 = fma(grad_6_1.x, input_6_0.z, sum_4_2);
            sum_4_3 = fma(grad_6_1.x, input_6_0.w, sum_4_3);
            sum_4_4 = fma(grad_6_1.x, input_6_1.x, sum_4_4);
            sum_4_5 = fma(grad_6_1.x, input_6_1.y, sum_4_5);
            sum_4_6 = fma(grad_6_1.x, input_6_1.z, sum_4_6);
            sum_4_7 = fma(grad_6_1.x, input_6_1.w, sum_4_7);
            sum_5_7 = fma(grad_6_1.y, input_6_1.w, sum_5_7);
            sum_5_6 = fma(grad_6_1.y, input_6_1.z, sum_5_6);
            sum_5_5 = fma(grad_6_1.y, input_6_1.y, sum_5_5);
            sum_5_4 = fma(grad_6_1.y, input_6_1.x, sum_5_4);
            sum_5_3 = fma(grad_6_1.y, input_6_0.w, sum_5_3);
            sum_5_2 = fma(grad_6_1.y, input_6_0.z, sum_5_2);
            sum_5_1 = fma(grad_6_1.y, input_6_0.y, sum_5_1);
            sum_5_0 = fma(grad_6_1.y, input_6_0.x, sum_5_0);
            sum_6_0 = fma(grad_6_1.z, input_6_0.x, sum_6_0);
            sum_6_1 = fma(grad_6_1.z, input_6_0.y, sum_6_1);
            sum_6_2 = fma(grad_6_1.z, input_6_0.z, sum_6_2);
            sum_6_3 = fma(grad_6_1.z, input_6_0.w, sum_6_3);
            sum_6_4 = fma(grad_6_1.z, input_6_1.x, sum_6_4);
            sum_6_5 = fma(grad_6_1.z, input_6_1.y, sum_6_5);
            sum_6_6 = fma(grad_6_1.z, input_6_1.z, sum_6_6);
            sum_6_7 = fma(grad_6_1.z, input_6_1.w, sum_6_7);
            sum_7_7 = fma(grad_6_1.w, input_6_1.w, sum_7_7);
            sum_7_6 = fma(grad_6_1.w, input_6_1.z, sum_7_6);
            sum_7_5 = fma(grad_6_1.w, input_6_1.y, sum_7_5);
            sum_7_4 = fma(grad_6_1.w, input_6_1.x, sum_7_4);
            sum_7_3 = fma(grad_6_1.w, input_6_0.w, sum_7_3);
            sum_7_2 = fma(grad_6_1.w, input_6_0.z, sum_7_2);
            sum_7_1 = fma(grad_6_1.w, input_6_0.y, sum_7_1);
            sum_7_0 = fma(grad_6_1.w, input_6_0.x, sum_7_0);
            let input_7_0 = inputs[buffer][7][lane_x];
            let input_7_1 = inputs[buffer][7][lane_x + 8u];
            let grad_7_0 = grads[buffer][7][lane_y];
            let grad_7_1 = grads[buffer][7][lane_y + 8u];
            sum_0_0 = fma(grad_7_0.x, input_7_0.x, sum_0_0);
            sum_0_1 = fma(grad_7_0.x, input_7_0.y, sum_0_1);
            sum_0_2 = fma(grad_7_0.x, input_7_0.z, sum_0_2);
            sum_0_3 = fma(grad_7_0.x, input_7_0.w, sum_0_3);
            sum_0_4 = fma(grad_7_0.x, input_7_1.x, sum_0_4);
            sum_0_5 = fma(grad_7_0.x, input_7_1.y, sum_0_5);
            sum_0_6 = fma(grad_7_0.x, input_7_1.z, sum_0_6);
            sum_0_7 = fma(grad_7_0.x, input_7_1.w, sum_0_7);
            sum_1_7 = fma(grad_7_0.y, input_7_1.w, sum_1_7);
            sum_1_6 = fma(grad_7_0.y, input_7_1.z, sum_1_6);
            sum_1_5 = fma(grad_7_0.y, input_7_1.y, sum_1_5);
            sum_1_4 = fma(grad_7_0.y, input_7_1.x, sum_1_4);
            sum_1_3 = fma(grad_7_0.y, input_7_0.w, sum_1_3);
            sum_1_2 = fma(grad_7_0.y, input_7_0.z, sum_1_2);
            sum_1_1 = fma(grad_7_0.y, input_7_0.y, sum_1_1);
            sum_1_0 = fma(grad_7_0.y, input_7_0.x, sum_1_0);
            sum_2_0 = fma(grad_7_0.z, input_7_0.x, sum_2_0);
            sum_2_1 = fma(grad_7_0.z, input_7_0.y, sum_2_1);
            sum_2_2 = fma(grad_7_0.z, input_7_0.z, sum_2_2);
            sum_2_3 = fma(grad_7_0.z, input_7_0.w, sum_2_3);
            sum_2_4 = fma(grad_7_0.z, input_7_1.x, sum_2_4);
            sum_2_5 = fma(grad_7_0.z, input_7_1.y, sum_2_5);
            sum_2_6 = fma(grad_7_0.z, input_7_1.z, sum_2_6);
            sum_2_7 = fma(grad_7_0.z, input_7_1.w, sum_2_7);
            sum_3_7 = fma(grad_7_0.w, input_7_1.w, sum_3_7);
            sum_3_6 = fma(grad_7_0.w, input_7_1.z, sum_3_6);
            sum_3_5 = fma(grad_7_0.w, input_7_1.y, sum_3_5);
            sum_3_4 = fma(grad_7_0.w, input_7_1.x, sum_3_4);
            sum_3_3 = fma(grad_7_0.w, input_7_0.w, sum_3_3);
            sum_3_2 = fma(grad_7_0.w, input_7_0.z, sum_3_2);
            sum_3_1 = fma(grad_7_0.w, input_7_0.y, sum_3_1);
            sum_3_0 = fma(grad_7_0.w, input_7_0.x, sum_3_0);
            sum_4_0 = fma(grad_7_1.x, input_7_0.x, sum_4_0);
            sum_4_1 = fma(grad_7_1.x, input_7_0.y, sum_4_1);
            sum_4_2 = fma(grad_7_1.x, input_7_0.z, sum_4_2);
            sum_4_3 = fma(grad_7_1.x, input_7_0.w, sum_4_3);
            sum_4_4 = fma(grad_7_1.x, input_7_1.x, sum_4_4);
            sum_4_5 = fma(grad_7_1.x, input_7_1.y, sum_4_5);
            sum_4_6 = fma(grad_7_1.x, input_7_1.z, sum_4_6);
            sum_4_7 = fma(grad_7_1.x, input_7_1.w, sum_4_7);
            sum_5_7 = fma(grad_7_1.y, input_7_1.w, sum_5_7);
            sum_5_6 = fma(grad_7_1.y, input_7_1.z, sum_5_6);
            sum_5_5 = fma(grad_7_1.y, input_7_1.y, sum_5_5);
            sum_5_4 = fma(grad_7_1.y, input_7_1.x, sum_5_4);
            sum_5_3 = fma(grad_7_1.y, input_7_0.w, sum_5_3);
            sum_5_2 = fma(grad_7_1.y, input_7_0.z, sum_5_2);
            sum_5_1 = fma(grad_7_1.y, input_7_0.y, sum_5_1);
            sum_5_0 = fma(grad_7_1.y, input_7_0.x, sum_5_0);
            sum_6_0 = fma(grad_7_1.z, input_7_0.x, sum_6_0);
            sum_6_1 = fma(grad_7_1.z, input_7_0.y, sum_6_1);
            sum_6_2 = fma(grad_7_1.z, input_7_0.z, sum_6_2);
            sum_6_3 = fma(grad_7_1.z, input_7_0.w, sum_6_3);
            sum_6_4 = fma(grad_7_1.z, input_7_1.x, sum_6_4);
            sum_6_5 = fma(grad_7_1.z, input_7_1.y, sum_6_5);
            sum_6_6 = fma(grad_7_1.z, input_7_1.z, sum_6_6);
            sum_6_7 = fma(grad_7_1.z, input_7_1.w, sum_6_7);
            sum_7_7 = fma(grad_7_1.w, input_7_1.w, sum_7_7);
            sum_7_6 = fma(grad_7_1.w, input_7_1.z, sum_7_6);
            sum_7_5 = fma(grad_7_1.w, input_7_1.y, sum_7_5);
            sum_7_4 = fma(grad_7_1.w, input_7_1.x, sum_7_4);
            sum_7_3 = fma(grad_7_1.w, input_7_0.w, sum_7_3);
            sum_7_2 = fma(grad_7_1.w, input_7_0.z, sum_7_2);
            sum_7_1 = fma(grad_7_1.w, input_7_0.y, sum_7_1);
            sum_7_0 = fma(grad_7_1.w, input_7_0.x, sum_7_0);
            buffer = 1u - buffer;
        grads[buffer][step_position][first_vector] = select(vec4<f32>(0.0), grad_0, is_there && inside_0);
        grads[buffer][step_position][first_vector + 8u] = select(vec4<f32>(0.0), grad_1, is_there && inside_0);
        inputs[buffer][step_position][first_vector] = select(vec4<f32>(0.0), value_0, is_there && inside_0);
        inputs[buffer][step_position][first_vector + 8u] = select(vec4<f32>(0.0), value_1, is_there && inside_0);

            workgroupBarrier();
        }

        let is_first = block == first && params.accumulate == 0u;
        {
            let own_filter = first_filter + (lane_y + 0u) * 4u + 0u;
            let row = part * params.part_vectors + (group * params.group_out_channels + own_filter) * params.row_vectors;
            let vector_0 = first_column / 4u + lane_x + 0u;
            if own_filter < params.group_out_channels && vector_0 < params.row_vectors {
                var total = vec4<f32>(sum_0_0, sum_0_1, sum_0_2, sum_0_3);
                if !is_first {
                    total += partial[row + vector_0];
                }
                partial[row + vector_0] = total;
            }
            sum_0_0 = 0.0;
            sum_0_1 = 0.0;
            sum_0_2 = 0.0;
            sum_0_3 = 0.0;
            let vector_1 = first_column / 4u + lane_x + 8u;
            if own_filter < params.group_out_channels && vector_1 < params.row_vectors {
                var total = vec4<f32>(sum_0_4, sum_0_5, sum_0_6, sum_0_7);
                if !is_first {
                    total += partial[row + vector_1];
                }
                partial[row + vector_1] = total;
            }
            sum_0_4 = 0.0;
            sum_0_5 = 0.0;
            sum_0_6 = 0.0;
            sum_0_7 = 0.0;
        }
        {
            let own_filter = first_filter + (lane_y + 0u) * 4u + 1u;
            let row = part * params.part_vectors + (group * params.group_out_channels + own_filter) * params.row_vectors;
            let vector_0 = first_column / 4u + lane_x + 0u;
            if own_filter < params.group_out_channels && vector_0 < params.row_vectors {
                var total = vec4<f32>(sum_1_0, sum_1_1, sum_1_2, sum_1_3);
                if !is_first {
                    total += partial[row + vector_0];
                }
                partial[row + vector_0] = total;
            }
            sum_1_0 = 0.0;
            sum_1_1 = 0.0;
            sum_1_2 = 0.0;
            sum_1_3 = 0.0;
            let vector_1 = first_column / 4u + lane_x + 8u;
            if own_filter < params.group_out_channels && vector_1 < params.row_vectors {
                var total = vec4<f32>(sum_1_4, sum_1_5, sum_1_6, sum_1_7);
                if !is_first {
                    total += partial[row + vector_1];
                }
                partial[row + vector_1] = total;
            }
            sum_1_4 = 0.0;
            sum_1_5 = 0.0;
            sum_1_6 = 0.0;
            sum_1_7 = 0.0;
        }
        {
            let own_filter = first_filter + (lane_y + 0u) * 4u + 2u;
            let row = part * params.part_vectors + (group * params.group_out_channels + own_filter) * params.row_vectors;
            let vector_0 = first_column / 4u + lane_x + 0u;
            if own_filter < params.group_out_channels && vector_0 < params.row_vectors {
                var total = vec4<f32>(sum_2_0, sum_2_1, sum_2_2, sum_2_3);
                if !is_first {
                    total += partial[row + vector_0];
                }
                partial[row + vector_0] = total;
            }
            sum_2_0 = 0.0;
            sum_2_1 = 0.0;
            sum_2_2 = 0.0;
            sum_2_3 = 0.0;
            let vector_1 = first_column / 4u + lane_x + 8u;
            if own_filter < params.group_out_channels && vector_1 < params.row_vectors {
                var total = vec4<f32>(sum_2_4, sum_2_5, sum_2_6, sum_2_7);
                if !is_first {
                    total += partial[row + vector_1];
                }
                partial[row + vector_1] = total;
            }
            sum_2_4 = 0.0;
            sum_2_5 = 0.0;
            sum_2_6 = 0.0;
            sum_2_7 = 0.0;
        }
        {
            let own_filter = first_filter + (lane_y + 0u) * 4u + 3u;
            let row = part * params.part_vectors + (group * params.group_out_channels + own_filter) * params.row_vectors;
            let vector_0 = first_column / 4u + lane_x + 0u;
            if own_filter < params.group_out_channels && vector_0 < params.row_vectors {
                var total = vec4<f32>(sum_3_0, sum_3_1, sum_3_2, sum_3_3);
                if !is_first {
                    total += partial[row + vector_0];
                }
                partial[row + vector_0] = total;
            }
            sum_3_0 = 0.0;
            sum_3_1 = 0.0;
            sum_3_2 = 0.0;
            sum_3_3 = 0.0;
            let vector_1 = first_column / 4u + lane_x + 8u;
            if own_filter < params.group_out_channels && vector_1 < params.row_vectors {
                var total = vec4<f32>(sum_3_4, sum_3_5, sum_3_6, sum_3_7);
                if !is_first {
                    total += partial[row + vector_1];
                }
                partial[row + vector_1] = total;
            }
            sum_3_4 = 0.0;
            sum_3_5 = 0.0;
            sum_3_6 = 0.0;
            sum_3_7 = 0.0;
        }
        {
            let own_filter = first_filter + (lane_y + 8u) * 4u + 0u;
            let row = part * params.part_vectors + (group * params.group_out_channels + own_filter) * params.row_vectors;
            let vector_0 = first_column / 4u + lane_x + 0u;
            if own_filter < params.group_out_channels && vector_0 < params.row_vectors {
                var total = vec4<f32>(sum_4_0, sum_4_1, sum_4_2, sum_4_3);
                if !is_first {
                    total += partial[row + vector_0];
                }
                partial[row + vector_0] = total;
            }
            sum_4_0 = 0.0;
            sum_4_1 = 0.0;
            sum_4_2 = 0.0;
            sum_4_3 = 0.0;
            let vector_1 = first_column / 4u + lane_x + 8u;
            if own_filter < params.group_out_channels && vector_1 < params.row_vectors {
                var total = vec4<f32>(sum_4_4, sum_4_5, sum_4_6, sum_4_7);
                if !is_first {
                    total += partial[row + vector_1];
                }
                partial[row + vector_1] = total;
            }
            sum_4_4 = 0.0;
            sum_4_5 = 0.0;
            sum_4_6 = 0.0;
            sum_4_7 = 0.0;
        }
        {
            let own_filter = first_filter + (lane_y + 8u) * 4u + 1u;
            let row = part * params.part_vectors + (group * params.group_out_channels + own_filter) * params.row_vectors;
            let vector_0 = first_column / 4u + lane_x + 0u;
            if own_filter < params.group_out_channels && vector_0 < params.row_vectors {
                var total = vec4<f32>(sum_5_0, sum_5_1, sum_5_2, sum_5_3);
                if !is_first {
                    total += partial[row + vector_0];
                }
                partial[row + vector_0] = total;
            }
            sum_5_0 = 0.0;
            sum_5_1 = 0.0;
            sum_5_2 = 0.0;
            sum_5_3 = 0.0;
            let vector_1 = first_column / 4u + lane_x + 8u;
            if own_filter < params.group_out_channels && vector_1 < params.row_vectors {
                var total = vec4<f32>(sum_5_4, sum_5_5, sum_5_6, sum_5_7);
                if !is_first {
                    total += partial[row + vector_1];
                }
                partial[row + vector_1] = total;
            }
            sum_5_4 = 0.0;
            sum_5_5 = 0.0;
            sum_5_6 = 0.0;
            sum_5_7 = 0.0;
        }
        {
            let own_filter = first_filter + (lane_y + 8u) * 4u + 2u;
            let row = part * params.part_vectors + (group * params.group_out_channels + own_filter) * params.row_vectors;
            let vector_0 = first_column / 4u + lane_x + 0u;
            if own_filter < params.group_out_channels && vector_0 < params.row_vectors {
                var total = vec4<f32>(sum_6_0, sum_6_1, sum_6_2, sum_6_3);
                if !is_first {
                    total += partial[row + vector_0];
                }
                partial[row + vector_0] = total;
            }
            sum_6_0 = 0.0;
            sum_6_1 = 0.0;
            sum_6_2 = 0.0;
            sum_6_3 = 0.0;
            let vector_1 = first_column / 4u + lane_x + 8u;
            if own_filter < params.group_out_channels && vector_1 < params.row_vectors {
                var total = vec4<f32>(sum_6_4, sum_6_5, sum_6_6, sum_6_7);
                if !is_first {
                    total += partial[row + vector_1];
                }
                partial[row + vector_1] = total;
            }
            sum_6_4 = 0.0;
            sum_6_5 = 0.0;
            sum_6_6 = 0.0;
            sum_6_7 = 0.0;
        }
        {
            let own_filter = first_filter + (lane_y + 8u) * 4u + 3u;
            let row = part * params.part_vectors + (group * params.group_out_channels + own_filter) * params.row_vectors;
            let vector_0 = first_column / 4u + lane_x + 0u;
            if own_filter < params.group_out_channels && vector_0 < params.row_vectors {
                var total = vec4<f32>(sum_7_0, sum_7_1, sum_7_2, sum_7_3);
                if !is_first {
                    total += partial[row + vector_0];
                }
                partial[row + vector_0] = total;
            }
            sum_7_0 = 0.0;
            sum_7_1 = 0.0;
            sum_7_2 = 0.0;
            sum_7_3 = 0.0;
            let vector_1 = first_column / 4u + lane_x + 8u;
            if own_filter < params.group_out_channels && vector_1 < params.row_vectors {
                var total = vec4<f32>(sum_7_4, sum_7_5, sum_7_6, sum_7_7);
                if !is_first {
                    total += partial[row + vector_1];
                }
                partial[row + vector_1] = total;
            }
            sum_7_4 = 0.0;
            sum_7_5 = 0.0;
            sum_7_6 = 0.0;
            sum_7_7 = 0.0;
        }
    }
}