//! The table of named cases. A name says the mechanism that the case is about.
//!
//! No case is square in any parameter, but for the layers of networks, whose shapes select the
//! specialised algorithms: a test below holds the table to that.

mod convolution;
mod pooling;

pub use convolution::{conv_transpose2d, conv2d};
pub use pooling::{adaptive_avg_pool2d, adaptive_max_pool2d, avg_pool2d, max_pool2d};

use filtro::Activation;

use crate::case::{Case, Operation};

/// One of each kind.
pub fn activations() -> [Activation; 9] {
    [
        Activation::Relu,
        Activation::Relu6,
        Activation::LeakyRelu { negative_slope: 0.01 },
        Activation::LeakyRelu { negative_slope: -0.25 },
        Activation::Silu,
        Activation::HardSwish,
        Activation::HardSigmoid,
        Activation::Sigmoid,
        Activation::Tanh,
    ]
}

/// Activations by themselves.
pub fn activation() -> Vec<Case> {
    let mut cases = Vec::new();
    for function in activations() {
        for (name, input) in [("", [2, 3, 5, 7]), ("_of_an_empty_batch", [0, 3, 5, 7])] {
            let name = format!("{function:?}{name}");
            cases.push(Case::new(name, Operation::Activation(function), input));
        }
    }
    cases
}

/// The cases of every operation.
pub fn all() -> [Vec<Case>; 7] {
    [
        conv2d(),
        conv_transpose2d(),
        max_pool2d(),
        avg_pool2d(),
        adaptive_avg_pool2d(),
        adaptive_max_pool2d(),
        activation(),
    ]
}

#[cfg(test)]
mod tests {
    use filtro::{AdaptiveAvgPool2d, AdaptiveMaxPool2d, Padding};

    use super::*;

    #[test]
    fn no_two_cases_of_an_operation_have_the_same_name() {
        for cases in all() {
            let mut names: Vec<_> = cases.iter().map(|case| &case.name).collect();
            names.sort();
            let count = names.len();
            names.dedup();
            assert_eq!(names.len(), count);
        }
    }

    /// The larger pad of each axis that is given as a number.
    fn largest(padding: Padding) -> [usize; 2] {
        match padding {
            Padding::Sides { top, bottom, left, right } => [top.max(bottom), left.max(right)],
            _ => [0, 0],
        }
    }

    #[test]
    fn no_case_is_square_in_any_parameter_off_its_default() {
        for case in all().into_iter().flatten().filter(|case| !case.name.starts_with("layer_")) {
            let [_, _, height, width] = case.input;
            let mut pairs = vec![("input", [height, width], 1)];
            match &case.operation {
                Operation::Conv2d { options, .. } => {
                    pairs.extend([
                        ("kernel_size", options.kernel_size, 1),
                        ("stride", options.stride, 1),
                        ("dilation", options.dilation, 1),
                    ]);
                    pairs.push(("padding", largest(options.padding), 1));
                }
                Operation::ConvTranspose2d { options, .. } => pairs.extend([
                    ("kernel_size", options.kernel_size, 1),
                    ("stride", options.stride, 1),
                    ("dilation", options.dilation, 1),
                    ("padding", options.padding, 0),
                    ("output_padding", options.output_padding, 0),
                ]),
                Operation::MaxPool2d(options) => pairs.extend([
                    ("kernel_size", options.kernel_size, 2),
                    ("stride", options.stride, 1),
                    ("dilation", options.dilation, 1),
                    ("padding", largest(options.padding), 0),
                ]),
                Operation::AvgPool2d(options) => pairs.extend([
                    ("kernel_size", options.kernel_size, 1),
                    ("stride", options.stride, 1),
                    ("padding", largest(options.padding), 0),
                ]),
                Operation::AdaptiveAvgPool2d(AdaptiveAvgPool2d { output_size, .. })
                | Operation::AdaptiveMaxPool2d(AdaptiveMaxPool2d { output_size, .. }) => {
                    pairs.push(("output_size", *output_size, 1));
                }
                Operation::Activation(_) => {}
            }
            for (parameter, [vertical, horizontal], largest_square) in pairs {
                assert!(
                    vertical != horizontal || vertical <= largest_square,
                    "{}: {parameter} is {vertical} along both axes",
                    case.name
                );
            }
        }
    }

    #[test]
    fn every_case_is_valid() {
        for case in all().into_iter().flatten() {
            if let Err(error) = case.operation.output_shape(case.input) {
                panic!("{}: {error}", case.name);
            }
        }
    }
}
