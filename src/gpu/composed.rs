//! What plans pick for some telling problems, as files that an editor opens: `shaders/composed`.
//!
//! `FILTRO_WRITE_SNAPSHOTS=1 cargo test --lib composed` writes them anew.

use std::collections::BTreeMap;
use std::path::Path;

use wgpu::TextureFormat;

use crate::gpu::conv2d::gradients::{InputPlan, WeightPlan};
use crate::gpu::elementwise::{pairwise, reduction};
use crate::gpu::ir::Parsed;
use crate::gpu::normalization;
use crate::gpu::rearrange::copy;
use crate::gpu::rearrange::resample::blocks::Blocks;
use crate::gpu::rearrange::resample::grad_input::Shared;
use crate::gpu::rearrange::resample::{self, bilinear, grad_input};
use crate::gpu::runtime::shader::Shader;
use crate::gpu::texture;
use crate::gpu::{Conv2dPlan, Operands, Pool2dPlan, pool2d};
use crate::ops::CopyMap;
use crate::ops::pool2d::Pool2dProblem;
use crate::ops::reduction::{Reduction, Term};
use crate::{
    Activation, AdaptiveAvgPool2d, AdaptiveMaxPool2d, Arithmetic, AvgPool2d, Conv2d,
    ConvTranspose2d, DType, FromTexture, Interpolate, Limits, MaxPool2d, PRelu, PaddingMode,
    PixelShuffle, Texels, TexelsMut, ToTexture,
};

/// The adapters that all of this is planned for.
const LIMITS: Limits = Limits::webgpu().with_shader_f16();

/// Those with cooperative matrices.
const MATRICES: Limits = LIMITS.with_subgroups(32, 32).with_cooperative_matrices();

/// A problem: the name of its file, itself in words, and the shaders of its plan.
type Problem = (&'static str, &'static str, Vec<Shader>);

fn forward(conv: Conv2d, input: [usize; 4], dtype: DType) -> Vec<Shader> {
    forward_on(&LIMITS, conv, input, dtype)
}

fn forward_on(limits: &Limits, conv: Conv2d, input: [usize; 4], dtype: DType) -> Vec<Shader> {
    let problem = conv.problem(input.into()).unwrap();
    Conv2dPlan::new(&problem, Operands { bias: true, dtype }, None, limits).unwrap().shaders()
}

fn convolutions() -> Vec<Problem> {
    let of = |conv, input| forward(conv, input, DType::F32);
    let conv = Conv2d::new;
    let same = conv(64, 64, [3, 3]).padding([1, 1]);
    vec![
        ("conv2d_3x3", "convolution 3x3, 64x56x56 to 64", of(same.clone(), [1, 64, 56, 56])),
        (
            "conv2d_3x3_f16",
            "convolution 3x3 of f16, 64x56x56 to 64",
            forward(same.clone(), [1, 64, 56, 56], DType::F16),
        ),
        (
            "conv2d_3x3_cooperative",
            "convolution 3x3 of f16 by cooperative matrices, 32 of 128x28x28 to 128",
            forward_on(
                &MATRICES,
                conv(128, 128, [3, 3]).padding([1, 1]),
                [32, 128, 28, 28],
                DType::F16,
            ),
        ),
        (
            "conv2d_1x1",
            "convolution 1x1, 256x56x56 to 64",
            of(conv(256, 64, [1, 1]), [1, 256, 56, 56]),
        ),
        (
            "conv2d_stem",
            "convolution 7x7 with stride 2, 3x224x224 to 64",
            of(conv(3, 64, [7, 7]).stride([2, 2]).padding([3, 3]), [1, 3, 224, 224]),
        ),
        (
            "conv2d_dilated",
            "convolution 3x3 with dilation 2, 256x28x28 to 256",
            of(conv(256, 256, [3, 3]).padding([2, 2]).dilation([2, 2]), [1, 256, 28, 28]),
        ),
        (
            "conv2d_grouped",
            "convolution 3x3 in 32 groups, 128x56x56 to 128",
            of(conv(128, 128, [3, 3]).padding([1, 1]).groups(32), [1, 128, 56, 56]),
        ),
        (
            "conv2d_depthwise",
            "depthwise convolution 3x3, 144x56x56",
            of(conv(144, 144, [3, 3]).padding([1, 1]).groups(144), [1, 144, 56, 56]),
        ),
        (
            "conv2d_large",
            "convolution 3x3 with circular padding of an image beyond a binding, 64x900x900 to 64",
            of(same.padding_mode(PaddingMode::Circular), [1, 64, 900, 900]),
        ),
    ]
}

