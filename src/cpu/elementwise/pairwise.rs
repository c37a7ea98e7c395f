//! Operations on two tensors, row by row in loops that vectorise.

use crate::cpu::elementwise::activation::{BLOCK_LEN, activate};
use crate::cpu::kit::{simd, threads};
use crate::memory::{NoMemory, collected};
use crate::ops::broadcast::Broadcast;
use crate::ops::{Function, Pairwise};

/// `output = activation(function(input, other))`, broadcast, or the gradient of one.
pub(crate) fn pairwise(
    problem: &Pairwise,
    [input, other]: [&[f32]; 2],
    gradient: Option<&[f32]>,
    output: &mut [f32],
) -> Result<(), NoMemory> {
    let (places, work) = (problem.places(), output.len());
    let blocks = collected(output.chunks_mut(BLOCK_LEN).enumerate())?;
    threads::for_each(blocks, work, |(block, output): (usize, &mut [f32])| {
        simd::dispatch(
            #[inline(always)]
            || {
                let first = block * BLOCK_LEN;
                // A gradient lies as the input does.
                let operand = gradient.unwrap_or(input);
                fill(problem.function, &places, [operand, other], first, output);
                if let Some(gradient) = gradient {
                    keep_positive(&input[first..], &gradient[first..], output);
                }
                if let Some(activation) = problem.activation {
                    activate(activation, output);
                }
            },
        );
        Ok(())
    })
}

/// Replaces what is of positive inputs by its gradient.
#[inline(always)]
fn keep_positive(input: &[f32], gradient: &[f32], output: &mut [f32]) {
    for ((output, &input), &gradient) in output.iter_mut().zip(input).zip(gradient) {
        *output = if input > 0.0 { gradient } else { *output };
    }
}

/// The outputs from `first` on.
#[inline(always)]
pub(super) fn fill(
    function: Function,
    places: &Broadcast<2>,
    operands: [&[f32]; 2],
    first: usize,
    output: &mut [f32],
) {
    match function {
        Function::Add => rows(places, operands, first, output, |input, other| input + other),
        Function::Sub => rows(places, operands, first, output, |input, other| input - other),
        Function::Mul | Function::PReluGradient => {
            rows(places, operands, first, output, |input, other| input * other)
        }
        Function::PRelu => {
            rows(
                places,
                operands,
                first,
                output,
                |input, weight| {
                    if input > 0.0 { input } else { weight * input }
                },
            )
        }
    }
}

/// A function of the elements of both operands for the outputs from `first` on.
#[inline(always)]
pub(super) fn rows(
    places: &Broadcast<2>,
    [input, other]: [&[f32]; 2],
    first: usize,
    output: &mut [f32],
    function: impl Fn(f32, f32) -> f32,
) {
    let Broadcast { sizes, strides } = places;
    let (mut row, mut column) = (first / sizes[3], first % sizes[3]);
    let mut starts = [0, 1].map(|operand| places.place(operand, first - column));
    let mut coordinates = [0; 3];
    for axis in (0..3).rev() {
        coordinates[axis] = row % sizes[axis];
        row /= sizes[axis];
    }
    let mut rest = output;
    while !rest.is_empty() {
        let len = (sizes[3] - column).min(rest.len());
        let (cells, behind) = rest.split_at_mut(len);
        // An operand has one element for a whole row, or one behind another.
        let [input_step, other_step] = [0, 1].map(|operand| strides[operand][3]);
        let input = &input[starts[0] + column * input_step..];
        let other = &other[starts[1] + column * other_step..];
        if input_step == 0 {
            let input = input[0];
            for (cell, &other) in cells.iter_mut().zip(&other[..len]) {
                *cell = function(input, other);
            }
        } else if other_step == 0 {
            let other = other[0];
            for (cell, &input) in cells.iter_mut().zip(&input[..len]) {
                *cell = function(input, other);
            }
        } else {
            for ((cell, &input), &other) in cells.iter_mut().zip(&input[..len]).zip(&other[..len]) {
                *cell = function(input, other);
            }
        }
        (rest, column) = (behind, 0);
        for axis in (0..3).rev() {
            coordinates[axis] += 1;
            let wraps = coordinates[axis] == sizes[axis];
            for (start, strides) in starts.iter_mut().zip(strides) {
                *start += strides[axis];
                *start -= if wraps { strides[axis] * sizes[axis] } else { 0 };
            }
            if !wraps {
                break;
            }
            coordinates[axis] = 0;
        }
    }
}
