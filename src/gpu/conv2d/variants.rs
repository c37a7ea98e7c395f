//! Dense convolutions and adapters that between them ask for every kind of variant.

use crate::gpu::Conv2dPlan;
use crate::gpu::conv2d::general;
use crate::gpu::conv2d::general_sums::Form;
use crate::gpu::elementwise::activation::ACTIVATIONS;
use crate::gpu::runtime::shader::Shader;
use crate::gpu::runtime::shader::distinct;
use crate::gpu::strip::samples::{INPUTS, plans};
use crate::gpu::tile::operands::Operands;
use crate::{Activation, Algorithm, Conv2d, DType, Error, Limits, Padding, PaddingMode, Result};

/// Adapters as plans see them: without subgroups, AMD, NVIDIA, Intel, software.
pub(crate) fn adapters() -> [Limits; 5] {
    let webgpu = Limits::webgpu();
    [
        webgpu,
        webgpu.with_subgroups(32, 64),
        webgpu.with_subgroups(32, 32),
        webgpu.with_subgroups(8, 32),
        webgpu.with_subgroups(8, 8).with_software(),
    ]
}

/// Convolutions with the shape of their input.
pub(crate) fn problems() -> Vec<(Conv2d, [usize; 4])> {
    let conv = Conv2d::new;
    let plain = vec![
        (conv(3, 64, [7, 7]).stride([2, 2]).padding([3, 3]), [1, 3, 224, 224]),
        (conv(64, 64, [3, 3]).padding([1, 1]), [1, 64, 56, 56]),
        (conv(256, 256, [3, 3]).padding([1, 1]), [1, 256, 14, 14]),
        (conv(256, 64, [1, 1]), [1, 256, 56, 56]),
        (conv(30, 7, [1, 1]).stride([1, 2]), [2, 30, 1, 57]),
        (conv(128, 128, [3, 3]).stride([2, 2]).padding([1, 1]), [1, 128, 56, 56]),
        (conv(256, 256, [3, 3]).padding([2, 2]).dilation([2, 2]), [1, 256, 28, 28]),
        (conv(256, 256, [3, 3]).padding([12, 12]).dilation([12, 12]), [1, 256, 33, 33]),
        (conv(32, 32, [5, 5]).padding([2, 2]), [1, 32, 128, 128]),
        (conv(3, 3, [3, 3]).padding([1, 1]), [1, 3, 512, 512]),
        (conv(32, 64, [3, 3]).padding([1, 1]), [8, 32, 32, 32]),
        (conv(16, 16, [11, 11]).padding([5, 5]), [1, 16, 64, 64]),
        (conv(12, 18, [2, 5]).stride([1, 3]).padding([4, 1]).groups(3), [2, 12, 19, 41]),
        (conv(6, 6, [4, 9]).stride([2, 1]).dilation([3, 2]), [1, 6, 40, 50]),
        (conv(8, 8, [1, 31]).padding([0, 15]), [1, 8, 9, 64]),
        (conv(5, 1, [9, 9]).padding([0, 4]), [1, 5, 11, 20]),
        (conv(6, 3, [3, 3]).padding([1, 1]).groups(3), [1, 6, 7, 9]),
    ];
    let modes = PaddingMode::ALL.into_iter().flat_map(|mode| {
        plain.clone().into_iter().map(move |(conv, input)| (conv.padding_mode(mode), input))
    });
    let activations = [Activation::Relu6, Activation::LeakyRelu { negative_slope: 0.1 }]
        .map(|activation| (conv(64, 64, [3, 3]).activation(activation), [1, 64, 9, 30]));
    modes.chain(activations).collect()
}

/// The shaders of convolutions and their gradients.
pub(crate) fn variants() -> Result<Vec<Shader>> {
    let mut variants = general_variants();
    variants.extend(dense_variants()?);
    variants.extend(cooperative_variants()?);
    variants.extend(gradient_variants()?);
    variants.extend(depthwise_shaders()?);
    Ok(distinct(variants))
}

