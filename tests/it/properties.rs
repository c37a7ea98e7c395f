//! Random problems against the reference.

use filtro::DType;
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;

use crate::case::{Case, Data};
use crate::expected::{Backward, Forward};
use crate::runner::{gradient_runners, runners_of};
use crate::strategies::{self, config};

pub type Property = Result<(), TestCaseError>;

fn text(error: filtro::Error) -> TestCaseError {
    TestCaseError::fail(error.to_string())
}

fn fail(runner: &str) -> impl Fn(String) -> TestCaseError {
    move |message| TestCaseError::fail(format!("{runner}: {message}"))
}

pub fn forward(case: &Case) -> Property {
    forward_of(DType::F32, case)
}

pub fn forward_of(dtype: DType, case: &Case) -> Property {
    let data = match case.data {
        Data::Wide if dtype == DType::F16 => Data::WideHalf,
        data => data,
    };
    let case = case.with_data(data);
    let expected = Forward::of(&case, dtype).map_err(text)?;
    for runner in runners_of(case.operation.name(), dtype) {
        expected.check(runner.as_ref()).map_err(fail(&runner.name()))?;
    }
    Ok(())
}

pub fn backward(case: &Case) -> Property {
    let expected = Backward::new(case).map_err(text)?;
    for runner in gradient_runners(case.operation.name()) {
        expected.check(runner.as_ref()).map_err(fail(&runner.name()))?;
    }
    Ok(())
}

proptest! {
    #![proptest_config(config(64))]

    #[test]
    fn any_convolution_is_that_of_the_reference(case in strategies::conv2d()) {
        forward(&case)?;
    }

    #[test]
    fn any_transposed_convolution_is_that_of_the_reference(case in strategies::conv_transpose2d()) {
        forward(&case)?;
    }

    #[test]
    fn any_maximum_is_that_of_the_reference(case in strategies::max_pool2d()) {
        forward(&case)?;
    }

    #[test]
    fn any_average_is_that_of_the_reference(case in strategies::avg_pool2d()) {
        forward(&case)?;
    }

    #[test]
    fn any_adaptive_average_is_that_of_the_reference(case in strategies::adaptive_avg_pool2d()) {
        forward(&case)?;
    }

    #[test]
    fn any_adaptive_maximum_is_that_of_the_reference(case in strategies::adaptive_max_pool2d()) {
        forward(&case)?;
    }

    #[test]
    fn any_activation_is_that_of_the_reference(case in strategies::activation()) {
        forward(&case)?;
    }

    #[test]
    fn any_gradient_of_a_convolution_is_that_of_the_reference(case in strategies::conv2d()) {
        backward(&case)?;
    }

    #[test]
    fn any_gradient_of_a_transposed_convolution_is_that_of_the_reference(
        case in strategies::conv_transpose2d()
    ) {
        backward(&case)?;
    }

    #[test]
    fn any_gradient_of_a_maximum_is_that_of_the_reference(case in strategies::max_pool2d()) {
        backward(&case)?;
    }

    #[test]
    fn any_gradient_of_an_average_is_that_of_the_reference(case in strategies::avg_pool2d()) {
        backward(&case)?;
    }

    #[test]
    fn any_gradient_of_an_adaptive_average_is_that_of_the_reference(
        case in strategies::adaptive_avg_pool2d()
    ) {
        backward(&case)?;
    }

    #[test]
    fn any_gradient_of_an_adaptive_maximum_is_that_of_the_reference(
        case in strategies::adaptive_max_pool2d()
    ) {
        backward(&case)?;
    }

    #[test]
    fn any_gradient_of_an_activation_is_that_of_the_reference(case in strategies::activation()) {
        backward(&case)?;
    }
}

proptest! {
    #![proptest_config(config(32))]

    #[test]
    fn any_convolution_in_f16_is_that_of_the_reference(case in strategies::conv2d()) {
        forward_of(DType::F16, &case)?;
    }

    #[test]
    fn any_maximum_in_f16_is_that_of_the_reference(case in strategies::max_pool2d()) {
        forward_of(DType::F16, &case)?;
    }

    #[test]
    fn any_average_in_f16_is_that_of_the_reference(case in strategies::avg_pool2d()) {
        forward_of(DType::F16, &case)?;
    }

    #[test]
    fn any_adaptive_average_in_f16_is_that_of_the_reference(case in strategies::adaptive_avg_pool2d()) {
        forward_of(DType::F16, &case)?;
    }

    #[test]
    fn any_adaptive_maximum_in_f16_is_that_of_the_reference(case in strategies::adaptive_max_pool2d()) {
        forward_of(DType::F16, &case)?;
    }

    #[test]
    fn any_activation_in_f16_is_that_of_the_reference(case in strategies::activation()) {
        forward_of(DType::F16, &case)?;
    }
}
