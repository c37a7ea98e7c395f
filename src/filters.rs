//! Classic filters of image processing, as weights of a convolution.
//!
//! A trained network finds its own filters; these were found by people, and the first layer of
//! many networks ends up with much the same. As in [`Conv2d`](crate::Conv2d) they are not flipped:
//! [`SOBEL_X`] is positive where the picture grows brighter to the right.
//!
//! # Examples
//!
//! ```
//! use filtro::{Conv2d, Device, filters};
//! use ndarray::Array4;
//!
//! let device = Device::cpu();
//! let picture = device.upload(&Array4::<f32>::ones((1, 1, 30, 45)))?;
//! let weight = device.upload(&filters::bank(&[filters::SOBEL_X, filters::SOBEL_Y]))?;
//! let edges = Conv2d::new(1, 2, [3, 3]).forward(&picture, &weight, None)?;
//! assert!(edges.download()?.iter().all(|&edge| edge == 0.0)); // a flat picture has none
//! # Ok::<(), filtro::Error>(())
//! ```

use ndarray::{Array2, Array4, s};

/// One filter: a name, a matrix, and what it does.
///
/// # Examples
///
/// ```
/// use filtro::filters::{self, Filter};
/// use ndarray::array;
///
/// let filter = Filter::named("gaussian").ok_or("no such filter")?;
/// assert_eq!(filter, filters::GAUSSIAN);
/// assert_eq!(Filter::named("Gaussian"), Some(filter));
/// assert_eq!(filter.kernel()[[1, 1]], 0.25);
/// assert!(!filter.is_signed());
/// # Ok::<(), &str>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Filter {
    name: &'static str,
    about: &'static str,
    rows: &'static [&'static [f32]],
    divisor: f32,
}

impl Filter {
    /// The filter of this name, such as `sobel-x`, in upper or lower case.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        ALL.iter().copied().find(|filter| filter.name.eq_ignore_ascii_case(name))
    }

    /// The name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// What the filter does, in a few words.
    #[must_use]
    pub const fn about(&self) -> &'static str {
        self.about
    }

    /// The matrix, `[kernel_height, kernel_width]`.
    #[must_use]
    pub fn kernel(&self) -> Array2<f32> {
        let width = self.rows.first().map_or(0, |row| row.len());
        Array2::from_shape_fn((self.rows.len(), width), |(y, x)| self.rows[y][x] / self.divisor)
    }

    /// Whether the weights add up to zero: then a flat picture gives zero, and the output has both
    /// signs. The others add up to one and keep the brightness.
    #[must_use]
    pub fn is_signed(&self) -> bool {
        self.rows.iter().copied().flatten().sum::<f32>() == 0.0
    }
}

/// The filters as the weight of a convolution of one channel: `[filters, 1, height, width]`.
///
/// Smaller kernels are surrounded by zeros up to the size of the largest.
///
/// # Examples
///
/// ```
/// use filtro::filters::{GAUSSIAN_5, SOBEL_X, bank};
///
/// assert_eq!(bank(&[SOBEL_X, GAUSSIAN_5]).dim(), (2, 1, 5, 5));
/// ```
#[must_use]
pub fn bank(filters: &[Filter]) -> Array4<f32> {
    let kernels: Vec<_> = filters.iter().map(Filter::kernel).collect();
    let height = kernels.iter().map(Array2::nrows).max().unwrap_or(0);
    let width = kernels.iter().map(Array2::ncols).max().unwrap_or(0);
    let mut weight = Array4::zeros((filters.len(), 1, height, width));
    for (out_channel, kernel) in kernels.iter().enumerate() {
        let (kernel_height, kernel_width) = kernel.dim();
        let (top, left) = ((height - kernel_height) / 2, (width - kernel_width) / 2);
        weight
            .slice_mut(s![out_channel, 0, top..top + kernel_height, left..left + kernel_width])
            .assign(kernel);
    }
    weight
}

