//! The variants of every shader that between them take every branch of every file.

pub(crate) mod conv2d;
pub(crate) mod strips;

use std::collections::HashSet;

use super::params::Fields;
use super::shader::Shader;
use crate::{Activation, DType, PaddingMode, Result};

/// Every variant that an operation can ask for, with the parameters that the host passes.
pub(crate) fn all() -> Result<Vec<(Shader, Fields)>> {
    let mut variants = Vec::new();
    let activations = [
        Activation::Relu,
        Activation::Relu6,
        Activation::LeakyRelu { negative_slope: 0.1 },
        Activation::Silu,
        Activation::HardSwish,
        Activation::Sigmoid,
        Activation::Tanh,
    ]
    .map(Activation::name);
    for name in activations {
        for dtype in [DType::F32, DType::F16] {
            let shader = super::activation::shader(name, dtype);
            variants.push((shader, super::activation::Params::FIELDS));
        }
        variants.push((super::activation::grad_shader(name), super::activation::Params::FIELDS));
    }
    for padding_mode in PaddingMode::ALL {
        for activation in activations.into_iter().chain(["none"]) {
            for (bias, dtype, f32_output) in [
                (false, DType::F32, false),
                (true, DType::F32, false),
                (false, DType::F16, false),
                (true, DType::F16, false),
                (true, DType::F16, true),
            ] {
                let operands = super::conv2d::Operands { bias, dtype };
                let shader =
                    super::conv2d::general::shader(padding_mode, activation, operands, f32_output);
                variants.push((shader, super::conv2d::general::Params::FIELDS));
            }
        }
    }
    variants.extend(conv2d::variants()?);
    variants.extend(pools());
    for widens in [false, true] {
        variants.push((super::convert::shader(widens), super::convert::Params::FIELDS));
    }
    variants.extend(gradients()?);
    variants.extend(training());
    variants.extend(strips::variants()?);
    for accumulators in super::ceiling::ACCUMULATORS {
        let shader = super::ceiling::multiply_add_shader(accumulators);
        variants.push((shader, super::ceiling::MultiplyAddParams::FIELDS));
    }
    for from_texture in [false, true] {
        let shader = super::ceiling::copy_shader(from_texture);
        variants.push((shader, super::ceiling::CopyParams::FIELDS));
    }
    Ok(distinct(variants))
}

/// The poolings that serve every option, and the gradients of all.
fn pools() -> Vec<(Shader, Fields)> {
    use super::pool2d::general::{Owner, Params, avg_shader, max_shader};
    use super::pool2d::grad::{self, Gather};
    use super::strip::Index;
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
                shaders.push(grad::shader(gather, owner, adaptive));
            }
        }
    }
    shaders.into_iter().map(|shader| (shader, Params::FIELDS)).collect()
}

/// Each shader once.
fn distinct(mut variants: Vec<(Shader, Fields)>) -> Vec<(Shader, Fields)> {
    let mut known = HashSet::new();
    variants.retain(|(shader, _)| known.insert(shader.clone()));
    variants
}

fn gradients() -> Result<Vec<(Shader, Fields)>> {
    use super::conv2d_grad::{
        bias, input, phases, sum, turned, weight, weight_filters, weight_texel, weight_tiled,
    };
    let mut variants = vec![
        (bias::shader(), bias::Params::FIELDS),
        (sum::shader(), sum::Params::FIELDS),
        (turned::shader(), turned::Params::FIELDS),
    ];
    for padding_mode in PaddingMode::ALL {
        for bias in [false, true] {
            variants.push((input::shader(padding_mode, bias), input::Params::FIELDS));
            for placed in [false, true] {
                let shader = phases::shader(padding_mode, placed, bias);
                variants.push((shader, phases::Params::FIELDS));
            }
        }
        variants.push((weight::shader(padding_mode), weight::Params::FIELDS));
    }
    for padding_mode in PaddingMode::ALL {
        for [kernel_height, kernel_width, rows, channels, filters] in
            [[3, 3, 3, 1, 8], [1, 1, 1, 8, 8], [5, 7, 1, 1, 3]]
        {
            let tile = weight_tiled::Tile {
                kernel_height,
                kernel_width,
                rows,
                channels,
                filters,
                padding_mode,
                masked: padding_mode == PaddingMode::Zeros,
            };
            variants.push((weight_tiled::shader(&tile), weight_tiled::Params::FIELDS));
        }
    }
    let software = crate::Limits::webgpu().with_subgroups(8, 8).with_software();
    for (conv, input) in conv2d::problems() {
        let problem = conv.problem(input.into())?;
        let filters = weight_filters::plan(&problem, &software)?;
        let texel = weight_texel::plan(&problem, &software)?;
        let filters = filters.into_iter().flat_map(|plan| plan.shaders());
        let texel = texel.into_iter().flat_map(|plan| plan.shaders());
        for shader in filters.chain(texel) {
            let fields = match shader.template {
                "conv2d_texel_pad" => super::conv2d::texel::PadParams::FIELDS,
                "conv2d_grad_weight_filters" => weight_filters::Params::FIELDS,
                _ => weight_texel::Params::FIELDS,
            };
            variants.push((shader, fields));
        }
    }
    Ok(variants)
}

fn training() -> Vec<(Shader, Fields)> {
    use super::{loss, optimizer, select};
    let mut variants = vec![
        (select::shader(), select::Params::FIELDS),
        (loss::cross_entropy_shader(), loss::CrossEntropyParams::FIELDS),
        (loss::squared_error_shader(), loss::SquaredErrorParams::FIELDS),
        (loss::sum_shader(), loss::SumParams::FIELDS),
        (optimizer::adam_shader(), optimizer::AdamParams::FIELDS),
    ];
    for (momentum, nesterov) in [(false, false), (true, false), (true, true)] {
        let shader = optimizer::sgd_shader(momentum, nesterov);
        variants.push((shader, optimizer::SgdParams::FIELDS));
    }
    variants
}
