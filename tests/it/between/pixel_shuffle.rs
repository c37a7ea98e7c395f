//! Pixel shuffle.

#[cfg(test)]
mod tests;

use filtro::{PixelShuffle, reference};

use super::{Between, Problem, of_one_image};
use crate::case::Data;

impl Between for PixelShuffle {
    of_one_image!(reference::pixel_shuffle, reference::pixel_shuffle_backward);

    fn data(&self) -> &'static [Data] {
        &[Data::Integers, Data::Special]
    }

    fn gradient_data(&self) -> &'static [Data] {
        &[Data::Integers, Data::Special]
    }
}

pub fn cases() -> Vec<Problem> {
    let case = |name: &str, factor, input| Problem::new(name, PixelShuffle::new(factor), [input]);
    vec![
        case("by two", 2, [2, 12, 3, 8]),
        case("by two, an odd width", 2, [1, 8, 2, 5]),
        case("by three", 3, [2, 18, 2, 3]),
        case("by four", 4, [1, 32, 3, 2]),
        case("by five, beyond the blocks of a shader", 5, [2, 50, 2, 3]),
        case("by one", 1, [2, 3, 4, 5]),
        case("one element", 3, [2, 18, 1, 1]),
        case("one column", 2, [1, 8, 5, 1]),
        case("an empty batch", 2, [0, 8, 3, 4]),
        case("planes beyond a small binding together", 2, [1, 8, 12, 17]),
        case("each plane beyond a small binding", 2, [1, 4, 23, 31]),
        case("each plane beyond a small binding, by three", 3, [1, 9, 23, 31]),
        case("many planes", 2, [2, 280, 2, 3]),
    ]
}
