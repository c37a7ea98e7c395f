//! EfficientNet-Lite0, which tells what is on a picture.

use filtro::nn::{self, Graph, Linear, Node, Rng};
use filtro::{Activation, AdaptiveAvgPool2d, BatchNorm2d, Conv2d, Device, Padding, Result};

/// The size of the pictures that it was trained on.
pub(crate) const SIZE: usize = 224;

/// Blocks of a kind, one after the other; the first has the stride.
struct Stage {
    repeats: usize,
    kernel_size: usize,
    stride: usize,
    /// How many times as many channels are inside of a block.
    expansion: usize,
    out_channels: usize,
}

const fn stage([repeats, kernel_size, stride, expansion, out_channels]: [usize; 5]) -> Stage {
    Stage { repeats, kernel_size, stride, expansion, out_channels }
}

const STAGES: [Stage; 7] = [
    stage([1, 3, 1, 1, 16]),
    stage([2, 3, 2, 6, 24]),
    stage([2, 5, 2, 6, 40]),
    stage([3, 3, 2, 6, 80]),
    stage([3, 5, 1, 6, 112]),
    stage([4, 5, 2, 6, 192]),
    stage([1, 3, 1, 6, 320]),
];

/// What adds the layers of the network.
struct Builder<'a> {
    device: &'a Device,
    rng: Rng,
    graph: Graph,
}

impl Builder<'_> {
    /// A convolution with the padding of TensorFlow's SAME, a batch normalisation, and perhaps
    /// a ReLU6.
    fn conv(
        &mut self,
        [name, norm]: [String; 2],
        conv: Conv2d,
        activation: Option<Activation>,
        x: Node,
    ) -> Result<Node> {
        let features = conv.out_channels;
        let conv = conv.padding(Padding::SameUpper);
        let conv = nn::Conv2d::new(self.device, conv, &mut self.rng)?.without_bias();
        let x = self.graph.layer(name, conv, x);
        let options = BatchNorm2d::new(features).eps(1e-3).momentum(0.01);
        let x = self.graph.layer(norm, nn::BatchNorm2d::new(self.device, options)?, x);
        Ok(match activation {
            Some(activation) => self.graph.layer("", nn::Activation::new(activation), x),
            None => x,
        })
    }

    /// An inverted residual: 1x1 to more channels, a depthwise convolution there, 1x1 back to few,
    /// and where the shape stays the same what came in is added.
    fn block(
        &mut self,
        number: usize,
        in_channels: usize,
        stage: &Stage,
        stride: usize,
        input: Node,
    ) -> Result<Node> {
        let name = |part: &str| format!("_blocks.{number}.{part}");
        let channels = in_channels * stage.expansion;
        let mut x = input;
        if stage.expansion > 1 {
            let conv = Conv2d::new(in_channels, channels, [1, 1]);
            x =
                self.conv([name("_expand_conv"), name("_bn0")], conv, Some(Activation::Relu6), x)?;
        }
        let conv = Conv2d::new(channels, channels, [stage.kernel_size; 2]);
        let conv = conv.groups(channels).stride([stride; 2]);
        x = self.conv([name("_depthwise_conv"), name("_bn1")], conv, Some(Activation::Relu6), x)?;
        let conv = Conv2d::new(channels, stage.out_channels, [1, 1]);
        x = self.conv([name("_project_conv"), name("_bn2")], conv, None, x)?;
        let is_residual = stride == 1 && in_channels == stage.out_channels;
        Ok(if is_residual { self.graph.add(x, input) } else { x })
    }
}

/// The network, with random parameters, from RGB in -1 to 1 to the logits of the 1 000 classes of
/// ImageNet.
///
/// The layers have the names of the package `efficientnet-lite-pytorch`.
///
/// # Errors
///
/// What the device reports.
pub(crate) fn efficientnet_lite0(device: &Device) -> Result<Graph> {
    let mut builder = Builder { device, rng: Rng::new(0), graph: Graph::new() };
    let names = |conv: &str, norm: &str| [conv.to_string(), norm.to_string()];
    let stem = Conv2d::new(3, 32, [3, 3]).stride([2, 2]);
    let x = builder.graph.input();
    let mut x = builder.conv(names("_conv_stem", "_bn0"), stem, Some(Activation::Relu6), x)?;
    let (mut channels, mut number) = (32, 0);
    for stage in &STAGES {
        for repeat in 0..stage.repeats {
            let stride = if repeat == 0 { stage.stride } else { 1 };
            x = builder.block(number, channels, stage, stride, x)?;
            channels = stage.out_channels;
            number += 1;
        }
    }
    let head = Conv2d::new(channels, 1280, [1, 1]);
    x = builder.conv(names("_conv_head", "_bn1"), head, Some(Activation::Relu6), x)?;
    let Builder { mut graph, mut rng, .. } = builder;
    x = graph.layer("", nn::AdaptiveAvgPool2d::new(AdaptiveAvgPool2d::global()), x);
    graph.layer("_fc", Linear::new(device, 1280, 1000, &mut rng)?, x);
    Ok(graph)
}