/// The shaders of the problems, as planned and with every algorithm pinned.
pub(crate) fn dense_variants() -> Result<Vec<Shader>> {
    let mut variants = Vec::new();
    let algorithms = Algorithm::ALL.iter().copied().map(Some).chain([None]);
    let pins: Vec<_> = algorithms.collect();
    for limits in adapters() {
        for (conv, input) in problems() {
            let problem = conv.problem(input.into())?;
            let operands =
                [(true, DType::F32), (false, DType::F32), (true, DType::F16), (false, DType::F16)]
                    .map(|(bias, dtype)| Operands { bias, dtype });
            for (operands, &pinned) in operands
                .into_iter()
                .flat_map(|operands| pins.iter().map(move |pin| (operands, pin)))
            {
                let planned = match Conv2dPlan::new(&problem, operands, pinned, &limits) {
                    Err(Error::Unsupported { .. }) => continue,
                    planned => planned?,
                };
                variants.extend(planned.shaders());
            }
        }
    }
    Ok(distinct(variants))
}

/// The shaders by cooperative matrices of the problems that they serve: large ones, and small ones.
fn cooperative_variants() -> Result<Vec<Shader>> {
    let limits = Limits::webgpu().with_subgroups(32, 32).with_shader_f16();
    let limits = limits.with_cooperative_matrices();
    let mut variants = Vec::new();
    for (conv, [batch, channels, height, width]) in problems() {
        for images in [1, 40] {
            let problem = conv.problem([images * batch, channels, height, width].into())?;
            for bias in [true, false] {
                let operands = Operands { bias, dtype: DType::F16 };
                let pinned = Some(Algorithm::Cooperative);
                match Conv2dPlan::new(&problem, operands, pinned, &limits) {
                    Err(Error::Unsupported { .. }) => {}
                    planned => variants.extend(planned?.shaders()),
                }
            }
        }
    }
    Ok(distinct(variants))
}

/// The shaders of the convolution that serves every option.
fn general_variants() -> Vec<Shader> {
    let activations = ACTIVATIONS.map(Activation::name);
    let mut variants = Vec::new();
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
                    let operands = Operands { bias, dtype };
                    let shader = general::shader(
                        padding_mode,
                        activation,
                        operands,
                        f32_output,
                        form,
                        repairs,
                    );
                    variants.push(shader);
                }
            }
        }
    }
    variants
}

/// The shaders of all gradients.
fn gradient_variants() -> Result<Vec<Shader>> {
    use crate::gpu::conv2d::{
        grad_input, grad_input_phases, grad_input_turned, grad_weight, grad_weight_gemm,
        grad_weight_sum, grad_weight_tiled,
    };
    use crate::gpu::software;
    use crate::gpu::tile::partial_sum;
    let mut variants =
        vec![partial_sum::shader(), grad_input_turned::shader(), grad_weight_sum::shader()];
    for padding_mode in PaddingMode::ALL {
        for bias in [false, true] {
            for shared in [false, true] {
                let shader = grad_input::shader(padding_mode, bias, shared);
                variants.push(shader);
            }
            for placed in [false, true] {
                let shader = grad_input_phases::shader(padding_mode, placed, bias);
                variants.push(shader);
            }
        }
        for repairs in [false, true] {
            variants.push(grad_weight::shader(padding_mode, repairs));
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
            variants.push(grad_weight_tiled::shader(&tile));
        }
    }
    for padding_mode in PaddingMode::ALL {
        for [filters, lanes] in grad_weight_gemm::Tile::SIZES {
            for shared_tap in grad_weight_gemm::SharedTap::ALL {
                let masked = padding_mode == PaddingMode::Zeros;
                let tile =
                    grad_weight_gemm::Tile { filters, lanes, shared_tap, padding_mode, masked };
                variants.push(tile.shader());
                variants.push(grad_weight_gemm::Tile { masked: false, ..tile }.shader());
            }
        }
    }
    let limits = Limits::webgpu().with_subgroups(8, 8).with_software();
    for (conv, input) in problems() {
        let problem = conv.problem(input.into())?;
        variants.extend(software::conv2d_grad_weight_shaders(&problem, &limits)?);
    }
    Ok(variants)
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
