use super::general::{Loops, Owner};
use super::*;
use crate::gpu::runtime::grid::MOST_ITERATIONS;
use crate::gpu::strip::samples::SOFTWARE;
use crate::ops::AdaptivePool2dProblem;
use crate::{AdaptiveAvgPool2d, AdaptiveMaxPool2d, AvgPool2d, MaxPool2d, Shape};

/// Poolings of every kind, from a few taps to millions.
fn problems() -> Vec<Pool2dProblem> {
    let mut problems = Vec::new();
    for (input, kernel_size, stride) in [
        ([1, 3, 12, 15], [2, 3], [1, 2]),
        ([1, 3, 12, 15], [5, 5], [1, 1]),
        ([1, 3, 112, 115], [9, 9], [1, 1]),
        ([1, 3, 112, 115], [13, 11], [1, 1]),
        ([1, 3, 112, 115], [1, 32], [1, 2]),
        ([1, 3, 400, 415], [33, 1], [1, 2]),
        ([1, 3, 400, 415], [2, 300], [1, 1]),
        ([1, 3, 400, 415], [400, 3], [1, 1]),
        ([1, 3, 400, 415], [255, 1], [1, 1]),
        ([2, 2, 512, 515], [256, 257], [1, 1]),
        ([2, 2, 512, 515], [128, 128], [128, 128]),
        ([1, 1, 3, 1_000_001], [3, 1_000_000], [1, 1]),
        ([1, 1, 3_840_000, 1], [3_800_000, 1], [1, 1]),
        ([1, 1, 4_000, 4_001], [4_000, 4_000], [1, 1]),
        ([1, 64, 1_500, 1_500], [1_500, 1_500], [1, 1]),
    ] {
        let max = MaxPool2d::new(kernel_size).stride(stride);
        let max = max.padding(kernel_size.map(|size| size / 2)).problem(input.into()).unwrap();
        problems.extend([false, true].map(|indices| Pool2dProblem::max(&max, indices)));
        for average in
            [AvgPool2d::new(kernel_size), AvgPool2d::new(kernel_size).divisor_override(3)]
        {
            let average = average.stride(stride).problem(input.into()).unwrap();
            problems.push(Pool2dProblem::average(&average));
        }
    }
    for (input, output_size) in [
        ([1, 3, 12, 15], [5, 4]),
        ([1, 3, 7, 9], [70, 90]),
        ([1, 512, 7, 7], [1, 1]),
        ([1, 3, 256, 256], [1, 1]),
        ([1, 3, 512, 513], [2, 2]),
        ([1, 1, 1, 1_000_001], [1, 3]),
        ([1, 1, 4_000, 4_001], [1, 1]),
    ] {
        let average = AdaptiveAvgPool2d::new(output_size).problem(input.into()).unwrap();
        problems.push(Pool2dProblem::adaptive_average(&average));
        let max = AdaptiveMaxPool2d::new(output_size).problem(input.into()).unwrap();
        problems.push(Pool2dProblem::adaptive_max(&max, true));
    }
    problems
}

/// A plan, or the two that it is made of.
fn parts(problem: Pool2dProblem, plan: Pool2dPlan) -> Vec<(Pool2dProblem, Pool2dPlan)> {
    match plan {
        Pool2dPlan::Separable(plan) => [plan.rows, plan.columns]
            .into_iter()
            .flat_map(|(problem, plan)| parts(problem, plan))
            .collect(),
        plan => vec![(problem, plan)],
    }
}

/// The iterations that the shaders' loops over so many rows and columns make.
fn iterations(loops: &Loops, [rows, columns]: [usize; 2]) -> usize {
    let mut count = 0;
    match loops.owner {
        Owner::Invocation => {
            for from_y in (0..rows).step_by(loops.block) {
                count += 1;
                for _ in from_y..rows.min(from_y + loops.block) {
                    count += 1;
                    for from_x in (0..columns).step_by(loops.block) {
                        count += 1 + columns.min(from_x + loops.block) - from_x;
                    }
                }
            }
        }
        Owner::Workgroup => {
            let taps = rows * columns;
            for from in (0..taps).step_by(64 * loops.block) {
                count += 1 + (from..taps.min(from + 64 * loops.block)).step_by(64).count();
            }
            // Halves of the workgroup.
            count += 6;
        }
    }
    count
}

/// The most roundings of a term of a sum.
fn roundings(problem: &Pool2dProblem, plan: &Pool2dPlan) -> usize {
    let [rows, columns] = problem.taps();
    let chain = |terms: usize, block: usize| terms.min(block) + terms.div_ceil(block);
    let sum = match plan {
        Pool2dPlan::General(_) => {
            let loops = Loops::over(problem.taps());
            match loops.owner {
                Owner::Invocation => chain(rows, loops.block) + chain(columns, loops.block),
                Owner::Workgroup => chain((rows * columns).div_ceil(64), loops.block) + 6,
            }
        }
        Pool2dPlan::Strip(_) => rows + columns,
        Pool2dPlan::Software(plan) if plan.algorithm() == Algorithm::Windows => rows + columns,
        // Blocks of 72 in a uniform window.
        Pool2dPlan::Software(_) => chain(rows * columns, 72),
        // 8 invocations a plane with one sum each, or up to 64 with four.
        Pool2dPlan::Global(_) if rows * columns <= 256 => (rows * columns).div_ceil(8) + 12,
        Pool2dPlan::Global(_) => (rows * columns).div_ceil(256) + 12,
        Pool2dPlan::Separable(_) => unreachable!("it has parts"),
    };
    sum + 1
}

