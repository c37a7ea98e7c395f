//! What thousands of repetitions leave behind in the process.
//!
//! A driver that compiles a shader anew at every dispatch and keeps it shows as mappings and
//! resident memory; no call of this crate or of wgpu would tell.

use std::process::Command;

use filtro::{
    Activation, AdaptiveAvgPool2d, AdaptiveMaxPool2d, Algorithm, AvgPool2d, Conv2d,
    ConvTranspose2d, DType, Device, MaxPool2d, PaddingMode, Result, Tensor, nn,
};
use ndarray::{Array1, Array4};

use crate::strategies::is_sweep;
use crate::tested::{has_f16, open_tested};

/// Set in the process that does nothing else.
const ALONE: &str = "FILTRO_TEST_ALONE";

const WARM_UP: usize = 200;
/// In the sweep, and otherwise.
const REPETITIONS: [usize; 2] = [2000, 500];
/// Work is awaited after so many, so that what waits for the device is no part of the figures.
const AT_ONCE: usize = 100;

const MOST_MAPPINGS: usize = 16;
const MOST_KILOBYTES: usize = 4096;

/// The mappings of this process, and its resident kilobytes.
pub fn memory() -> (usize, usize) {
    let read = |name| std::fs::read_to_string(format!("/proc/self/{name}")).unwrap();
    let resident = read("status")
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:")?.strip_suffix("kB")?.trim().parse().ok());
    (read("maps").lines().count(), resident.unwrap())
}

/// Whether this process runs this one test alone. Else it is run so, and fails if it does there.
pub fn runs_alone(name: &str) -> bool {
    if std::env::var_os(ALONE).is_some() {
        return true;
    }
    let this = std::env::current_exe().unwrap();
    let mut alone = Command::new(this);
    alone.args(["--exact", name, "--nocapture"]).env(ALONE, "1");
    let alone = alone.output().unwrap();
    let text = [alone.stdout, alone.stderr].map(|text| String::from_utf8(text).unwrap());
    assert!(alone.status.success() && text[0].contains("1 passed"), "{}{}", text[0], text[1]);
    false
}

type Work = Box<dyn FnMut() -> Result<()>>;

/// What is repeated on one device, and its name.
struct Works {
    device: Device,
    works: Vec<(String, Work)>,
}

impl Works {
    fn tensor(&self, shape: [usize; 4]) -> Tensor {
        let element = |(n, c, y, x)| ((n * 7 + c * 5 + y * 3 + x) % 11) as f32 - 5.0;
        self.device.upload(&Array4::from_shape_fn(shape, element)).unwrap()
    }

    fn add<T>(&mut self, name: String, mut work: impl FnMut() -> Result<T> + 'static) {
        self.works.push((name, Box::new(move || work().map(drop))));
    }

    /// As [`add`](Self::add), as planned and for each of these algorithms that serves the problem.
    fn add_pinned<T>(
        &mut self,
        name: &str,
        pins: &[Algorithm],
        work: impl Fn(Option<Algorithm>) -> Result<T> + Clone + 'static,
    ) {
        for pin in [None].into_iter().chain(pins.iter().copied().map(Some)) {
            match work(pin) {
                Err(filtro::Error::Unsupported { .. }) if pin.is_some() => {}
                Err(error) => panic!("{name} {pin:?}: {error}"),
                Ok(_) => {
                    let pinned = pin.map_or("planned", Algorithm::name);
                    let work = work.clone();
                    self.add(format!("{name}, {pinned}"), move || work(pin));
                }
            }
        }
    }

    fn add_conv2d(&mut self, conv: &Conv2d, input: [usize; 4]) {
        let [height, width] = conv.kernel_size;
        let x = self.tensor(input);
        let w = self.tensor([conv.out_channels, conv.in_channels / conv.groups, height, width]);
        let bias = self.device.upload(&Array1::<f32>::ones(conv.out_channels)).unwrap();
        let y = conv.forward(&x, &w, None).unwrap();
        let name = format!("conv2d {conv:?} on {input:?}");
        let pinned = {
            let conv = conv.clone();
            move |pin| conv.clone().algorithm(pin)
        };
        let (conv2d, tensors) = (pinned.clone(), (x.clone(), w.clone()));
        self.add_pinned(&name, Algorithm::ALL, move |pin| {
            conv2d(pin).forward(&tensors.0, &tensors.1, Some(&bias))
        });
        if [height, width] == [3, 3] && has_f16() {
            let half = [&x, &w].map(|tensor| tensor.to_dtype(DType::F16).unwrap());
            let conv2d = pinned.clone();
            self.add_pinned(&format!("{name} of f16"), Algorithm::ALL, move |pin| {
                conv2d(pin).forward(&half[0], &half[1], None)
            });
        }
        let (conv2d, tensors) = (pinned.clone(), (w, y.clone()));
        self.add_pinned(&format!("grad_input of {name}"), &[Algorithm::General], move |pin| {
            conv2d(pin).grad_input(input, &tensors.0, &tensors.1)
        });
        let (conv2d, tensors) = (pinned.clone(), (x, y.clone()));
        self.add_pinned(&format!("grad_weight of {name}"), &[Algorithm::General], move |pin| {
            conv2d(pin).grad_weight(&tensors.0, &tensors.1)
        });
        self.add(format!("grad_bias of {name}"), move || pinned(None).grad_bias(&y));
    }

