//! Convolutions.

use filtro::{Activation, Conv2d, ConvTranspose2d, Padding, PaddingMode};

use super::activations;
use crate::case::{Case, Operation};

fn conv(
    name: &str,
    input: [usize; 4],
    out_channels: usize,
    kernel_size: [usize; 2],
    set: impl FnOnce(Conv2d) -> Conv2d,
) -> Case {
    let options = set(Conv2d::new(input[1], out_channels, kernel_size));
    Case::new(name, Operation::Conv2d { options, bias: true }, input)
}

fn without_bias(mut case: Case) -> Case {
    if let Operation::Conv2d { bias, .. } | Operation::ConvTranspose2d { bias, .. } =
        &mut case.operation
    {
        *bias = false;
    }
    case
}

/// Every option of Conv2d off its default, alone and together.
pub fn conv2d() -> Vec<Case> {
    let mut cases = vec![
        conv("defaults", [2, 3, 8, 11], 5, [3, 2], |conv| conv),
        without_bias(conv("no_bias", [1, 3, 7, 9], 4, [2, 3], |conv| conv)),
        conv("stride", [2, 3, 9, 14], 5, [3, 2], |conv| conv.stride([2, 3])),
        conv("stride_larger_than_kernel", [1, 2, 11, 13], 3, [2, 1], |conv| conv.stride([3, 4])),
        conv("rows_unvisited_by_the_stride", [1, 2, 8, 7], 3, [2, 3], |conv| conv.stride([4, 3])),
        conv("stride_larger_than_the_input", [1, 2, 5, 4], 3, [2, 3], |conv| conv.stride([7, 9])),
        conv("padding", [2, 3, 6, 9], 5, [3, 5], |conv| conv.padding([1, 2])),
        conv("padding_out_of_proportion", [1, 2, 5, 4], 3, [3, 2], |conv| conv.padding([50, 21])),
        conv("dilation", [1, 3, 12, 11], 4, [3, 2], |conv| conv.dilation([2, 5])),
        conv("dilation_of_one_axis", [1, 3, 9, 8], 4, [3, 2], |conv| conv.dilation([1, 4])),
        conv("dilation_with_padding", [1, 2, 5, 6], 3, [3, 4], |conv| {
            conv.dilation([4, 3]).padding([5, 4])
        }),
        conv("dilation_beyond_the_input", [1, 2, 3, 4], 3, [2, 3], |conv| {
            conv.dilation([5, 6]).padding([4, 7])
        }),
        conv("one_output_channel_of_three_rows", [1, 5, 4, 9], 1, [2, 3], |conv| conv),
        conv("one_output_channel_of_a_large_kernel", [1, 3, 11, 13], 1, [7, 9], |conv| {
            conv.padding([3, 4])
        }),
        conv("one_output_channel_with_stride", [1, 3, 11, 13], 1, [3, 2], |conv| {
            conv.stride([2, 3]).padding([1, 0])
        }),
        conv("groups", [2, 6, 6, 7], 4, [3, 2], |conv| conv.groups(2)),
        conv("groups_of_three_to_five", [1, 9, 5, 6], 15, [2, 3], |conv| conv.groups(3)),
        conv("depthwise", [2, 5, 7, 8], 5, [3, 2], |conv| conv.groups(5).padding([1, 0])),
        conv("depthwise_with_multiplier", [1, 3, 6, 7], 9, [2, 3], |conv| conv.groups(3)),
        conv("depthwise_with_stride_and_dilation", [1, 6, 11, 12], 6, [3, 2], |conv| {
            conv.groups(6).stride([2, 3]).dilation([2, 3]).padding([1, 2])
        }),
        conv("groups_with_stride_and_dilation", [2, 4, 9, 11], 6, [2, 3], |conv| {
            conv.groups(2).stride([3, 2]).dilation([2, 3]).padding([1, 2])
        }),
        conv("groups_of_one_input_and_of_one_output", [1, 6, 5, 7], 3, [2, 3], |conv| {
            conv.groups(3)
        }),
        conv("one_by_one", [2, 5, 6, 7], 7, [1, 1], |conv| conv),
        conv("one_by_one_with_stride", [1, 5, 7, 10], 6, [1, 1], |conv| conv.stride([2, 3])),
        conv("one_by_one_with_stride_beyond_the_input", [1, 8, 6, 7], 12, [1, 1], |conv| {
            conv.stride([7, 9])
        }),
        conv(
            "one_by_one_of_groups_with_stride_beyond_the_input",
            [2, 8, 6, 7],
            12,
            [1, 1],
            |conv| conv.stride([8, 7]).groups(4),
        ),
        conv("one_by_one_with_stride_beyond_the_height", [2, 8, 6, 7], 12, [1, 1], |conv| {
            conv.stride([6, 1])
        }),
        conv("one_by_one_with_padding", [1, 3, 4, 5], 6, [1, 1], |conv| conv.padding([1, 2])),
        conv("one_by_one_of_groups", [1, 6, 4, 5], 4, [1, 1], |conv| conv.groups(2)),
        conv("one_pixel", [3, 5, 1, 1], 4, [1, 1], |conv| conv),
        conv("one_pixel_padded", [1, 3, 1, 1], 4, [3, 2], |conv| conv.padding([1, 2])),
        conv("kernel_as_large_as_the_input", [2, 3, 4, 5], 6, [4, 5], |conv| conv),
        conv("kernel_as_large_as_the_padded_input", [1, 2, 3, 4], 3, [5, 6], |conv| {
            conv.padding([1, 1])
        }),
        conv("kernel_far_larger_than_the_input", [2, 2, 3, 4], 3, [60, 3], |conv| {
            conv.padding([61, 3])
        }),
        conv("kernel_far_larger_than_the_input_with_steps", [1, 2, 7, 4], 2, [3, 40], |conv| {
            conv.padding([4, 60]).stride([2, 3]).dilation([3, 2])
        }),
        conv("even_kernel", [1, 3, 7, 8], 4, [4, 2], |conv| conv.padding([2, 1])),
        conv("kernel_row", [1, 3, 4, 13], 4, [1, 7], |conv| conv.padding([0, 3])),
        conv("kernel_column", [1, 3, 13, 4], 4, [7, 1], |conv| conv.padding([3, 0])),
        conv("large_kernel", [1, 2, 14, 17], 3, [11, 9], |conv| conv.padding([5, 4])),
        conv("one_row", [2, 3, 1, 17], 4, [1, 3], |conv| conv.padding([0, 1])),
        conv("one_column", [2, 3, 17, 1], 4, [3, 1], |conv| conv.padding([1, 0])),
        conv("one_channel_each", [1, 1, 9, 7], 1, [3, 2], |conv| conv),
        conv("empty_batch", [0, 3, 6, 7], 4, [3, 2], |conv| conv),
        conv("batch", [5, 2, 4, 5], 3, [2, 3], |conv| conv.padding([1, 0])),
        // As many filters as a subgroup of a software adapter has invocations, and more.
        conv("filters_over_odd_planes", [3, 3, 7, 5], 9, [3, 2], |conv| conv.padding([1, 1])),
        conv("filters_over_pixels", [40, 3, 1, 1], 11, [1, 1], |conv| conv),
        conv("filters_of_groups", [2, 6, 5, 9], 16, [2, 3], |conv| conv.groups(2)),
        conv("filters_with_stride_and_dilation", [2, 5, 9, 12], 17, [3, 2], |conv| {
            conv.stride([2, 3]).dilation([1, 2]).padding([2, 1]).padding_mode(PaddingMode::Circular)
        }),
        conv("channels_of_matrices", [2, 32, 6, 7], 40, [3, 2], |conv| conv.padding([1, 2])),
        conv("channels_of_matrices_in_groups", [1, 32, 9, 8], 34, [2, 3], |conv| {
            conv.groups(2)
                .stride([2, 1])
                .dilation([1, 2])
                .padding([2, 1])
                .padding_mode(PaddingMode::Reflect)
                .activation(Activation::Silu)
        }),
        conv("channels_of_matrices_one_by_one", [3, 48, 5, 4], 130, [1, 1], |conv| conv),
        without_bias(conv("channels_of_matrices_circular", [1, 16, 7, 5], 6, [3, 4], |conv| {
            conv.padding([2, 3]).padding_mode(PaddingMode::Circular)
        })),
        conv("padding_valid", [1, 2, 5, 6], 3, [3, 2], |conv| conv.padding(Padding::Valid)),
        conv("all_options", [2, 6, 10, 13], 4, [3, 2], |conv| {
            conv.stride([2, 3])
                .padding(Padding::sides(2, 0, 1, 3))
                .dilation([2, 3])
                .groups(2)
                .padding_mode(PaddingMode::Reflect)
                .activation(Activation::Silu)
        }),
    ];
    for (top, bottom, left, right) in
        [(1, 0, 0, 0), (0, 2, 0, 0), (0, 0, 3, 0), (0, 0, 0, 1), (1, 2, 3, 0), (4, 1, 0, 6)]
    {
        let name = format!("sides_{top}_{bottom}_{left}_{right}");
        let padding = Padding::sides(top, bottom, left, right);
        cases.push(conv(&name, [1, 2, 6, 7], 3, [3, 2], |conv| conv.padding(padding)));
    }
    // Around the widths of vectors, tiles and subgroups.
    for (in_channels, out_channels) in
        [(4, 8), (5, 7), (8, 16), (13, 9), (16, 12), (17, 33), (3, 32), (31, 4), (32, 64)]
    {
        let name = format!("channels_{in_channels}_to_{out_channels}");
        cases.push(conv(&name, [1, in_channels, 6, 9], out_channels, [3, 2], |conv| {
            conv.padding([1, 0])
        }));
        let name = format!("one_by_one_{in_channels}_to_{out_channels}");
        cases.push(conv(&name, [2, in_channels, 5, 7], out_channels, [1, 1], |conv| conv));
    }
    for width in [15, 16, 17, 31, 33, 64, 65] {
        let name = format!("width_{width}");
        cases.push(conv(&name, [1, 2, 3, width], 3, [2, 3], |conv| conv));
    }
    for mode in PaddingMode::ALL {
        cases.push(conv(&format!("same_{mode}"), [1, 3, 6, 7], 4, [3, 5], |conv| {
            conv.padding(Padding::Same).padding_mode(mode)
        }));
        cases.push(conv(
            &format!("same_with_even_kernel_{mode}"),
            [1, 2, 5, 6],
            3,
            [4, 2],
            |conv| conv.padding(Padding::Same).padding_mode(mode),
        ));
        cases.push(conv(&format!("same_with_dilation_{mode}"), [1, 2, 7, 9], 3, [2, 4], |conv| {
            conv.padding(Padding::Same).dilation([3, 2]).padding_mode(mode)
        }));
        cases.push(conv(&format!("padding_{mode}"), [2, 2, 5, 6], 3, [3, 2], |conv| {
            conv.padding([2, 3]).padding_mode(mode)
        }));
        cases.push(conv(&format!("sides_{mode}"), [1, 2, 4, 5], 3, [3, 2], |conv| {
            conv.padding(Padding::sides(3, 1, 0, 4)).padding_mode(mode)
        }));
        cases.push(conv(
            &format!("stride_dilation_groups_{mode}"),
            [1, 4, 7, 6],
            6,
            [2, 3],
            |conv| {
                let conv = conv.padding([3, 4]).stride([2, 3]).dilation([3, 2]);
                conv.groups(2).padding_mode(mode)
            },
        ));
        cases.push(conv(&format!("depthwise_{mode}"), [1, 5, 6, 7], 5, [3, 2], |conv| {
            conv.groups(5).padding([2, 1]).padding_mode(mode)
        }));
    }
    for (padding, name) in [(Padding::SameUpper, "same_upper"), (Padding::SameLower, "same_lower")]
    {
        for (height, width) in [(5, 8), (6, 9)] {
            let name = format!("{name}_stride_of_{height}_{width}");
            cases.push(conv(&name, [2, 3, height, width], 4, [3, 4], |conv| {
                conv.padding(padding).stride([2, 3])
            }));
        }
        for mode in PaddingMode::ALL {
            let name = format!("{name}_stride_dilation_groups_{mode}");
            cases.push(conv(&name, [1, 4, 8, 6], 6, [2, 3], |conv| {
                let conv = conv.padding(padding).stride([3, 2]).dilation([4, 2]);
                conv.groups(2).padding_mode(mode)
            }));
        }
        cases.extend([
            conv(&format!("{name}_stride_larger_than_kernel"), [1, 2, 10, 7], 3, [2, 1], |conv| {
                conv.padding(padding).stride([3, 4])
            }),
            conv(&format!("{name}_one_pixel"), [1, 2, 1, 1], 3, [3, 2], |conv| {
                conv.padding(padding).stride([2, 5])
            }),
            conv(&format!("{name}_depthwise"), [1, 5, 8, 11], 5, [3, 5], |conv| {
                conv.padding(padding).stride([2, 3]).groups(5)
            }),
            conv(&format!("{name}_of_an_empty_batch"), [0, 2, 5, 4], 3, [3, 2], |conv| {
                conv.padding(padding).stride([2, 3])
            }),
        ]);
    }
    cases.extend([
        conv("largest_pad_reflect", [1, 2, 4, 3], 3, [2, 3], |conv| {
            conv.padding([3, 2]).padding_mode(PaddingMode::Reflect)
        }),
        conv("largest_pad_circular", [1, 2, 4, 3], 3, [2, 3], |conv| {
            conv.padding([4, 3]).padding_mode(PaddingMode::Circular)
        }),
        conv("pad_beyond_the_input_replicate", [1, 2, 3, 2], 3, [2, 3], |conv| {
            conv.padding([5, 17]).padding_mode(PaddingMode::Replicate)
        }),
        conv("one_pixel_circular", [1, 2, 1, 1], 3, [3, 2], |conv| {
            conv.padding(Padding::sides(1, 1, 1, 0)).padding_mode(PaddingMode::Circular)
        }),
        conv("one_pixel_replicate", [1, 2, 1, 1], 3, [3, 2], |conv| {
            conv.padding([4, 3]).padding_mode(PaddingMode::Replicate)
        }),
    ]);
    for function in activations() {
        cases.push(conv(&format!("activation_{function:?}"), [1, 3, 6, 7], 5, [3, 2], |conv| {
            conv.padding([1, 0]).activation(function)
        }));
    }
    cases.extend(conv2d_layers());
    cases
}

