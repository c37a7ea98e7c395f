//! A problem that a runner can be given: an operation with its options, and data made from a seed.

use filtro::{
    Activation, AdaptiveAvgPool2d, AdaptiveMaxPool2d, AvgPool2d, Conv2d, ConvTranspose2d, DType,
    MaxPool2d, Result, Shape,
};
use ndarray::{Array, Array1, Array4, ArrayView, Dimension};

use crate::options::Kind;

/// An operation with its options.
#[derive(Debug, Clone, PartialEq)]
pub enum Operation {
    Conv2d { options: Conv2d, bias: bool },
    ConvTranspose2d { options: ConvTranspose2d, bias: bool },
    MaxPool2d(MaxPool2d),
    AvgPool2d(AvgPool2d),
    AdaptiveAvgPool2d(AdaptiveAvgPool2d),
    AdaptiveMaxPool2d(AdaptiveMaxPool2d),
    Activation(Activation),
}

/// An operation on data of a shape.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    pub name: String,
    pub operation: Operation,
    pub input: [usize; 4],
    pub data: Data,
    pub seed: u64,
}

/// What the elements of the input and of the other tensors are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Data {
    /// Whole numbers from -10 to 10: an f32 convolution of them is exact in any order, while it
    /// adds up fewer than `2^24 / 100` products.
    Integers,
    /// Uniform in -1 to 1.
    Uniform,
    /// Uniform in 0 to 1: sums that only grow, whose rounding errors are the largest.
    Positive,
    /// Of magnitudes from `2^-30` to `2^30`: a result whose large terms cancel.
    Wide,
    /// As [`Wide`](Data::Wide), from `2^-17` to `2^7`: f16 holds the smallest as subnormal numbers,
    /// and sums of products as well as infinity.
    WideHalf,
    /// Whole numbers from -10 to -1, below any zero of the padding.
    Negative,
    /// -1, -0.0, 0.0 and 1: ties in every window.
    Ties,
    /// All negative infinity.
    NegativeInfinity,
    /// NaN, infinities and zeros of both signs among whole numbers.
    NonFinite,
    /// [`NonFinite`](Data::NonFinite), and the largest, the smallest and subnormal numbers.
    Special,
    /// Where activations bend, and beside.
    Kinks,
}

const NON_FINITE: [f32; 6] = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, -0.0, 0.0, 1.0];

const EXTREME: [f32; 12] = [
    1e38,
    -1e38,
    f32::MAX,
    f32::MIN,
    f32::MIN_POSITIVE,
    -f32::MIN_POSITIVE,
    1e-40,
    -1e-40,
    f32::from_bits(1),
    -f32::from_bits(1),
    f32::NEG_INFINITY,
    f32::NAN,
];

const KINKS: [f32; 18] = [
    -40.0, -7.0, -4.0, -3.0, -2.875, -1.0, -0.125, -0.0, 0.0, 0.125, 1.0, 2.875, 3.0, 4.0, 5.875,
    6.0, 7.0, 40.0,
];

/// Pseudo-random numbers that are the same everywhere: SplitMix64.
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// `stream` tells the tensors of one case apart.
    pub fn new(seed: u64, stream: u64) -> Self {
        let mut random = Self(seed ^ stream.wrapping_mul(0xd6e8_feb8_6659_fd93));
        random.next();
        random
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A whole number in `0..count`.
    fn below(&mut self, count: usize) -> usize {
        (self.next() % count as u64) as usize
    }

    /// Uniform in -1 to 1, of 24 bits.
    fn uniform(&mut self) -> f32 {
        (self.next() >> 40) as f32 / (1 << 23) as f32 - 1.0
    }

    fn integer(&mut self) -> f32 {
        self.below(21) as f32 - 10.0
    }

    /// The next element.
    pub fn element(&mut self, data: Data) -> f32 {
        match data {
            Data::Integers => self.integer(),
            Data::Uniform => self.uniform(),
            Data::Positive => self.uniform().abs(),
            Data::Wide => self.uniform() * 2_f32.powi(self.below(61) as i32 - 30),
            Data::WideHalf => self.uniform() * 2_f32.powi(self.below(25) as i32 - 17),
            Data::Negative => -(self.below(10) as f32) - 1.0,
            Data::Ties => [-1.0, -0.0, 0.0, 1.0][self.below(4)],
            Data::NegativeInfinity => f32::NEG_INFINITY,
            Data::NonFinite if self.below(4) == 0 => NON_FINITE[self.below(NON_FINITE.len())],
            Data::NonFinite => self.integer(),
            Data::Special if self.below(3) == 0 => EXTREME[self.below(EXTREME.len())],
            Data::Special => self.element(Data::NonFinite),
            Data::Kinks => KINKS[self.below(KINKS.len())],
        }
    }

    /// An array of such elements.
    pub fn array4(mut self, shape: impl Into<Shape>, data: Data) -> Array4<f32> {
        Array4::from_shape_simple_fn(shape.into().dims(), || self.element(data))
    }
}

