//! Numbers of f16 and f32: all kinds, both ways.

use half::f16;

use super::*;

fn of_halves(format: TextureFormat) -> impl Iterator<Item = u8> {
    let repeated = components(format);
    (0..=u16::MAX)
        .flat_map(move |bits| [bits; 4].into_iter().take(repeated).flat_map(u16::to_le_bytes))
}

#[test]
fn every_number_of_f16_comes_and_goes() {
    let on = application();
    for format in [TextureFormat::R16Float, TextureFormat::Rgba16Float] {
        let bytes: Vec<u8> = of_halves(format).collect();
        let texels = Texels::new(&bytes, format, [256, 256]);
        let options = FromTexture::new().channels(&ALL[..components(format)]);
        check_read(on, &options, &texels);
        let target = on.texture(&descriptor(format, [256, 256]));
        let tensor = options.read(&on.device, &on.of(&texels)).unwrap();
        ToTexture::new().write(&tensor, &target).unwrap();
        let back = numbers(format, &on.get(&target, [0, 0]));
        for (back, number) in back.into_iter().zip(numbers(format, &bytes)) {
            assert!(same(back, number), "{format:?}: {number:e} comes back as {back:e}");
        }
    }
}

#[test]
fn a_number_becomes_the_nearest_of_f16_ties_to_even() {
    let on = application();
    let mut numbers = vec![f32::NAN, -f32::NAN, f32::from_bits(0x7f80_0001), f32::MAX, f32::MIN];
    numbers.extend([f32::INFINITY, f32::NEG_INFINITY, 1e-45, -1e-40, f32::MIN_POSITIVE]);
    for bits in (0..0x7c00_u16).step_by(3).chain([0x3ff, 0x400, 0x7bff]) {
        let number = f16::from_bits(bits).to_f32();
        let next = if bits == 0x7bff { 65_536.0 } else { f16::from_bits(bits + 1).to_f32() };
        let middle = f32::midpoint(number, next);
        let beside = [number, middle.next_down(), middle, middle.next_up()];
        numbers.extend(beside.into_iter().flat_map(|number| [number, -number]));
    }
    // Rows that end within a word.
    numbers.truncate(numbers.len() / 31 * 31);
    let input = Array4::from_shape_vec((1, 1, numbers.len() / 31, 31), numbers).unwrap();
    for format in [TextureFormat::R16Float, TextureFormat::Rgba16Float] {
        let size = [input.dim().2, 31];
        let bytes = noise(format, size, 2);
        check_write(on, &ToTexture::new(), DType::F32, &input, &Texels::new(&bytes, format, size));
    }
}

#[test]
fn f32_goes_through_as_it_is() {
    let on = application();
    let numbers = [
        0.0,
        -0.0,
        1e-45,
        -1e-40,
        f32::MIN_POSITIVE,
        f32::MAX,
        f32::MIN,
        f32::INFINITY,
        f32::NEG_INFINITY,
        f32::NAN,
        0.1,
        -123_456.79,
    ];
    for format in [TextureFormat::R32Float, TextureFormat::Rgba32Float] {
        let size = [4, 12 / components(format)];
        let mut bytes: Vec<u8> = Vec::new();
        for step in 0..4 {
            let shifted = numbers[step..].iter().chain(&numbers[..step]);
            bytes.extend(shifted.flat_map(|number| number.to_le_bytes()));
        }
        let texels = Texels::new(&bytes, format, size);
        let options = FromTexture::new().channels(&ALL[..components(format)]);
        check_read(on, &options, &texels);
        let source = on.of(&texels);
        let tensor = options.read(&on.device, &source).unwrap();
        let target = on.texture(&descriptor(format, size));
        ToTexture::new().write(&tensor, &target).unwrap();
        let back = super::numbers(format, &on.get(&target, [0, 0]));
        for (back, number) in back.into_iter().zip(super::numbers(format, &bytes)) {
            assert!(same(back, number), "{format:?}: {number:e} comes back as {back:e}");
        }
        let input = tensor.download().unwrap();
        check_write(on, &ToTexture::new(), DType::F32, &input, &texels);
    }
}
