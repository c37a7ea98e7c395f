//! Sums over the axes that a tensor was broadcast along: gradients of such a tensor.

use crate::Shape;
use crate::ops::broadcast::Broadcast;

/// What is added up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Term {
    /// The gradient of the output.
    Gradient,
    /// Its product with the factor.
    Product,
    /// Its product with the factor, where that is not positive.
    BelowZero,
}

impl Term {
    /// The name in shaders.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Gradient => "gradient",
            Self::Product => "product",
            Self::BelowZero => "below_zero",
        }
    }
}

/// The gradient of a tensor that broadcast: for each of its elements the sum of terms over all
/// outputs that it had a part in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Reduction {
    pub(crate) operation: &'static str,
    pub(crate) term: Term,
    /// Whether the sums change their sign.
    pub(crate) negated: bool,
    /// The shape of the gradient.
    pub(crate) target: Shape,
    /// The shape of the gradient of the output.
    pub(crate) output: Shape,
    /// The shape of what the gradient of the output is multiplied by.
    pub(crate) factor: Option<Shape>,
}

/// One axis of a tensor that is added up, between the elements before it and those behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pass {
    pub(crate) outer: usize,
    pub(crate) terms: usize,
    pub(crate) inner: usize,
}

impl Pass {
    /// The sums.
    pub(crate) fn sums(&self) -> usize {
        self.outer * self.inner
    }
}

/// Where the factor's element for a term lies: at the sum of its strides times the coordinates of the
/// sum along the axes that are left, and of the term.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FactorPlaces {
    /// The sizes of the axes that are left.
    pub(crate) sizes: [usize; 3],
    pub(crate) strides: [usize; 3],
    pub(crate) term_stride: usize,
}

/// The passes that add up one axis each, the longest first, so that what the others go through is
/// little; and where the factor lies in the first, if it has not an element for each term.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Passes {
    pub(crate) passes: Vec<Pass>,
    pub(crate) factor: Option<FactorPlaces>,
}

impl Reduction {
    /// Whether each element of the gradient is one term.
    pub(crate) fn is_each(&self) -> bool {
        self.target == self.output
    }

    /// The passes over a gradient that is not empty; none where each element is one term.
    pub(crate) fn passes(&self) -> Passes {
        let factor = self.factor.unwrap_or(self.output);
        let places = Broadcast::new(self.output, [self.target, factor]);
        let summed = |axis: usize| places.sizes[axis] > 1 && places.strides[0][axis] == 0;
        let mut axes = [0, 1, 2, 3].map(|axis| (places.sizes[axis], summed(axis)));
        // Where the factor is broadcast too, its strides are those of these axes.
        let factor_is_each = places.is_each(1);
        let mut passes = Vec::new();
        let mut factor = None;
        loop {
            if factor_is_each || !passes.is_empty() {
                axes = joined(axes);
            }
            let summed = (0..4).filter(|&axis| axes[axis].1);
            let Some(longest) = summed.max_by_key(|&axis| axes[axis].0) else { break };
            let product = |axes: &[(usize, bool)]| axes.iter().map(|(size, _)| size).product();
            let (outer, inner) = (product(&axes[..longest]), product(&axes[longest + 1..]));
            passes.push(Pass { outer, terms: axes[longest].0, inner });
            if passes.len() == 1 && !factor_is_each {
                let left = [0, 1, 2].map(|place| place + usize::from(place >= longest));
                factor = Some(FactorPlaces {
                    sizes: left.map(|axis| places.sizes[axis]),
                    strides: left.map(|axis| places.strides[1][axis]),
                    term_stride: places.strides[1][longest],
                });
            }
            axes[longest] = (1, false);
        }
        Passes { passes, factor }
    }
}

/// The axes with those joined that are neighbours and all summed, or all left.
fn joined(axes: [(usize, bool); 4]) -> [(usize, bool); 4] {
    let (mut all, mut end) = ([(1, false); 4], 4);
    for (size, summed) in axes.into_iter().rev().filter(|(size, _)| *size != 1) {
        match all.get_mut(end) {
            Some((sizes, same)) if *same == summed => *sizes *= size,
            _ => {
                end -= 1;
                all[end] = (size, summed);
            }
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passes(output: [usize; 4], target: [usize; 4], factor: Option<[usize; 4]>) -> Passes {
        let factor = factor.map(Shape::from);
        let (output, target) = (output.into(), target.into());
        let term = if factor.is_some() { Term::Product } else { Term::Gradient };
        Reduction { operation: "add", term, negated: false, target, output, factor }.passes()
    }

    fn pass(outer: usize, terms: usize, inner: usize) -> Pass {
        Pass { outer, terms, inner }
    }

    #[test]
    fn the_longest_axis_is_added_up_first() {
        let all = |output, target| passes(output, target, None).passes;
        let shape = [2, 3, 5, 7];
        assert_eq!(all(shape, [1, 3, 1, 1]), [pass(6, 35, 1), pass(1, 2, 3)]);
        assert_eq!(all(shape, [2, 3, 1, 1]), [pass(6, 35, 1)]);
        assert_eq!(all(shape, [1, 3, 5, 7]), [pass(1, 2, 105)]);
        assert_eq!(all(shape, [1, 1, 1, 7]), [pass(1, 30, 7)]);
        assert_eq!(all(shape, [1, 1, 1, 1]), [pass(1, 210, 1)]);
        assert_eq!(all(shape, [1, 3, 1, 7]), [pass(6, 5, 7), pass(1, 2, 21)]);
        assert_eq!(all([9, 3, 1, 2], [1, 3, 1, 1]), [pass(1, 9, 6), pass(3, 2, 1)]);
        assert_eq!(all(shape, shape), []);
    }

    #[test]
    fn a_factor_that_broadcasts_too_has_strides_of_the_axes_that_are_left() {
        let shape = [2, 3, 5, 7];
        let found = passes(shape, [2, 1, 5, 7], Some([1, 3, 1, 1]));
        assert_eq!(found.passes, [pass(2, 3, 35)]);
        let factor = FactorPlaces { sizes: [1, 2, 35], strides: [0, 0, 0], term_stride: 1 };
        assert_eq!(found.factor, Some(factor));
        // Of the axes that are added up the factor has one element each for 5, and all for 7.
        let found = passes(shape, [2, 3, 1, 1], Some([1, 1, 1, 7]));
        assert_eq!(found.passes, [pass(30, 7, 1), pass(6, 5, 1)]);
        let factor = FactorPlaces { sizes: [1, 6, 5], strides: [0, 0, 0], term_stride: 1 };
        assert_eq!(found.factor, Some(factor));
        assert_eq!(passes(shape, [2, 3, 1, 1], Some(shape)).factor, None);
    }
}
