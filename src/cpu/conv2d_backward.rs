//! Gradients of Conv2d.

use super::adaptive_pool2d::sum;
use super::blocks;
use super::conv2d::conv2d;
use super::layout::source_index;
use crate::Shape;
use crate::ops::Conv2dProblem;
use crate::window::Axis;

/// The gradient of the input; with `bias`, one value per input channel, a transposed convolution.
pub(crate) fn conv2d_grad_input(
    problem: &Conv2dProblem,
    weight: &[f32],
    bias: Option<&[f32]>,
    grad_output: &[f32],
    grad_input: &mut [f32],
) {
    match problem.input_gradient() {
        Some(turned) => {
            let weight = turned_weight(problem, weight);
            conv2d(&turned, grad_output, &weight, bias, grad_input);
        }
        None => scatter(problem, weight, bias, grad_output, grad_input),
    }
}

/// Every filter turned by 180 degrees, input and output channels of a group exchanged.
fn turned_weight(problem: &Conv2dProblem, weight: &[f32]) -> Vec<f32> {
    let taps = problem.vertical.kernel_size * problem.horizontal.kernel_size;
    let (group_in, group_out) = (problem.group_in_channels(), problem.group_out_channels());
    let mut turned = vec![0.0; weight.len()];
    for (index, filter) in turned.chunks_exact_mut(taps).enumerate() {
        let (in_channel, channel) = (index / group_out, index % group_out);
        let out_channel = in_channel / group_in * group_out + channel;
        let from = (out_channel * group_in + in_channel % group_in) * taps;
        for (tap, &weight) in filter.iter_mut().zip(weight[from..from + taps].iter().rev()) {
            *tap = weight;
        }
    }
    turned
}

/// Where every tap of every output of an axis reads, if it reads an element: `[kernel][out]`.
fn sources(problem: &Conv2dProblem, axis: &Axis) -> Vec<Vec<Option<usize>>> {
    let source = |kernel: usize, out: usize| {
        source_index(axis, problem.padding_mode, out * axis.stride + kernel * axis.dilation)
    };
    let outputs = 0..axis.output_size;
    (0..axis.kernel_size)
        .map(|kernel| outputs.clone().map(|out| source(kernel, out)).collect())
        .collect()
}

/// The gradient of the input with any option: every plane collects from the outputs in f64.
#[allow(clippy::cast_possible_truncation, reason = "a sum in f64 becomes an f32 gradient")]
fn scatter(
    problem: &Conv2dProblem,
    weight: &[f32],
    bias: Option<&[f32]>,
    grad_output: &[f32],
    grad_input: &mut [f32],
) {
    let (vertical, horizontal) = (&problem.vertical, &problem.horizontal);
    let (rows, columns) = (sources(problem, vertical), sources(problem, horizontal));
    let (in_width, out_width) = (horizontal.input_size, horizontal.output_size);
    let (in_len, out_len) = (vertical.input_size * in_width, vertical.output_size * out_width);
    let (group_in, group_out) = (problem.group_in_channels(), problem.group_out_channels());
    let taps = vertical.kernel_size * horizontal.kernel_size;
    let work = grad_output.len().saturating_mul(group_in * taps);
    let planes = grad_input.chunks_exact_mut(in_len).enumerate().collect();
    blocks::for_each(planes, work, |(plane, grad_input): (usize, &mut [f32])| {
        let (image, in_channel) = (plane / problem.in_channels, plane % problem.in_channels);
        let mut sums = vec![bias.map_or(0.0, |bias| f64::from(bias[in_channel])); in_len];
        for channel in 0..group_out {
            let out_channel = in_channel / group_in * group_out + channel;
            let filter = (out_channel * group_in + in_channel % group_in) * taps;
            let grad_plane = (image * problem.out_channels + out_channel) * out_len;
            let weight = weight[filter..filter + taps].iter().map(|&weight| f64::from(weight));
            let all_taps = rows.iter().flat_map(|rows| columns.iter().map(move |c| (rows, c)));
            for (weight, (rows, columns)) in weight.zip(all_taps) {
                let grad_rows = grad_output[grad_plane..grad_plane + out_len].chunks(out_width);
                for (&in_y, grad_row) in rows.iter().zip(grad_rows) {
                    let Some(in_y) = in_y else { continue };
                    let sums = &mut sums[in_y * in_width..(in_y + 1) * in_width];
                    for (&in_x, &grad) in columns.iter().zip(grad_row) {
                        if let Some(in_x) = in_x {
                            sums[in_x] += weight * f64::from(grad);
                        }
                    }
                }
            }
        }
        for (gradient, sum) in grad_input.iter_mut().zip(sums) {
            *gradient = sum as f32;
        }
    });
}

/// The gradient of the weight.
#[allow(clippy::cast_possible_truncation, reason = "a sum in f64 becomes an f32 gradient")]
pub(crate) fn conv2d_grad_weight(
    problem: &Conv2dProblem,
    input: &[f32],
    grad_output: &[f32],
    grad_weight: &mut [f32],
) {
    let (vertical, horizontal) = (&problem.vertical, &problem.horizontal);
    let (rows, columns) = (sources(problem, vertical), sources(problem, horizontal));
    let (in_width, out_width) = (horizontal.input_size, horizontal.output_size);
    let (in_len, out_len) = (vertical.input_size * in_width, vertical.output_size * out_width);
    let (group_in, group_out) = (problem.group_in_channels(), problem.group_out_channels());
    let taps = vertical.kernel_size * horizontal.kernel_size;
    let work = grad_output.len().saturating_mul(group_in * taps);
    let planes = grad_weight.chunks_exact_mut(taps).enumerate().collect();
    blocks::for_each(planes, work, |(plane, grad_weight): (usize, &mut [f32])| {
        let (out_channel, channel) = (plane / group_in, plane % group_in);
        let in_channel = out_channel / group_out * group_in + channel;
        let all_taps = rows.iter().flat_map(|rows| columns.iter().map(move |c| (rows, c)));
        for (gradient, (rows, columns)) in grad_weight.iter_mut().zip(all_taps) {
            let mut sum = 0.0;
            for image in 0..problem.batch {
                let input = &input[(image * problem.in_channels + in_channel) * in_len..];
                let grads = &grad_output[(image * problem.out_channels + out_channel) * out_len..];
                for (&in_y, grad_row) in rows.iter().zip(grads.chunks(out_width)) {
                    let Some(in_y) = in_y else { continue };
                    let input = &input[in_y * in_width..(in_y + 1) * in_width];
                    for (&in_x, &grad) in columns.iter().zip(grad_row) {
                        if let Some(in_x) = in_x {
                            sum += f64::from(input[in_x]) * f64::from(grad);
                        }
                    }
                }
            }
            *gradient = sum as f32;
        }
    });
}

/// The gradient of the bias: the sum of every channel.
#[allow(clippy::cast_possible_truncation, reason = "a sum in f64 becomes an f32 gradient")]
pub(crate) fn conv2d_grad_bias(shape: Shape, grad_output: &[f32], grad_bias: &mut [f32]) {
    let plane = shape.height * shape.width;
    let channels = grad_bias.iter_mut().enumerate().collect();
    blocks::for_each(channels, grad_output.len() / 8, |(channel, gradient): (usize, &mut f32)| {
        let planes = (0..shape.batch).map(|image| (image * shape.channels + channel) * plane);
        let sums = planes.map(|first| sum(&grad_output[first..first + plane]));
        *gradient = sums.sum::<f64>() as f32;
    });
}
