//! Activations, in loops that vectorise.

use crate::Activation;
use crate::cpu::kit::simd;
use crate::cpu::kit::threads;
use crate::memory::{NoMemory, collected};
use pulp::{Scalar, Scalar512b, Simd, WithSimd};
use std::any::TypeId;

/// `output[i] = activation(input[i])`.
pub(crate) fn activation(
    activation: Activation,
    input: &[f32],
    output: &mut [f32],
) -> Result<(), NoMemory> {
    let work = output.len();
    let blocks = collected(input.chunks(BLOCK_LEN).zip(output.chunks_mut(BLOCK_LEN)))?;
    threads::for_each(blocks, work, |(input, output): (&[f32], &mut [f32])| {
        simd::dispatch(Apply { activation, input, output });
        Ok(())
    })
}

struct Apply<'a> {
    activation: Activation,
    input: &'a [f32],
    output: &'a mut [f32],
}

impl WithSimd for Apply<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        self.output.copy_from_slice(self.input);
        activate(self.activation, self.output);
    }
}

/// `grad_input[i] = derivative(input[i]) * grad_output[i]`.
pub(crate) fn activation_grad_input(
    activation: Activation,
    input: &[f32],
    grad_output: &[f32],
    grad_input: &mut [f32],
) -> Result<(), NoMemory> {
    let work = grad_input.len();
    let inputs = input.chunks(BLOCK_LEN).zip(grad_output.chunks(BLOCK_LEN));
    let blocks = collected(inputs.zip(grad_input.chunks_mut(BLOCK_LEN)))?;
    threads::for_each(
        blocks,
        work,
        |((input, grad_output), grad_input): ((&[f32], &[f32]), &mut [f32])| {
            simd::dispatch(
                #[inline(always)]
                || {
                    grad_input.copy_from_slice(input);
                    differentiate(activation, grad_input);
                    for (gradient, &grad) in grad_input.iter_mut().zip(grad_output) {
                        *gradient *= grad;
                    }
                },
            );
            Ok(())
        },
    )
}

/// Replaces values by the activation's derivative at them.
#[inline(always)]
fn differentiate(activation: Activation, values: &mut [f32]) {
    match activation {
        Activation::Relu => map(values, |x| if x <= 0.0 { 0.0 } else { 1.0 }),
        Activation::Relu6 => map(values, |x| if x <= 0.0 || x >= 6.0 { 0.0 } else { 1.0 }),
        Activation::LeakyRelu { negative_slope } => {
            map(values, |x| if x > 0.0 { 1.0 } else { negative_slope });
        }
        Activation::Silu => map(values, |x| {
            let s = 1.0 / (1.0 + exp(-x));
            s * (1.0 + x * (1.0 - s))
        }),
        Activation::HardSwish => map(values, |x| {
            let inner = if x < 3.0 { x / 3.0 + 0.5 } else { 1.0 };
            if x <= -3.0 { 0.0 } else { inner }
        }),
        Activation::HardSigmoid => {
            map(values, |x| if x > -3.0 && x < 3.0 { 1.0 / 6.0 } else { 0.0 });
        }
        Activation::Sigmoid => map(values, |x| {
            let s = 1.0 / (1.0 + exp(-x));
            s * (1.0 - s)
        }),
        Activation::Tanh => map(values, |x| {
            let y = tanh(x);
            1.0 - y * y
        }),
    }
}

pub(super) const BLOCK_LEN: usize = 1 << 13;

/// Applies the activation in place. NaN stays NaN.
#[inline(always)]
pub(crate) fn activate(activation: Activation, values: &mut [f32]) {
    match activation {
        Activation::Relu => map(values, |x| if x < 0.0 { 0.0 } else { x }),
        Activation::Relu6 => map(values, |x| x.clamp(0.0, 6.0)),
        Activation::LeakyRelu { negative_slope } => {
            map(values, |x| if x > 0.0 { x } else { negative_slope * x });
        }
        Activation::Silu => map(values, |x| x / (1.0 + exp(-x))),
        Activation::HardSwish => map(values, |x| x * ((x + 3.0).clamp(0.0, 6.0) / 6.0)),
        Activation::HardSigmoid => map(values, |x| (x + 3.0).clamp(0.0, 6.0) / 6.0),
        Activation::Sigmoid => map(values, |x| 1.0 / (1.0 + exp(-x))),
        Activation::Tanh => map(values, tanh),
    }
}

