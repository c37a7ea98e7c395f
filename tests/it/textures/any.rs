//! Random formats and options against the reference.

use filtro::Alpha;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::strategies::config;

/// A size, and a part of it: where it begins and how far it goes.
fn part() -> impl Strategy<Value = ([usize; 2], [usize; 2], [usize; 2])> {
    let axis = || (1..=70_usize).prop_flat_map(|size| (Just(size), 0..size));
    let axis =
        move || axis().prop_flat_map(|(size, from)| (Just(size), Just(from), 1..=size - from));
    (axis(), axis()).prop_map(|(y, x)| ([y.0, x.0], [y.1, x.1], [y.2, x.2]))
}

fn line(channels: usize) -> impl Strategy<Value = Vec<f32>> {
    let number = || (-24..=24_i8).prop_map(|number| f32::from(number) / 8.0);
    let each = prop::collection::vec(number(), channels);
    prop_oneof![2 => Just(vec![]), 1 => number().prop_map(|one| vec![one]), 2 => each]
}

fn values(format: TextureFormat) -> impl Strategy<Value = TexelValues> {
    let linear = if is_unorm8(format) { TexelValues::Linear } else { TexelValues::Stored };
    prop_oneof![Just(TexelValues::Stored), Just(linear)]
}

fn reading() -> impl Strategy<Value = (TextureFormat, [usize; 2], FromTexture)> {
    (select(&FORMATS[..]), part()).prop_flat_map(|(format, (size, from, part))| {
        let channel = select(&ALL[..components(format)]);
        let channels = prop::collection::vec(channel, 0..=6);
        channels.prop_flat_map(move |channels| {
            let count = match channels.len() {
                0 => components(format).min(3),
                count => count,
            };
            let options = FromTexture::new().channels(channels).region(from, part);
            let dtype = select(dtypes());
            (line(count), line(count), values(format), dtype).prop_map(move |it| {
                let (scale, bias, values, dtype) = it;
                let options = options.clone().scale(scale).bias(bias);
                (format, size, options.values(values).dtype(dtype))
            })
        })
    })
}

fn writing() -> impl Strategy<Value = (TextureFormat, [usize; 2], ToTexture, [usize; 4], DType)> {
    let input = (1..=3_usize, 1..=6_usize);
    (select(&FORMATS[..]), part(), input).prop_flat_map(
        |(format, (size, origin, part), (images, channels))| {
            let count = if components(format) == 1 { 1..=1_usize } else { 1..=3 };
            let count = count.prop_map(|count| [1, 3, 4][count - 1]);
            count.prop_flat_map(move |count| {
                let shape = [images, channels, part[0], part[1]];
                let alpha = prop_oneof![
                    Just(Alpha::Kept),
                    (-9..=9_i8).prop_map(|it| Alpha::Set(f32::from(it) / 7.0))
                ];
                let picked = prop::collection::vec(0..channels, count);
                let rest = (picked, 0..images, alpha, select(dtypes()));
                (line(count), line(count), values(format), rest).prop_map(move |it| {
                    let (scale, bias, values, (picked, image, alpha, dtype)) = it;
                    let options = ToTexture::new().channels(picked).scale(scale).bias(bias);
                    let options = options.values(values).alpha(alpha).image(image).origin(origin);
                    (format, size, options, shape, dtype)
                })
            })
        },
    )
}

proptest! {
    #![proptest_config(config(256))]

    #[test]
    fn any_reading_of_a_texture_is_that_of_the_reference(
        (format, size, options) in reading(),
        seed in any::<u32>(),
    ) {
        let bytes = noise(format, size, seed);
        check_read(application(), &options, &Texels::new(&bytes, format, size));
    }

    #[test]
    fn any_writing_of_a_texture_is_that_of_the_reference(
        (format, size, options, shape, dtype) in writing(),
        seed in any::<u32>(),
    ) {
        let bytes = noise(format, size, seed);
        let count = shape.iter().product::<usize>();
        let input = numbers(TextureFormat::R32Float, &noise(TextureFormat::R32Float, [1, count], seed));
        let input = Array4::from_shape_vec(shape, input).unwrap();
        let texels = Texels::new(&bytes, format, size);
        check_write(application(), &options, dtype, &input, &texels);
    }
}
