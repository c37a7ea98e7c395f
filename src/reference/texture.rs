//! Textures to tensors and tensors to textures.

use half::f16;
use ndarray::{Array4, ArrayView4};
use wgpu::TextureFormat;

use super::shape_of;
use crate::{
    Alpha, FromTexture, Result, Shape, TexelChannel, TexelValues, Texels, TexelsMut, ToTexture,
};

/// The tensor of texels: `scale * value + bias` of components.
///
/// A byte `v` has the value `v / 255`; with [`TexelValues::Linear`] red, green and blue have the
/// light that this stands for on the curve of sRGB. The type of the options is left aside: all is
/// f64.
///
/// # Shapes
///
/// Output `[1, channels, height, width]` of the region.
///
/// # Errors
///
/// Those of [`FromTexture::read_texels`].
///
/// # Examples
///
/// ```
/// use filtro::{FromTexture, TexelChannel, Texels, reference, wgpu};
/// use ndarray::array;
///
/// let texels = Texels::new(&[1, 2, 51, 255], wgpu::TextureFormat::Bgra8Unorm, [1, 1]);
/// let options = FromTexture::new().channels([TexelChannel::Red, TexelChannel::Alpha]);
/// assert_eq!(reference::from_texture(&options, &texels)?, array![[[[0.2]], [[1.0]]]]);
/// # Ok::<(), filtro::Error>(())
/// ```
pub fn from_texture(options: &FromTexture, texels: &Texels<'_>) -> Result<Array4<f64>> {
    use TexelChannel::{Blue, Green, Red};
    let shape = options.of_texels(texels)?.shape();
    let given = options.channels.clone();
    let channels = match components(texels.format) {
        _ if !given.is_empty() => given,
        1 => vec![Red],
        _ => vec![Red, Green, Blue],
    };
    let [[top, left], _] = options.region.unwrap_or([[0, 0], texels.size]);
    let mut output = super::zeros("from_texture", shape.dims())?;
    for ((_, c, y, x), element) in output.indexed_iter_mut() {
        let row_bytes = texels.size[1] * texel_bytes(texels.format);
        let row = texels.bytes.chunks(row_bytes).nth(top + y).unwrap_or_default();
        let texel = row.chunks(texel_bytes(texels.format)).nth(left + x).unwrap_or_default();
        let stored = component(texels.format, texel, channels[c]);
        let value = match (options.values, channels[c]) {
            (TexelValues::Linear, Red | Green | Blue) => decoded(stored),
            _ => stored,
        };
        *element = number(&options.scale, c, 1.0) * value + number(&options.bias, c, -0.0);
    }
    Ok(output)
}

/// Writes an image of a tensor into texels: the nearest that they store to `scale * input + bias`,
/// ties to even.
///
/// A byte stores 255ths from 0 to 1; with [`TexelValues::Linear`] those of what stands for the light
/// on the curve of sRGB.
///
/// # Shapes
///
/// Input `[batch, channels, height, width]`, of which one image is written.
///
/// # Errors
///
/// Those of [`ToTexture::write_texels`].
///
/// # Examples
///
/// ```
/// use filtro::{TexelsMut, ToTexture, reference, wgpu};
/// use ndarray::array;
///
/// let mut bytes = [9; 2];
/// let mut texels = TexelsMut::new(&mut bytes, wgpu::TextureFormat::R8Unorm, [1, 2]);
/// let options = ToTexture::new().origin([0, 1]);
/// reference::to_texture(&options, array![[[[0.5]]]].view(), &mut texels)?;
/// assert_eq!(bytes, [9, 128]); // 127.5 lies between two
/// # Ok::<(), filtro::Error>(())
/// ```
pub fn to_texture(
    options: &ToTexture,
    input: ArrayView4<'_, f64>,
    texels: &mut TexelsMut<'_>,
) -> Result<()> {
    use TexelChannel::{Alpha as Opacity, Blue, Green, Red};
    let Shape { channels, height, width, .. } = shape_of(input);
    options.of_texels(shape_of(input), texels)?;
    let given = options.channels.clone();
    let channels = if given.is_empty() { (0..channels).collect() } else { given };
    let (format, size) = (texels.format, texels.size);
    let targets: &[TexelChannel] =
        if components(format) == 1 { &[Red] } else { &[Red, Green, Blue, Opacity] };
    for (y, x) in (0..height).flat_map(|y| (0..width).map(move |x| (y, x))) {
        for (written, &target) in targets.iter().enumerate() {
            let from = if channels.len() == 1 && target != Opacity { 0 } else { written };
            let value = match (channels.get(from), options.alpha) {
                (Some(&channel), _) => {
                    let element = input[[options.image, channel, y, x]];
                    let value = number(&options.scale, from, 1.0) * element
                        + number(&options.bias, from, -0.0);
                    let is_light = options.values == TexelValues::Linear && target != Opacity;
                    if is_light { encoded(value) } else { value }
                }
                (None, Alpha::Set(value)) => f64::from(value),
                (None, Alpha::Kept) => continue,
            };
            let (at_y, at_x) = (options.origin[0] + y, options.origin[1] + x);
            let first = (at_y * size[1] + at_x) * texel_bytes(format);
            store(format, &mut texels.bytes[first..][..texel_bytes(format)], target, value);
        }
    }
    Ok(())
}