macro_rules! filters {
    ($($(#[$doc:meta])* $constant:ident = $name:literal, $about:literal, $divisor:literal, $rows:expr;)*) => {
        $(
            $(#[$doc])*
            pub const $constant: Filter =
                Filter { name: $name, about: $about, rows: $rows, divisor: $divisor };
        )*

        /// All filters of this module.
        pub const ALL: &[Filter] = &[$($constant),*];
    };
}

filters! {
    /// The picture itself.
    ///
    /// ```text
    /// 0 0 0
    /// 0 1 0
    /// 0 0 0
    /// ```
    IDENTITY = "identity", "the picture itself", 1.0,
        &[&[0.0, 0.0, 0.0], &[0.0, 1.0, 0.0], &[0.0, 0.0, 0.0]];

    /// Brightness growing to the right: vertical edges.
    ///
    /// ```text
    /// -1 0 1
    /// -2 0 2
    /// -1 0 1
    /// ```
    ///
    /// Source: I. Sobel and G. Feldman, *A 3x3 isotropic gradient operator for image processing*,
    /// Stanford Artificial Intelligence Project, 1968.
    SOBEL_X = "sobel-x", "vertical edges", 1.0,
        &[&[-1.0, 0.0, 1.0], &[-2.0, 0.0, 2.0], &[-1.0, 0.0, 1.0]];

    /// Brightness growing downwards: horizontal edges.
    ///
    /// ```text
    /// -1 -2 -1
    ///  0  0  0
    ///  1  2  1
    /// ```
    ///
    /// Source: as [`SOBEL_X`].
    SOBEL_Y = "sobel-y", "horizontal edges", 1.0,
        &[&[-1.0, -2.0, -1.0], &[0.0, 0.0, 0.0], &[1.0, 2.0, 1.0]];

    /// As [`SOBEL_X`], with the three rows weighted alike.
    ///
    /// ```text
    /// -1 0 1
    /// -1 0 1
    /// -1 0 1
    /// ```
    ///
    /// Source: J. M. S. Prewitt, *Object enhancement and extraction*, in Picture Processing and
    /// Psychopictorics, 1970.
    PREWITT_X = "prewitt-x", "vertical edges", 1.0,
        &[&[-1.0, 0.0, 1.0], &[-1.0, 0.0, 1.0], &[-1.0, 0.0, 1.0]];

    /// As [`SOBEL_Y`], with the three columns weighted alike.
    ///
    /// ```text
    /// -1 -1 -1
    ///  0  0  0
    ///  1  1  1
    /// ```
    ///
    /// Source: as [`PREWITT_X`].
    PREWITT_Y = "prewitt-y", "horizontal edges", 1.0,
        &[&[-1.0, -1.0, -1.0], &[0.0, 0.0, 0.0], &[1.0, 1.0, 1.0]];

    /// As [`SOBEL_X`], with weights for which the direction of an edge comes out truest.
    ///
    /// ```text
    ///  -3 0  3
    /// -10 0 10
    ///  -3 0  3
    /// ```
    ///
    /// Source: H. Scharr, *Optimale Operatoren in der Digitalen Bildverarbeitung*, dissertation,
    /// Heidelberg, 2000.
    SCHARR_X = "scharr-x", "vertical edges", 1.0,
        &[&[-3.0, 0.0, 3.0], &[-10.0, 0.0, 10.0], &[-3.0, 0.0, 3.0]];

    /// As [`SOBEL_Y`], with weights for which the direction of an edge comes out truest.
    ///
    /// ```text
    /// -3 -10 -3
    ///  0   0  0
    ///  3  10  3
    /// ```
    ///
    /// Source: as [`SCHARR_X`].
    SCHARR_Y = "scharr-y", "horizontal edges", 1.0,
        &[&[-3.0, -10.0, -3.0], &[0.0, 0.0, 0.0], &[3.0, 10.0, 3.0]];

    /// The second derivative in both directions: spots and edges of any direction. Negative on
    /// bright spots.
    ///
    /// ```text
    /// 0  1 0
    /// 1 -4 1
    /// 0  1 0
    /// ```
    ///
    /// Source: R. C. Gonzalez and R. E. Woods, *Digital Image Processing*, section 3.6.
    LAPLACIAN = "laplacian", "spots and edges", 1.0,
        &[&[0.0, 1.0, 0.0], &[1.0, -4.0, 1.0], &[0.0, 1.0, 0.0]];

    /// As [`LAPLACIAN`], with the diagonals.
    ///
    /// ```text
    /// 1  1 1
    /// 1 -8 1
    /// 1  1 1
    /// ```
    ///
    /// Source: as [`LAPLACIAN`].
    LAPLACIAN_8 = "laplacian-8", "spots and edges", 1.0,
        &[&[1.0, 1.0, 1.0], &[1.0, -8.0, 1.0], &[1.0, 1.0, 1.0]];

    /// A Gaussian followed by [`LAPLACIAN`], in one filter: spots and edges, without the noise.
    ///
    /// ```text
    /// 0 0   1 0 0
    /// 0 1   2 1 0
    /// 1 2 -16 2 1
    /// 0 1   2 1 0
    /// 0 0   1 0 0
    /// ```
    ///
    /// Source: D. Marr and E. Hildreth, *Theory of edge detection*, Proceedings of the Royal
    /// Society B 207, 1980.
    LAPLACIAN_OF_GAUSSIAN = "log", "smooth spots and edges", 1.0, &[
        &[0.0, 0.0, 1.0, 0.0, 0.0],
        &[0.0, 1.0, 2.0, 1.0, 0.0],
        &[1.0, 2.0, -16.0, 2.0, 1.0],
        &[0.0, 1.0, 2.0, 1.0, 0.0],
        &[0.0, 0.0, 1.0, 0.0, 0.0],
    ];

    /// The mean of the neighbourhood.
    ///
    /// ```text
    /// 1 1 1
    /// 1 1 1  / 9
    /// 1 1 1
    /// ```
    BOX = "box", "the mean", 9.0,
        &[&[1.0, 1.0, 1.0], &[1.0, 1.0, 1.0], &[1.0, 1.0, 1.0]];

    /// Soft focus: a mean that weighs the near more, of binomial coefficients.
    ///
    /// ```text
    /// 1 2 1
    /// 2 4 2  / 16
    /// 1 2 1
    /// ```
    ///
    /// Source: P. J. Burt, *Fast filter transforms for image processing*, Computer Graphics and
    /// Image Processing 16, 1981.
    GAUSSIAN = "gaussian", "soft focus", 16.0,
        &[&[1.0, 2.0, 1.0], &[2.0, 4.0, 2.0], &[1.0, 2.0, 1.0]];

    /// As [`GAUSSIAN`], twice as wide.
    ///
    /// ```text
    /// 1  4  6  4 1
    /// 4 16 24 16 4
    /// 6 24 36 24 6  / 256
    /// 4 16 24 16 4
    /// 1  4  6  4 1
    /// ```
    ///
    /// Source: as [`GAUSSIAN`].
    GAUSSIAN_5 = "gaussian-5", "softer focus", 256.0, &[
        &[1.0, 4.0, 6.0, 4.0, 1.0],
        &[4.0, 16.0, 24.0, 16.0, 4.0],
        &[6.0, 24.0, 36.0, 24.0, 6.0],
        &[4.0, 16.0, 24.0, 16.0, 4.0],
        &[1.0, 4.0, 6.0, 4.0, 1.0],
    ];

    /// The picture less its [`LAPLACIAN`]: edges are exaggerated.
    ///
    /// ```text
    ///  0 -1  0
    /// -1  5 -1
    ///  0 -1  0
    /// ```
    ///
    /// Source: as [`LAPLACIAN`].
    SHARPEN = "sharpen", "crisper edges", 1.0,
        &[&[0.0, -1.0, 0.0], &[-1.0, 5.0, -1.0], &[0.0, -1.0, 0.0]];

    /// A relief, lit from the lower right, over the picture.
    ///
    /// ```text
    /// -2 -1 0
    /// -1  1 1
    ///  0  1 2
    /// ```
    ///
    /// Source: the customary matrix of photo editors.
    EMBOSS = "emboss", "a relief", 1.0,
        &[&[-2.0, -1.0, 0.0], &[-1.0, 1.0, 1.0], &[0.0, 1.0, 2.0]];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_weights_of_every_filter_add_up_to_zero_or_one_and_names_are_found() {
        for filter in ALL {
            let sum = filter.kernel().sum();
            let expected = if filter.is_signed() { 0.0 } else { 1.0 };
            assert!((sum - expected).abs() < 1e-6, "{}: {sum}", filter.name());
            assert_eq!(Filter::named(filter.name()), Some(*filter));
        }
        assert_eq!(Filter::named("sobel"), None);
    }

    #[test]
    fn a_bank_centres_smaller_kernels() {
        let weight = bank(&[SHARPEN, GAUSSIAN_5]);
        assert_eq!(weight.slice(s![0, 0, 1..4, 1..4]), SHARPEN.kernel());
        assert_eq!(weight.slice(s![0, 0, .., ..]).sum(), 1.0);
        assert_eq!(weight.slice(s![1, 0, .., ..]), GAUSSIAN_5.kernel());
        assert_eq!(bank(&[]).dim(), (0, 1, 0, 0));
    }
}
