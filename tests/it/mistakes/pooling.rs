//! Mistakes in pooling.

use filtro::{AvgPool2d, MaxPool2d, Padding, Shape};
use ndarray::Array4;

use super::{counting, on_every_gradient_runner, on_every_runner, plane, row, text};
use crate::compare::{equal, identical, indices, within_rounding};

#[test]
fn mistake_01_the_ceil_overhang_counts_in_no_divisor() {
    // Rows: windows at -1 and 1 of 3 over 4 + 2, and at 3, where 3 would reach 6 but the padded
    // input ends at 5: 3, 3, 2 cells of which 2, 3, 1 hold ones.
    // Columns: windows at -2, 1, 4 of 5 over 6 + 4: 5, 5, 4 cells of which 3, 5, 2 hold ones.
    let ones = Array4::ones([1, 1, 4, 6]);
    let pool = AvgPool2d::new([3, 5]).stride([2, 3]).padding([1, 2]).ceil_mode(true);
    let (rows, columns) = ([2.0 / 3.0, 3.0 / 3.0, 1.0 / 2.0], [3.0 / 5.0, 5.0 / 5.0, 2.0 / 4.0]);
    let expected = Array4::from_shape_fn([1, 1, 3, 3], |(_, _, y, x)| rows[y] * columns[x]);
    on_every_runner("avg_pool2d", |runner| {
        let output = runner.pool(&pool, &ones).map_err(text)?;
        within_rounding("include", &output, &expected, &expected)?;
        let inside = pool.clone().count_include_pad(false);
        let output = runner.pool(&inside, &ones).map_err(text)?;
        equal("exclude", &output, &Array4::<f32>::ones([1, 1, 3, 3]))
    });
}

#[test]
fn mistake_02_with_ceil_mode_no_window_starts_behind_the_input() {
    // (6 + 2 - 2) / 5 rounded up is 2, so 3 windows at -1, 4, 9; the last starts behind the 6 rows.
    // (5 - 1) / 4 + 1 = 2 windows at 0 and 4.
    let input = counting([1, 1, 6, 5]);
    let max = MaxPool2d::new([2, 1]).stride([5, 4]).padding([1, 0]).ceil_mode(true);
    let avg = AvgPool2d::new([2, 1]).stride([5, 4]).padding([1, 0]).ceil_mode(true);
    on_every_runner("max_pool2d", |runner| {
        let output = runner.pool(&max, &input).map_err(text)?;
        equal("output", &output, &plane([[1.0, 5.0], [26.0, 30.0]]))
    });
    on_every_runner("avg_pool2d", |runner| {
        let output = runner.pool(&avg, &input).map_err(text)?;
        equal("output", &output, &plane([[0.5, 2.5], [23.5, 27.5]]))
    });
    // The last window starts in the padding behind a row of 1: (1 + 2 - 2 + 1) / 2 + 1 = 2 become 1.
    let pool = MaxPool2d::new([2, 2]).stride([2, 2]).padding([1, 0]).ceil_mode(true);
    assert_eq!(pool.output_shape([1, 1, 1, 3]), Ok(Shape::new(1, 1, 1, 2)));
}

#[test]
fn mistake_02_with_ceil_mode_only_the_padding_before_keeps_a_window() {
    let of = |before, behind| {
        let padding = Padding::sides(0, 0, before, behind);
        let pool = MaxPool2d::new([1, 4]).stride([1, 3]).padding(padding).ceil_mode(true);
        pool.output_shape([1, 1, 1, 4]).map(|output| output.width)
    };
    // (4 + 2 + 0 - 4 + 2) / 3 + 1 = 2 at -2, 1; (4 + 0 + 2 - 4 + 2) / 3 + 1 = 2 at 0, 3;
    // (4 + 2 + 2 - 4 + 2) / 3 + 1 = 3 at -2, 1, 4, of which the last starts behind the input.
    assert_eq!([of(2, 0), of(0, 2), of(2, 2)], [Ok(2), Ok(2), Ok(2)]);
    // (4 + 1 + 2 - 4 + 2) / 3 + 1 = 2 at -1, 2. And (4 + 0 + 0 - 4 + 2) / 3 + 1 = 1.
    assert_eq!([of(1, 2), of(0, 0)], [Ok(2), Ok(1)]);
    // With stride 4 the second window starts at 4 of the padded columns: at 2 of the input where 2
    // lie before it, and behind the input where none does.
    let keeps = |padding| {
        let pool = MaxPool2d::new([1, 4]).stride([1, 4]).padding(padding).ceil_mode(true);
        pool.output_shape([1, 1, 1, 4]).map(|output| output.width)
    };
    assert_eq!(keeps(Padding::sides(0, 0, 2, 0)), Ok(2));
    assert_eq!(keeps(Padding::sides(0, 0, 0, 2)), Ok(1));
}

