use super::*;
use crate::gpu::conv2d::gradients::{InputPlan, WeightPlan};
use crate::gpu::conv2d::variants::{adapters, dense_variants, problems};
use crate::gpu::ir::Parsed;
use crate::gpu::lints;
use crate::gpu::runtime::grid::MOST_ITERATIONS;
use crate::gpu::runtime::shader::distinct;
use crate::gpu::runtime::template::Template;
use crate::gpu::tile::plan::Variant;
use crate::gpu::tile::shape::Tile;
use crate::gpu::tile::sizes::Sizes;
use crate::gpu::tile::sums::Blocks;
use crate::{Conv2d, DType, Padding, PaddingMode};

#[test]
fn the_cascade_picks_what_each_kind_of_problem_and_adapter_wants() {
    for limits in adapters() {
        let picked =
            |conv: Conv2d, input: [usize; 4]| conv.plan(input, &limits).unwrap().algorithm();
        let conv = Conv2d::new(64, 64, [3, 3]).padding([1, 1]);
        if limits.software {
            assert_eq!(picked(conv, [1, 64, 56, 56]), Algorithm::Texel);
            continue;
        }
        let has_few_registers_or_a_scalar_unit =
            matches!(limits.subgroup_sizes, Some((8, _) | (_, 64)));
        let [dense, other] = if has_few_registers_or_a_scalar_unit {
            [Algorithm::Halo, Algorithm::Tiled]
        } else {
            [Algorithm::Gemm; 2]
        };
        assert_eq!(picked(conv.clone(), [1, 64, 56, 56]), dense);
        assert_eq!(picked(conv.clone().stride([2, 2]), [1, 64, 56, 56]), other);
        assert_eq!(picked(Conv2d::new(64, 64, [1, 1]), [1, 64, 56, 56]), other);
        // In bands of rows.
        assert_eq!(picked(conv, [1, 64, 900, 900]), dense);
        // Few output channels, and input channels that are no multiple of four.
        let few = Conv2d::new(16, 16, [3, 3]).padding([1, 1]);
        assert_eq!(picked(few.clone(), [1, 16, 56, 56]), Algorithm::Halo);
        assert_eq!(picked(few.dilation([12, 12]), [1, 16, 56, 56]), dense);
        assert_eq!(picked(Conv2d::new(16, 8, [1, 1]), [1, 16, 56, 56]), Algorithm::Tiled);
        assert_eq!(picked(Conv2d::new(3, 64, [1, 1]), [1, 3, 56, 56]), Algorithm::Tiled);
    }
}

#[test]
fn what_reads_zeros_nearly_everywhere_passes_over_them() {
    for (conv, algorithm) in [
        (Conv2d::new(2, 64, [21_845, 4]).padding([21_844, 3]), Algorithm::General),
        (Conv2d::new(1, 1, [9, 9]).padding([8, 8]), Algorithm::General),
        (Conv2d::new(1, 1, [3, 3]).padding([1, 1]), Algorithm::Strip),
    ] {
        let problem = conv.problem([1, conv.in_channels, 1, 2].into()).unwrap();
        let plan = Conv2dPlan::new(&problem, true, None, &Limits::webgpu()).unwrap();
        assert_eq!(plan.algorithm(), algorithm, "{conv:?}");
    }
}

#[test]
fn a_binding_holds_twice_as_many_elements_of_f16() {
    let conv = Conv2d::new(64, 64, [3, 3]).padding([1, 1]);
    let problem = conv.problem([8, 64, 300, 300].into()).unwrap();
    for pinned in [Algorithm::General, Algorithm::Halo, Algorithm::Tiled, Algorithm::Gemm] {
        let [full, half] = [DType::F32, DType::F16].map(|dtype| {
            let operands = Operands { bias: false, dtype };
            let limits = Limits::webgpu();
            Conv2dPlan::new(&problem, operands, Some(pinned), &limits).unwrap().dispatches()
        });
        assert_eq!([full, half], [2, 1], "{pinned}");
    }
}

#[test]
fn no_planned_text_is_too_long() {
    for shader in dense_variants().unwrap() {
        let lines = shader.compose().unwrap().lines().count();
        assert!(lines < 2400, "{}: {lines} lines", shader.label());
    }
}

