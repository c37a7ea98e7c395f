//! Random sizes and options, some of which nobody means: an answer in no time.

use filtro::nn::{self, Layer};
use filtro::{
    Activation, AdaptiveAvgPool2d, AdaptiveMaxPool2d, AvgPool2d, Conv2d, ConvTranspose2d, Device,
    Limits, MaxPool2d, Padding, PaddingMode, Shape, Tensor,
};

use crate::case::{Data, Random};
use crate::hostile::HUGE;
use crate::tested::tested;

/// Options and sizes, small or beyond all memory; what lies between may take long by right.
struct Hostile(Random);

impl Hostile {
    fn below(&mut self, count: usize) -> usize {
        (self.0.element(Data::Positive) * count as f32) as usize % count
    }

    fn small(&mut self) -> usize {
        [0, 1, 1, 1, 2, 2, 3, 4, 5, 7][self.below(10)]
    }

    fn size(&mut self) -> usize {
        if self.below(4) > 0 {
            return self.small();
        }
        [HUGE, 3 << 39, 2 * HUGE + 1, usize::MAX, usize::MAX - 1, isize::MAX as usize]
            [self.below(6)]
    }

    fn pair(&mut self) -> [usize; 2] {
        [self.size(), self.size()]
    }

    fn shape(&mut self) -> Shape {
        Shape::new(self.small(), self.small(), self.size(), self.size())
    }

    /// A tensor of a shape, if it is small or empty.
    fn tensor(&mut self, device: &Device, shape: Shape) -> Option<Tensor> {
        if shape.len() > 1 << 16 {
            return None;
        }
        let elements: Vec<f32> = (0..shape.len()).map(|_| self.0.element(Data::Uniform)).collect();
        device.upload_vec(elements, shape).ok()
    }
}

fn any_options(device: &Device, seed: u64, count: usize) {
    let mut hostile = Hostile(Random::new(seed, 0));
    let limits = &Limits::webgpu();
    for _ in 0..count {
        let shape = hostile.shape();
        let [kernel_size, stride, padding, dilation] = std::array::from_fn(|_| hostile.pair());
        let ceil_mode = hostile.below(2) == 0;
        let mode = PaddingMode::ALL[hostile.below(4)];
        let (in_channels, out_channels) = (hostile.small(), hostile.small());
        let pad = match hostile.below(6) {
            0 => Padding::Same,
            1 => Padding::SameUpper,
            2 => Padding::SameLower,
            3 => Padding::sides(padding[0], hostile.size(), padding[1], hostile.size()),
            _ => padding.into(),
        };
        let max = MaxPool2d::new(kernel_size)
            .stride(stride)
            .padding(pad)
            .dilation(dilation)
            .ceil_mode(ceil_mode);
        let average = AvgPool2d::new(kernel_size)
            .stride(stride)
            .padding(pad)
            .ceil_mode(ceil_mode)
            .count_include_pad(hostile.below(2) == 0);
        let output_size = hostile.pair();
        let adaptive_max = AdaptiveMaxPool2d::new(output_size);
        let adaptive_average = AdaptiveAvgPool2d::new(output_size);
        let conv = Conv2d::new(in_channels, out_channels, kernel_size)
            .stride(stride)
            .padding(pad)
            .dilation(dilation)
            .padding_mode(mode)
            .groups(hostile.below(3));
        let spread = ConvTranspose2d::new(in_channels, out_channels, kernel_size)
            .stride(stride)
            .padding(padding)
            .dilation(dilation)
            .output_padding([hostile.below(2), 0])
            .groups(hostile.below(3));
        let image = Shape { channels: in_channels, ..shape };
        let _ = (max.plan(shape, limits), average.plan(shape, limits));
        let _ = (adaptive_max.plan(shape, limits), adaptive_average.plan(shape, limits));
        let _ = (conv.plan(image, limits), conv.multiply_adds(image), conv.dense_weights(image));
        if let Ok(output) = average.output_shape(shape)
            && let Some(y) = hostile.tensor(device, output)
        {
            let _ = average.grad_input(shape, &y);
        }
        if let Ok(output) = adaptive_average.output_shape(shape)
            && let Some(y) = hostile.tensor(device, output)
        {
            let _ = adaptive_average.grad_input(shape, &y);
        }
        if let Some(x) = hostile.tensor(device, shape) {
            let _ = (average.forward(&x), adaptive_average.forward(&x), max.forward(&x));
            if let Ok((y, indices)) = max.forward_with_indices(&x) {
                max.grad_input(shape, &indices, &y).unwrap();
            }
            if let Ok((y, indices)) = adaptive_max.forward_with_indices(&x) {
                adaptive_max.grad_input(shape, &indices, &y).unwrap();
            }
        }
        let rng = &mut nn::Rng::new(seed);
        let _ = nn::Linear::new(device, hostile.size(), hostile.size(), rng);
        let _ = nn::Conv2d::new(device, conv.clone(), rng);
        let _ = nn::Flatten::new().output_shape(shape);
        if let Some(x) = hostile.tensor(device, shape) {
            let _ = (nn::mse(&x, &x), nn::predictions(&x), x.reshape(image));
            Activation::Silu.grad_input(&x, &Activation::Silu.forward(&x).unwrap()).unwrap();
            assert_eq!(x.to_vec().unwrap().len(), shape.len());
        }
        let weight = conv.weight_shape().ok().and_then(|shape| hostile.tensor(device, shape));
        if let Some(weight) = weight {
            let x = hostile.tensor(device, image);
            let forward = x.as_ref().map(|x| conv.forward(x, &weight, None));
            if let Ok(output) = conv.output_shape(image)
                && let Some(y) = hostile.tensor(device, output)
            {
                let _ = (conv.grad_input(image, &weight, &y), conv.grad_bias(&y));
                if let (Some(x), Some(Ok(_))) = (&x, forward) {
                    conv.grad_weight(x, &y).unwrap();
                }
            }
        }
        let weight = spread.weight_shape().ok().and_then(|shape| hostile.tensor(device, shape));
        if let Some(weight) = weight {
            let x = hostile.tensor(device, image);
            if let Some(x) = &x {
                let _ = spread.forward(x, &weight, None);
            }
            if let Ok(output) = spread.output_shape(image)
                && let Some(y) = hostile.tensor(device, output)
            {
                let _ = (spread.grad_input(image, &weight, &y), spread.grad_bias(&y));
                if let Some(x) = &x {
                    let _ = spread.grad_weight(x, &y);
                }
            }
        }
    }
}

fn cases() -> usize {
    std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(256)
}

#[test]
fn any_sizes_and_options_have_an_answer_on_the_cpu() {
    any_options(&Device::cpu(), 17, 40 * cases());
}

#[test]
fn any_sizes_and_options_have_an_answer_on_the_adapter() {
    any_options(tested(), 18, 2 * cases());
}