#[test]
fn sides_are_padded_each_by_itself() {
    // 4 columns, 1 before and none behind, kernel 3, stride 2: windows at -1 and 1.
    // None before and 1 behind: at 0 and 2.
    let input = row([1.0, 2.0, 4.0, 8.0]);
    let (before, behind) = (Padding::sides(0, 0, 1, 0), Padding::sides(0, 0, 0, 1));
    let max = |padding| MaxPool2d::new([1, 3]).stride([1, 2]).padding(padding);
    let avg = |padding| AvgPool2d::new([1, 3]).stride([1, 2]).padding(padding);
    on_every_runner("max_pool2d", |runner| {
        for (padding, values, places) in
            [(before, [2.0, 8.0], [1, 3]), (behind, [4.0, 8.0], [2, 3])]
        {
            let (output, found) = runner.pool_with_indices(&max(padding), &input).map_err(text)?;
            equal("maxima", &output, &row(values))?;
            let places = Array4::from_shape_fn([1, 1, 1, 2], |(.., x)| places[x]);
            indices("indices", &found, &places)?;
        }
        Ok(())
    });
    on_every_runner("avg_pool2d", |runner| {
        for (padding, include, sums, divisors) in [
            (before, true, [3.0, 14.0], [3.0, 3.0]),
            (before, false, [3.0, 14.0], [2.0, 3.0]),
            (behind, true, [7.0, 12.0], [3.0, 3.0]),
            (behind, false, [7.0, 12.0], [3.0, 2.0]),
        ] {
            let pool = avg(padding).count_include_pad(include);
            let output = runner.pool(&pool, &input).map_err(text)?;
            let means = [sums[0] / divisors[0], sums[1] / divisors[1]];
            within_rounding(
                "means",
                &output,
                &row(means).mapv(f64::from),
                &row(means).mapv(f64::from),
            )?;
        }
        // The window at 4 of 5 + 1 cells hangs over the one cell behind: 8 of 2 cells, or of 1;
        // with 1 before instead it starts at 3 and hangs over nothing that counts.
        let input = row([1.0, 2.0, 4.0, 2.0, 8.0]);
        let avg = |padding| avg(padding).ceil_mode(true);
        let output = runner.pool(&avg(behind).stride([1, 4]), &input).map_err(text)?;
        let means = [7.0 / 3.0, 8.0 / 2.0];
        within_rounding(
            "behind",
            &output,
            &row(means).mapv(f64::from),
            &row(means).mapv(f64::from),
        )?;
        let output = runner.pool(&avg(before).stride([1, 4]), &input).map_err(text)?;
        let means = [3.0 / 3.0, 10.0 / 2.0];
        within_rounding("before", &output, &row(means).mapv(f64::from), &row(means).mapv(f64::from))
    });
    on_every_gradient_runner("avg_pool2d", |runner| {
        let shape = Shape::new(1, 1, 1, 4);
        let grad_output = row([6.0, 12.0]);
        for (padding, include, expected) in [
            (before, true, [2.0, 6.0, 4.0, 4.0]),
            (before, false, [3.0, 7.0, 4.0, 4.0]),
            (behind, true, [2.0, 2.0, 6.0, 4.0]),
            (behind, false, [2.0, 2.0, 8.0, 6.0]),
        ] {
            let pool = avg(padding).count_include_pad(include);
            let grad_input = runner.average_backward(&pool, shape, &grad_output).map_err(text)?;
            equal("grad_input", &grad_input, &row(expected))?;
        }
        Ok(())
    });
    // Each side is limited, not both together nor the mean of both.
    for (padding, fits) in [
        (Padding::sides(1, 1, 1, 1), true),
        (Padding::sides(2, 0, 0, 0), false),
        (Padding::sides(0, 2, 0, 0), false),
        (Padding::sides(0, 0, 2, 0), false),
        (Padding::sides(0, 0, 0, 2), false),
    ] {
        let (max, avg) = (MaxPool2d::new([3, 3]), AvgPool2d::new([3, 3]));
        assert_eq!(max.padding(padding).output_shape([1, 1, 5, 6]).is_ok(), fits);
        assert_eq!(avg.padding(padding).output_shape([1, 1, 5, 6]).is_ok(), fits);
    }
}

