//! The curve of sRGB, by tables.

use std::sync::LazyLock;

/// The light of a stored number from 0 to 1.
pub(super) fn light(stored: f64) -> f64 {
    if stored <= 0.04045 { stored / 12.92 } else { ((stored + 0.055) / 1.055).powf(2.4) }
}

/// Where the bits of the floats that have a place in [`Bytes`] begin: below, all is nearest to 0.
const FIRST: u32 = 0x3900_0000; // 2^-13
/// Floats with the same bits above these share a place.
const PLACE_BITS: u32 = 16;

/// From light to the nearest byte, exactly.
pub(super) struct Bytes {
    /// By the place of a float, the byte of the least that has it.
    least: Vec<u8>,
    /// By a byte, the least float of the next.
    next: Vec<f32>,
}

pub(super) static BYTES: LazyLock<Bytes> = LazyLock::new(Bytes::new);

impl Bytes {
    fn new() -> Self {
        let next: Vec<f32> = (0..=255_u8)
            .map(|byte| match byte {
                255 => f32::INFINITY,
                _ => at_least(light((f64::from(byte) + 0.5) / 255.0)),
            })
            .collect();
        let places = (FIRST..=1.0_f32.to_bits()).step_by(1 << PLACE_BITS);
        let least = places.map(|bits| {
            let value = f32::from_bits(bits);
            (0..255).find(|&byte| value < next[usize::from(byte)]).unwrap_or(255)
        });
        Self { least: least.collect(), next }
    }

    /// The nearest byte; NaN becomes 0.
    #[inline(always)]
    pub(super) fn nearest(&self, light: f32) -> u32 {
        // Written so that NaN becomes 0.
        let light = if light > f32::from_bits(FIRST) { light } else { f32::from_bits(FIRST) };
        let light = if light < 1.0 { light } else { 1.0 };
        let place = (light.to_bits() - FIRST) >> PLACE_BITS;
        let least = self.least[place as usize];
        // No place has floats of three bytes.
        u32::from(least) + u32::from(light >= self.next[usize::from(least)])
    }
}

/// The least float that is no less.
#[allow(clippy::cast_possible_truncation, reason = "one beside the nearest is looked at as well")]
fn at_least(value: f64) -> f32 {
    let near = value as f32;
    if f64::from(near) >= value { near } else { near.next_up() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn light_becomes_the_nearest_byte() {
        let stored = |light: f64| match light {
            _ if light <= 0.003_130_8 => light * 12.92,
            _ => 1.055 * light.powf(1.0 / 2.4) - 0.055,
        };
        for byte in 0..=255_u8 {
            #[allow(clippy::cast_possible_truncation, reason = "the nearest is near enough")]
            let exact = light(f64::from(byte) / 255.0) as f32;
            assert_eq!(BYTES.nearest(exact), u32::from(byte));
        }
        for bits in (0..=1.0_f32.to_bits()).step_by(997) {
            let light = f32::from_bits(bits);
            let exact = 255.0 * stored(f64::from(light));
            let found = f64::from(BYTES.nearest(light));
            assert!((found - exact).abs() <= 0.500_01, "{light}: {found} instead of {exact}");
        }
        for (light, byte) in [
            (f32::NAN, 0),
            (-f32::NAN, 0),
            (-1.0, 0),
            (f32::NEG_INFINITY, 0),
            (f32::INFINITY, 255),
            (2.0, 255),
        ] {
            assert_eq!(BYTES.nearest(light), byte, "{light}");
        }
    }
}