/// Layers of networks, which the specialised algorithms are made for.
fn conv2d_layers() -> Vec<Case> {
    vec![
        conv("layer_3x3", [1, 16, 12, 15], 24, [3, 3], |conv| conv.padding([1, 1])),
        conv("layer_3x3_64_to_64", [1, 64, 5, 6], 64, [3, 3], |conv| conv.padding([1, 1])),
        conv("layer_3x3_of_a_batch", [3, 8, 7, 10], 24, [3, 3], |conv| conv.padding([1, 1])),
        conv("layer_3x3_without_padding", [1, 16, 11, 15], 16, [3, 3], |conv| conv),
        conv("layer_3x3_of_odd_channels", [1, 19, 8, 13], 21, [3, 3], |conv| conv.padding([1, 1])),
        conv("layer_3x3_stride_2", [1, 16, 15, 22], 32, [3, 3], |conv| {
            conv.padding([1, 1]).stride([2, 2])
        }),
        conv("layer_3x3_dilation_2", [1, 16, 12, 17], 16, [3, 3], |conv| {
            conv.padding([2, 2]).dilation([2, 2])
        }),
        conv("layer_3x3_reflect", [1, 16, 9, 14], 16, [3, 3], |conv| {
            conv.padding([1, 1]).padding_mode(PaddingMode::Reflect)
        }),
        conv("layer_3x3_groups", [1, 32, 6, 9], 32, [3, 3], |conv| conv.padding([1, 1]).groups(4)),
        conv("layer_3x3_relu", [1, 16, 9, 14], 16, [3, 3], |conv| {
            conv.padding([1, 1]).activation(Activation::Relu)
        }),
        without_bias(conv("layer_3x3_no_bias", [1, 16, 9, 14], 16, [3, 3], |conv| {
            conv.padding([1, 1])
        })),
        conv("layer_5x5", [1, 8, 13, 18], 16, [5, 5], |conv| conv.padding([2, 2])),
        conv("layer_stem_7x7_stride_2", [1, 3, 17, 22], 64, [7, 7], |conv| {
            conv.padding([3, 3]).stride([2, 2])
        }),
        conv("layer_stem_3x3_stride_2", [2, 3, 21, 30], 32, [3, 3], |conv| {
            conv.padding([1, 1]).stride([2, 2])
        }),
        conv("layer_stem_3x3", [1, 3, 20, 27], 16, [3, 3], |conv| conv.padding([1, 1])),
        conv("layer_patches_4x4_stride_4", [1, 3, 16, 24], 48, [4, 4], |conv| conv.stride([4, 4])),
        conv("layer_one_by_one_expands", [1, 24, 6, 7], 144, [1, 1], |conv| conv),
        conv("layer_one_by_one_projects", [1, 144, 6, 7], 24, [1, 1], |conv| conv),
        conv("layer_one_by_one_256_to_64", [1, 256, 3, 5], 64, [1, 1], |conv| conv),
        conv("layer_one_by_one_stride_2", [1, 32, 14, 17], 64, [1, 1], |conv| conv.stride([2, 2])),
        conv("layer_dense_as_convolution", [3, 512, 1, 1], 40, [1, 1], |conv| conv),
        conv("layer_depthwise_3x3", [1, 32, 14, 19], 32, [3, 3], |conv| {
            conv.padding([1, 1]).groups(32)
        }),
        conv("layer_depthwise_3x3_stride_2", [1, 32, 15, 22], 32, [3, 3], |conv| {
            conv.padding([1, 1]).stride([2, 2]).groups(32)
        }),
        conv("layer_depthwise_5x5", [1, 24, 14, 19], 24, [5, 5], |conv| {
            conv.padding([2, 2]).groups(24)
        }),
        conv("layer_depthwise_7x7", [1, 16, 14, 21], 16, [7, 7], |conv| {
            conv.padding([3, 3]).groups(16)
        }),
        conv("layer_depthwise_3x3_relu6", [2, 24, 10, 15], 24, [3, 3], |conv| {
            conv.padding([1, 1]).groups(24).activation(Activation::Relu6)
        }),
    ]
}

