//! Concatenation along channels.

#[cfg(test)]
mod tests;

use filtro::{Cat, Result, Shape, Tensor, reference};
use ndarray::Array4;

use super::{Between, Problem};
use crate::case::Data;

impl Between for Cat {
    fn output_shape(&self, inputs: &[Shape]) -> Result<Shape> {
        Cat::output_shape(self, inputs)
    }

    fn forward(&self, inputs: &[Tensor]) -> Result<Tensor> {
        Cat::forward(self, &inputs.iter().collect::<Vec<_>>())
    }

    fn backward(&self, inputs: &[Tensor], grad_output: &Tensor) -> Result<Vec<Tensor>> {
        let shapes: Vec<_> = inputs.iter().map(Tensor::shape).collect();
        self.grad_inputs(&shapes, grad_output)
    }

    fn reference(&self, inputs: &[Array4<f64>]) -> Result<Array4<f64>> {
        reference::cat(&inputs.iter().map(|input| input.view()).collect::<Vec<_>>())
    }

    fn reference_backward(
        &self,
        inputs: &[Array4<f64>],
        grad_output: &Array4<f64>,
    ) -> Result<Vec<Array4<f64>>> {
        let shapes: Vec<Shape> = inputs
            .iter()
            .map(|input| {
                let (batch, channels, height, width) = input.dim();
                Shape::new(batch, channels, height, width)
            })
            .collect();
        reference::cat_backward(&shapes, grad_output.view())
    }

    fn gradient_data(&self) -> &'static [Data] {
        &[Data::Integers, Data::Uniform, Data::NonFinite]
    }
}

/// Inputs of these channels, and of the same batch, height and width.
fn of_channels(channels: &[usize], [batch, height, width]: [usize; 3]) -> Vec<[usize; 4]> {
    channels.iter().map(|&channels| [batch, channels, height, width]).collect()
}

pub fn cases() -> Vec<Problem> {
    let case = |name: &str, channels: &[usize], sizes| {
        Problem::new(name, Cat, of_channels(channels, sizes))
    };
    vec![
        case("two", &[2, 3], [2, 5, 8]),
        case("two_odd", &[2, 3], [2, 5, 7]),
        case("words_of_halves", &[2, 3], [2, 3, 6]),
        case("vectors_of_words", &[1, 3], [3, 4, 8]),
        case("one", &[3], [2, 5, 7]),
        case("seven_of_one_channel", &[1, 1, 1, 1, 1, 1, 1], [2, 3, 5]),
        case("one_pixel", &[3, 5], [3, 1, 1]),
        case("more_than_a_small_binding", &[5, 40], [2, 9, 11]),
        case("images_beyond_a_small_binding", &[9, 2, 11], [2, 12, 24]),
        case("many_small_images", &[1, 2], [50, 3, 7]),
    ]
}
