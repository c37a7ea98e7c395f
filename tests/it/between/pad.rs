//! Padding as an operation of its own.

#[cfg(test)]
mod tests;

use filtro::{Pad, Padding, PaddingMode, Result, reference};
use ndarray::Array4;

use super::{Between, Problem, of_one_image};
use crate::case::Data;
use crate::compare::any_data;

impl Between for Pad {
    of_one_image!(reference::pad, reference::pad_backward);

    fn gradient_tolerances(
        &self,
        inputs: &[Array4<f64>],
        grad_output: &Array4<f64>,
        _gradients: &[Array4<f64>],
    ) -> Result<Vec<Array4<f64>>> {
        let magnitude = self.reference_backward(inputs, &grad_output.mapv(f64::abs))?;
        Ok(magnitude.iter().map(|magnitude| any_data(1, magnitude)).collect())
    }

    fn data(&self) -> &'static [Data] {
        &[Data::Integers, Data::Special]
    }

    fn gradient_data(&self) -> &'static [Data] {
        &[Data::Integers, Data::Positive]
    }
}

fn sides([top, bottom, left, right]: [usize; 4]) -> Pad {
    Pad::new(Padding::sides(top, bottom, left, right))
}

pub fn cases() -> Vec<Problem> {
    let case = |name: &str, operation, input| Problem::new(name, operation, [input]);
    let mut cases = vec![
        case("none", Pad::new(Padding::Valid), [2, 3, 4, 5]),
        case("zeros on four sides", sides([1, 2, 3, 4]), [2, 3, 4, 5]),
        case("a value", sides([0, 2, 0, 1]).value(-1.5), [1, 3, 4, 5]),
        case("rows alone", sides([3, 1, 0, 0]), [1, 2, 4, 7]),
        case("out of proportion", sides([0, 40, 50, 1]).value(2.0), [1, 2, 3, 4]),
        case("an empty batch", sides([1, 2, 3, 4]), [0, 3, 4, 5]),
        case("one element", sides([1, 2, 3, 4]), [2, 3, 1, 1]),
        case("planes beyond a small binding", sides([2, 1, 0, 3]), [1, 3, 23, 41]),
        case("many planes", sides([1, 1, 1, 1]), [3, 70, 2, 3]),
    ];
    for mode in [PaddingMode::Reflect, PaddingMode::Replicate, PaddingMode::Circular] {
        let mut of = |name: &str, sides_of: [usize; 4], input| {
            cases.push(case(&format!("{mode}, {name}"), sides(sides_of).mode(mode), input));
        };
        of("none", [0; 4], [1, 2, 3, 4]);
        of("four sides", [1, 2, 3, 1], [2, 3, 4, 5]);
        of("one side", [0, 0, 0, 3], [1, 3, 2, 4]);
        of("as far as any mode goes", [3, 3, 4, 4], [1, 2, 4, 5]);
        of("an empty batch", [1, 2, 3, 1], [0, 3, 4, 5]);
        of("planes beyond a small binding", [7, 3, 0, 5], [1, 2, 29, 31]);
        of("rows beyond a small binding apart", [20, 20, 1, 0], [1, 1, 21, 60]);
        if mode != PaddingMode::Reflect {
            of("one element", [1, 1, 1, 0], [2, 3, 1, 1]);
        }
        if mode == PaddingMode::Replicate {
            of("out of proportion", [0, 40, 50, 1], [1, 2, 3, 4]);
            of("an edge with 300 readers", [300, 0, 0, 2], [1, 1, 2, 3]);
            of("an edge with 390 readers in a row", [0, 1, 0, 390], [1, 1, 2, 3]);
            of("corners with 441 readers", [20, 0, 0, 20], [1, 2, 2, 3]);
        }
    }
    cases
}