/// Convolutions of small and of extreme sums.
pub(crate) fn sums_of_all_lengths() -> Vec<(Conv2d, [usize; 4])> {
    let mut problems = Vec::new();
    let channels = [1, 2, 3, 7, 16, 64, 100, 576, 4_096, 15_000, 60_001, 65_536, 1_000_000];
    let kernels = [
        [1, 1],
        [2, 1],
        [3, 3],
        [5, 5],
        [7, 7],
        [9, 9],
        [11, 11],
        [31, 31],
        [1, 48],
        [48, 1],
        [1, 200],
        [200, 1],
        [4, 1_000],
        [300, 300],
        [1, 70_003],
        [70_003, 1],
    ];
    for channels in channels {
        for [height, width] in kernels {
            for out_channels in [1, 5, 33] {
                if channels * height * width * out_channels > 1 << 24 {
                    continue;
                }
                let conv = Conv2d::new(channels, out_channels, [height, width]);
                for (padding, mode) in [
                    ([0, 0], PaddingMode::Zeros),
                    ([1, 1], PaddingMode::Zeros),
                    ([0, 1], PaddingMode::Replicate),
                ] {
                    let conv = conv.clone().padding(padding).padding_mode(mode);
                    problems.push((conv, [1, channels, height + 1, width + 2]));
                }
            }
        }
    }
    problems
}

/// What is documented: 64 and twice the root.
fn stated(products: u64) -> u64 {
    64 + (4 * products).isqrt()
}

#[test]
fn every_tile_keeps_the_bounds_of_iterations_and_of_roundings() {
    check_tiles(&tiled::TILED, |sizes, limits| Some(tiled::tile(sizes, limits)));
    check_tiles(&halo::HALO, |sizes, limits| halo::tile(sizes, limits).ok());
}

/// That every tile of a template keeps the bounds of iterations and of roundings.
pub(crate) fn check_tiles(
    template: &'static Template,
    tile: impl Fn(&Sizes, &Limits) -> Option<Tile>,
) {
    let (name, mut served) = (template.name, 0);
    for (conv, input) in sums_of_all_lengths() {
        let problem = conv.problem(input.into()).unwrap();
        let sizes = Sizes::new(&problem).unwrap();
        let products = u64::from(sizes.taps()) * u64::from(sizes.group_in_channels);
        for limits in adapters() {
            let tile = tile(&sizes, &limits).filter(|tile| tile.check_text(&sizes).is_ok());
            let Some(tile) = tile else { continue };
            let operands = Operands::from(true);
            let Ok(variant) = Variant::new(template, tile, sizes, &problem, operands) else {
                let steps = products / u64::from(tile.channel_step);
                assert!(steps > 16_384 || products > 15_000, "{name} {conv:?}");
                continue;
            };
            served += 1;
            assert!(variant.iterations() <= MOST_ITERATIONS as u64, "{name} {conv:?}");
            let roundings = tile.roundings(&sizes, variant.blocks);
            assert!(roundings <= stated(products), "{name} {conv:?}: {roundings}");
            if products <= 48 && !tile.adds_parts {
                assert_eq!(variant.blocks, Blocks::All, "{name} {conv:?}");
            }
        }
    }
    assert!(served > 500, "{name}: {served}");
}

#[test]
fn every_length_of_sums_is_served_within_the_bounds() {
    for (conv, input) in sums_of_all_lengths() {
        let problem = conv.problem(input.into()).unwrap();
        let products = problem.weight_shape().len() / problem.out_channels;
        let mut limits: Vec<_> = adapters().into();
        limits.push(Limits::webgpu().with_max_binding_bytes(1 << 20));
        for limits in limits {
            for pinned in [None, Some(Algorithm::General)] {
                let plan = Conv2dPlan::new(&problem, true, pinned, &limits);
                let plan = match plan {
                    Err(Error::DeviceLimit { quantity, .. })
                        if limits.max_binding_bytes == 1 << 20 && products > 1 << 17 =>
                    {
                        assert!(quantity.contains("one row"), "{quantity}");
                        continue;
                    }
                    plan => plan.unwrap(),
                };
                let general = match &plan.method {
                    Method::General(plan) => Some(plan),
                    _ => plan.repair.as_ref(),
                };
                let Some(sums) = general.and_then(|plan| plan.sums) else { continue };
                assert!(sums.iterations <= MOST_ITERATIONS, "{conv:?}");
                assert!(sums.roundings <= stated(products as u64), "{conv:?} {sums:?}");
            }
        }
    }
}