    fn add_conv_transpose2d(&mut self, conv: ConvTranspose2d, input: [usize; 4]) {
        let [height, width] = conv.kernel_size;
        let x = self.tensor(input);
        let w = self.tensor([conv.in_channels, conv.out_channels / conv.groups, height, width]);
        let y = conv.forward(&x, &w, None).unwrap();
        let name = format!("conv_transpose2d {conv:?} on {input:?}");
        let (of, tensors) = (conv.clone(), (x.clone(), w.clone()));
        self.add(name.clone(), move || of.forward(&tensors.0, &tensors.1, None));
        let (of, tensors) = (conv.clone(), (w, y.clone()));
        self.add(format!("grad_input of {name}"), move || {
            of.grad_input(input, &tensors.0, &tensors.1)
        });
        self.add(format!("grad_weight of {name}"), move || conv.grad_weight(&x, &y));
    }

    fn add_pools(&mut self, kernel_size: [usize; 2], stride: [usize; 2], input: [usize; 4]) {
        let x = self.tensor(input);
        let padding = kernel_size.map(|size| size / 2);
        let max = MaxPool2d::new(kernel_size).stride(stride).padding(padding);
        let (y, indices) = max.forward_with_indices(&x).unwrap();
        let (of, source) = (max.clone(), x.clone());
        self.add_pinned(&format!("{max:?} on {input:?}"), Algorithm::ALL, move |pin| {
            of.clone().algorithm(pin).forward(&source)
        });
        let (of, source) = (max.clone(), x.clone());
        self.add_pinned(&format!("indices of {max:?} on {input:?}"), Algorithm::ALL, move |pin| {
            of.clone().algorithm(pin).forward_with_indices(&source)
        });
        let (of, grad) = (max.clone(), y.clone());
        self.add(format!("grad_input of {max:?} on {input:?}"), move || {
            of.grad_input(input, &indices, &grad)
        });
        let average = AvgPool2d::new(kernel_size).stride(stride).padding(padding);
        let (of, source) = (average.clone(), x);
        self.add_pinned(&format!("{average:?} on {input:?}"), Algorithm::ALL, move |pin| {
            of.clone().algorithm(pin).forward(&source)
        });
        self.add(format!("grad_input of {average:?} on {input:?}"), move || {
            average.grad_input(input, &y)
        });
    }

    fn add_adaptive_pools(&mut self, output_size: [usize; 2], input: [usize; 4]) {
        let x = self.tensor(input);
        let average = AdaptiveAvgPool2d::new(output_size);
        let y = average.forward(&x).unwrap();
        let (of, source) = (average.clone(), x.clone());
        self.add_pinned(&format!("{average:?} on {input:?}"), Algorithm::ALL, move |pin| {
            of.clone().algorithm(pin).forward(&source)
        });
        let grad = y.clone();
        self.add(format!("grad_input of {average:?} on {input:?}"), move || {
            average.grad_input(input, &grad)
        });
        let max = AdaptiveMaxPool2d::new(output_size);
        let (_, indices) = max.forward_with_indices(&x).unwrap();
        let of = max.clone();
        self.add_pinned(&format!("{max:?} on {input:?}"), Algorithm::ALL, move |pin| {
            of.clone().algorithm(pin).forward_with_indices(&x)
        });
        self.add(format!("grad_input of {max:?} on {input:?}"), move || {
            max.grad_input(input, &indices, &y)
        });
    }

