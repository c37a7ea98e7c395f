//! Numbers as texels store them. Loops over these vectorise.

/// The nearest of the 256 numbers of a byte, ties to even; NaN becomes 0.
#[inline(always)]
pub(crate) fn to_unorm8(value: f32) -> u32 {
    // Its last place is a half unit above 2^51, so that the sum is rounded to a whole number, once:
    // 24 bits times 8 are exact.
    const SHIFTER: f64 = 6_755_399_441_055_744.0;
    // Written so that NaN becomes 0.
    let value = if value > 0.0 { value } else { 0.0 };
    let value = if value < 1.0 { value } else { 1.0 };
    let shifted = f64::from(value) * 255.0 + SHIFTER;
    low_word(shifted.to_bits()) & 0xff
}

#[allow(clippy::cast_possible_truncation, reason = "the low bits are what is wanted")]
#[inline(always)]
const fn low_word(bits: u64) -> u32 {
    bits as u32
}

/// The bits of the nearest number of f16, ties to even; beyond the largest infinity.
#[inline(always)]
pub(crate) fn to_half(value: f32) -> u32 {
    let bits = value.to_bits();
    let magnitude = bits & 0x7fff_ffff;
    let odd = (magnitude >> 13) & 1;
    let normal = (magnitude.wrapping_add(0xfff + odd) >> 13).wrapping_sub(112 << 10);
    // Below 2^-14 the last place is 2^-24, and that of the sum with 2^-1 in f32 as well.
    let small = (f32::from_bits(magnitude) + 0.5).to_bits().wrapping_sub(0.5_f32.to_bits());
    let half = if magnitude < 0x3880_0000 { small } else { normal };
    let half = if magnitude >= 0x477f_f000 { 0x7c00 } else { half };
    let half = if magnitude > 0x7f80_0000 { 0x7e00 } else { half };
    half | ((bits >> 16) & 0x8000)
}

/// The number of the bits of one of f16.
#[inline(always)]
pub(crate) fn from_half(half: u32) -> f32 {
    const POWER: f32 = f32::from_bits(0x7780_0000); // 2^112, from the exponents of one to the other's
    let magnitude = (half & 0x7fff) << 13;
    let finite = (f32::from_bits(magnitude) * POWER).to_bits();
    let bits = if half & 0x7c00 == 0x7c00 { magnitude | 0x7f80_0000 } else { finite };
    f32::from_bits(bits | (half & 0x8000) << 16)
}

#[cfg(test)]
mod tests {
    use half::f16;

    use super::*;

    #[test]
    fn every_number_of_f16_goes_there_and_back() {
        for bits in 0..=u16::MAX {
            let (expected, found) = (f16::from_bits(bits), from_half(bits.into()));
            assert!(expected.to_f32().to_bits() == found.to_bits() || expected.is_nan());
            assert_eq!(expected.is_nan(), found.is_nan());
            assert!(to_half(found) == u32::from(bits) || expected.is_nan());
        }
    }

    #[test]
    fn a_number_becomes_the_nearest_of_f16() {
        let beside = |bits: u32| [bits.wrapping_sub(1), bits, bits.wrapping_add(1)];
        let near = (0..0x7c00_u16).flat_map(|half| {
            let number = f16::from_bits(half).to_f32();
            let next = f16::from_bits(half + 1).to_f32().min(65_536.0);
            [number, f32::midpoint(number, next)].map(f32::to_bits).into_iter().flat_map(beside)
        });
        let others = (0..1 << 16).map(|high| (high << 16) | 0x9e37);
        for bits in near.chain(others).flat_map(|bits| [bits, bits ^ 0x8000_0000]) {
            let (value, expected) = (f32::from_bits(bits), f16::from_f32(f32::from_bits(bits)));
            let found = to_half(value);
            assert!(found == u32::from(expected.to_bits()) || value.is_nan(), "{value:e} {found}");
            assert_eq!(value.is_nan(), found & 0x7fff > 0x7c00, "{value:e} {found}");
        }
    }

    #[test]
    fn a_number_becomes_the_nearest_byte_ties_to_even() {
        for byte in 0..=255_u8 {
            assert_eq!(to_unorm8(f32::from(byte) / 255.0), u32::from(byte));
        }
        for (value, expected) in [
            (0.5, 128),
            (0.1, 26),
            (0.3, 77),
            (f32::NAN, 0),
            (-f32::NAN, 0),
            (-0.0, 0),
            (-1.0, 0),
            (f32::NEG_INFINITY, 0),
            (f32::INFINITY, 255),
            (1.5, 255),
            (1e-45, 0),
        ] {
            assert_eq!(to_unorm8(value), expected, "{value}");
        }
        // Just beside the middle of two bytes, where a product in f32 would be the middle itself.
        for byte in 0..255_u8 {
            let middle = (f64::from(byte) + 0.5) / 255.0;
            #[allow(clippy::cast_possible_truncation, reason = "the nearest is near enough")]
            let near = middle as f32;
            for bits in near.to_bits() - 1..=near.to_bits() + 1 {
                let value = f32::from_bits(bits);
                let above = f64::from(value) * 255.0 > f64::from(byte) + 0.5;
                let is_tie = f64::from(value) * 255.0 == f64::from(byte) + 0.5;
                let expected = byte + u8::from(above || is_tie && byte % 2 == 1);
                assert_eq!(to_unorm8(value), u32::from(expected), "{value}");
            }
        }
    }
}
