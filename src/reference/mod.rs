//! The definitions: every operation as the plain loops of a textbook, in f64.
//!
//! These functions are slow and obvious. They say what the operations mean, a learner can read them
//! beside the shaders of the same name (the loops bear the same names: `out_y`, `kernel_y`,
//! `in_y`), and every other implementation is tested against them. They take the options of the
//! crate and arrays in NCHW order, and return f64 however the options are executed elsewhere.
//!
//! | Forward | Backward |
//! |---|---|
//! | [`conv2d`], [`conv2d_with_magnitude`] | [`conv2d_backward`] |
//! | [`conv_transpose2d`] | [`conv_transpose2d_backward`] |
//! | [`max_pool2d`] | [`max_pool2d_backward`] |
//! | [`avg_pool2d`] | [`avg_pool2d_backward`] |
//! | [`adaptive_avg_pool2d`] | [`adaptive_avg_pool2d_backward`] |
//! | [`adaptive_max_pool2d`] | [`adaptive_max_pool2d_backward`] |
//! | [`activation`] | [`activation_backward`] |
//! | [`batch_norm2d`] | [`batch_norm2d_backward`] |
//! | [`batch_norm2d`] with [`batch_statistics`] | [`batch_norm2d_training_backward`] |
//! | [`softmax`] | [`softmax_backward`] |
//! | [`arithmetic`] | [`arithmetic_backward`] |
//! | [`cat`] | [`cat_backward`] |
//! | [`prelu`] | [`prelu_backward`] |
//! | [`interpolate`] | [`interpolate_backward`] |
//! | [`pad`] | [`pad_backward`] |
//! | [`pixel_shuffle`] | [`pixel_shuffle_backward`] |
//! | [`cross_entropy`], [`mse`] | the same, both at once |
//!
//! [`sgd`] and [`adam`] are the steps of the optimizers, [`from_texture`] and [`to_texture`] the ways
//! between tensors and texels.
//!
//! # Examples
//!
//! ```
//! use filtro::{Conv2d, reference};
//! use ndarray::array;
//!
//! let input = array![[[[1.0, 2.0, 4.0, 8.0]]]];
//! let weight = array![[[[-1.0, 1.0]]]]; // the difference of neighbours
//! let output =
//!     reference::conv2d(&Conv2d::new(1, 1, [1, 2]), input.view(), weight.view(), None)?;
//! assert_eq!(output, array![[[[1.0, 2.0, 4.0]]]]);
//! # Ok::<(), filtro::Error>(())
//! ```

mod activation;
mod adaptive_pool2d;
mod arithmetic;
mod avg_pool2d;
mod batch_norm2d;
mod cat;
mod conv2d;
mod conv_transpose2d;
mod interpolate;
mod loss;
mod max_pool2d;
mod maxima;
mod optimizer;
mod pad;
mod padding;
mod pixel_shuffle;
mod prelu;
mod softmax;
mod texture;

pub use activation::{activation, activation_backward};
pub use adaptive_pool2d::{
    adaptive_avg_pool2d, adaptive_avg_pool2d_backward, adaptive_max_pool2d,
    adaptive_max_pool2d_backward,
};
pub use arithmetic::{arithmetic, arithmetic_backward};
pub use avg_pool2d::{avg_pool2d, avg_pool2d_backward};
pub use batch_norm2d::{
    NormGradients, batch_norm2d, batch_norm2d_backward, batch_norm2d_training_backward,
    batch_statistics,
};
pub use cat::{cat, cat_backward};
pub use conv_transpose2d::{conv_transpose2d, conv_transpose2d_backward};
pub use conv2d::{ConvGradients, conv2d, conv2d_backward, conv2d_with_magnitude};
pub use interpolate::{interpolate, interpolate_backward};
pub use loss::{cross_entropy, mse};
pub use max_pool2d::{max_pool2d, max_pool2d_backward};
pub use optimizer::{adam, sgd};
pub use pad::{pad, pad_backward};
pub use pixel_shuffle::{pixel_shuffle, pixel_shuffle_backward};
pub use prelu::{prelu, prelu_backward};
pub use softmax::{softmax, softmax_backward};
pub use texture::{from_texture, to_texture};

use std::borrow::Cow;

use crate::{Error, Result, Shape, memory};

/// The index that stands for no element: that of a window with no tap inside the input.
pub const NO_INDEX: u32 = u32::MAX;

/// The shape of an array.
fn shape_of<T>(array: ndarray::ArrayView4<'_, T>) -> Shape {
    let (batch, channels, height, width) = array.dim();
    Shape::new(batch, channels, height, width)
}

/// Zeros of a shape, if there is memory for them.
fn zeros<T: bytemuck::Zeroable>(
    operation: &'static str,
    shape: [usize; 4],
) -> Result<ndarray::Array4<T>> {
    array(operation, shape, zeros_in_order(operation, shape)?)
}

/// The elements of [`zeros`], in their order.
fn zeros_in_order<T: bytemuck::Zeroable>(
    operation: &'static str,
    shape: [usize; 4],
) -> Result<Vec<T>> {
    let len = Shape::from(shape).checked_len(operation)?;
    memory::zeros(len).map_err(|missing| missing.during(operation))
}

/// The array of elements in their order.
fn array<T>(
    operation: &'static str,
    shape: [usize; 4],
    elements: Vec<T>,
) -> Result<ndarray::Array4<T>> {
    ndarray::Array4::from_shape_vec(shape, elements)
        .map_err(|_| Error::overflow(operation, format!("the size of {}", Shape::from(shape))))
}

/// The elements of an array in their order. What goes through millions of products reads them by
/// [`place`]: ndarray's index takes ten times as long where a build inlines little.
fn in_order<'a>(
    operation: &'static str,
    array: &'a ndarray::ArrayView4<'_, f64>,
) -> Result<Cow<'a, [f64]>> {
    match array.as_slice() {
        Some(elements) => Ok(Cow::Borrowed(elements)),
        None => memory::collected(array.iter().copied())
            .map(Cow::Owned)
            .map_err(|missing| missing.during(operation)),
    }
}

/// Where an element lies in the order of a shape.
#[inline(always)]
fn place(shape: Shape, [n, channel, y, x]: [usize; 4]) -> usize {
    ((n * shape.channels + channel) * shape.height + y) * shape.width + x
}

/// That an array of a backward pass has the shape which the forward pass gave.
fn check_shape(
    operation: &'static str,
    argument: &'static str,
    actual: Shape,
    expected: [usize; 4],
) -> Result<()> {
    if actual.dims() == expected {
        return Ok(());
    }
    let rule = format!("the shape in the forward pass is {}", Shape::from(expected));
    Err(Error::shape(operation, argument, actual, rule))
}
