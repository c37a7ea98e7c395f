//! Convolutions by cooperative matrices against the reference, with every tile: on any device with the
//! matrices emulated, on one that has them by these as well.

use std::io::Write;

use half::f16;
use ndarray::{Array1, Array4};

use super::cooperative::{COOPERATIVE, of_tile, tiles, workgroup_bytes};
use super::tests::sums_of_all_lengths;
use super::{Conv2dPlan, Method, conv2d};
use crate::device::Backend;
use crate::gpu::conv2d::general;
use crate::gpu::ir::VARIANTS;
use crate::gpu::lints::memory;
use crate::gpu::runtime::grid::MOST_ITERATIONS;
use crate::gpu::tile::operands::Operands;
use crate::gpu::tile::plan::Variant;
use crate::gpu::tile::sizes::Sizes;
use crate::{
    Activation, Algorithm, Conv2d, DType, Device, DeviceOptions, Limits, Padding, PaddingMode,
    Tensor, reference,
};

/// The device that `FILTRO_TEST_DEVICE` asks for, else a software adapter.
fn device() -> Device {
    let choice = std::env::var("FILTRO_TEST_DEVICE").unwrap_or_else(|_| "software".into());
    let options = DeviceOptions::new().cooperative_matrices(true);
    Device::open_with(&choice.parse().unwrap(), options).unwrap()
}

/// Tells on stderr, which the test harness does not hold back.
fn tell(what: &str) {
    std::io::stderr().write_all(format!("cooperative: {what}\n").as_bytes()).unwrap();
}

/// Whole numbers, whose sums are exact in any order.
fn numbers(shape: [usize; 4], seed: usize) -> Array4<f32> {
    let mut state = u32::try_from(seed).unwrap();
    Array4::from_shape_simple_fn(shape, || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f32::from(u8::try_from(state >> 24).unwrap() % 13) - 6.0
    })
}

#[derive(Clone, Copy)]
struct Case<'a> {
    device: &'a Device,
    /// Whether the tile is the large one.
    is_large: bool,
    conv: &'a Conv2d,
    input: &'a Array4<f32>,
    weight: &'a Array4<f32>,
    bias: Option<&'a Array1<f32>>,
}

impl Case<'_> {
    /// What comes out of a tile.
    fn run(&self, emulated: bool) -> Array4<f32> {
        let Self { device, is_large, conv, input, weight, bias } = *self;
        let Backend::Gpu(context) = device.backend() else { panic!("{device} is no adapter") };
        let (batch, channels, height, width) = input.dim();
        let problem = conv.problem([batch, channels, height, width].into()).unwrap();
        let limits = Limits {
            subgroup_sizes: Some((32, 32)),
            shader_f16: true,
            cooperative_matrices: true,
            ..*context.limits()
        };
        let operands = Operands { bias: bias.is_some(), dtype: DType::F16 };
        let sizes = Sizes::new(&problem).unwrap();
        let tile = tiles(&sizes).unwrap()[usize::from(!is_large)];
        let mut plan = of_tile(tile, sizes, &problem, operands, &limits).unwrap();
        for (name, value) in &mut plan.shader.values {
            if *name == "emulated" {
                *value = emulated.into();
            }
        }
        let repair =
            plan.needs_repair.then(|| general::repair(&problem, operands, &limits).unwrap());
        let plan = Conv2dPlan { method: Method::Cooperative(plan), repair };
        let half = |tensor: Tensor| tensor.to_f16().unwrap();
        let (x, w) = (half(device.upload(input).unwrap()), half(device.upload(weight).unwrap()));
        let b = bias.map(|bias| half(device.upload(bias).unwrap()));
        let [x, w] = [&x, &w].map(|tensor| tensor.buffer_of_any_type("test").unwrap());
        let b = b.as_ref().map(|bias| bias.buffer_of_any_type("test").unwrap().as_ref());
        // What is handed out for the output holds NaN.
        let len = problem.output_shape().len().div_ceil(2);
        let nan = Array1::from_elem(len, f32::from_bits(0x7fff_7fff));
        drop((device.upload(&nan).unwrap(), device.upload(&nan).unwrap()));
        let y = conv2d(context, &problem, &plan, x, w, b).unwrap();
        Tensor::on_gpu(device, problem.output_shape(), y).download().unwrap()
    }

    fn check(&self) {
        let Self { device, is_large, conv, input, weight, bias } = *self;
        let wide = |array: &Array4<f32>| array.mapv(f64::from);
        let bias = bias.map(|bias| bias.mapv(f64::from));
        let expected = reference::conv2d(
            conv,
            wide(input).view(),
            wide(weight).view(),
            bias.as_ref().map(|bias| bias.view()),
        );
        let expected = expected.unwrap().mapv(|value| f16::from_f64(value).to_f32());
        let has_matrices = device.limits().unwrap().cooperative_matrices;
        for emulated in [true, false].into_iter().filter(|&emulated| emulated || has_matrices) {
            let actual = self.run(emulated);
            let wrong: Vec<_> = (actual.indexed_iter().zip(&expected))
                .filter(|((_, a), b)| a != b && !(a.is_nan() && b.is_nan()))
                .collect();
            assert!(
                wrong.is_empty(),
                "{conv:?}, large {is_large}, emulated {emulated}: {} of {} are wrong, the first {:?}",
                wrong.len(),
                actual.len(),
                wrong[0]
            );
        }
    }
}

