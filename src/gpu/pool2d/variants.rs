//! Poolings that between them ask for every kind of variant.

use crate::gpu::Pool2dPlan;
use crate::gpu::pool2d::general::{Owner, avg_shader, max_shader};
use crate::gpu::pool2d::gradients;
use crate::gpu::pool2d::gradients::Gather;
use crate::gpu::runtime::shader::{Shader, distinct};
use crate::gpu::strip::samples::{INPUTS, plans};
use crate::ops::pool2d::Index;
use crate::ops::pool2d::Pool2dProblem;
use crate::{AdaptiveAvgPool2d, AdaptiveMaxPool2d, AvgPool2d, DType, MaxPool2d, Result};

/// The shaders of poolings and their gradients.
pub(crate) fn variants() -> Result<Vec<Shader>> {
    let mut variants = general_variants();
    variants.extend(pool_shaders()?);
    Ok(distinct(variants))
}

/// The poolings that serve every option, and the gradients of all.
fn general_variants() -> Vec<Shader> {
    let mut shaders = Vec::new();
    for owner in [Owner::Invocation, Owner::Workgroup] {
        for adaptive in [false, true] {
            for dtype in [DType::F32, DType::F16] {
                for index in [Index::None, Index::Own, Index::LookedUp] {
                    shaders.push(max_shader(owner, adaptive, index, dtype));
                }
                for divisor in ["padded", "inside", "override"] {
                    shaders.push(avg_shader(owner, adaptive, divisor, dtype));
                }
            }
            let averages =
                ["padded", "inside", "override"].map(|divisor| Gather::Average { divisor });
            for gather in [Gather::Max, Gather::MaxColumns { width: 1 }].into_iter().chain(averages)
            {
                shaders.push(gradients::shader(gather, owner, adaptive));
            }
        }
    }
    shaders
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
