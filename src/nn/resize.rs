//! Layers that change the size of images, or the order of their elements, without parameters.

use super::stateless::layer;
use crate::{
    Interpolate, InterpolateTarget, InterpolationMode, Padding, PaddingMode, ReceptiveField, Shape,
    Tensor,
};

layer! {
    /// An image made larger, or smaller; see [`Interpolate`](crate::Interpolate).
    ///
    /// Source: `torch.nn.Upsample`.
    Upsample of crate::Interpolate, remembers Shape;
    describe |options: &Interpolate| {
        let mut text = match options.target {
            InterpolateTarget::Size(size) => format!("Upsample(size={size:?}"),
            InterpolateTarget::ScaleFactor(factors) => format!("Upsample(scale_factor={factors:?}"),
        };
        if options.mode != InterpolationMode::Nearest {
            text.push_str(&format!(", mode={}", options.mode));
        }
        text + if options.align_corners { ", align_corners=true)" } else { ")" }
    };
    forward |options: &Interpolate, input: &Tensor| {
        Ok::<_, crate::Error>((options.forward(input)?, input.shape()))
    };
    backward |options: &Interpolate, input: &Shape, grad_output: &Tensor| {
        options.grad_input(*input, grad_output)
    };
    field |options: &Interpolate, input: Option<ReceptiveField>| {
        input.and_then(|field| field.interpolate(options))
    };
}

layer! {
    /// Channels that become cells; see [`PixelShuffle`](crate::PixelShuffle).
    ///
    /// Source: `torch.nn.PixelShuffle`.
    PixelShuffle of crate::PixelShuffle, remembers Shape;
    describe |options: &crate::PixelShuffle| format!("PixelShuffle({})", options.upscale_factor);
    forward |options: &crate::PixelShuffle, input: &Tensor| {
        Ok::<_, crate::Error>((options.forward(input)?, input.shape()))
    };
    backward |options: &crate::PixelShuffle, input: &Shape, grad_output: &Tensor| {
        options.grad_input(*input, grad_output)
    };
    field |options: &crate::PixelShuffle, input: Option<ReceptiveField>| {
        input.map(|field| field.pixel_shuffle(options))
    };
}

layer! {
    /// Cells around an image; see [`Pad`](crate::Pad).
    ///
    /// Source: `torch.nn.ZeroPad2d`, `ConstantPad2d`, `ReflectionPad2d`, `ReplicationPad2d`,
    /// `CircularPad2d`.
    Pad of crate::Pad, remembers Shape;
    describe |options: &crate::Pad| {
        let mut text = match options.padding {
            Padding::Sides { top, bottom, left, right } => {
                format!("Pad([{top}, {bottom}, {left}, {right}]")
            }
            other => format!("Pad({other:?}"),
        };
        if options.mode != PaddingMode::Zeros {
            text.push_str(&format!(", mode={}", options.mode));
        }
        if options.value != 0.0 {
            text.push_str(&format!(", value={}", options.value));
        }
        text + ")"
    };
    forward |options: &crate::Pad, input: &Tensor| {
        Ok::<_, crate::Error>((options.forward(input)?, input.shape()))
    };
    backward |options: &crate::Pad, input: &Shape, grad_output: &Tensor| {
        options.grad_input(*input, grad_output)
    };
    field |_: &crate::Pad, input: Option<ReceptiveField>| input;
}
