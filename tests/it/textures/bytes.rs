//! All bytes, both ways, as stored and as light.

use super::*;

/// Every byte in every component, of which none has the byte of another.
fn every_byte(format: TextureFormat) -> Vec<u8> {
    let count = components(format) as u32;
    (0..=255_u32)
        .flat_map(|byte| (0..count).map(move |component| (byte + component * 67) as u8))
        .collect()
}

fn formats() -> impl Iterator<Item = TextureFormat> {
    FORMATS.into_iter().filter(|&format| is_unorm8(format))
}

#[test]
fn every_byte_is_its_255th_on_every_device() {
    let on = application();
    for format in formats() {
        let bytes = every_byte(format);
        let texels = Texels::new(&bytes, format, [16, 16]);
        let channels = &ALL[..components(format)];
        check_read(on, &FromTexture::new().channels(channels), &texels);
        let red = FromTexture::new().channels([TexelChannel::Red]);
        let red = red.read(&on.device, &on.of(&texels)).unwrap().to_vec().unwrap();
        let is_bgra = format!("{format:?}").starts_with("Bgra");
        for (texel, red) in bytes.chunks(components(format)).zip(red) {
            let byte = if is_bgra { texel[2] } else { texel[0] };
            assert_eq!(red.to_bits(), (f32::from(byte) / 255.0).to_bits(), "{format:?} {byte}");
        }
    }
}

#[test]
fn every_byte_comes_back_as_it_was() {
    let on = application();
    for format in formats() {
        let bytes = every_byte(format);
        let texels = Texels::new(&bytes, format, [16, 16]);
        let source = on.of(&texels);
        let channels = &ALL[..components(format)];
        for values in [TexelValues::Stored, TexelValues::Linear] {
            let from = FromTexture::new().channels(channels).values(values);
            let to = ToTexture::new().values(values);
            let target = on.texture(&descriptor(format, [16, 16]));
            to.write(&from.read(&on.device, &source).unwrap(), &target).unwrap();
            assert_eq!(on.get(&target, [0, 0]), bytes, "{format:?} {values:?}");
            let mut back = vec![7; bytes.len()];
            let tensor = from.read_texels(&Device::cpu(), &texels).unwrap();
            to.write_texels(&tensor, &mut TexelsMut::new(&mut back, format, [16, 16])).unwrap();
            assert_eq!(back, bytes, "{format:?} {values:?} on the CPU");
        }
    }
}

#[test]
fn light_is_that_of_the_curve_and_alpha_is_none() {
    let on = application();
    for format in formats() {
        let bytes = every_byte(format);
        let texels = Texels::new(&bytes, format, [16, 16]);
        let options = FromTexture::new().channels(&ALL[..components(format)]);
        check_read(on, &options.values(TexelValues::Linear), &texels);
    }
    // Half of the light of white is 188, and as a number 0.737.
    let bytes = [188, 0, 255, 188];
    let format = TextureFormat::Rgba8UnormSrgb;
    let options = FromTexture::new().channels(ALL);
    let read = |values| {
        let options = options.clone().values(values);
        let texture = on.of(&Texels::new(&bytes, format, [1, 1]));
        options.read(&on.device, &texture).unwrap().to_vec().unwrap()
    };
    assert_eq!(read(TexelValues::Stored), [188.0 / 255.0, 0.0, 1.0, 188.0 / 255.0]);
    let [red, green, blue, alpha] = read(TexelValues::Linear)[..] else { panic!() };
    assert!((red - 0.5).abs() < 0.003, "{red}");
    assert_eq!([green, alpha], [0.0, 188.0 / 255.0]);
    assert!((blue - 1.0).abs() < 1e-5, "{blue}");
}

/// Numbers at and beside the middle of two bytes, and what lies far from all.
fn beside_bytes() -> Vec<f32> {
    let mut numbers = vec![
        f32::NAN,
        -f32::NAN,
        f32::from_bits(0x7f80_0001),
        f32::from_bits(0xffff_ffff),
        f32::INFINITY,
        f32::NEG_INFINITY,
        f32::MAX,
        f32::MIN,
        f32::MIN_POSITIVE,
        -f32::MIN_POSITIVE,
        1e-45,
        -1e-45,
        0.0,
        -0.0,
        1.0 + f32::EPSILON,
        1.0 - f32::EPSILON / 2.0,
        2_f32.powi(-9),
        0.3,
    ];
    for byte in 0..255_u8 {
        let middle = ((f64::from(byte) + 0.5) / 255.0) as f32;
        numbers.extend([middle.next_down(), middle, middle.next_up(), f32::from(byte) / 255.0]);
    }
    numbers
}

#[test]
fn a_number_becomes_the_nearest_byte_whatever_it_is() {
    let on = application();
    let numbers = beside_bytes();
    let width = numbers.len();
    let input = Array4::from_shape_vec((1, 1, 1, width), numbers).unwrap();
    for format in formats() {
        let bytes = noise(format, [1, width], 1);
        let texels = Texels::new(&bytes, format, [1, width]);
        check_write(on, &ToTexture::new(), DType::F32, &input, &texels);
    }
}

#[test]
fn light_becomes_a_byte_of_the_curve() {
    let on = application();
    let mut numbers: Vec<f32> = (0..4096_u16).map(|step| f32::from(step) / 4000.0).collect();
    numbers.extend(beside_bytes());
    let width = numbers.len();
    let input = Array4::from_shape_vec((1, 1, 1, width), numbers.clone()).unwrap();
    let encoded = |light: f64| match light {
        _ if light <= 0.003_130_8 => 12.92 * light,
        _ => 1.055 * light.powf(1.0 / 2.4) - 0.055,
    };
    for format in formats() {
        let bytes = vec![0; width * texel_bytes(format)];
        let options = ToTexture::new().values(TexelValues::Linear);
        let texture = on.of(&Texels::new(&bytes, format, [1, width]));
        options.write(&on.device.upload(&input).unwrap(), &texture).unwrap();
        let mut on_cpu = bytes.clone();
        let tensor = Device::cpu().upload(&input).unwrap();
        let mut target = TexelsMut::new(&mut on_cpu, format, [1, width]);
        options.write_texels(&tensor, &mut target).unwrap();
        for (found, tolerance) in [(on.get(&texture, [0, 0]), 0.51), (on_cpu, 0.500_000_1)] {
            for (texel, &light) in found.chunks(texel_bytes(format)).zip(&numbers) {
                let light = if light.is_nan() { 0.0 } else { f64::from(light.clamp(0.0, 1.0)) };
                let exact = 255.0 * encoded(light);
                for &byte in &texel[..components(format).min(3)] {
                    let difference = (f64::from(byte) - exact).abs();
                    assert!(difference <= tolerance, "{format:?}: {light} is {byte}, not {exact}");
                }
                if let [.., alpha] = texel[3.min(texel.len())..] {
                    assert_eq!(alpha, 255);
                }
            }
        }
    }
}