/// A convolution, its batch, height and width, whether its tile is the large one, and whether some weights
/// are infinite. Between them they have every tile with steps of 16 and of 32 channels.
fn cases() -> Vec<(Conv2d, [usize; 3], bool, bool)> {
    let conv = Conv2d::new;
    vec![
        // Two blocks of channels over zeros.
        (conv(32, 140, [3, 3]).padding([1, 2]).activation(Activation::Relu), [2, 7, 9], true, true),
        // Two workgroups of outputs across three images.
        (conv(16, 40, [3, 2]).padding(Padding::Same), [3, 13, 11], true, true),
        (
            conv(96, 70, [2, 3])
                .groups(2)
                .stride([2, 1])
                .dilation([1, 2])
                .padding(Padding::sides(1, 0, 2, 1))
                .padding_mode(PaddingMode::Reflect)
                .activation(Activation::LeakyRelu { negative_slope: 0.5 }),
            [2, 10, 8],
            false,
            false,
        ),
        (
            conv(16, 130, [3, 1]).padding([2, 1]).padding_mode(PaddingMode::Circular),
            [1, 5, 6],
            true,
            false,
        ),
        (
            conv(64, 6, [2, 2]).stride([1, 3]).padding([1, 3]).padding_mode(PaddingMode::Replicate),
            [2, 6, 7],
            true,
            false,
        ),
        // So long that another dispatch computes again what is NaN.
        (conv(224, 66, [3, 3]).padding([1, 1]), [1, 4, 5], false, true),
    ]
}

#[test]
fn every_tile_is_the_reference() {
    let device = device();
    let limits = *device.limits().unwrap();
    if !limits.shader_f16 {
        return tell(&format!("{device} has no f16 and is left out"));
    }
    if !limits.cooperative_matrices {
        tell(&format!("{device} has no cooperative matrices: all are emulated"));
    }
    for (index, (conv, [batch, height, width], is_large, has_infinities)) in
        cases().into_iter().enumerate()
    {
        let mut input = numbers([batch, conv.in_channels, height, width], index);
        let shape = conv.weight_shape().unwrap();
        let mut weight = numbers(shape.dims(), index + 100);
        let bias = (index % 2 == 0)
            .then(|| Array1::from_shape_fn(conv.out_channels, |channel| channel as f32 - 4.0));
        let check = |input: &Array4<f32>, weight: &Array4<f32>| {
            Case { device: &device, is_large, conv: &conv, input, weight, bias: bias.as_ref() }
                .check();
        };
        check(&input, &weight);
        if has_infinities {
            // Of the first tap, which lies over zeros at the border, and of the last.
            weight[[3, 1, 0, 0]] = f32::INFINITY;
            weight[[6, 2, shape.height - 1, shape.width - 1]] = f32::NEG_INFINITY;
            weight[[7, 3, 0, 0]] = f32::NAN;
            input[[0, 5, height / 2, width / 2]] = f32::INFINITY;
            check(&input, &weight);
        }
    }
}

