//! Numbers made by the formula of `examples/data/make_efficientnet_lite0.py`.

use filtro::nn::{Buffer, Layer};
use filtro::{Result, Tensor};

fn crc32(text: &str) -> u32 {
    !text.bytes().fold(!0, |crc, byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| {
            if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 }
        })
    })
}

/// Numbers in -1 to 1 that look random: of the name and the place alone.
pub(crate) fn noise(name: &str, len: usize) -> impl Iterator<Item = f64> {
    let start = crc32(name);
    (0..len).map(move |at| {
        let at = u32::try_from(at % (1 << 32)).unwrap_or_default();
        let mut bits = start.wrapping_add(at.wrapping_mul(0x9e37_79b9));
        for _ in 0..2 {
            bits = (bits ^ (bits >> 16)).wrapping_mul(0x045d_9f3b);
        }
        f64::from((bits ^ (bits >> 16)) >> 8) / f64::from(1 << 23) - 1.0
    })
}

#[allow(clippy::cast_possible_truncation, reason = "to the nearest is what is meant")]
fn made(name: &str, value: &Tensor, sizes: &[usize]) -> Result<Tensor> {
    let len = value.shape().len();
    let is_scale = name.ends_with("running_var") || (name.ends_with("weight") && sizes.len() == 1);
    let number = |value: f64| match sizes {
        _ if is_scale => 1.0 + value / 2.0,
        [_, rest @ ..] if !rest.is_empty() => {
            #[allow(clippy::cast_precision_loss, reason = "a filter has few weights")]
            let fan_in = rest.iter().product::<usize>() as f64;
            value * (6.0 / fan_in).sqrt()
        }
        _ => value / 8.0,
    };
    let elements = noise(name, len).map(|value| number(value) as f32).collect();
    value.device().upload_vec(elements, value.shape())
}

/// Sets all parameters and buffers of a network by the formula.
pub(crate) fn fill(network: &mut dyn Layer) -> Result<()> {
    let named = network.named_parameters().into_iter();
    let values = named.map(|(name, it)| made(&name, it.value(), it.sizes()));
    let values: Vec<_> = values.collect::<Result<_>>()?;
    for (parameter, value) in network.parameters_mut().into_iter().zip(values) {
        parameter.set_value(value)?;
    }
    let values: Vec<_> = network
        .named_buffers()
        .into_iter()
        .map(|(name, buffer)| match buffer {
            Buffer::Values(it) => made(&name, it.value(), it.sizes()).map(Some),
            Buffer::Count(_) => Ok(None),
        })
        .collect::<Result<_>>()?;
    for (buffer, value) in network.buffers_mut().into_iter().zip(values) {
        if let (Buffer::Values(values), Some(value)) = (buffer, value) {
            values.set_value(value)?;
        }
    }
    Ok(())
}
