//! Every case of the table, on all data that suits it, on everything that runs it.

use filtro::DType;

use crate::case::Case;
use crate::cases;
use crate::check::Outcome;
use crate::expected::{Backward, Forward};
use crate::runner::{gradient_runners, runners_of};
use crate::tested::{is_software, tell};

fn report(count: usize, failures: &[String]) {
    let message = failures.join("\n");
    assert!(failures.is_empty(), "{} of {count} fail:\n{message}", failures.len());
}

/// Runs every case of one operation on every runner. A runner that passes no case fails: its
/// algorithm would not be tested at all.
fn forward(cases: &[Case]) {
    forward_of(DType::F32, cases);
}

/// The same with tensors of a type.
fn forward_of(dtype: DType, cases: &[Case]) {
    let operation = cases[0].operation.name();
    let runners = runners_of(operation, dtype).into_iter();
    let mut runners: Vec<_> = runners.map(|runner| (runner, 0, 0)).collect();
    assert!(!runners.is_empty(), "no runner of {operation}");
    let (mut count, mut failures) = (0, Vec::new());
    for case in cases {
        for data in case.operation.data_of(dtype) {
            let case = case.with_data(data);
            let expected = Forward::of(&case, dtype).expect("a valid case");
            // Nothing is planned for an output without elements.
            let has_output = !case.operation.output_shape(case.input).unwrap().is_empty();
            for (runner, passed, not_served) in &mut runners {
                count += 1;
                match expected.check(runner.as_ref()) {
                    Ok(Outcome::Passed) => *passed += usize::from(has_output),
                    Ok(Outcome::NotServed) => *not_served += 1,
                    Err(message) => {
                        let runner = runner.name();
                        failures.push(format!("{} ({data:?}) on {runner}: {message}", case.name));
                    }
                }
            }
        }
    }
    for (runner, passed, not_served) in &runners {
        let name = runner.name();
        if *passed > 0 {
            continue;
        }
        if runner.is_for_software_alone() && !is_software() {
            tell(&format!("{name}: {not_served} cases are for software adapters alone"));
        } else if runner.lacks_matrices() {
            tell(&format!("{name}: {not_served} cases need cooperative matrices"));
        } else {
            failures.push(format!("{name} passes no case"));
        }
    }
    report(count, &failures);
}

/// Runs every case of one operation backward on every runner.
fn backward(cases: &[Case]) {
    let operation = cases[0].operation.name();
    let runners = gradient_runners(operation);
    assert!(!runners.is_empty(), "no runner of {operation}");
    let (mut count, mut failures) = (0, Vec::new());
    for case in cases {
        for &data in case.operation.data() {
            let case = case.with_data(data);
            let expected = Backward::new(&case).expect("a valid case");
            for runner in &runners {
                count += 1;
                if let Err(message) = expected.check(runner.as_ref()) {
                    let runner = runner.name();
                    failures.push(format!("{} ({data:?}) on {runner}: {message}", case.name));
                }
            }
        }
    }
    report(count, &failures);
}

#[test]
fn every_convolution_is_that_of_the_reference() {
    forward(&cases::conv2d());
}

#[test]
fn every_transposed_convolution_is_that_of_the_reference() {
    forward(&cases::conv_transpose2d());
}

#[test]
fn every_maximum_is_that_of_the_reference() {
    forward(&cases::max_pool2d());
}

#[test]
fn every_average_is_that_of_the_reference() {
    forward(&cases::avg_pool2d());
}

#[test]
fn every_adaptive_average_is_that_of_the_reference() {
    forward(&cases::adaptive_avg_pool2d());
}

#[test]
fn every_adaptive_maximum_is_that_of_the_reference() {
    forward(&cases::adaptive_max_pool2d());
}

#[test]
fn every_activation_is_that_of_the_reference() {
    forward(&cases::activation());
}

#[test]
fn every_convolution_in_f16_is_that_of_the_reference() {
    forward_of(DType::F16, &cases::conv2d());
}

#[test]
fn every_maximum_in_f16_is_that_of_the_reference() {
    forward_of(DType::F16, &cases::max_pool2d());
}

#[test]
fn every_average_in_f16_is_that_of_the_reference() {
    forward_of(DType::F16, &cases::avg_pool2d());
}

#[test]
fn every_adaptive_average_in_f16_is_that_of_the_reference() {
    forward_of(DType::F16, &cases::adaptive_avg_pool2d());
}

#[test]
fn every_adaptive_maximum_in_f16_is_that_of_the_reference() {
    forward_of(DType::F16, &cases::adaptive_max_pool2d());
}

#[test]
fn every_activation_in_f16_is_that_of_the_reference() {
    forward_of(DType::F16, &cases::activation());
}

#[test]
fn every_gradient_of_a_convolution_is_that_of_the_reference() {
    backward(&cases::conv2d());
}

#[test]
fn every_gradient_of_a_transposed_convolution_is_that_of_the_reference() {
    backward(&cases::conv_transpose2d());
}

#[test]
fn every_gradient_of_a_maximum_is_that_of_the_reference() {
    backward(&cases::max_pool2d());
}

#[test]
fn every_gradient_of_an_average_is_that_of_the_reference() {
    backward(&cases::avg_pool2d());
}

#[test]
fn every_gradient_of_an_adaptive_average_is_that_of_the_reference() {
    backward(&cases::adaptive_avg_pool2d());
}

#[test]
fn every_gradient_of_an_adaptive_maximum_is_that_of_the_reference() {
    backward(&cases::adaptive_max_pool2d());
}

#[test]
fn every_gradient_of_an_activation_is_that_of_the_reference() {
    backward(&cases::activation());
}
