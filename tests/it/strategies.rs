//! Random problems: options that fit each other, sizes that fit the options, and data.

use filtro::{
    Activation, AdaptiveAvgPool2d, AdaptiveMaxPool2d, Algorithm, AvgPool2d, Conv2d,
    ConvTranspose2d, MaxPool2d, Padding, PaddingMode,
};
use proptest::prelude::*;

use crate::case::{Case, Data, Operation};
use crate::cases::activations;

/// Whether this is the sweep, which takes minutes: everything at full length.
pub fn is_sweep() -> bool {
    std::env::var_os("FILTRO_SWEEP").is_some()
}

/// How many random problems a property is tried on: `PROPTEST_CASES`, or else `cases` in the sweep
/// and a quarter of them otherwise. What proptest finds is kept as a named case, not in a file of
/// seeds.
pub fn config(cases: u32) -> ProptestConfig {
    let default = ProptestConfig::default();
    let cases = match std::env::var_os("PROPTEST_CASES") {
        Some(_) => default.cases,
        None if is_sweep() => cases,
        None => cases.div_ceil(4),
    };
    ProptestConfig { cases, failure_persistence: None, ..default }
}

/// How a padding is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Said {
    Sides,
    Same,
    SameUpper,
    SameLower,
}

fn said() -> impl Strategy<Value = Said> {
    prop_oneof![
        6 => Just(Said::Sides),
        1 => Just(Said::Same),
        1 => Just(Said::SameUpper),
        1 => Just(Said::SameLower),
    ]
}

impl Said {
    fn padding(self, [vertical, horizontal]: [Axis; 2]) -> Padding {
        let ([top, bottom], [left, right]) = (vertical.pads, horizontal.pads);
        match self {
            Self::Sides => Padding::sides(top, bottom, left, right),
            Self::Same => Padding::Same,
            Self::SameUpper => Padding::SameUpper,
            Self::SameLower => Padding::SameLower,
        }
    }
}

/// One axis of a window that fits its input at least once.
#[derive(Debug, Clone, Copy)]
struct Axis {
    size: usize,
    kernel_size: usize,
    stride: usize,
    dilation: usize,
    pads: [usize; 2],
}

fn axis() -> impl Strategy<Value = Axis> {
    let pads = prop_oneof![3 => Just([0, 0]), 3 => [0..=2_usize, 0..=2], 1 => [0..=9_usize, 0..=9]];
    let dilation = prop_oneof![2 => Just(1), 1 => 1..=4_usize];
    let stride = prop_oneof![2 => Just(1), 2 => 1..=4_usize, 1 => 5..=9_usize];
    (1..=11_usize, 1..=5_usize, stride, dilation, pads).prop_map(
        |(size, kernel_size, stride, dilation, pads)| Axis {
            size,
            kernel_size,
            stride,
            dilation,
            pads,
        },
    )
}

impl Axis {
    fn span(&self) -> usize {
        self.dilation * (self.kernel_size - 1) + 1
    }

    /// With pads that the mode allows, and an input large enough for the window.
    fn fit(mut self, mode: PaddingMode, said: Said) -> Self {
        if said != Said::Sides {
            if said == Said::Same {
                self.stride = 1;
            }
            // No stride asks for more cells than stride 1.
            self.size = match mode {
                PaddingMode::Reflect => self.size.max(self.span() / 2 + 1),
                PaddingMode::Circular => self.size.max(self.span() / 2),
                _ => self.size,
            };
            return self;
        }
        if self.size + self.pads[0] + self.pads[1] < self.span() {
            self.size = self.span();
        }
        let limit = match mode {
            PaddingMode::Reflect => self.size - 1,
            PaddingMode::Circular => self.size,
            _ => usize::MAX,
        };
        self.pads = self.pads.map(|pad| pad.min(limit));
        self.size = self.size.max(self.span().saturating_sub(self.pads[0] + self.pads[1]));
        self
    }