fn poolings() -> Vec<Problem> {
    let of = |problem: Pool2dProblem| Pool2dPlan::new(&problem, None, &LIMITS).unwrap().shaders();
    let max = |pool: MaxPool2d, input: [usize; 4], indices| {
        of(Pool2dProblem::max(&pool.problem(input.into()).unwrap(), indices))
    };
    let strided = MaxPool2d::new([3, 3]).stride([2, 2]).padding([1, 1]);
    let average = AvgPool2d::new([3, 3]).stride([1, 1]).padding([1, 1]);
    let mean = AdaptiveAvgPool2d::new([1, 1]).problem([1, 512, 7, 7].into()).unwrap();
    let largest = AdaptiveMaxPool2d::new([6, 6]).problem([1, 256, 13, 13].into()).unwrap();
    vec![
        (
            "max_pool2d",
            "max pooling 3x3 with stride 2, 64x112x112",
            max(strided.clone(), [1, 64, 112, 112], false),
        ),
        (
            "max_pool2d_indices",
            "max pooling 3x3 with stride 2 and indices, 64x112x112",
            max(strided, [1, 64, 112, 112], true),
        ),
        (
            "max_pool2d_separable",
            "max pooling 13x13 with stride 1 and indices, 512x20x20",
            max(MaxPool2d::new([13, 13]).stride([1, 1]).padding([6, 6]), [1, 512, 20, 20], true),
        ),
        (
            "avg_pool2d",
            "average pooling 3x3 that counts the padding, 64x112x112",
            of(Pool2dProblem::average(&average.problem([1, 64, 112, 112].into()).unwrap())),
        ),
        (
            "avg_pool2d_global",
            "average of whole planes, 512x7x7",
            of(Pool2dProblem::adaptive_average(&mean)),
        ),
        (
            "max_pool2d_adaptive",
            "adaptive max pooling, 256x13x13 to 6x6",
            of(Pool2dProblem::adaptive_max(&largest, false)),
        ),
    ]
}

fn gradients() -> Vec<Problem> {
    let conv = Conv2d::new(64, 64, [3, 3]).padding([1, 1]);
    let conv = conv.problem([1, 64, 56, 56].into()).unwrap();
    let transposed = ConvTranspose2d::new(128, 64, [4, 4]).stride([2, 2]).padding([1, 1]);
    let transposed = transposed.convolution([1, 128, 28, 28].into()).unwrap();
    let pool = MaxPool2d::new([3, 3]).stride([2, 2]).padding([1, 1]);
    let pool = pool.problem([1, 64, 112, 112].into()).unwrap();
    let pool = Pool2dProblem::max(&pool, true);
    vec![
        (
            "conv2d_grad_input",
            "gradient of the input of a convolution 3x3, 64x56x56 to 64",
            InputPlan::new(&conv, false, None, &LIMITS).unwrap().shaders(),
        ),
        (
            "conv2d_grad_weight",
            "gradient of the weight of a convolution 3x3, 64x56x56 to 64",
            WeightPlan::new(&conv, None, &LIMITS).unwrap().shaders(),
        ),
        (
            "grad_bias",
            "gradient of a bias, 64x56x56",
            reduced(Term::Gradient, [1, 64, 56, 56], [1, 64, 1, 1]),
        ),
        (
            "conv_transpose2d",
            "transposed convolution 4x4 with stride 2, 128x28x28 to 64",
            InputPlan::new(&transposed, true, None, &LIMITS).unwrap().shaders(),
        ),
        (
            "max_pool2d_grad_input",
            "gradient of the input of a max pooling 3x3 with stride 2, 64x112x112",
            pool2d::gradients::Plan::new(&pool, &LIMITS).unwrap().shaders(),
        ),
    ]
}

