//! The variants of every shader that between them take every branch of every file.

use std::collections::HashSet;

use crate::gpu::conv2d::general::Form;
use crate::gpu::runtime::params::Fields;
use crate::gpu::runtime::shader::Shader;
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
            let shader = crate::gpu::elementwise::activation::shader(name, dtype);
            variants.push((shader, crate::gpu::elementwise::activation::Params::FIELDS));
        }
        variants.push((
            crate::gpu::elementwise::activation::grad_shader(name),
            crate::gpu::elementwise::activation::Params::FIELDS,
        ));
    }
    for padding_mode in PaddingMode::ALL {
        for activation in activations.into_iter().chain(["none"]) {
            for (bias, dtype, f32_output, repairs) in [
                (false, DType::F32, false, false),
                (true, DType::F32, false, false),
                (false, DType::F16, false, false),
                (true, DType::F16, false, false),
                (true, DType::F16, true, false),
                (false, DType::F32, false, true),
                (true, DType::F16, false, true),
            ] {
                for form in [Form::Channels, Form::Rows, Form::Shared] {
                    if repairs && form == Form::Shared {
                        continue;
                    }
                    let operands = crate::gpu::tile::operands::Operands { bias, dtype };
                    let shader = crate::gpu::conv2d::general::shader(
                        padding_mode,
                        activation,
                        operands,
                        f32_output,
                        form,
                        repairs,
                    );
                    variants.push((shader, crate::gpu::conv2d::general::Params::FIELDS));
                }
            }
        }
    }
    variants.extend(crate::gpu::conv2d::variants::variants()?);
    variants.extend(pools());
    for widens in [false, true] {
        variants.push((
            crate::gpu::elementwise::convert::shader(widens),
            crate::gpu::elementwise::convert::Params::FIELDS,
        ));
    }
    variants.extend(gradients()?);
    variants.extend(training());
    variants.extend(crate::gpu::strip::samples::variants()?);
    for accumulators in crate::gpu::ceiling::ACCUMULATORS {
        let shader = crate::gpu::ceiling::multiply_add_shader(accumulators);
        variants.push((shader, crate::gpu::ceiling::MultiplyAddParams::FIELDS));
    }
    for from_texture in [false, true] {
        let shader = crate::gpu::ceiling::copy_shader(from_texture);
        variants.push((shader, crate::gpu::ceiling::CopyParams::FIELDS));
    }
    Ok(distinct(variants))
}

/// The poolings that serve every option, and the gradients of all.
fn pools() -> Vec<(Shader, Fields)> {
    use crate::gpu::pool2d::general::{Owner, Params, avg_shader, max_shader};
    use crate::gpu::pool2d::gradients;
    use crate::gpu::pool2d::gradients::Gather;
    use crate::ops::pool2d::Index;
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
    shaders.into_iter().map(|shader| (shader, Params::FIELDS)).collect()
}

/// Each shader once.
pub(crate) fn distinct(mut variants: Vec<(Shader, Fields)>) -> Vec<(Shader, Fields)> {
    let mut known = HashSet::new();
    variants.retain(|(shader, _)| known.insert(shader.clone()));
    variants
}

fn gradients() -> Result<Vec<(Shader, Fields)>> {
    use crate::gpu::conv2d::{
        grad_bias, grad_input, grad_input_phases, grad_input_turned, grad_weight, grad_weight_tiled,
    };
    use crate::gpu::software::{grad_weight_filters, grad_weight_texel};
    use crate::gpu::tile::partial_sum;
    let mut variants = vec![
        (grad_bias::shader(), grad_bias::Params::FIELDS),
        (partial_sum::shader(), partial_sum::Params::FIELDS),
        (grad_input_turned::shader(), grad_input_turned::Params::FIELDS),
    ];
    for padding_mode in PaddingMode::ALL {
        for bias in [false, true] {
            for shared in [false, true] {
                let shader = grad_input::shader(padding_mode, bias, shared);
                variants.push((shader, grad_input::Params::FIELDS));
            }
            for placed in [false, true] {
                let shader = grad_input_phases::shader(padding_mode, placed, bias);
                variants.push((shader, grad_input_phases::Params::FIELDS));
            }
        }
        for repairs in [false, true] {
            variants
                .push((grad_weight::shader(padding_mode, repairs), grad_weight::Params::FIELDS));
        }
    }
    for padding_mode in PaddingMode::ALL {
        for [kernel_height, kernel_width, rows, channels, filters] in
            [[3, 3, 3, 1, 8], [1, 1, 1, 8, 8], [5, 7, 1, 1, 3]]
        {
            let tile = grad_weight_tiled::Tile {
                kernel_height,
                kernel_width,
                rows,
                channels,
                filters,
                padding_mode,
                masked: padding_mode == PaddingMode::Zeros,
            };
            variants.push((grad_weight_tiled::shader(&tile), grad_weight_tiled::Params::FIELDS));
        }
    }
    let software = crate::Limits::webgpu().with_subgroups(8, 8).with_software();
    for (conv, input) in crate::gpu::conv2d::variants::problems() {
        let problem = conv.problem(input.into())?;
        let filters = grad_weight_filters::plan(&problem, &software)?;
        let texel = grad_weight_texel::plan(&problem, &software)?;
        let filters = filters.into_iter().flat_map(|plan| plan.shaders());
        let texel = texel.into_iter().flat_map(|plan| plan.shaders());
        for shader in filters.chain(texel) {
            let fields = match shader.template {
                "conv2d_texel_pad" => crate::gpu::software::padded_image::PadParams::FIELDS,
                "conv2d_grad_weight" => grad_weight::Params::FIELDS,
                "conv2d_grad_weight_filters" => grad_weight_filters::Params::FIELDS,
                _ => grad_weight_texel::Params::FIELDS,
            };
            variants.push((shader, fields));
        }
    }
    Ok(variants)
}

fn training() -> Vec<(Shader, Fields)> {
    use crate::gpu::rearrange::select;
    use crate::gpu::training::{loss, optimizer};
    let mut variants = vec![
        (select::shader(), select::Params::FIELDS),
        (loss::cross_entropy_shader(false), loss::CrossEntropyParams::FIELDS),
        (loss::cross_entropy_shader(true), loss::CrossEntropyParams::FIELDS),
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
