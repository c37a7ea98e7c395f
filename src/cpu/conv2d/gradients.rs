//! Gradients of Conv2d.

use crate::PaddingMode;
use crate::cpu::conv2d::{conv2d, definition};
use crate::cpu::kit::layout::source_index;
use crate::cpu::kit::threads;
use crate::memory::{NoMemory, collected, zeros};
use crate::ops::{Conv2dProblem, Phase, Phases};
use crate::window::Axis;
use std::ops::AddAssign;

/// The gradient of the input; with `bias`, one value per input channel, a transposed convolution.
///
/// With stride 1 and zero padding it is one convolution of grad_output with the turned filters;
/// else one for each phase of the stride, whose outputs are then added to the cells of the input
/// that the padded input has copies of. As a cell may have any number of these, they are added up
/// in f64; but under zero padding it has one.
pub(crate) fn conv2d_grad_input(
    problem: &Conv2dProblem,
    weight: &[f32],
    bias: Option<&[f32]>,
    grad_output: &[f32],
    grad_input: &mut [f32],
) -> Result<(), NoMemory> {
    if let Some(turned) = problem.input_gradient() {
        let weight = turned_weight(problem, weight, None)?;
        return conv2d(&turned, grad_output, &weight, bias, grad_input);
    }
    match problem.dense_phases()? {
        Phases::Apart(phases) => {
            add_phases(problem, &phases, weight, bias, grad_output, grad_input)
        }
        Phases::Overlapping(phases) => {
            let mut totals: Vec<f64> = zeros(grad_input.len())?;
            add_phases(problem, &phases, weight, bias, grad_output, &mut totals)?;
            narrow(&totals, grad_input);
            Ok(())
        }
    }
}

#[allow(clippy::cast_possible_truncation, reason = "a sum in f64 becomes an f32 gradient")]
fn narrow(totals: &[f64], gradients: &mut [f32]) {
    gradients.iter_mut().zip(totals).for_each(|(gradient, &total)| *gradient = total as f32);
}

/// Sets totals to the bias, and adds the gradients of all phases.
fn add_phases<T: Total>(
    problem: &Conv2dProblem,
    [rows, columns]: &[Vec<Phase>; 2],
    weight: &[f32],
    bias: Option<&[f32]>,
    grad_output: &[f32],
    totals: &mut [T],
) -> Result<(), NoMemory> {
    let in_len = problem.vertical.input_size * problem.horizontal.input_size;
    for (plane, cells) in totals.chunks_exact_mut(in_len).enumerate() {
        cells.fill(T::from(bias.map_or(0.0, |bias| bias[plane % problem.in_channels])));
    }
    for vertical in rows {
        for horizontal in columns {
            let convolution = problem.phase(vertical, horizontal);
            let weight = turned_weight(problem, weight, Some([vertical, horizontal]))?;
            let mut cells = zeros(convolution.output_shape().len())?;
            conv2d(&convolution, grad_output, &weight, None, &mut cells)?;
            fold(problem, [vertical, horizontal], &cells, totals)?;
        }
    }
    Ok(())
}

/// What gradients are added up in.
trait Total: Copy + From<f32> + AddAssign + Send {}

impl<T: Copy + From<f32> + AddAssign + Send> Total for T {}