    fn add_training(&mut self, input: [usize; 4]) {
        let [batch, channels, height, width] = input;
        let (x, target) = (self.tensor(input), self.tensor([batch, channels, height, width]));
        let (logits, output) = (x.clone(), x.clone());
        let positions = vec![0; batch * height * width];
        let labels = self.device.upload_numbers(&positions, [batch, 1, height, width]).unwrap();
        self.add(format!("cross_entropy on {input:?}"), move || {
            nn::cross_entropy(&logits, &labels)
        });
        self.add(format!("mse on {input:?}"), move || nn::mse(&output, &target));
        let (gradient, mut parameter) = (x.clone(), nn::Parameter::new(x.clone()));
        let mut sgd = nn::Sgd::new(1e-3).momentum(0.9);
        self.add(format!("sgd on {input:?}"), move || {
            parameter.set_gradient(gradient.clone())?;
            sgd.step([&mut parameter])
        });
        let (gradient, mut parameter) = (x.clone(), nn::Parameter::new(x.clone()));
        let mut adam = nn::Adam::new(1e-3);
        self.add(format!("adam on {input:?}"), move || {
            parameter.set_gradient(gradient.clone())?;
            adam.step([&mut parameter])
        });
        for function in [Activation::Silu, Activation::LeakyRelu { negative_slope: 0.1 }] {
            let tensors = (x.clone(), x.clone());
            self.add(format!("{function:?} on {input:?}"), move || function.forward(&tensors.0));
            self.add(format!("grad_input of {function:?} on {input:?}"), move || {
                function.grad_input(&tensors.1, &tensors.1)
            });
        }
    }

    /// Repeats everything, and says what grew.
    fn repeat(self) -> Vec<String> {
        let mut grew = Vec::new();
        let [full, short] = REPETITIONS;
        let repetitions = if is_sweep() { full } else { short };
        for (name, mut work) in self.works {
            let mut before = (0, 0);
            for repetition in 1..=repetitions {
                work().unwrap_or_else(|error| panic!("{name}: {error}"));
                if repetition % AT_ONCE > 0 {
                    continue;
                }
                self.device.synchronize().unwrap();
                let (mappings, kilobytes) = memory();
                if repetition == WARM_UP {
                    before = (mappings, kilobytes);
                }
                let too_much =
                    mappings > before.0 + MOST_MAPPINGS || kilobytes > before.1 + MOST_KILOBYTES;
                if repetition > WARM_UP && too_much {
                    grew.push(format!(
                        "{name}: {} mappings and {} KB grew to {mappings} and {kilobytes} KB by \
                         repetition {repetition}",
                        before.0, before.1
                    ));
                    break;
                }
            }
        }
        grew
    }
}

/// All operations on shapes of one kind, on a device that has seen no other: what a driver makes
/// of a shader may depend on the shape that it first runs on.
fn of_shapes(channels: [usize; 2], sizes: [usize; 2], mode: PaddingMode) -> Vec<String> {
    let mut works = Works { device: open_tested(), works: Vec::new() };
    let [in_channels, out_channels] = channels;
    let input = [1, in_channels, sizes[0], sizes[1]];
    let dense = |kernel_size| Conv2d::new(in_channels, out_channels, kernel_size);
    works.add_conv2d(&dense([1, 1]), input);
    works.add_conv2d(&dense([3, 3]).padding([1, 1]).padding_mode(mode), input);
    works.add_conv2d(&dense([2, 3]).stride([2, 2]), input);
    works.add_conv2d(&Conv2d::new(in_channels, in_channels, [3, 3]).groups(in_channels), input);
    let transposed = ConvTranspose2d::new(in_channels, out_channels, [3, 2]);
    works.add_conv_transpose2d(transposed.clone(), input);
    works.add_conv_transpose2d(transposed.stride([2, 2]), input);
    works.add_pools([3, 2], [2, 1], input);
    works.add_adaptive_pools([1, 1], input);
    works.add_adaptive_pools([2, 3], input);
    works.add_training(input);
    works.repeat()
}

#[test]
fn repetitions_leave_memory_and_mappings_where_they_were() {
    if !runs_alone("repetitions::repetitions_leave_memory_and_mappings_where_they_were") {
        return;
    }
    let mut grew = Vec::new();
    for (channels, sizes, mode) in [
        ([4, 8], [4, 5], PaddingMode::Zeros),
        ([3, 5], [9, 7], PaddingMode::Reflect),
        ([8, 8], [8, 8], PaddingMode::Zeros),
    ] {
        grew.extend(of_shapes(channels, sizes, mode));
    }
    assert!(grew.is_empty(), "{} grew:\n{}", grew.len(), grew.join("\n"));
}