#[test]
fn same_of_a_pooling_depends_on_the_input_and_counts_what_it_is_told() {
    // Of 5 columns 3 windows of 3 at stride 2 need 7, so 1 and 1. Of 6 columns as many need 7, one
    // more than there is: behind, or before. Of 4 rows 2 windows of 2 at stride 3 need 5.
    let five = row([1.0, 2.0, 4.0, 8.0, 16.0]);
    let six = row([1.0, 2.0, 4.0, 8.0, 16.0, 32.0]);
    let four = plane([[1.0], [2.0], [4.0], [8.0]]);
    let max = |padding| MaxPool2d::new([1, 3]).stride([1, 2]).padding(padding);
    let avg = |padding| AvgPool2d::new([1, 3]).stride([1, 2]).padding(padding);
    let tall = |padding| MaxPool2d::new([2, 1]).stride([3, 1]).padding(padding);
    let (upper, lower) = (Padding::SameUpper, Padding::SameLower);
    on_every_runner("max_pool2d", |runner| {
        for (pool, input, expected) in [
            (max(upper), &five, [2.0, 8.0, 16.0]),
            (max(lower), &five, [2.0, 8.0, 16.0]),
            (max(upper), &six, [4.0, 16.0, 32.0]),
            (max(lower), &six, [2.0, 8.0, 32.0]),
        ] {
            for ceil_mode in [false, true] {
                let pool = pool.clone().ceil_mode(ceil_mode);
                let output = runner.pool(&pool, input).map_err(text)?;
                equal("maxima", &output, &row(expected))?;
            }
        }
        let output = runner.pool(&tall(upper), &four).map_err(text)?;
        equal("rows upper", &output, &plane([[2.0], [8.0]]))?;
        let output = runner.pool(&tall(lower), &four).map_err(text)?;
        equal("rows lower", &output, &plane([[1.0], [8.0]]))
    });
    on_every_runner("avg_pool2d", |runner| {
        for (padding, include, sums, divisors) in [
            (upper, true, [7.0, 28.0, 48.0], [3.0, 3.0, 3.0]),
            (upper, false, [7.0, 28.0, 48.0], [3.0, 3.0, 2.0]),
            (lower, true, [3.0, 14.0, 56.0], [3.0, 3.0, 3.0]),
            (lower, false, [3.0, 14.0, 56.0], [2.0, 3.0, 3.0]),
        ] {
            let pool = avg(padding).count_include_pad(include);
            let output = runner.pool(&pool, &six).map_err(text)?;
            let means: Vec<f64> = sums.iter().zip(divisors).map(|(sum, by)| sum / by).collect();
            let means = Array4::from_shape_vec([1, 1, 1, 3], means).unwrap();
            within_rounding("means", &output, &means, &means)?;
        }
        Ok(())
    });
    // PyTorch's same, with stride 1, puts the odd cell behind as for convolutions.
    let same = MaxPool2d::new([1, 4]).stride([1, 1]).padding(Padding::Same);
    on_every_runner("max_pool2d", |runner| {
        let output = runner.pool(&same, &row([9.0, 1.0, 2.0, 3.0, 4.0])).map_err(text)?;
        equal("same", &output, &row([9.0, 9.0, 4.0, 4.0, 4.0]))
    });
}

#[test]
fn mistake_08_padding_never_wins_the_maximum() {
    let input = plane([[-5.0, -3.0, -9.0], [-7.0, -8.0, -2.0]]);
    let pool = MaxPool2d::new([2, 3]).stride([1, 2]).padding([1, 1]);
    on_every_runner("max_pool2d", |runner| {
        let (output, found) = runner.pool_with_indices(&pool, &input).map_err(text)?;
        equal("output", &output, &plane([[-3.0, -3.0], [-3.0, -2.0], [-7.0, -2.0]]))?;
        let expected = [[1, 1], [1, 5], [3, 5]];
        let expected = Array4::from_shape_fn([1, 1, 3, 2], |(_, _, y, x)| expected[y][x]);
        indices("indices", &found, &expected)
    });
}