/// Adds the gradients of a phase's cells of the padded input to the cells of the input.
fn fold<T: Total>(
    problem: &Conv2dProblem,
    phases: [&Phase; 2],
    cells: &[f32],
    grad_input: &mut [T],
) -> Result<(), NoMemory> {
    let targets = |axis: &Axis, phase: &Phase| {
        let target =
            |index| source_index(axis, problem.padding_mode, phase.first + index * axis.stride);
        collected((0..phase.axis.output_size).map(target))
    };
    let rows = targets(&problem.vertical, phases[0])?;
    let columns = targets(&problem.horizontal, phases[1])?;
    // Under zero padding the cells of a row that are wanted are evenly spaced.
    let first_column = columns.iter().position(Option::is_some);
    let run = match (problem.padding_mode, first_column) {
        (PaddingMode::Zeros, Some(first)) => {
            let count = columns[first..].iter().take_while(|column| column.is_some()).count();
            columns[first].map(|in_x| (first, count, in_x))
        }
        _ => None,
    };
    let (in_width, stride) = (problem.horizontal.input_size, problem.horizontal.stride);
    let in_len = problem.vertical.input_size * in_width;
    let planes = cells.chunks_exact(rows.len() * columns.len());
    let planes = collected(planes.zip(grad_input.chunks_exact_mut(in_len)))?;
    threads::for_each(planes, cells.len(), |(cells, grad_input): (&[f32], &mut [T])| {
        for (cells, &in_y) in cells.chunks_exact(columns.len()).zip(&rows) {
            let Some(in_y) = in_y else { continue };
            let grad_row = &mut grad_input[in_y * in_width..(in_y + 1) * in_width];
            if let Some((first, count, in_x)) = run {
                let targets = grad_row[in_x..].iter_mut().step_by(stride);
                for (target, &cell) in targets.zip(&cells[first..first + count]) {
                    *target += T::from(cell);
                }
                continue;
            }
            for (&cell, &in_x) in cells.iter().zip(&columns) {
                if let Some(in_x) = in_x {
                    grad_row[in_x] += T::from(cell);
                }
            }
        }
        Ok(())
    })
}

/// Every filter turned by 180 degrees, input and output channels of a group exchanged; of a phase's
/// taps alone, if given.
fn turned_weight(
    problem: &Conv2dProblem,
    weight: &[f32],
    phases: Option<[&Phase; 2]>,
) -> Result<Vec<f32>, NoMemory> {
    let kernel_width = problem.horizontal.kernel_size;
    let taps = problem.vertical.kernel_size * kernel_width;
    let (group_in, group_out) = (problem.group_in_channels(), problem.group_out_channels());
    let of_axis = |kernel_size: usize, phase: Option<&Phase>| {
        let (first, step) = phase.map_or((0, 1), |phase| (phase.first_tap, phase.tap_step));
        let mut taps = collected((first..kernel_size).step_by(step))?;
        taps.reverse();
        Ok(taps)
    };
    let rows = of_axis(problem.vertical.kernel_size, phases.map(|[vertical, _]| vertical))?;
    let columns = of_axis(kernel_width, phases.map(|[_, horizontal]| horizontal))?;
    let from_taps = collected(
        rows.iter().flat_map(|row| columns.iter().map(move |column| row * kernel_width + column)),
    )?;
    let filter_len = from_taps.len();
    let mut turned = zeros(weight.len() / taps * filter_len)?;
    let work = turned.len();
    let in_channels = collected(turned.chunks_exact_mut(group_out * filter_len).enumerate())?;
    threads::for_each(in_channels, work, |(in_channel, filters): (usize, &mut [f32])| {
        for (channel, filter) in filters.chunks_exact_mut(filter_len).enumerate() {
            let out_channel = in_channel / group_in * group_out + channel;
            let from = (out_channel * group_in + in_channel % group_in) * taps;
            let weight = &weight[from..from + taps];
            for (tap, &from_tap) in filter.iter_mut().zip(&from_taps) {
                *tap = weight[from_tap];
            }
        }
        Ok(())
    })?;
    Ok(turned)
}

/// The gradient of the weight.
///
/// Copies hold zeros for the padding and behind rows, and a zero times an infinity is NaN where
/// there should be no product. A NaN can have no other cause of ours, so a gradient that is NaN is
/// taken again by the definition.
pub(crate) fn conv2d_grad_weight(
    problem: &Conv2dProblem,
    input: &[f32],
    grad_output: &[f32],
    grad_weight: &mut [f32],
) -> Result<(), NoMemory> {
    if grad_output.is_empty() || input.is_empty() {
        grad_weight.fill(0.0);
        return Ok(());
    }
    let by_definition = if problem.is_read_by_few() {
        collected(grad_weight.iter_mut().enumerate())?
    } else {
        crate::cpu::conv2d::grad_weight::grad_weight(problem, input, grad_output, grad_weight)?;
        let gradients = grad_weight.iter_mut().enumerate();
        collected(gradients.filter(|(_, gradient)| gradient.is_nan()))?
    };
    let [height, width] = problem.most_outputs();
    let work = by_definition.len().saturating_mul(problem.batch * height * width);
    threads::for_each(by_definition, work, |(index, gradient): (usize, &mut f32)| {
        *gradient = definition::grad_weight(problem, input, grad_output, index);
        Ok(())
    })
}
