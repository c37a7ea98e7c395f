//! Poolings.

use filtro::{AdaptiveAvgPool2d, AdaptiveMaxPool2d, AvgPool2d, MaxPool2d, Padding};

use crate::case::{Case, Operation};

/// Every option of MaxPool2d off its default, alone and together.
pub fn max_pool2d() -> Vec<Case> {
    type Set = fn(MaxPool2d) -> MaxPool2d;
    let cases: [(&str, [usize; 4], [usize; 2], Set); 34] = [
        ("defaults", [2, 3, 7, 8], [2, 3], |pool| pool),
        ("overlapping", [1, 2, 7, 6], [3, 2], |pool| pool.stride([2, 1])),
        ("stride_larger_than_kernel", [1, 2, 9, 10], [2, 1], |pool| pool.stride([3, 4])),
        ("padding", [1, 2, 5, 6], [3, 4], |pool| pool.stride([2, 1]).padding([1, 2])),
        ("padding_of_one_axis", [1, 3, 6, 7], [3, 2], |pool| pool.stride([1, 2]).padding([0, 1])),
        ("dilation", [1, 2, 8, 9], [3, 2], |pool| pool.stride([1, 2]).dilation([2, 3])),
        ("padding_beyond_half_of_the_undilated_kernel", [1, 2, 8, 7], [3, 2], |pool| {
            pool.stride([1, 2]).dilation([3, 4]).padding([3, 2])
        }),
        ("dilation_padding_stride", [2, 1, 9, 8], [2, 3], |pool| {
            pool.stride([3, 2]).padding([1, 2]).dilation([3, 2])
        }),
        ("window_without_a_tap_inside", [1, 2, 2, 3], [2, 2], |pool| {
            pool.stride([1, 2]).padding([2, 3]).dilation([4, 5])
        }),
        ("ceil_mode", [1, 2, 6, 8], [3, 2], |pool| pool.stride([2, 3]).ceil_mode(true)),
        ("ceil_mode_drops_the_last_window", [1, 2, 1, 5], [2, 3], |pool| {
            pool.stride([2, 4]).padding([1, 0]).ceil_mode(true)
        }),
        ("ceil_mode_drops_with_stride_larger_than_kernel", [1, 2, 6, 5], [2, 1], |pool| {
            pool.stride([5, 4]).padding([1, 0]).ceil_mode(true)
        }),
        ("ceil_mode_kernel_larger_than_input", [1, 2, 5, 3], [6, 4], |pool| {
            pool.stride([2, 3]).ceil_mode(true)
        }),
        ("ceil_mode_all_options", [1, 2, 11, 10], [3, 4], |pool| {
            pool.stride([3, 2]).padding([1, 2]).dilation([2, 3]).ceil_mode(true)
        }),
        ("one_pixel", [2, 3, 1, 1], [1, 1], |pool| pool),
        ("one_pixel_padded", [1, 2, 1, 1], [2, 3], |pool| pool.padding([1, 0]).ceil_mode(true)),
        ("kernel_as_large_as_the_input", [2, 2, 4, 3], [4, 3], |pool| pool),
        ("kernel_of_one", [1, 2, 6, 5], [1, 1], |pool| pool.stride([2, 1])),
        ("kernel_row", [1, 2, 3, 17], [1, 5], |pool| pool.stride([1, 2])),
        ("kernel_column", [1, 2, 17, 3], [5, 1], |pool| pool.stride([2, 1])),
        ("large_kernel", [1, 2, 19, 23], [13, 9], |pool| pool.stride([3, 2]).padding([6, 4])),
        ("many_taps", [1, 2, 25, 37], [17, 19], |pool| pool.stride([1, 2]).padding([8, 9])),
        ("many_taps_dilation_ceil_mode", [1, 2, 41, 60], [17, 19], |pool| {
            pool.stride([2, 3]).padding([5, 7]).dilation([2, 3]).ceil_mode(true)
        }),
        ("long_row", [1, 2, 3, 700], [1, 300], |pool| pool.stride([1, 1]).padding([0, 150])),
        ("long_column", [1, 2, 700, 3], [300, 1], |pool| pool.stride([1, 1]).padding([150, 0])),
        ("row_as_long_as_is_unrolled", [1, 2, 5, 71], [1, 32], |pool| {
            pool.stride([1, 2]).padding([0, 16])
        }),
        ("empty_batch", [0, 2, 5, 4], [3, 2], |pool| pool),
        ("wide", [1, 3, 5, 67], [2, 3], |pool| pool.stride([2, 1]).padding([0, 1])),
        ("many_planes", [3, 13, 6, 5], [2, 3], |pool| pool.stride([1, 2])),
        ("same", [1, 2, 6, 9], [4, 3], |pool| pool.stride([1, 1]).padding(Padding::Same)),
        ("sides_of_a_large_kernel", [1, 2, 19, 23], [13, 9], |pool| {
            pool.stride([3, 2]).padding(Padding::sides(6, 1, 0, 4)).ceil_mode(true)
        }),
        ("sides_of_many_taps_with_dilation", [1, 2, 41, 60], [17, 19], |pool| {
            let pool = pool.stride([2, 3]).dilation([2, 3]);
            pool.padding(Padding::sides(0, 16, 27, 2))
        }),
        ("sides_window_without_a_tap_inside", [1, 2, 2, 3], [2, 2], |pool| {
            pool.stride([1, 2]).padding(Padding::sides(2, 1, 1, 3)).dilation([4, 5])
        }),
        ("same_upper_of_many_taps", [1, 2, 25, 37], [17, 19], |pool| {
            pool.stride([1, 2]).padding(Padding::SameUpper)
        }),
    ];
    let layers: [(&str, [usize; 4], [usize; 2], Set); 4] = [
        ("layer_2x2", [2, 8, 14, 18], [2, 2], |pool| pool),
        ("layer_3x3_stride_2", [1, 8, 15, 22], [3, 3], |pool| pool.stride([2, 2]).padding([1, 1])),
        ("layer_3x3_stride_2_ceil", [1, 8, 14, 21], [3, 3], |pool| {
            pool.stride([2, 2]).ceil_mode(true)
        }),
        ("layer_5x5_stride_1", [1, 4, 13, 20], [5, 5], |pool| pool.stride([1, 1]).padding([2, 2])),
    ];
    let cases = cases.into_iter().chain(layers).map(|(name, input, kernel_size, set)| {
        Case::new(name, Operation::MaxPool2d(set(MaxPool2d::new(kernel_size))), input)
    });
    let padded = UNEVEN.into_iter().map(|(name, input, kernel_size, stride, padding)| {
        let pool = MaxPool2d::new(kernel_size).stride(stride).padding(padding);
        let pool = pool.ceil_mode(name.ends_with("ceil_mode"));
        Case::new(name, Operation::MaxPool2d(pool), input)
    });
    cases.chain(padded).collect()
}

