//! Interpolation.

#[cfg(test)]
mod tests;

use filtro::reference;
use filtro::{Interpolate, InterpolationMode, Result};
use ndarray::Array4;

use super::{Between, Problem, of_one_image};
use crate::case::Data;
use crate::compare::any_data;

const BILINEAR: InterpolationMode = InterpolationMode::Bilinear;

impl Between for Interpolate {
    of_one_image!(reference::interpolate, reference::interpolate_backward);

    /// Of the nearest element none; else some roundings of what is added up, weights among it.
    fn tolerance(&self, inputs: &[Array4<f64>], output: &Array4<f64>) -> Result<Array4<f64>> {
        if self.mode == InterpolationMode::Nearest {
            return Ok(Array4::zeros(output.dim()));
        }
        let magnitude = self.reference(&[inputs[0].mapv(f64::abs)])?;
        let smallest = f64::from(f32::MIN_POSITIVE);
        Ok(magnitude.mapv(|sum| 8.0 * 2.0_f64.powi(-24) * sum + smallest))
    }

    fn gradient_tolerances(
        &self,
        inputs: &[Array4<f64>],
        grad_output: &Array4<f64>,
        gradients: &[Array4<f64>],
    ) -> Result<Vec<Array4<f64>>> {
        let magnitude = self.reference_backward(inputs, &grad_output.mapv(f64::abs))?;
        let readers = grad_output.len() / gradients[0].len().max(1);
        Ok(magnitude.iter().map(|magnitude| any_data(readers, magnitude)).collect())
    }

    fn data(&self) -> &'static [Data] {
        match self.mode {
            InterpolationMode::Nearest => &[Data::Integers, Data::Special],
            _ => &[Data::Uniform, Data::Wide, Data::NonFinite],
        }
    }

    fn gradient_data(&self) -> &'static [Data] {
        &[Data::Uniform, Data::Positive]
    }
}

pub fn cases() -> Vec<Problem> {
    let size = Interpolate::size;
    let by = |height: f64, width: f64| Interpolate::scale_factor([height, width]);
    let case = |name: &str, operation, input| Problem::new(name, operation, [input]);
    let mut cases = vec![
        case("twice", by(2.0, 2.0), [2, 3, 5, 8]),
        case("twice an odd width", by(2.0, 2.0), [1, 3, 4, 7]),
        case("rows three times, columns twice", by(3.0, 2.0), [2, 2, 3, 6]),
        case("rows four times", by(4.0, 1.0), [1, 3, 3, 8]),
        case("columns three times", by(1.0, 3.0), [1, 3, 4, 5]),
        case("five times, beyond the blocks of a shader", by(5.0, 2.0), [1, 2, 3, 4]),
        case("a row by a factor that is none", size([3, 11]), [2, 2, 5, 7]),
        case("smaller, with elements that nobody reads", by(0.4, 0.3), [2, 3, 11, 13]),
        case("half", by(0.5, 0.5), [1, 3, 8, 6]),
        case("the same size by a factor above one", by(1.2, 1.1), [1, 2, 4, 5]),
        case("twice by a factor above two", by(2.2, 2.3), [1, 2, 4, 3]),
        case("a scale whose last digit matters", size([46, 74]), [1, 1, 14, 12]),
        case("a factor whose last digit matters", by(46.0 / 7.0, 37.0 / 3.0), [1, 1, 8, 4]),
        case("an empty batch", size([5, 7]), [0, 2, 3, 4]),
        case("one element", size([5, 7]), [2, 3, 1, 1]),
        case("to one element", size([1, 1]), [2, 3, 5, 4]),
        case("planes beyond a small binding", by(2.0, 2.0), [1, 2, 30, 17]),
        case("planes beyond a small binding, by a ratio", size([41, 50]), [1, 2, 23, 31]),
        case("many planes", by(2.0, 2.0), [3, 70, 2, 3]),
        case("a wide row", size([2, 300]), [1, 2, 3, 140]),
        case("elements with 272 readers", size([34, 24]), [1, 2, 2, 3]),
        case("a row with 420 readers", size([420, 1]), [1, 1, 1, 2]),
        case("a column with 400 readers", size([2, 400]), [1, 1, 2, 1]),
    ];
    for align_corners in [false, true] {
        let corners = if align_corners { "corners, " } else { "" };
        let mut of = |name: &str, operation: Interpolate, input| {
            let operation = operation.mode(BILINEAR).align_corners(align_corners);
            cases.push(case(&format!("bilinear, {corners}{name}"), operation, input));
        };
        of("twice", by(2.0, 2.0), [2, 3, 5, 8]);
        of("by a ratio", size([3, 11]), [2, 2, 5, 7]);
        of("by a factor that is no ratio", by(1.7, 2.9), [1, 2, 5, 7]);
        of("smaller, with elements that nobody reads", by(0.4, 0.3), [2, 3, 11, 13]);
        of("the same height", size([4, 9]), [1, 2, 4, 5]);
        of("the same size", by(1.2, 1.1), [1, 2, 4, 5]);
        of("an empty batch", size([5, 7]), [0, 2, 3, 4]);
        of("one element", size([5, 7]), [2, 3, 1, 1]);
        of("one row", size([5, 7]), [2, 3, 1, 4]);
        of("to one element", size([1, 1]), [2, 3, 5, 4]);
        of("to one column", size([6, 1]), [2, 3, 5, 4]);
        of("planes beyond a small binding", by(2.0, 1.5), [1, 2, 30, 18]);
        of("elements with some 300 readers", size([40, 60]), [1, 2, 5, 6]);
        of("a row with some 420 readers", size([420, 1]), [1, 1, 2, 1]);
        of("a column with some 100 readers", size([2, 100]), [1, 1, 3, 2]);
    }
    cases
}
