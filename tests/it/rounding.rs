//! Rounding errors of long sums, on data that makes them large.

use filtro::{Conv2d, DType};

use crate::case::{Case, Data, Operation};
use crate::expected::Forward;
use crate::runner::runners_of;

#[test]
fn long_sums_of_positive_terms_stay_within_the_bound() {
    let conv = Conv2d::new;
    let cases = [
        (conv(3, 64, [7, 7]).stride([2, 2]).padding([3, 3]), [1, 3, 33, 42]),
        (conv(64, 64, [3, 3]).padding([1, 1]), [1, 64, 9, 14]),
        (conv(256, 48, [3, 3]).padding([1, 1]), [1, 256, 7, 9]),
        (conv(512, 24, [3, 3]).padding([1, 1]), [1, 512, 5, 8]),
        (conv(16, 16, [11, 11]).padding([5, 5]), [1, 16, 9, 13]),
        (conv(32, 24, [5, 5]).padding([2, 2]), [1, 32, 8, 11]),
        (conv(1024, 32, [1, 1]), [1, 1024, 5, 8]),
        (conv(96, 12, [3, 2]).stride([2, 1]).groups(2), [2, 96, 13, 9]),
    ];
    let mut failures = Vec::new();
    for (options, input) in cases {
        let case = Case::new("positive", Operation::Conv2d { options, bias: true }, input)
            .with_data(Data::Positive);
        let of = |dtype| {
            let expected = Forward::of(&case, dtype).expect("a valid case");
            runners_of("conv2d", dtype).into_iter().map(move |runner| (runner, expected.clone()))
        };
        for (runner, expected) in of(DType::F32).chain(of(DType::F16)) {
            if let Err(message) = expected.check(runner.as_ref()) {
                failures.push(format!("{input:?} on {}: {message}", runner.name()));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