#[test]
fn every_tile_keeps_the_bound_of_iterations() {
    let mut served = 0;
    for (conv, input) in sums_of_all_lengths() {
        let problem = conv.problem(input.into()).unwrap();
        let sizes = Sizes::new(&problem).unwrap();
        for tile in tiles(&sizes).into_iter().flatten() {
            let operands = Operands { bias: true, dtype: DType::F16 };
            let Ok(variant) = Variant::new(&COOPERATIVE, tile, sizes, &problem, operands) else {
                continue;
            };
            served += 1;
            assert!(variant.iterations() <= MOST_ITERATIONS as u64, "{conv:?}");
        }
    }
    assert!(served > 200, "{served}");
}

#[test]
fn the_plan_counts_the_workgroup_memory_of_the_shader() {
    let mut counted = 0;
    for (shader, parsed) in VARIANTS.iter().filter(|(it, _)| *it.template == COOPERATIVE) {
        let value = |name| {
            let value = shader.values.iter().find(|(known, _)| *known == name).unwrap().1;
            let crate::gpu::runtime::shader::Value::Number(number) = value else {
                panic!("{name}")
            };
            number
        };
        let mut sizes =
            Sizes::new(&Conv2d::new(32, 64, [1, 1]).problem([1, 32, 4, 4].into()).unwrap());
        let sizes = sizes.as_mut().unwrap();
        sizes.group_in_channels = value("channel_step");
        for out_channels in [64, 128] {
            sizes.group_out_channels = out_channels;
            for tile in tiles(sizes).unwrap() {
                if [tile.channels, tile.rows, tile.lanes[1]]
                    == ["tile_channels", "tile_rows", "lanes_x"].map(value)
                {
                    assert_eq!(workgroup_bytes(&tile), memory::bytes(parsed), "{}", shader.label());
                    counted += 1;
                }
            }
        }
    }
    assert!(counted > 10, "{counted}");
}

#[test]
fn it_is_picked_for_f16_where_the_device_was_opened_with_it() {
    let conv = Conv2d::new(64, 64, [3, 3]).padding([1, 1]);
    let problem = conv.problem([1, 64, 56, 56].into()).unwrap();
    let with_f16 = Limits::webgpu().with_subgroups(32, 32).with_shader_f16();
    let limits = with_f16.with_cooperative_matrices();
    let plan = |dtype, pinned, limits: &Limits| {
        let operands = Operands { bias: true, dtype };
        Conv2dPlan::new(&problem, operands, pinned, limits).map(|plan| plan.algorithm())
    };
    let pinned = Some(Algorithm::Cooperative);
    assert_eq!(plan(DType::F16, None, &limits), Ok(Algorithm::Cooperative));
    assert_eq!(plan(DType::F16, pinned, &limits), Ok(Algorithm::Cooperative));
    assert_ne!(plan(DType::F32, None, &limits), Ok(Algorithm::Cooperative));
    assert_ne!(plan(DType::F16, None, &with_f16), Ok(Algorithm::Cooperative));
    let says = |dtype, limits: &Limits, rule: &str| {
        let error = plan(dtype, pinned, limits).unwrap_err().to_string();
        assert!(error.contains(rule), "{error}");
    };
    says(DType::F32, &limits, "serves tensors of f16");
    says(DType::F16, &with_f16, "serves devices that were opened with cooperative matrices");
    says(DType::F16, &limits.with_subgroups(8, 32), "subgroups of 32");
    says(DType::F16, &Limits { max_workgroup_memory: 8_192, ..limits }, "workgroup memory");
    let few = Conv2d::new(64, 31, [3, 3]).problem([1, 64, 56, 56].into()).unwrap();
    let operands = Operands { bias: true, dtype: DType::F16 };
    let of_few = |pinned| Conv2dPlan::new(&few, operands, pinned, &limits).unwrap().algorithm();
    assert_ne!(of_few(None), Algorithm::Cooperative);
    assert_eq!(of_few(pinned), Algorithm::Cooperative);
    let few = Conv2d::new(8, 64, [3, 3]).problem([1, 8, 56, 56].into()).unwrap();
    let error = Conv2dPlan::new(&few, operands, pinned, &limits).unwrap_err().to_string();
    assert!(error.contains("input channels are a multiple of 16"), "{error}");
}