/// What an activation is that only limits values, which needs no pass of its own.
pub(crate) const fn limits(activation: Option<Activation>) -> Option<[f32; 2]> {
    match activation {
        Some(Activation::Relu) => Some([0.0, f32::INFINITY]),
        Some(Activation::Relu6) => Some([0.0, 6.0]),
        _ => None,
    }
}

/// Limits values. NaN stays NaN.
#[inline(always)]
pub(crate) fn limit<S: Simd>(simd: S, limits: Option<[f32; 2]>, values: S::f32s) -> S::f32s {
    let Some([low, high]) = limits else { return values };
    let (low, high) = (simd.splat_f32s(low), simd.splat_f32s(high));
    // Of a number and NaN, instructions give the second or NaN; `f32::max` gives the number.
    let scalar = [TypeId::of::<Scalar>(), TypeId::of::<Scalar512b>()];
    if !scalar.contains(&TypeId::of::<S>()) {
        return simd.min_f32s(high, simd.max_f32s(low, values));
    }
    let values = simd.select_f32s(simd.less_than_f32s(values, low), low, values);
    simd.select_f32s(simd.less_than_f32s(high, values), high, values)
}

#[inline(always)]
fn map(values: &mut [f32], function: impl Fn(f32) -> f32) {
    for value in values {
        *value = function(*value);
    }
}

/// The exponential within 2 ulp, with infinity and zero where it leaves the range.
///
/// `exp(x) = 2^n * exp(r)` with `n` the integer next to `x / ln 2`; polynomial and the two parts
/// of `ln 2` as in Moshier's Cephes, `expf.c`.
#[inline(always)]
pub(crate) fn exp(x: f32) -> f32 {
    // Adding it leaves the nearest integer in the low bits of the sum.
    const SHIFTER: f32 = 12_582_912.0;
    let x = x.clamp(-104.0, 89.0);
    let shifted = x * std::f32::consts::LOG2_E + SHIFTER;
    let n = shifted - SHIFTER;
    let r = (x - n * 0.693_359_4) + n * 2.121_944_4e-4;
    let mut p = 1.987_569_1e-4;
    for coefficient in [1.398_199_9e-3, 8.333_452e-3, 4.166_579_6e-2, 1.666_666_5e-1, 0.5] {
        p = p * r + coefficient;
    }
    let mantissa = p * (r * r) + r + 1.0;
    // Two factors reach the subnormals and infinity.
    let n = shifted.to_bits().wrapping_sub(SHIFTER.to_bits()).cast_signed();
    let power = |n: i32| f32::from_bits((n.wrapping_add(127).cast_unsigned() & 0xff) << 23);
    let half = n >> 1;
    mantissa * power(half) * power(n.wrapping_sub(half))
}

/// The hyperbolic tangent within 3 ulp: near zero the odd polynomial of Moshier's Cephes,
/// `tanhf.c`, elsewhere `1 - 2 / (exp(2|x|) + 1)`.
#[inline(always)]
fn tanh(x: f32) -> f32 {
    let magnitude = x.abs();
    let square = x * x;
    let mut p = -5.704_988_7e-3;
    for coefficient in [2.063_909e-2, -5.373_971_5e-2, 1.333_144_2e-1, -3.333_328e-1] {
        p = p * square + coefficient;
    }
    let small = p * square * x + x;
    let large = (1.0 - 2.0 / (exp(2.0 * magnitude) + 1.0)).copysign(x);
    if magnitude < 0.625 { small } else { large }
}