    /// With pads of at most half of what the kernel spans, as pooling wants.
    fn fit_pool(mut self, dilation: bool, said: Said, ceil_mode: bool) -> Self {
        if !dilation {
            self.dilation = 1;
        }
        if said == Said::Same {
            self.stride = 1;
        }
        if said != Said::Sides {
            return self;
        }
        self.pads = self.pads.map(|pad| pad.min(self.span() / 2));
        let padded = self.size + self.pads[0] + self.pads[1];
        let room = padded + if ceil_mode { self.stride - 1 } else { 0 };
        if room < self.span() {
            self.size = self.span();
        }
        self
    }
}

fn data(of: &Operation) -> impl Strategy<Value = Data> + use<> {
    prop::sample::select(of.data())
}

fn named(operation: Operation, input: [usize; 4]) -> impl Strategy<Value = Case> {
    (data(&operation), any::<u64>()).prop_map(move |(data, seed)| Case {
        name: "random".into(),
        operation: operation.clone(),
        input,
        data,
        seed,
    })
}

fn batch() -> impl Strategy<Value = usize> {
    prop_oneof![1 => Just(0_usize), 12 => 1..=2_usize, 1 => 3..=5_usize]
}

/// Options of a convolution with the shape of an input, without an activation.
pub fn conv2d_options() -> impl Strategy<Value = (Conv2d, [usize; 4])> {
    let mode = prop::sample::select(&PaddingMode::ALL[..]);
    let groups = prop_oneof![2 => Just(1), 1 => 2..=4_usize];
    let channels = (groups, 1..=5_usize, 1..=5_usize);
    (batch(), channels, axis(), axis(), mode, said()).prop_map(
        |(batch, (groups, group_in, group_out), vertical, horizontal, mode, said)| {
            let [vertical, horizontal] = [vertical.fit(mode, said), horizontal.fit(mode, said)];
            let kernel_size = [vertical.kernel_size, horizontal.kernel_size];
            let options = Conv2d::new(groups * group_in, groups * group_out, kernel_size)
                .groups(groups)
                .stride([vertical.stride, horizontal.stride])
                .dilation([vertical.dilation, horizontal.dilation])
                .padding(said.padding([vertical, horizontal]))
                .padding_mode(mode);
            (options, [batch, groups * group_in, vertical.size, horizontal.size])
        },
    )
}

/// A convolution.
pub fn conv2d() -> impl Strategy<Value = Case> {
    let activation = prop::option::weighted(0.2, prop::sample::select(activations().to_vec()));
    (conv2d_options(), activation, any::<bool>()).prop_flat_map(
        |((options, input), activation, bias)| {
            named(Operation::Conv2d { options: options.activation(activation), bias }, input)
        },
    )
}

/// A transposed convolution.
pub fn conv_transpose2d() -> impl Strategy<Value = Case> {
    let channels = (1..=3_usize, 1..=4_usize, 1..=4_usize);
    let extra = [0..=8_usize, 0..=8];
    (batch(), channels, axis(), axis(), extra, any::<bool>()).prop_flat_map(
        |(batch, (groups, group_in, group_out), vertical, horizontal, extra, bias)| {
            let kernel_size = [vertical.kernel_size, horizontal.kernel_size];
            let mut options =
                ConvTranspose2d::new(groups * group_in, groups * group_out, kernel_size)
                    .groups(groups)
                    .stride([vertical.stride, horizontal.stride])
                    .dilation([vertical.dilation, horizontal.dilation]);
            for (axis, of) in [vertical, horizontal].into_iter().enumerate() {
                options.output_padding[axis] = extra[axis] % of.stride.max(of.dilation);
                let uncut = (of.size - 1) * of.stride + of.span() + options.output_padding[axis];
                options.padding[axis] = of.pads[0].min((uncut - 1) / 2);
            }
            let input = [batch, groups * group_in, vertical.size, horizontal.size];
            named(Operation::ConvTranspose2d { options, bias }, input)
        },
    )
}

/// Options of a max pooling with the shape of an input.
pub fn max_pool2d_options() -> impl Strategy<Value = (MaxPool2d, [usize; 4])> {
    (batch(), 1..=4_usize, axis(), axis(), said(), any::<bool>()).prop_map(
        |(batch, channels, vertical, horizontal, said, ceil_mode)| {
            let [vertical, horizontal] =
                [vertical, horizontal].map(|axis| axis.fit_pool(true, said, ceil_mode));
            let options = MaxPool2d::new([vertical.kernel_size, horizontal.kernel_size])
                .stride([vertical.stride, horizontal.stride])
                .padding(said.padding([vertical, horizontal]))
                .dilation([vertical.dilation, horizontal.dilation])
                .ceil_mode(ceil_mode);
            (options, [batch, channels, vertical.size, horizontal.size])
        },
    )
}