type Uneven = (&'static str, [usize; 4], [usize; 2], [usize; 2], Padding);

/// Opposite sides that are padded differently, and what is padded by what the windows need: the
/// input, the kernel and the stride.
const UNEVEN: [Uneven; 14] = [
    ("side_top", [1, 2, 6, 7], [3, 4], [2, 3], Padding::sides(1, 0, 0, 0)),
    ("side_bottom", [1, 2, 6, 7], [3, 4], [2, 3], Padding::sides(0, 1, 0, 0)),
    ("side_left", [1, 2, 6, 7], [3, 4], [2, 3], Padding::sides(0, 0, 2, 0)),
    ("side_right", [1, 2, 6, 7], [3, 4], [2, 3], Padding::sides(0, 0, 0, 2)),
    ("sides", [2, 3, 9, 14], [3, 5], [2, 1], Padding::sides(1, 0, 0, 2)),
    ("sides_ceil_mode", [1, 2, 7, 9], [3, 4], [2, 3], Padding::sides(0, 1, 2, 0)),
    (
        "sides_last_window_dropped_ceil_mode",
        [1, 2, 1, 6],
        [3, 1],
        [2, 5],
        Padding::sides(1, 0, 0, 0),
    ),
    ("sides_last_window_kept_ceil_mode", [1, 2, 1, 5], [5, 2], [2, 3], Padding::sides(2, 1, 1, 0)),
    ("same_upper", [1, 3, 6, 11], [3, 4], [2, 3], Padding::SameUpper),
    ("same_lower", [1, 3, 6, 11], [3, 4], [2, 3], Padding::SameLower),
    ("same_upper_ceil_mode", [1, 2, 5, 9], [2, 3], [3, 2], Padding::SameUpper),
    ("same_upper_stride_larger_than_kernel", [1, 2, 10, 7], [2, 1], [3, 4], Padding::SameUpper),
    ("same_lower_one_pixel", [1, 2, 1, 1], [3, 2], [2, 5], Padding::SameLower),
    ("same_upper_of_an_empty_batch", [0, 2, 5, 4], [3, 2], [2, 3], Padding::SameUpper),
];

/// Every option of AvgPool2d off its default, alone and together.
pub fn avg_pool2d() -> Vec<Case> {
    type Set = fn(AvgPool2d) -> AvgPool2d;
    let single: [(&str, [usize; 4], [usize; 2], Set); 16] = [
        ("layer_2x2", [2, 8, 14, 18], [2, 2], |pool| pool),
        ("layer_3x3_stride_1", [1, 8, 12, 17], [3, 3], |pool| pool.stride([1, 1]).padding([1, 1])),
        ("defaults", [2, 3, 7, 8], [2, 3], |pool| pool),
        ("overlapping", [1, 2, 7, 6], [3, 2], |pool| pool.stride([2, 1])),
        ("stride_larger_than_kernel", [1, 2, 9, 10], [2, 1], |pool| pool.stride([3, 4])),
        ("one_pixel", [2, 3, 1, 1], [1, 1], |pool| pool),
        ("kernel_as_large_as_the_input", [2, 2, 4, 3], [4, 3], |pool| pool),
        ("empty_batch", [0, 2, 5, 4], [3, 2], |pool| pool),
        ("divisor_override", [1, 2, 5, 6], [3, 4], |pool| {
            pool.stride([2, 1]).padding([1, 2]).divisor_override(5)
        }),
        ("divisor_override_negative", [1, 2, 6, 8], [3, 2], |pool| {
            pool.stride([2, 3]).ceil_mode(true).divisor_override(-3)
        }),
        ("divisor_override_beats_exclude", [1, 2, 5, 4], [3, 2], |pool| {
            pool.padding([1, 0]).count_include_pad(false).divisor_override(7)
        }),
        ("large_kernel", [1, 2, 19, 23], [13, 9], |pool| pool.stride([3, 2]).padding([6, 4])),
        ("many_taps_divisor_override", [1, 2, 25, 37], [17, 19], |pool| {
            pool.stride([1, 2]).padding([8, 9]).divisor_override(-6)
        }),
        ("long_row", [1, 2, 3, 700], [1, 300], |pool| pool.stride([1, 1]).padding([0, 150])),
        ("long_column", [1, 2, 700, 3], [300, 1], |pool| pool.stride([1, 1]).padding([150, 0])),
        ("row_as_long_as_is_unrolled", [1, 2, 5, 71], [1, 32], |pool| {
            pool.stride([1, 2]).padding([0, 16])
        }),
    ];
    let counted: [(&str, [usize; 4], [usize; 2], Set); 10] = [
        ("many_taps", [1, 2, 41, 60], [17, 19], |pool| {
            pool.stride([2, 3]).padding([5, 7]).ceil_mode(true)
        }),
        ("padding", [1, 2, 5, 6], [3, 4], |pool| pool.stride([2, 1]).padding([1, 2])),
        ("ceil_mode", [1, 2, 6, 8], [3, 2], |pool| pool.stride([2, 3]).ceil_mode(true)),
        ("ceil_mode_with_padding", [1, 2, 4, 6], [3, 5], |pool| {
            pool.stride([2, 3]).padding([1, 2]).ceil_mode(true)
        }),
        ("ceil_mode_drops_the_last_window", [1, 2, 1, 5], [2, 3], |pool| {
            pool.stride([2, 4]).padding([1, 0]).ceil_mode(true)
        }),
        ("ceil_mode_kernel_larger_than_input", [1, 2, 5, 3], [6, 4], |pool| {
            pool.stride([2, 3]).padding([1, 2]).ceil_mode(true)
        }),
        ("one_pixel_padded", [1, 2, 1, 1], [2, 3], |pool| pool.padding([1, 0]).ceil_mode(true)),
        ("same", [1, 2, 6, 9], [4, 3], |pool| pool.stride([1, 1]).padding(Padding::Same)),
        ("sides_of_a_large_kernel", [1, 2, 19, 23], [13, 9], |pool| {
            pool.stride([3, 2]).padding(Padding::sides(6, 1, 0, 4)).ceil_mode(true)
        }),
        ("same_lower_of_many_taps", [1, 2, 25, 37], [17, 19], |pool| {
            pool.stride([1, 2]).padding(Padding::SameLower)
        }),
    ];
    let mut cases = Vec::new();
    for (name, input, kernel_size, set) in single {
        let pool = set(AvgPool2d::new(kernel_size));
        cases.push(Case::new(name, Operation::AvgPool2d(pool), input));
    }
    for (name, input, kernel_size, set) in counted {
        for (count, include) in [("include", true), ("exclude", false)] {
            let pool = set(AvgPool2d::new(kernel_size)).count_include_pad(include);
            let name = format!("{name}_{count}");
            cases.push(Case::new(name, Operation::AvgPool2d(pool), input));
        }
    }
    for (name, input, kernel_size, stride, padding) in UNEVEN {
        for (count, include) in [("include", true), ("exclude", false)] {
            let pool = AvgPool2d::new(kernel_size).stride(stride).padding(padding);
            let pool = pool.ceil_mode(name.ends_with("ceil_mode")).count_include_pad(include);
            let name = format!("{name}_{count}");
            cases.push(Case::new(name, Operation::AvgPool2d(pool), input));
        }
    }
    cases
}

const ADAPTIVE: [(&str, [usize; 4], [usize; 2]); 14] = [
    ("windows_that_divide", [2, 3, 6, 8], [3, 2]),
    ("windows_that_overlap", [1, 2, 7, 10], [3, 4]),
    ("output_larger_than_input", [1, 2, 3, 2], [5, 7]),
    ("height_shrinks_and_width_grows", [1, 2, 7, 3], [2, 5]),
    ("identity", [1, 2, 4, 5], [4, 5]),
    ("global", [2, 3, 5, 4], [1, 1]),
    ("global_of_many_planes", [2, 37, 7, 9], [1, 1]),
    ("global_of_a_large_plane", [1, 2, 61, 83], [1, 1]),
    ("windows_of_many_taps", [1, 2, 70, 50], [3, 2]),
    ("windows_of_many_taps_that_overlap", [1, 2, 67, 49], [5, 4]),
    ("one_pixel_in_many_windows", [1, 2, 1, 2], [23, 45]),
    ("one_pixel", [1, 3, 1, 1], [2, 3]),
    ("one_row_of_output", [1, 2, 6, 7], [1, 3]),
    ("empty_batch", [0, 2, 5, 4], [3, 2]),
];

/// Adaptive and global averages.
pub fn adaptive_avg_pool2d() -> Vec<Case> {
    let cases = ADAPTIVE.into_iter().map(|(name, input, output_size)| {
        let pool = AdaptiveAvgPool2d::new(output_size);
        Case::new(name, Operation::AdaptiveAvgPool2d(pool), input)
    });
    cases.collect()
}

/// Adaptive and global maxima.
pub fn adaptive_max_pool2d() -> Vec<Case> {
    let cases = ADAPTIVE.into_iter().map(|(name, input, output_size)| {
        let pool = AdaptiveMaxPool2d::new(output_size);
        Case::new(name, Operation::AdaptiveMaxPool2d(pool), input)
    });
    cases.collect()
}
