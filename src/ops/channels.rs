//! What convolutions of both kinds ask of their channels, weights and biases.

use crate::{Error, Result, Shape};

/// That no number of channels is zero, and that `groups` divides both.
pub(super) fn check_channels(
    operation: &'static str,
    in_channels: usize,
    out_channels: usize,
    groups: usize,
) -> Result<()> {
    let channels = [("in_channels", in_channels), ("out_channels", out_channels)];
    for (argument, value) in channels.into_iter().chain([("groups", groups)]) {
        if value == 0 {
            return Err(Error::argument(operation, argument, 0, "must be at least 1"));
        }
    }
    for (argument, channels) in channels {
        if !channels.is_multiple_of(groups) {
            let rule = format!("must be a multiple of groups {groups}");
            return Err(Error::argument(operation, argument, channels, rule));
        }
    }
    Ok(())
}

/// That the input has the channels that the options name, and that its elements can be counted.
pub(super) fn check_input(operation: &'static str, input: Shape, in_channels: usize) -> Result<()> {
    if input.channels != in_channels {
        let rule = format!("in_channels is {in_channels}");
        return Err(Error::shape(operation, "input", input, rule));
    }
    input.checked_len(operation).map(drop)
}

/// That a weight has the shape that is expected, which `sizes` name, and a bias one value for each
/// output channel.
pub(super) fn check_weight_and_bias(
    operation: &'static str,
    sizes: &str,
    [weight, expected]: [Shape; 2],
    bias: Option<Shape>,
    out_channels: usize,
) -> Result<()> {
    if weight != expected {
        let rule = format!("{sizes} is {expected}");
        return Err(Error::shape(operation, "weight", weight, rule));
    }
    let expected = Shape::new(1, out_channels, 1, 1);
    match bias {
        Some(bias) if bias != expected => {
            let rule = format!("one value per output channel is {expected}");
            Err(Error::shape(operation, "bias", bias, rule))
        }
        _ => Ok(()),
    }
}