/// A max pooling.
pub fn max_pool2d() -> impl Strategy<Value = Case> {
    max_pool2d_options()
        .prop_flat_map(|(options, input)| named(Operation::MaxPool2d(options), input))
}

/// Options of an average pooling with the shape of an input.
pub fn avg_pool2d_options() -> impl Strategy<Value = (AvgPool2d, [usize; 4])> {
    let divisor = prop::option::weighted(0.3, prop_oneof![-7..=-1_i64, 1..=9_i64]);
    let flags = (any::<bool>(), any::<bool>(), divisor);
    (batch(), 1..=4_usize, axis(), axis(), said(), flags).prop_map(
        |(batch, channels, vertical, horizontal, said, (ceil_mode, include, divisor))| {
            let [vertical, horizontal] =
                [vertical, horizontal].map(|axis| axis.fit_pool(false, said, ceil_mode));
            let options = AvgPool2d::new([vertical.kernel_size, horizontal.kernel_size])
                .stride([vertical.stride, horizontal.stride])
                .padding(said.padding([vertical, horizontal]))
                .ceil_mode(ceil_mode)
                .count_include_pad(include)
                .divisor_override(divisor);
            (options, [batch, channels, vertical.size, horizontal.size])
        },
    )
}

/// An average pooling.
pub fn avg_pool2d() -> impl Strategy<Value = Case> {
    avg_pool2d_options()
        .prop_flat_map(|(options, input)| named(Operation::AvgPool2d(options), input))
}

fn adaptive(operation: fn([usize; 2]) -> Operation) -> impl Strategy<Value = Case> {
    let sizes = (1..=13_usize, 1..=13_usize);
    (batch(), 1..=4_usize, sizes, [1..=9_usize, 1..=9]).prop_flat_map(
        move |(batch, channels, (height, width), output_size)| {
            named(operation(output_size), [batch, channels, height, width])
        },
    )
}

/// An adaptive average.
pub fn adaptive_avg_pool2d() -> impl Strategy<Value = Case> {
    adaptive(|output_size| Operation::AdaptiveAvgPool2d(AdaptiveAvgPool2d::new(output_size)))
}

/// An adaptive maximum.
pub fn adaptive_max_pool2d() -> impl Strategy<Value = Case> {
    adaptive(|output_size| Operation::AdaptiveMaxPool2d(AdaptiveMaxPool2d::new(output_size)))
}

/// An activation.
pub fn activation() -> impl Strategy<Value = Case> {
    let leaky = (-1.0_f32..2.0).prop_map(|negative_slope| Activation::LeakyRelu { negative_slope });
    let function = prop_oneof![4 => prop::sample::select(activations().to_vec()), 1 => leaky];
    (function, batch(), 1..=4_usize, 1..=9_usize, 1..=9_usize).prop_flat_map(
        |(function, batch, channels, height, width)| {
            named(Operation::Activation(function), [batch, channels, height, width])
        },
    )
}

/// A number that an option may have, most often a small one: else 0, one beside a power of two, or
/// one at the end of what 31, 32, 63 and 64 bits hold.
fn size() -> impl Strategy<Value = usize> {
    let edges = [31_u32, 32, 40, 62, 63].map(|bits| 1_usize << bits);
    let edges = edges.into_iter().flat_map(|edge| [edge - 1, edge, edge + 1]);
    let edges: Vec<_> = edges.chain([usize::MAX / 2, usize::MAX]).collect();
    prop_oneof![
        12 => 1..=5_usize,
        2 => Just(0_usize),
        3 => (0..18_u32, 0..=2_usize).prop_map(|(bits, beside)| (1 << bits) + beside - 1),
        1 => 65_535..=65_537_usize,
        2 => prop::sample::select(edges),
    ]
}

fn sizes() -> impl Strategy<Value = [usize; 2]> {
    [size(), size()]
}