/// The loops of conv2d_general and of the shared sums, run.
#[test]
fn the_iterations_of_sums_are_those_that_their_loops_make() {
    for (conv, input) in [
        (Conv2d::new(100, 4, [3, 5]), [1, 100, 200, 200]),
        (Conv2d::new(3, 4, [31, 31]), [1, 3, 200, 200]),
        (Conv2d::new(65_536, 1, [1, 1]), [1, 65_536, 1, 1]),
        (Conv2d::new(1, 1, [300, 300]), [1, 1, 300, 300]),
        (Conv2d::new(2, 1, [4, 32_769]).padding([3, 32_768]), [1, 2, 7, 4]),
    ] {
        let problem = conv.problem(input.into()).unwrap();
        let plan = general::plan(&problem, true.into(), &Limits::webgpu()).unwrap();
        let sums = plan.sums.unwrap();
        let (channels, [height, width]) = (conv.in_channels, problem.most_taps());
        let mut iterations = 0;
        if sums.form == general::Form::Shared {
            let products = channels * height * width;
            for from_product in (0..products).step_by(64 * sums.block) {
                iterations += 1;
                let end = products.min(from_product + 64 * sums.block);
                iterations += (from_product..end).step_by(64).count();
            }
            iterations += crate::gpu::runtime::workgroup_sum::TREE;
        } else {
            let block = if sums.form == general::Form::Channels { sums.block } else { channels };
            iterations += channels.div_ceil(block);
            for _ in 0..channels {
                iterations += 1;
                for _ in 0..height {
                    iterations += 1 + width;
                }
            }
        }
        assert!(iterations <= sums.iterations, "{conv:?}: {iterations} of {sums:?}");
        assert!(sums.iterations <= iterations + channels, "{conv:?}: {iterations} of {sums:?}");
    }
}

#[test]
fn tiles_of_rows_far_apart_cover_every_row_once_and_none_beyond() {
    for (out_height, dilation) in [(1, 4097), (9, 12), (33, 12), (70, 2), (65, 2), (64, 1)] {
        let conv = Conv2d::new(2, 8, [5, 4]).dilation([dilation, 3]).padding(Padding::Same);
        let problem = conv.problem([1, 2, out_height, 40].into()).unwrap();
        let sizes = Sizes::new(&problem).unwrap();
        for limits in adapters() {
            let Ok(tile) = halo::tile(&sizes, &limits) else { continue };
            let tile = Tile { row_step: u32::try_from(dilation).unwrap(), ..tile };
            let [tiles, _] = tile.tiles(&sizes, tile.lanes).unwrap();
            let rows = tile.lanes[0] * tile.rows;
            let mut covered: Vec<_> = (0..tiles)
                .flat_map(|at| {
                    let first = at / tile.row_step * tile.row_step * rows + at % tile.row_step;
                    assert!((first as usize) < out_height, "{tiles} tiles for {out_height}");
                    (0..rows).map(move |row| first + row * tile.row_step)
                })
                .filter(|&row| (row as usize) < out_height)
                .collect();
            covered.sort_unstable();
            assert!(covered.into_iter().eq(0..u32::try_from(out_height).unwrap()));
        }
    }
}

#[test]
fn what_is_nan_over_zeros_is_computed_again_by_the_shader_or_by_a_dispatch() {
    for limits in adapters() {
        for (channels, by_shader) in [(8, true), (3_000, false)] {
            let conv = Conv2d::new(channels, 64, [3, 3]).padding([1, 1]);
            let problem = conv.problem([1, channels, 8, 9].into()).unwrap();
            for pinned in [Algorithm::Tiled, Algorithm::Halo, Algorithm::Gemm, Algorithm::Texel] {
                let plan = match Conv2dPlan::new(&problem, true, Some(pinned), &limits) {
                    Err(Error::Unsupported { .. }) => continue,
                    plan => plan.unwrap(),
                };
                let shaders = plan.shaders();
                let skipping =
                    shaders.iter().any(|it| it.values.contains(&("skipping", true.into())));
                let repairs =
                    shaders.iter().any(|it| it.values.contains(&("repairs", true.into())));
                assert_eq!([skipping, repairs], [by_shader, !by_shader], "{pinned} {channels}");
            }
        }
    }
}

#[test]
fn what_is_planned_for_an_adapter_with_little_workgroup_memory_fits() {
    let limits = Limits { max_workgroup_memory: 4_096, ..Limits::webgpu() };
    for limits in [limits, limits.with_software()] {
        let mut shaders = Vec::new();
        for (conv, input) in problems() {
            let problem = conv.problem(input.into()).unwrap();
            shaders.extend(Conv2dPlan::new(&problem, true, None, &limits).unwrap().shaders());
            shaders.extend(InputPlan::new(&problem, false, None, &limits).unwrap().shaders());
            shaders.extend(WeightPlan::new(&problem, None, &limits).unwrap().shaders());
        }
        let shaders = distinct(shaders);
        assert!(shaders.len() > 50, "{} shaders", shaders.len());
        for shader in shaders {
            let bytes = lints::memory::bytes(&Parsed::of(&shader));
            assert!(bytes <= limits.max_workgroup_memory, "{}: {bytes} bytes", shader.label());
        }
    }
}