/// Transposed convolutions.
pub fn conv_transpose2d() -> Vec<Case> {
    type Set = fn(ConvTranspose2d) -> ConvTranspose2d;
    type Row = (&'static str, [usize; 4], usize, [usize; 2], Set);
    let cases: [Row; 12] = [
        ("defaults", [2, 3, 4, 5], 4, [3, 2], |conv| conv),
        ("stride", [1, 2, 4, 3], 3, [3, 2], |conv| conv.stride([2, 3])),
        ("stride_larger_than_kernel", [1, 2, 3, 4], 2, [2, 1], |conv| conv.stride([3, 4])),
        ("padding", [1, 2, 4, 5], 2, [3, 4], |conv| conv.padding([1, 2])),
        ("output_padding", [1, 2, 3, 4], 2, [3, 2], |conv| {
            conv.stride([2, 3]).output_padding([1, 2])
        }),
        ("output_padding_below_dilation", [1, 1, 3, 4], 2, [2, 3], |conv| {
            conv.dilation([2, 3]).output_padding([1, 2])
        }),
        ("dilation", [1, 2, 4, 3], 3, [2, 3], |conv| conv.dilation([3, 2])),
        ("groups", [1, 4, 3, 4], 6, [2, 3], |conv| conv.groups(2)),
        ("depthwise_with_multiplier", [1, 3, 4, 3], 6, [3, 2], |conv| {
            conv.groups(3).stride([1, 2])
        }),
        ("all_options", [2, 4, 3, 5], 6, [3, 2], |conv| {
            let conv = conv.stride([3, 2]).padding([2, 1]).output_padding([1, 0]);
            conv.dilation([2, 3]).groups(2)
        }),
        ("one_pixel", [1, 2, 1, 1], 3, [3, 2], |conv| conv),
        ("empty_batch", [0, 2, 3, 4], 3, [3, 2], |conv| conv),
    ];
    let mut cases: Vec<Case> = cases
        .into_iter()
        .map(|(name, input, out_channels, kernel_size, set)| {
            let options = set(ConvTranspose2d::new(input[1], out_channels, kernel_size));
            Case::new(name, Operation::ConvTranspose2d { options, bias: true }, input)
        })
        .collect();
    let options = ConvTranspose2d::new(2, 3, [2, 3]);
    let operation = Operation::ConvTranspose2d { options, bias: true };
    cases.push(without_bias(Case::new("no_bias", operation, [1, 2, 3, 4])));
    cases
}