#[test]
fn every_pooling_is_served_within_the_bounds_of_iterations_and_of_roundings() {
    let mut shared = 0;
    for problem in problems() {
        let [rows, columns] = problem.taps();
        let stated = 64 + (4 * rows * columns).isqrt();
        for limits in [Limits::webgpu(), Limits::webgpu().with_subgroups(32, 32), SOFTWARE] {
            for pinned in [None, Some(Algorithm::General), Some(Algorithm::Separable)] {
                let plan = match Pool2dPlan::new(&problem, pinned, &limits) {
                    Err(crate::Error::Unsupported { .. }) => continue,
                    // A workgroup goes through 3.8 million taps.
                    Err(crate::Error::DeviceLimit { quantity, .. })
                        if pinned == Some(Algorithm::General) && rows * columns > 3_800_000 =>
                    {
                        assert!(quantity.contains("iterations"), "{quantity}");
                        continue;
                    }
                    plan => plan.unwrap(),
                };
                let parts = parts(problem, plan);
                for (problem, plan) in &parts {
                    if !matches!(plan, Pool2dPlan::General(_)) {
                        continue;
                    }
                    let loops = Loops::over(problem.taps());
                    shared += usize::from(loops.owner == Owner::Workgroup);
                    let iterations = iterations(&loops, problem.taps());
                    assert!(iterations <= loops.iterations, "{problem:?}");
                    assert!(loops.iterations <= MOST_ITERATIONS, "{problem:?}");
                }
                let roundings: usize = parts.iter().map(|part| roundings(&part.0, &part.1)).sum();
                let is_sum = matches!(problem.reduction, Reduction::Average(_));
                assert!(!is_sum || roundings <= stated, "{roundings} of {stated}: {problem:?}");
            }
        }
    }
    assert!(shared > 50, "{shared}");
}

#[test]
fn every_gradient_of_a_pooling_is_served_within_the_bound_of_iterations() {
    let mut separable = 0;
    for problem in problems() {
        for limits in [Limits::webgpu(), SOFTWARE] {
            let passes = if gradients::is_separable(&problem, &limits) {
                separable += 1;
                separable::split(&problem).to_vec()
            } else {
                vec![problem]
            };
            for problem in passes {
                let windows = gradients::windows_of_cell(&problem);
                let loops = Loops::over(windows);
                let taken = iterations(&loops, windows);
                assert!(taken <= loops.iterations && loops.iterations <= MOST_ITERATIONS);
                gradients::plan(&problem, &loops, &limits).unwrap();
            }
        }
    }
    assert!(separable > 10, "{separable}");
}

#[test]
fn no_window_and_no_cell_has_more_taps_or_windows_than_is_planned_for() {
    for size in [1_usize, 2, 3, 7, 12, 13, 64] {
        for out in [1_usize, 2, 3, 5, 8, 12, 13, 40, 200] {
            let shape = |height| Shape::new(1, 1, height, 1);
            let pool = AdaptiveAvgPool2d::new([out, 1]).problem(shape(size)).unwrap();
            let problem = Pool2dProblem::adaptive_average(&pool);
            let window = |i| AdaptivePool2dProblem::window(size, out, i);
            let longest = (0..out).map(|i| window(i)[1] - window(i)[0]).max().unwrap();
            assert!(longest <= problem.taps()[0], "{size} to {out}");
            let containing =
                |at: usize| (0..out).filter(move |&i| (window(i)[0]..window(i)[1]).contains(&at));
            let most = (0..size).map(|at| containing(at).count()).max().unwrap();
            assert!(most <= gradients::windows_of_cell(&problem)[0], "{size} to {out}");
        }
    }
}

#[test]
fn a_plan_of_two_poolings_with_more_between_them_than_a_buffer_holds_is_none() {
    // 2^25 rows of 2 become one of 2^20, by way of 2^45.
    let pool = AdaptiveAvgPool2d::new([1, 1 << 20]).problem([1, 1, 1 << 25, 2].into()).unwrap();
    let problem = Pool2dProblem::adaptive_average(&pool);
    let limits = Limits::webgpu();
    let part = |problem: &Pool2dProblem| Pool2dPlan::new(problem, None, &limits);
    assert!(separable::Plan::new(&problem, &limits, part).unwrap().is_none());
    assert!(!gradients::is_separable(&problem, &limits));
    let error = Pool2dPlan::new(&problem, None, &limits).unwrap_err();
    assert!(matches!(error, crate::Error::DeviceLimit { .. }), "{error}");
}