/// The number of a channel among none, one for all, or one for each. Without a bias, -0 is added,
/// which changes no zero's sign.
fn number(given: &[f32], channel: usize, default: f64) -> f64 {
    match given {
        [] => default,
        [one] => f64::from(*one),
        each => f64::from(each[channel]),
    }
}

fn components(format: TextureFormat) -> usize {
    match format {
        TextureFormat::R8Unorm | TextureFormat::R16Float | TextureFormat::R32Float => 1,
        _ => 4,
    }
}

fn component_bytes(format: TextureFormat) -> usize {
    match format {
        TextureFormat::R32Float | TextureFormat::Rgba32Float => 4,
        TextureFormat::R16Float | TextureFormat::Rgba16Float => 2,
        _ => 1,
    }
}

fn texel_bytes(format: TextureFormat) -> usize {
    components(format) * component_bytes(format)
}

/// The order of the components in memory.
fn order(format: TextureFormat) -> &'static [TexelChannel] {
    use TexelChannel::{Alpha, Blue, Green, Red};
    match format {
        TextureFormat::Bgra8Unorm | TextureFormat::Bgra8UnormSrgb => &[Blue, Green, Red, Alpha],
        _ => &[Red, Green, Blue, Alpha],
    }
}

/// The number that a component of a texel stores.
fn component(format: TextureFormat, texel: &[u8], channel: TexelChannel) -> f64 {
    let parts = texel.chunks(component_bytes(format)).zip(order(format));
    let found = parts.into_iter().find(|(_, stored)| **stored == channel);
    match found.map(|(bytes, _)| bytes) {
        Some(&[byte]) => f64::from(byte) / 255.0,
        Some(&[low, high]) => f16::from_le_bytes([low, high]).to_f64(),
        Some(&[a, b, c, d]) => f64::from(f32::from_le_bytes([a, b, c, d])),
        _ => f64::NAN,
    }
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the nearest is meant")]
fn store(format: TextureFormat, texel: &mut [u8], channel: TexelChannel, value: f64) {
    let parts = texel.chunks_mut(component_bytes(format)).zip(order(format));
    for (bytes, _) in parts.filter(|(_, stored)| **stored == channel) {
        match bytes {
            [byte] if value.is_nan() => *byte = 0,
            [byte] => *byte = (value.clamp(0.0, 1.0) * 255.0).round_ties_even() as u8,
            [_, _] => bytes.copy_from_slice(&nearest_half(value).to_le_bytes()),
            _ => bytes.copy_from_slice(&(value as f32).to_le_bytes()),
        }
    }
}

/// The nearest number of f16, ties to even. What lies beyond the largest by half of the last step or
/// more is infinity.
fn nearest_half(value: f64) -> f16 {
    let near = f16::from_f64(value);
    if !value.is_finite() || value == 0.0 {
        return near;
    }
    // A conversion from f64 may look at the first bits of a number alone.
    let distance = |half: &f16| match half.is_infinite() {
        true => (value.abs() - 65_536.0).abs(),
        false => (value - half.to_f64()).abs(),
    };
    let beside = [-1, 0, 1].map(|step| f16::from_bits(near.to_bits().wrapping_add_signed(step)));
    let beside = beside.into_iter().filter(|half| !half.is_nan());
    let is_odd = |half: &f16| half.to_bits() % 2;
    beside
        .min_by(|one, other| {
            distance(one).total_cmp(&distance(other)).then(is_odd(one).cmp(&is_odd(other)))
        })
        .unwrap_or(near)
}

/// The light that a stored number stands for.
fn decoded(stored: f64) -> f64 {
    if stored <= 0.04045 { stored / 12.92 } else { ((stored + 0.055) / 1.055).powf(2.4) }
}

/// The number that is stored for light.
fn encoded(light: f64) -> f64 {
    if light <= 0.003_130_8 { light * 12.92 } else { 1.055 * light.powf(1.0 / 2.4) - 0.055 }
}
