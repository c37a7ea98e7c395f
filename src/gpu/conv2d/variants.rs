//! Dense convolutions and adapters that between them ask for every kind of variant.

use crate::gpu::Conv2dPlan;
use crate::gpu::conv2d::general;
use crate::gpu::runtime::params::Fields;
use crate::gpu::runtime::shader::Shader;
use crate::gpu::software::padded_image;
use crate::gpu::tile::operands::Operands;
use crate::gpu::tile::{pack, plan};
use crate::gpu::variants::distinct;
use crate::{Activation, Algorithm, Conv2d, DType, Error, Limits, PaddingMode, Result};

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

/// The shaders of those, as planned and with every algorithm pinned.
pub(crate) fn variants() -> Result<Vec<(Shader, Fields)>> {
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
                for shader in planned.shaders() {
                    let fields = match shader.template {
                        "conv2d_general" => general::Params::FIELDS,
                        "conv2d_texel_pad" => padded_image::PadParams::FIELDS,
                        "conv2d_pack" => pack::Params::FIELDS,
                        _ => plan::Params::FIELDS,
                    };
                    variants.push((shader, fields));
                }
            }
        }
    }
    Ok(distinct(variants))
}