fn normalizations() -> Vec<Problem> {
    let [evaluation, training, gradients] =
        normalization::batch_norm2d_shaders([8, 64, 56, 56].into());
    let softmax = |shape: [usize; 4]| normalization::softmax::shaders(shape.into(), &LIMITS);
    let [of_pixels, grad_of_pixels] = softmax([1, 21, 128, 128]);
    let [of_classes, _] = softmax([8, 1000, 1, 1]);
    vec![
        ("batch_norm2d", "batch normalisation in evaluation, 64x56x56", evaluation),
        ("batch_norm2d_training", "statistics of a batch, 8 of 64x56x56", training),
        ("batch_norm2d_gradients", "gradients of a batch normalisation, 8 of 64x56x56", gradients),
        ("softmax", "softmax over 21 channels of 128x128 pixels", of_pixels),
        ("softmax_classes", "softmax of 1000 classes", of_classes),
        ("softmax_grad_input", "gradient of a softmax, 21x128x128", grad_of_pixels),
    ]
}

fn reduced(term: Term, output: [usize; 4], target: [usize; 4]) -> Vec<Shader> {
    let (target, output) = (target.into(), output.into());
    let factor = (term != Term::Gradient).then_some(output);
    let problem = Reduction { operation: "test", term, negated: false, target, output, factor };
    reduction::shaders(&problem, &LIMITS)
}

fn between_convolutions() -> Vec<Problem> {
    let of_two = |options: Arithmetic, input: [usize; 4], other: [usize; 4], dtype| {
        let problem = options.problem(input.into(), other.into()).unwrap();
        pairwise::shaders(&problem, dtype, &LIMITS)
    };
    let (plane, residual) = ([1, 64, 56, 56], Arithmetic::add().activation(Activation::Relu));
    let (gate, slopes) = ([1, 64, 1, 1], PRelu.problem(plane.into(), [1, 64, 1, 1].into()));
    vec![
        (
            "add_residual",
            "addition of 64x56x56 with ReLU behind it",
            of_two(residual, plane, plane, DType::F32),
        ),
        (
            "add_residual_f16",
            "addition of 64x7x7 of f16 with ReLU behind it",
            of_two(residual, [1, 64, 7, 7], [1, 64, 7, 7], DType::F16),
        ),
        ("mul_gate", "gate of 64x56x56", of_two(Arithmetic::mul(), plane, gate, DType::F32)),
        (
            "mul_gate_odd",
            "gate of 512x7x7",
            of_two(Arithmetic::mul(), [1, 512, 7, 7], [1, 512, 1, 1], DType::F32),
        ),
        (
            "add_both_broadcast",
            "addition of a column of 56 and a row of 56",
            of_two(Arithmetic::add(), [1, 1, 56, 1], [1, 1, 1, 56], DType::F32),
        ),
        ("mul_grad_gate", "gradient of a gate of 64x56x56", reduced(Term::Product, plane, gate)),
        ("prelu", "PReLU of 64x56x56", pairwise::shaders(&slopes.unwrap(), DType::F32, &LIMITS)),
        (
            "prelu_grad_weight",
            "gradient of PReLU's slopes, 64x56x56",
            reduced(Term::BelowZero, plane, gate),
        ),
        ("cat", "64x56x56 and 32x56x56 behind one another", vec![copy::variants()[0].clone()]),
    ]
}

fn textures() -> Vec<Problem> {
    let bytes = vec![0; 8 * 6 * 4];
    let texels = Texels::new(&bytes, TextureFormat::Rgba8Unorm, [6, 8]);
    let reading = FromTexture::new().scale([2.0]).bias([-1.0]).of_texels(&texels).unwrap();
    let mut bytes = bytes.clone();
    let texels = TexelsMut::new(&mut bytes, TextureFormat::Rgba8Unorm, [6, 8]);
    let writing = ToTexture::new().of_texels([1, 3, 6, 8].into(), &texels).unwrap();
    vec![
        ("from_texture", "Rgba8Unorm to three channels", vec![texture::read::shader(&reading)]),
        (
            "to_texture",
            "three channels to Rgba8Unorm",
            vec![texture::write::shader(&writing, DType::F32)],
        ),
    ]
}

