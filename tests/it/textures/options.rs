//! Regions, levels, layers, channels, lines, types, alpha, and what is larger than a binding.

use filtro::{Alpha, Conv2d, MaxPool2d};

use super::*;
use crate::case::{Data, Random};

fn numbers_of(shape: [usize; 4]) -> Array4<f32> {
    Random::new(5, 1).array4(shape, Data::Integers).mapv(|value| value / 8.0)
}

#[test]
fn every_format_is_read_in_part_with_any_channels_and_lines() {
    let on = application();
    for (format, dtype) in
        FORMATS.into_iter().flat_map(|it| dtypes().into_iter().map(move |of| (it, of)))
    {
        let bytes = noise(format, [7, 13], 3);
        let texels = Texels::new(&bytes, format, [7, 13]);
        let channels: &[TexelChannel] = match components(format) {
            1 => &[TexelChannel::Red, TexelChannel::Red],
            _ => &[ALL[2], ALL[3], ALL[0], ALL[0], ALL[1], ALL[2]],
        };
        let options = FromTexture::new().dtype(dtype);
        check_read(on, &options, &texels);
        let options = options.region([2, 5], [3, 7]).channels(channels);
        check_read(on, &options, &texels);
        check_read(on, &options.clone().scale([-3.0]), &texels);
        check_read(on, &options.clone().bias([0.7]), &texels);
        let scale: Vec<_> = (0..channels.len()).map(|channel| 0.3 - channel as f32).collect();
        check_read(on, &options.clone().scale(scale).bias([-0.25]), &texels);
        if is_unorm8(format) {
            check_read(on, &options.values(TexelValues::Linear).scale([1.7]), &texels);
        }
    }
}

#[test]
fn every_format_is_written_in_part_with_any_channels_and_lines() {
    let on = application();
    let input = numbers_of([3, 5, 4, 6]);
    for (format, dtype) in
        FORMATS.into_iter().flat_map(|it| dtypes().into_iter().map(move |of| (it, of)))
    {
        let bytes = noise(format, [9, 11], 4);
        let texels = Texels::new(&bytes, format, [9, 11]);
        let counts: &[usize] = if components(format) == 1 { &[1] } else { &[1, 3, 4] };
        for &count in counts {
            let channels: Vec<_> = [4, 1, 1, 0].into_iter().take(count).collect();
            let options = ToTexture::new().channels(channels).image(2).origin([5, 3]);
            check_write(on, &options, dtype, &input, &texels);
            let scale: Vec<_> = (0..count).map(|channel| 0.3 - channel as f32).collect();
            let scaled = options.clone().scale(scale).bias([0.45]);
            check_write(on, &scaled, dtype, &input, &texels);
            for alpha in [Alpha::Kept, Alpha::Set(0.4), Alpha::Set(f32::NAN), Alpha::Set(7.0)] {
                check_write(on, &options.clone().alpha(alpha), dtype, &input, &texels);
            }
            if is_unorm8(format) {
                let light = options.values(TexelValues::Linear).alpha(Alpha::Kept);
                check_write(on, &light, dtype, &input, &texels);
            }
        }
    }
}

#[test]
fn rows_that_end_within_a_word_or_behind_a_workgroup_are_whole() {
    let on = application();
    for format in FORMATS {
        for width in [1, 2, 3, 4, 5, 63, 64, 65, 129, 255, 257] {
            let bytes = noise(format, [3, width], 5);
            let texels = Texels::new(&bytes, format, [3, width]);
            check_read(on, &FromTexture::new(), &texels);
            let input = numbers_of([1, 1, 2, width]);
            let options = ToTexture::new().origin([1, 0]).alpha(Alpha::Kept);
            check_write(on, &options, DType::F32, &input, &texels);
        }
    }
}

#[test]
fn the_defaults_are_red_of_one_component_and_the_colours_of_four() {
    let bytes = [10, 20, 30, 40];
    let read = |format, size| {
        let texels = Texels::new(&bytes, format, size);
        let tensor = FromTexture::new().read_texels(&Device::cpu(), &texels).unwrap();
        tensor.download().unwrap().mapv(|value| (value * 255.0).round() as u8)
    };
    let one = read(TextureFormat::R8Unorm, [2, 2]);
    assert_eq!((one.dim(), one.into_raw_vec_and_offset().0), ((1, 1, 2, 2), bytes.to_vec()));
    let four = read(TextureFormat::Bgra8Unorm, [1, 1]);
    assert_eq!((four.dim(), four.into_raw_vec_and_offset().0), ((1, 3, 1, 1), vec![30, 20, 10]));
}

#[test]
fn levels_and_layers_are_read_and_written_alone() {
    let on = application();
    for format in [TextureFormat::Rgba8UnormSrgb, TextureFormat::R16Float] {
        let texture = on.texture(&wgpu::TextureDescriptor {
            size: wgpu::Extent3d { width: 11, height: 6, depth_or_array_layers: 3 },
            mip_level_count: 4,
            ..descriptor(format, [1, 1])
        });
        let sizes = [[6, 11], [3, 5], [1, 2], [1, 1]];
        let mut held = Vec::new();
        for (level, layer) in
            (0..4_u32).flat_map(|level| (0..3_u32).map(move |layer| (level, layer)))
        {
            let size = sizes[level as usize];
            let bytes = noise(format, size, 10 * level + layer);
            on.put(&texture, [level, layer], &Texels::new(&bytes, format, size));
            held.push((level, layer, size, bytes));
        }
        for (level, layer, size, bytes) in &held {
            let options = FromTexture::new().mip_level(*level).layer(*layer);
            check_read_of(on, &options, &texture, &Texels::new(bytes, format, *size));
        }
        let (level, layer, size, bytes) = held[4].clone();
        let options = ToTexture::new().mip_level(level).layer(layer).origin([1, 2]);
        let texels = Texels::new(&bytes, format, size);
        let options = options.alpha(Alpha::Kept);
        check_write_of(on, &options, DType::F32, &numbers_of([1, 1, 2, 3]), &texture, &texels);
        for (level, layer, _, bytes) in held.iter().filter(|it| (it.0, it.1) != (1, 1)) {
            assert_eq!(&on.get(&texture, [*level, *layer]), bytes, "{level} {layer}");
        }
    }
}