/// Streams of [`Random`], one for each tensor of a case.
#[derive(Debug, Clone, Copy)]
pub enum Stream {
    Input,
    Weight,
    Bias,
    GradOutput,
}

/// The nearest values that a type holds.
pub fn nearest<D: Dimension>(array: Array<f32, D>, dtype: DType) -> Array<f32, D> {
    match dtype {
        DType::F16 => array.mapv(|value| half::f16::from_f32(value).to_f32()),
        _ => array,
    }
}

/// The same values in f64.
pub fn wide<D: Dimension>(array: &Array<f32, D>) -> Array<f64, D> {
    array.mapv(f64::from)
}

/// Their absolute values in f64.
pub fn magnitude<D: Dimension>(array: ArrayView<'_, f32, D>) -> Array<f64, D> {
    array.mapv(|value| f64::from(value).abs())
}

impl Operation {
    /// The name of the operation.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Conv2d { .. } => "conv2d",
            Self::ConvTranspose2d { .. } => "conv_transpose2d",
            Self::MaxPool2d(_) => "max_pool2d",
            Self::AvgPool2d(_) => "avg_pool2d",
            Self::AdaptiveAvgPool2d(_) => "adaptive_avg_pool2d",
            Self::AdaptiveMaxPool2d(_) => "adaptive_max_pool2d",
            Self::Activation(_) => "activation",
        }
    }

    /// The data on which a case of the table is run with tensors of a type.
    pub fn data_of(&self, dtype: DType) -> impl Iterator<Item = Data> + use<> {
        self.data().iter().map(move |&data| match data {
            Data::Wide if dtype == DType::F16 => Data::WideHalf,
            data => data,
        })
    }

    /// The data on which a case of the table is run.
    pub fn data(&self) -> &'static [Data] {
        match self {
            Self::Conv2d { .. } | Self::ConvTranspose2d { .. } => {
                &[Data::Integers, Data::Uniform, Data::Wide]
            }
            Self::MaxPool2d(_) | Self::AdaptiveMaxPool2d(_) => &[
                Data::Integers,
                Data::Negative,
                Data::Ties,
                Data::NegativeInfinity,
                Data::NonFinite,
                Data::Special,
            ],
            Self::AvgPool2d(_) | Self::AdaptiveAvgPool2d(_) => {
                &[Data::Integers, Data::Uniform, Data::Wide, Data::NonFinite]
            }
            Self::Activation(_) => &[Data::Kinks, Data::Uniform, Data::NonFinite],
        }
    }

    /// The shape of the output.
    pub fn output_shape(&self, input: [usize; 4]) -> Result<Shape> {
        match self.kind() {
            Kind::Convolution { options, .. } => options.output_shape(input.into()),
            Kind::Max(options) => options.output_shape(input.into()),
            Kind::Average(options) => options.output_shape(input.into()),
            Kind::Activation(_) => Ok(input.into()),
        }
    }
}

impl Case {
    /// A case on whole numbers.
    pub fn new(name: impl Into<String>, operation: Operation, input: [usize; 4]) -> Self {
        let name = name.into();
        let seed = name
            .bytes()
            .fold(7, |seed: u64, byte| seed.wrapping_mul(31).wrapping_add(u64::from(byte)));
        Self { name, operation, input, data: Data::Integers, seed }
    }

    /// The same case on other data.
    pub fn with_data(&self, data: Data) -> Self {
        Self { data, ..self.clone() }
    }

    fn random(&self, stream: Stream) -> Random {
        Random::new(self.seed, stream as u64)
    }

    /// The input.
    pub fn input(&self) -> Array4<f32> {
        self.random(Stream::Input).array4(self.input, self.data)
    }

    /// The weight of a convolution.
    ///
    /// # Panics
    ///
    /// Where the operation has none.
    pub fn weight(&self) -> Array4<f32> {
        let Kind::Convolution { options, .. } = self.operation.kind() else {
            panic!("{} has no weight", self.operation.name());
        };
        let shape = options.weight_shape();
        self.random(Stream::Weight).array4(shape.expect("a valid case"), self.data)
    }

    /// The bias of a convolution, if it has one.
    pub fn bias(&self) -> Option<Array1<f32>> {
        let Kind::Convolution { options, bias: true } = self.operation.kind() else { return None };
        let mut random = self.random(Stream::Bias);
        Some(Array1::from_shape_simple_fn(options.out_channels(), || random.element(self.data)))
    }

    /// A gradient of the output.
    pub fn grad_output(&self) -> Array4<f32> {
        let shape = self.operation.output_shape(self.input).expect("a valid case");
        let data = match self.data {
            Data::Uniform | Data::Positive | Data::Wide | Data::WideHalf => self.data,
            _ => Data::Integers,
        };
        self.random(Stream::GradOutput).array4(shape, data)
    }
}