/// Options that are small unless they are hostile: padding.
fn pads() -> impl Strategy<Value = [usize; 2]> {
    prop_oneof![3 => Just([0, 0]), 2 => [0..=2_usize, 0..=2], 2 => sizes()]
}

// Boxed, for a test's thread has too small a stack for all of it.
fn padding() -> BoxedStrategy<Padding> {
    let same = prop::sample::select(&[Padding::Same, Padding::SameUpper, Padding::SameLower][..]);
    prop_oneof![
        3 => pads().prop_map(Padding::from),
        1 => same,
        1 => (pads(), pads()).prop_map(|([a, b], [c, d])| Padding::sides(a, b, c, d)),
    ]
    .boxed()
}

fn steps() -> impl Strategy<Value = [usize; 2]> {
    prop_oneof![3 => Just([1, 1]), 3 => sizes()]
}

fn hostile_operation() -> impl Strategy<Value = Operation> {
    let pin = || prop::option::weighted(0.3, prop::sample::select(Algorithm::ALL.to_vec()));
    let mode = prop::sample::select(&PaddingMode::ALL[..]);
    let groups = || prop_oneof![4 => Just(1), 1 => size()];
    let window = || (sizes(), sizes(), padding(), steps(), any::<bool>(), pin());
    let conv = || (size(), size(), sizes(), steps(), pads(), steps(), groups(), any::<bool>());
    prop_oneof![
        (conv(), padding(), mode, pin()).prop_map(|(of, padding, mode, pin)| {
            let (input, output, kernel, stride, _, dilation, groups, bias) = of;
            let options = Conv2d::new(input, output, kernel)
                .stride(stride)
                .padding(padding)
                .padding_mode(mode)
                .dilation(dilation)
                .groups(groups)
                .algorithm(pin);
            Operation::Conv2d { options, bias }
        }),
        (conv(), pads()).prop_map(|(of, output_padding)| {
            let (input, output, kernel, stride, padding, dilation, groups, bias) = of;
            let options = ConvTranspose2d::new(input, output, kernel)
                .stride(stride)
                .padding(padding)
                .output_padding(output_padding)
                .dilation(dilation)
                .groups(groups);
            Operation::ConvTranspose2d { options, bias }
        }),
        window().prop_map(|(kernel, stride, padding, dilation, ceil_mode, pin)| {
            let pool = MaxPool2d::new(kernel).stride(stride).padding(padding).dilation(dilation);
            Operation::MaxPool2d(pool.ceil_mode(ceil_mode).algorithm(pin))
        }),
        (window(), any::<bool>(), prop::option::weighted(0.2, any::<i64>())).prop_map(
            |((kernel, stride, padding, _, ceil_mode, pin), include, divisor)| {
                let pool = AvgPool2d::new(kernel).stride(stride).padding(padding);
                let pool = pool.ceil_mode(ceil_mode).count_include_pad(include);
                Operation::AvgPool2d(pool.divisor_override(divisor).algorithm(pin))
            }
        ),
        (sizes(), pin()).prop_map(|(size, pin)| {
            Operation::AdaptiveAvgPool2d(AdaptiveAvgPool2d::new(size).algorithm(pin))
        }),
        (sizes(), pin()).prop_map(|(size, pin)| {
            Operation::AdaptiveMaxPool2d(AdaptiveMaxPool2d::new(size).algorithm(pin))
        }),
        prop::sample::select(activations().to_vec()).prop_map(Operation::Activation),
    ]
}

/// An operation of any sizes and options, on an input of any shape whose channels are those of the
/// options as often as not.
pub fn hostile() -> impl Strategy<Value = Case> {
    let batch = prop_oneof![6 => Just(1_usize), 2 => Just(0), 2 => size()];
    (hostile_operation(), batch, size(), sizes(), any::<bool>(), any::<u64>()).prop_map(
        |(operation, batch, channels, [height, width], any_channels, seed)| {
            let channels = match &operation {
                Operation::Conv2d { options, .. } if !any_channels => options.in_channels,
                Operation::ConvTranspose2d { options, .. } if !any_channels => options.in_channels,
                _ => channels,
            };
            let input = [batch, channels, height, width];
            Case { name: "hostile".into(), operation, input, data: Data::Integers, seed }
        },
    )
}