fn resamplings() -> Vec<Problem> {
    let blocks =
        |map: CopyMap| vec![Blocks::new(&map, DType::F32, &LIMITS).unwrap().unwrap().shader];
    let twice = Interpolate::scale_factor([2.0, 2.0]).problem([1, 64, 56, 56].into()).unwrap();
    let shuffle = PixelShuffle::new(2).problem([1, 64, 56, 56].into()).unwrap();
    vec![
        (
            "interpolate_nearest",
            "nearest interpolation to twice the size, 64x56x56",
            blocks(CopyMap::Resampling(twice)),
        ),
        ("pixel_shuffle", "pixel shuffle by 2, 64x56x56", blocks(CopyMap::Shuffle(shuffle))),
        ("pad", "padding with zeros", vec![resample::copy::shader(true, DType::F32)]),
        ("interpolate_bilinear", "bilinear interpolation", vec![bilinear::shader(DType::F32)]),
        (
            "interpolate_grad_input",
            "gradient of the input of a bilinear interpolation",
            vec![grad_input::shader(Shared::None, true)],
        ),
    ]
}

fn problems() -> Vec<Problem> {
    let between = [between_convolutions(), normalizations()].concat();
    [convolutions(), poolings(), gradients(), between, resamplings(), textures()].concat()
}

/// The names and the texts of all files.
///
/// The first shader of a plan has the name of the problem, the others that of their template behind
/// it. A shader that several problems have is one file, named by the first of them.
fn files() -> BTreeMap<String, String> {
    let mut named: Vec<(String, Shader, Vec<&str>)> = Vec::new();
    for (name, words, shaders) in problems() {
        for (index, shader) in shaders.into_iter().enumerate() {
            if let Some((_, _, all)) = named.iter_mut().find(|(_, known, _)| *known == shader) {
                if all.last() != Some(&words) {
                    all.push(words);
                }
                continue;
            }
            let name = match index {
                0 => format!("{name}.wgsl"),
                _ => format!("{name}-{}.wgsl", shader.template.name),
            };
            assert!(named.iter().all(|(other, ..)| *other != name), "two shaders {name}");
            named.push((name, shader, vec![words]));
        }
    }
    let text = |(name, shader, words): (String, Shader, Vec<&str>)| {
        let source = shader.standalone().unwrap();
        Parsed::new(&name, source.clone());
        let (template, label, words) = (shader.template.name, shader.label(), words.join("; "));
        (name, format!("// Composed from {template}.wgsl as {label} for: {words}.\n{source}"))
    };
    named.into_iter().map(text).collect()
}

/// Every telling problem has a shader of its own.
#[test]
fn composed_shaders_are_of_problems_that_differ() {
    let files = files();
    for (name, ..) in problems() {
        assert!(files.contains_key(&format!("{name}.wgsl")), "{name} is as another");
    }
}

#[test]
fn composed_shaders_are_those_in_the_folder() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("shaders/composed");
    let files = files();
    let there = || -> Vec<String> {
        let entries = std::fs::read_dir(&folder).into_iter().flatten();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    };
    if std::env::var_os("FILTRO_WRITE_SNAPSHOTS").is_some_and(|value| value == "1") {
        std::fs::create_dir_all(&folder).unwrap();
        for name in there().iter().filter(|name| !files.contains_key(*name)) {
            std::fs::remove_file(folder.join(name)).unwrap();
        }
        for (name, text) in &files {
            std::fs::write(folder.join(name), text).unwrap();
        }
    }
    let mut wrong = Vec::new();
    for name in there().iter().filter(|name| !files.contains_key(*name)) {
        wrong.push(format!("{name} is of no problem"));
    }
    for (name, text) in &files {
        match std::fs::read_to_string(folder.join(name)) {
            Err(error) => wrong.push(format!("{name} cannot be read: {error}")),
            Ok(found) if found != *text => {
                let lines = found.lines().zip(text.lines());
                let same = lines.take_while(|(one, other)| one == other).count();
                wrong.push(format!("{name} is composed differently from line {} on", same + 1));
            }
            Ok(_) => {}
        }
    }
    assert!(
        wrong.is_empty(),
        "{}\nFILTRO_WRITE_SNAPSHOTS=1 cargo test --lib composed writes shaders/composed anew",
        wrong.join("\n")
    );
}
