use super::problem::distinct;
use super::*;
use crate::gpu::{Conv2dPlan, Operands, Pool2dPlan, Pool2dProblem};
use crate::{Activation, DType, PaddingMode};
use crate::{AdaptiveAvgPool2d, AdaptiveMaxPool2d, AvgPool2d, Conv2d, MaxPool2d, Padding};

/// A software adapter like lavapipe.
pub(crate) const SOFTWARE: Limits =
    Limits { software: true, max_uniform_buffers: 15, uniform_alignment: 32, ..Limits::webgpu() };

const ALGORITHMS: [Option<Algorithm>; 4] =
    [None, Some(Algorithm::Strip), Some(Algorithm::Windows), Some(Algorithm::Global)];

/// What plans pick or are pinned to, on a GPU and on a software adapter.
fn plans<T>(plan: impl Fn(Option<Algorithm>, &Limits) -> Result<T>) -> Vec<T> {
    let mut plans = Vec::new();
    for limits in [Limits::webgpu(), SOFTWARE] {
        for algorithm in ALGORITHMS {
            match plan(algorithm, &limits) {
                Ok(plan) => plans.push(plan),
                Err(error) => assert!(matches!(error, Error::Unsupported { .. }), "{error}"),
            }
        }
    }
    plans
}

fn pools(problem: &Pool2dProblem) -> Vec<Shader> {
    let plans = [DType::F32, DType::F16].into_iter().flat_map(|dtype| {
        let problem = Pool2dProblem { dtype, ..*problem };
        plans(|algorithm, limits| Pool2dPlan::new(&problem, algorithm, limits))
    });
    plans.flat_map(|plan| plan.shaders()).collect()
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
pub(crate) fn pool_shaders() -> Vec<Shader> {
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
                        shaders.extend(pools(&Pool2dProblem::max(&problem, indices)));
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
                        shaders.extend(pools(&Pool2dProblem::average(&problem)));
                    }
                }
            }
        }
        for output_size in [[1, 1], [2, 2], [3, 1]] {
            let problem = AdaptiveAvgPool2d::new(output_size).problem(input.into()).unwrap();
            shaders.extend(pools(&Pool2dProblem::adaptive_average(&problem)));
            let problem = AdaptiveMaxPool2d::new(output_size).problem(input.into()).unwrap();
            shaders.extend(pools(&Pool2dProblem::adaptive_max(&problem, true)));
        }
    }
    distinct_shaders(shaders)
}

/// The shaders of depthwise convolutions with every option.
pub(crate) fn depthwise_shaders() -> Vec<Shader> {
    let mut shaders = Vec::new();
    let mut add = |options: &Conv2d, input: [usize; 4]| {
        let Ok(problem) = options.problem(input.into()) else { return };
        for (bias, dtype) in
            [(false, DType::F32), (true, DType::F32), (false, DType::F16), (true, DType::F16)]
        {
            let operands = Operands { bias, dtype };
            let plans =
                plans(|algorithm, limits| Conv2dPlan::new(&problem, operands, algorithm, limits));
            shaders.extend(plans.iter().flat_map(Conv2dPlan::shaders));
        }
    };
    for input in INPUTS {
        let channels = input[1];
        for multiplier in [1, 2] {
            let out_channels = channels * multiplier;
            let depthwise =
                |kernel_size| Conv2d::new(channels, out_channels, kernel_size).groups(channels);
            for padding_mode in PaddingMode::ALL {
                let padded = depthwise([3, 3]).padding([1, 1]).padding_mode(padding_mode);
                add(&padded, input);
                add(&padded.stride([2, 2]), input);
            }
            add(&depthwise([2, 3]).dilation([1, 2]), input);
            add(&depthwise([5, 5]).padding(Padding::Same), input);
            add(&depthwise([7, 7]).padding([3, 3]).activation(Activation::Relu6), input);
            add(&depthwise([1, 4]).stride([3, 2]), input);
        }
    }
    distinct_shaders(shaders)
}

fn distinct_shaders(shaders: Vec<Shader>) -> Vec<Shader> {
    let shaders: std::collections::HashSet<_> = shaders.into_iter().collect();
    shaders.into_iter().collect()
}

#[test]
fn distinct_places_are_counted() {
    for tile in 1..=8 {
        for stride in 1..=6 {
            for kernel_size in 1..=5 {
                for dilation in 1..=6 {
                    let places: std::collections::HashSet<_> = (0..tile)
                        .flat_map(|out| {
                            (0..kernel_size).map(move |tap| out * stride + tap * dilation)
                        })
                        .collect();
                    let counted = distinct(tile, stride, kernel_size, dilation) as usize;
                    assert_eq!(counted, places.len(), "{tile} {stride} {kernel_size} {dilation}");
                }
            }
        }
    }
}