#[test]
fn what_exceeds_one_binding_is_read_and_written_in_bands() {
    let input = numbers_of([2, 4, 37, 50]);
    for binding in [16_384, 8_192, 4_096, 2_048] {
        let on = Application::new(wgpu::Limits {
            max_storage_buffer_binding_size: binding,
            ..Default::default()
        });
        for format in FORMATS {
            // A row of texels with its gap has 1024 bytes, and has to lie in a binding.
            let bytes = noise(format, [40, 53], 6);
            let texels = Texels::new(&bytes, format, [40, 53]);
            let all = FromTexture::new().channels(&ALL[..components(format)]);
            check_read(&on, &all, &texels);
            check_read(&on, &FromTexture::new().region([2, 1], [37, 51]), &texels);
            for dtype in dtypes() {
                check_read(&on, &all.clone().dtype(dtype), &texels);
                let channels: Vec<_> = (0..components(format)).rev().collect();
                let options = ToTexture::new().channels(channels).image(1).origin([3, 2]);
                check_write(&on, &options, dtype, &input, &texels);
                let options = options.channels([2]).alpha(Alpha::Kept);
                check_write(&on, &options, dtype, &input, &texels);
            }
        }
    }
}

#[test]
fn a_texture_goes_through_a_network_into_a_texture() {
    let on = application();
    let (format, size) = (TextureFormat::Bgra8UnormSrgb, [23, 31]);
    let bytes = noise(format, size, 7);
    let texels = Texels::new(&bytes, format, size);
    let weight = numbers_of([3, 3, 3, 3]);
    let chain = |device: &Device, x: filtro::Tensor| {
        let weight = device.upload(&weight).unwrap();
        let y = Conv2d::new(3, 3, [3, 3]).padding([1, 1]).forward(&x, &weight, None).unwrap();
        MaxPool2d::new([2, 2]).forward(&y).unwrap()
    };
    // Whole numbers, so that sums are exact.
    let from = FromTexture::new().scale([255.0]);
    let to = ToTexture::new().scale([0.002]).bias([0.5]).alpha(Alpha::Kept).origin([12, 16]);
    let (source, target) = (on.of(&texels), on.of(&texels));
    // Twice in one list: the memory of the first is taken over by the second.
    for _ in 0..2 {
        let y = chain(&on.device, from.read(&on.device, &source).unwrap());
        to.write(&y, &target).unwrap();
    }
    let cpu = Device::cpu();
    let y = chain(&cpu, from.read_texels(&cpu, &texels).unwrap());
    let mut expected = bytes.clone();
    to.write_texels(&y, &mut TexelsMut::new(&mut expected, format, size)).unwrap();
    assert_ne!(expected, bytes);
    for (found, expected) in on.get(&target, [0, 0]).into_iter().zip(expected) {
        assert!(found.abs_diff(expected) <= 1, "{found} instead of {expected}");
    }
}

#[test]
fn what_a_tensor_on_the_device_holds_is_written_to_the_hosts_memory_as_well() {
    let on = application();
    let input = numbers_of([2, 3, 4, 5]);
    let options = ToTexture::new().image(1).origin([1, 2]);
    let mut written = [Device::cpu(), on.device.clone()].map(|device| {
        let tensor = device.upload(&input).unwrap();
        let [bytes, at_once] = [false, true].map(|waits| {
            let mut bytes = vec![9; 6 * 7 * 4];
            let mut texels = TexelsMut::new(&mut bytes, TextureFormat::Rgba8Unorm, [6, 7]);
            let written = match waits {
                true => options.write_texels(&tensor, &mut texels),
                false => pollster::block_on(options.write_texels_async(&tensor, &mut texels)),
            };
            written.unwrap();
            bytes
        });
        assert_eq!(bytes, at_once);
        bytes
    });
    assert_eq!(written[0], written[1]);
    let read = written.each_mut().map(|bytes| {
        let texels = Texels::new(bytes, TextureFormat::Rgba8Unorm, [6, 7]);
        let options = FromTexture::new().dtype(dtypes()[dtypes().len() - 1]);
        options.read_texels(&on.device, &texels).unwrap().download().unwrap()
    });
    assert_same(&read[0], &read[1], "both");
}

#[test]
fn a_chain_of_frames_waits_for_nothing_and_takes_no_more_memory() {
    let on = Application::new(wgpu::Limits::default());
    let format = TextureFormat::Rgba8Unorm;
    let bytes = noise(format, [64, 64], 8);
    let source = on.of(&Texels::new(&bytes, format, [64, 64]));
    let target = on.texture(&descriptor(format, [64, 64]));
    let frame = || {
        let x = FromTexture::new().read(&on.device, &source).unwrap();
        ToTexture::new().write(&x, &target).unwrap();
        on.device.flush().unwrap();
    };
    (0..3).for_each(|_| frame());
    let (memory, compiled) = (on.device.memory_use(), on.device.compiled_shaders());
    (0..20).for_each(|_| frame());
    assert_eq!((on.device.memory_use(), on.device.compiled_shaders()), (memory, compiled));
}