#[test]
fn mistake_09_ties_nan_negative_infinity_and_empty_windows() {
    const NAN: f32 = f32::NAN;
    const LOW: f32 = f32::NEG_INFINITY;
    let triples = MaxPool2d::new([1, 3]);
    for (what, input, value, index) in [
        ("the first of equals", [4.0, 7.0, 7.0], 7.0, 1),
        ("0.0 before -0.0", [0.0, -0.0, 0.0], 0.0, 0),
        ("-0.0 before 0.0", [-0.0, 0.0, -1.0], -0.0, 0),
        ("NaN first", [NAN, 1.0, f32::INFINITY], NAN, 0),
        ("NaN in the middle", [9.0, NAN, 1.0], NAN, 1),
        ("NaN last", [9.0, 1.0, NAN], NAN, 2),
        ("the last of two NaN", [NAN, 5.0, NAN], NAN, 2),
        ("the last of NaN before a number", [NAN, NAN, 5.0], NAN, 1),
        ("NaN among -inf", [LOW, NAN, LOW], NAN, 1),
        ("-inf only", [LOW, LOW, LOW], LOW, 0),
        ("-inf and the lowest number", [LOW, f32::MIN, LOW], f32::MIN, 1),
        ("subnormal numbers", [1e-45, 3e-45, -1e-45], 3e-45, 1),
        ("subnormal above zero", [0.0, 1e-45, 0.0], 1e-45, 1),
        ("zero above a negative subnormal", [-1e-45, -0.0, 0.0], -0.0, 1),
    ] {
        on_every_runner("max_pool2d", |runner| {
            let input = row(input);
            let output = runner.pool(&triples, &input).map_err(text)?;
            identical(what, &output, &row([value]))?;
            let (output, found) = runner.pool_with_indices(&triples, &input).map_err(text)?;
            identical(what, &output, &row([value]))?;
            indices(what, &found, &Array4::from_elem([1, 1, 1, 1], index))
        });
    }
    // Taps at -2 and 2 of two columns: none inside. At -1 and 3; at 0 and 4 the first is inside.
    let empty = MaxPool2d::new([1, 2]).stride([1, 1]).padding([0, 2]).dilation([1, 4]);
    let expected = [u32::MAX, u32::MAX];
    let expected = Array4::from_shape_fn([1, 1, 1, 2], |(_, _, _, x)| expected[x]);
    on_every_runner("max_pool2d", |runner| {
        let (output, found) = runner.pool_with_indices(&empty, &row([5.0, NAN])).map_err(text)?;
        identical("empty", &output, &row([LOW, LOW]))?;
        indices("empty", &found, &expected)
    });
    on_every_gradient_runner("max_pool2d", |runner| {
        let grad_output = row([3.0, 4.0]);
        let grad_input = runner
            .maximum_backward(&empty, Shape::new(1, 1, 1, 2), &expected, &grad_output)
            .map_err(text)?;
        equal("empty", &grad_input, &row([0.0, 0.0]))
    });
}

#[test]
fn mistake_10_pooling_knows_dilation() {
    // Taps 0, 3 of rows and 0, 2, 4 of columns: (7 - 4) / 1 + 1 = 4 x (6 - 5) / 1 + 1 = 2 windows,
    // each of increasing numbers, so the last tap wins.
    let pool = MaxPool2d::new([2, 3]).stride([1, 1]).dilation([3, 2]);
    let input = counting([1, 1, 7, 6]);
    on_every_runner("max_pool2d", |runner| {
        let output = runner.pool(&pool, &input).map_err(text)?;
        equal("last", &output, &plane([[23.0, 24.0], [29.0, 30.0], [35.0, 36.0], [41.0, 42.0]]))?;
        let output = runner.pool(&pool, &input.mapv(|value| -value)).map_err(text)?;
        equal(
            "first",
            &output,
            &plane([[-1.0, -2.0], [-7.0, -8.0], [-13.0, -14.0], [-19.0, -20.0]]),
        )
    });
    // Padding is limited by half of what the dilated kernel spans: 5 / 2, not 2 / 2.
    let pool = MaxPool2d::new([2, 1]).stride([1, 1]).dilation([4, 1]);
    assert!(pool.clone().padding([2, 0]).output_shape([1, 1, 5, 3]).is_ok());
    assert!(pool.padding([3, 0]).output_shape([1, 1, 5, 3]).is_err());
}
