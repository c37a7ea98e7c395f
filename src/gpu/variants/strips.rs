//! Pooling and depthwise convolutions with every option, on a GPU and on a software adapter.

use super::super::params::Fields;
use super::super::shader::Shader;
use super::super::{pool2d, strip};
use crate::gpu::conv2d::Operands;
use crate::gpu::{Conv2dPlan, Pool2dPlan, Pool2dProblem};
use crate::{Activation, Algorithm, DType, Error, Limits, PaddingMode, Result};
use crate::{AdaptiveAvgPool2d, AdaptiveMaxPool2d, AvgPool2d, Conv2d, MaxPool2d, Padding};

/// The shaders of strips, of uniform windows, and of global pooling.
pub(crate) fn variants() -> Result<Vec<(Shader, Fields)>> {
    let mut variants = Vec::new();
    for shader in pool_shaders()?.into_iter().chain(depthwise_shaders()?) {
        let fields = match shader.template {
            "avg_pool2d_global" => pool2d::global::Params::FIELDS,
            "avg_pool2d_global_windows" => pool2d::global::WindowParams::FIELDS,
            "max_pool2d_strip" | "avg_pool2d_strip" | "conv2d_depthwise" => strip::Params::FIELDS,
            _ => continue,
        };
        variants.push((shader, fields));
    }
    Ok(variants)
}

/// A software adapter like lavapipe.
pub(crate) const SOFTWARE: Limits =
    Limits { software: true, max_uniform_buffers: 15, uniform_alignment: 32, ..Limits::webgpu() };

const ALGORITHMS: [Option<Algorithm>; 5] = [
    None,
    Some(Algorithm::Strip),
    Some(Algorithm::Windows),
    Some(Algorithm::Global),
    Some(Algorithm::Separable),
];

/// What plans pick or are pinned to, on a GPU and on a software adapter.
fn plans<T>(plan: impl Fn(Option<Algorithm>, &Limits) -> Result<T>) -> Result<Vec<T>> {
    let mut plans = Vec::new();
    for limits in [Limits::webgpu(), SOFTWARE] {
        for algorithm in ALGORITHMS {
            match plan(algorithm, &limits) {
                Err(Error::Unsupported { .. }) => {}
                plan => plans.push(plan?),
            }
        }
    }
    Ok(plans)
}

fn pools(problem: &Pool2dProblem) -> Result<Vec<Shader>> {
    let mut shaders = Vec::new();
    for dtype in [DType::F32, DType::F16] {
        let problem = Pool2dProblem { dtype, ..*problem };
        let plans = plans(|algorithm, limits| Pool2dPlan::new(&problem, algorithm, limits))?;
        shaders.extend(plans.iter().flat_map(Pool2dPlan::shaders));
    }
    Ok(shaders)
}

/// Input shapes: widths that vectors divide and do not, one output, small planes that share a
/// window, large ones that take several, many for the taller tiles of GPUs.
const INPUTS: [[usize; 4]; 7] = [
    [2, 3, 12, 16],
    [1, 2, 9, 7],
    [1, 5, 4, 3],
    [1, 40, 28, 30],
    [1, 2, 224, 226],
    [1, 1024, 7, 7],
    [2, 256, 60, 64],
];

/// The shaders of poolings with every option.
fn pool_shaders() -> Result<Vec<Shader>> {
    let mut shaders = Vec::new();
    for input in INPUTS {
        for (kernel_size, stride, padding, dilation) in [
            ([2, 2], [2, 2], [0, 0], [1, 1]),
            ([3, 3], [2, 2], [1, 1], [1, 1]),
            ([3, 2], [1, 3], [1, 0], [1, 1]),
            ([3, 3], [1, 1], [2, 2], [2, 2]),
            ([2, 3], [2, 1], [1, 1], [3, 1]),
            ([5, 1], [1, 1], [0, 0], [1, 2]),
        ] {
            for ceil_mode in [false, true] {
                let max = MaxPool2d::new(kernel_size).stride(stride).padding(padding);
                let max = max.dilation(dilation).ceil_mode(ceil_mode);
                for indices in [false, true] {
                    if let Ok(problem) = max.problem(input.into()) {
                        shaders.extend(pools(&Pool2dProblem::max(&problem, indices))?);
                    }
                }
                let average = AvgPool2d::new(kernel_size).stride(stride).padding(padding);
                let average = average.ceil_mode(ceil_mode);
                for average in [
                    average.clone(),
                    average.clone().count_include_pad(false),
                    average.divisor_override(3),
                ] {
                    if let Ok(problem) = average.problem(input.into()) {
                        shaders.extend(pools(&Pool2dProblem::average(&problem))?);
                    }
                }
            }
        }
        for output_size in [[1, 1], [2, 2], [3, 1]] {
            let problem = AdaptiveAvgPool2d::new(output_size).problem(input.into())?;
            shaders.extend(pools(&Pool2dProblem::adaptive_average(&problem))?);
            let problem = AdaptiveMaxPool2d::new(output_size).problem(input.into())?;
            shaders.extend(pools(&Pool2dProblem::adaptive_max(&problem, true))?);
        }
    }
    Ok(shaders)
}

/// The shaders of depthwise convolutions with every option.
fn depthwise_shaders() -> Result<Vec<Shader>> {
    let mut shaders = Vec::new();
    let mut add = |options: &Conv2d, input: [usize; 4]| -> Result<()> {
        // Some kernels are larger than the smallest inputs.
        let Ok(problem) = options.problem(input.into()) else { return Ok(()) };
        for (bias, dtype) in
            [(false, DType::F32), (true, DType::F32), (false, DType::F16), (true, DType::F16)]
        {
            let operands = Operands { bias, dtype };
            let plans =
                plans(|algorithm, limits| Conv2dPlan::new(&problem, operands, algorithm, limits))?;
            shaders.extend(plans.iter().flat_map(Conv2dPlan::shaders));
        }
        Ok(())
    };
    for input in INPUTS {
        let channels = input[1];
        for multiplier in [1, 2] {
            let out_channels = channels * multiplier;
            let depthwise =
                |kernel_size| Conv2d::new(channels, out_channels, kernel_size).groups(channels);
            for padding_mode in PaddingMode::ALL {
                let padded = depthwise([3, 3]).padding([1, 1]).padding_mode(padding_mode);
                add(&padded, input)?;
                add(&padded.stride([2, 2]), input)?;
            }
            add(&depthwise([2, 3]).dilation([1, 2]), input)?;
            add(&depthwise([5, 5]).padding(Padding::Same), input)?;
            add(&depthwise([7, 7]).padding([3, 3]).activation(Activation::Relu6), input)?;
            add(&depthwise([1, 4]).stride([3, 2]), input)?;
        }
    }
    let activation = Activation::LeakyRelu { negative_slope: 0.1 };
    add(&Conv2d::new(3, 3, [3, 3]).groups(3).activation(activation), INPUTS[0])?;
    Ok(shaders)
}
