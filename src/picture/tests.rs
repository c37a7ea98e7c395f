#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::panic,
    reason = "a test fails by panicking, and its pictures are small"
)]

use std::io::Cursor;

use image::metadata::Orientation;
use image::{DynamicImage, ImageBuffer, ImageDecoder, ImageFormat, Luma, Rgb};
use ndarray::Array4;

use super::*;

const JPEG: u32 = 41;

/// A picture with a pattern that no symmetry hides.
fn photo(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        Rgb([x * 7 + y, y * 11 + x * 3, x * y].map(|part| (part % 251) as u8))
    })
}

fn bytes_of(image: &RgbImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    assert!(image.write_to(&mut bytes, format).is_ok());
    bytes.into_inner()
}

fn error_of(bytes: &[u8]) -> String {
    decode(bytes).map_or_else(|error| error.to_string(), |array| format!("{:?}", array.dim()))
}

#[test]
fn an_image_without_a_pixel_is_an_error_and_no_panic() {
    for [width, height] in [[0, 0], [0, 3], [3, 0]] {
        let image = RgbImage::new(width, height);
        assert!(encode_png(&image).is_err());
        assert!(encode_small_png(&image).is_err());
    }
}

#[test]
fn transparent_pixels_lie_on_white_and_sixteen_bits_are_read() {
    let pixels = image::RgbaImage::from_pixel(2, 1, image::Rgba([255, 0, 0, 0]));
    let mut bytes = Cursor::new(Vec::new());
    assert!(pixels.write_to(&mut bytes, ImageFormat::Png).is_ok());
    assert_eq!(decode(bytes.get_ref()).ok(), Some(Array4::ones((1, 3, 1, 2))));

    let deep = ImageBuffer::from_pixel(1, 1, Luma([32_768_u16]));
    let mut bytes = Cursor::new(Vec::new());
    assert!(deep.write_to(&mut bytes, ImageFormat::Png).is_ok());
    let value = decode(bytes.get_ref()).map_or(f32::NAN, |array| array[[0, 1, 0, 0]]);
    assert!((value - 0.500_008).abs() < 1e-5, "{value}");
}

#[test]
fn a_picture_of_every_format_and_size_is_that_of_the_decoder() {
    for (width, height) in [(1, 1), (5, 97), (64, 3), (37, 131)] {
        let photo = photo(width, height);
        for format in [
            ImageFormat::Png,
            ImageFormat::Jpeg,
            ImageFormat::Gif,
            ImageFormat::Bmp,
            ImageFormat::WebP,
            ImageFormat::Tiff,
        ] {
            let bytes = bytes_of(&photo, format);
            let expected = image::load_from_memory(&bytes).map(DynamicImage::into_rgb32f);
            let expected = expected.unwrap_or_default();
            let array = decode(&bytes).unwrap_or_default();
            assert_eq!(array.dim(), (1, 3, height as usize, width as usize), "{format:?}");
            for ((_, channel, y, x), &value) in array.indexed_iter() {
                let pixel = expected.get_pixel(x as u32, y as u32).0[channel];
                assert_eq!(value, pixel, "{format:?} at {channel}, {y}, {x}");
            }
        }
    }
}

#[test]
fn a_picture_is_turned_as_the_camera_was() {
    for tag in 1..=8 {
        // A TIFF's directory of the orientation alone, as a JPEG holds it.
        let exif = [b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0", &[tag, 0, 0, 0][..]].concat();
        let exif = [&exif[..], &[0; 4]].concat();
        let mut jpeg = Vec::new();
        let mut encoder = image::codecs::jpeg::JpegEncoder::new_with_quality(&mut jpeg, 100);
        assert!(image::ImageEncoder::set_exif_metadata(&mut encoder, exif).is_ok());
        assert!(encoder.encode_image(&photo(JPEG, 23)).is_ok());
        let mut decoder = image::ImageReader::with_format(Cursor::new(&jpeg), ImageFormat::Jpeg)
            .into_decoder()
            .unwrap_or_else(|error| panic!("{error}"));
        let orientation = decoder.orientation().ok();
        assert_eq!(orientation, Orientation::from_exif(tag));
        let mut expected = DynamicImage::from_decoder(decoder).unwrap_or_default();
        expected.apply_orientation(orientation.unwrap_or(Orientation::NoTransforms));
        let expected = expected.into_rgb32f();
        let array = decode(&jpeg).unwrap_or_default();
        assert_eq!(array.dim().3, expected.width() as usize, "{tag}");
        for ((_, channel, y, x), &value) in array.indexed_iter() {
            assert_eq!(value, expected.get_pixel(x as u32, y as u32).0[channel], "{tag}");
        }
    }
}

#[test]
fn a_forged_size_is_an_error_and_takes_no_memory() {
    let gif = b"GIF89a\xff\xff\xff\xff\x80\0\0\0\0\0\xff\xff\xff,\0\0\0\0\xff\xff\xff\xff\0\x02\0;";
    assert!(gif.len() <= 35);
    assert_eq!(
        error_of(gif),
        "bytes: the picture is 65535 x 65535, but at most 268435456 pixels are read"
    );
    // Within the bound, but with nothing in it; a frame that is larger than its screen.
    let mut small = *gif;
    small[6..10].copy_from_slice(&[0, 0x20, 0, 0x20]);
    assert!(error_of(&small).contains("not a picture that can be read"), "{}", error_of(&small));

    let mut flat = Vec::new();
    let mut encoder = png::Encoder::new(&mut flat, 30_000, 30_000);
    encoder.set_depth(png::BitDepth::One);
    encoder.set_compression(png::Compression::High);
    let row = vec![0; 30_000_usize.div_ceil(8) * 30_000];
    assert!(encoder.write_header().and_then(|mut writer| writer.write_image_data(&row)).is_ok());
    assert!(flat.len() < 437_000, "{}", flat.len());
    assert!(error_of(&flat).contains("30000 x 30000"), "{}", error_of(&flat));

    let png = bytes_of(&photo(20, 30), ImageFormat::Png);
    assert!(decode_within(&png, 600).is_ok());
    let error = decode_within(&png, 599).map(|_| ()).map_err(|error| error.to_string());
    assert_eq!(error, Err("bytes: the picture is 30 x 20, but at most 599 pixels are read".into()));
}

#[test]
fn a_truncated_picture_of_any_format_is_an_error() {
    for format in [
        ImageFormat::Png,
        ImageFormat::Jpeg,
        ImageFormat::Gif,
        ImageFormat::Bmp,
        ImageFormat::WebP,
        ImageFormat::Tiff,
    ] {
        let whole = bytes_of(&photo(JPEG, 29), format);
        assert!(decode(&whole).is_ok());
        // A PNG's pixels and a GIF's are whole a few bytes before the file's end.
        for len in (0..whole.len() * 19 / 20).chain([whole.len() - 20]) {
            assert!(decode(&whole[..len]).is_err(), "{format:?} of {len} of {}", whole.len());
        }
    }
}

#[test]
fn a_palette_with_a_part_of_a_colour_is_an_error_and_no_panic() {
    let chunk = |kind: &[u8; 4], data: &[u8]| {
        let len = u32::try_from(data.len()).unwrap().to_be_bytes();
        let mut crc = flate2::Crc::new();
        crc.update(kind);
        crc.update(data);
        [&len, &kind[..], data, &crc.sum().to_be_bytes()].concat()
    };
    // One pixel, the first of its palette's colours.
    let pixels = b"\x78\x01\x01\x02\0\xfd\xff\0\0\0\x02\0\x01";
    let png = |palette: &[u8]| {
        let header = [0, 0, 0, 1, 0, 0, 0, 1, 8, 3, 0, 0, 0];
        let chunks = [
            chunk(b"IHDR", &header),
            chunk(b"PLTE", palette),
            chunk(b"IDAT", pixels),
            chunk(b"IEND", b""),
        ];
        [&b"\x89PNG\r\n\x1a\n"[..], &chunks.concat()].concat()
    };
    assert_eq!(decode(&png(&[255, 0, 51])).unwrap().as_slice(), Some(&[1.0, 0.0, 0.2][..]));
    for palette in [&[255, 0, 51, 7][..], &[255, 0, 51, 7, 7]] {
        assert!(error_of(&png(palette)).contains("a part of a colour"));
    }
}

#[test]
fn a_jpeg_lacks_no_byte_of_its_end_and_may_have_more_behind_it() {
    let photo = bytes_of(&photo(JPEG, 29), ImageFormat::Jpeg);
    for len in 4..photo.len() {
        assert!(error_of(&photo[..len]).contains("the JPEG is truncated"), "{len}");
    }
    let more = [&photo[..], b"a film behind it"].concat();
    assert_eq!(decode(&more).ok(), decode(&photo).ok());
    // A small picture inside the large one's head has an end of its own.
    let thumbnail = [b"\xff\xe1\x03\x02", &photo[..0x300]].concat();
    let with_thumbnail = [&photo[..2], &thumbnail, &photo[2..]].concat();
    assert!(decode(&with_thumbnail).is_ok());
    let cut = &with_thumbnail[..with_thumbnail.len() - 9];
    assert!(error_of(cut).contains("the JPEG is truncated"));
}

#[test]
fn a_tiff_of_floating_point_heights_is_read_and_what_is_not_is_named() {
    use ::tiff::encoder::{TiffEncoder, colortype};

    let heights: Vec<f32> = (0..35).map(|at| at as f32 * 1.25 - 7.0).collect();
    let mut bytes = Cursor::new(Vec::new());
    let written = TiffEncoder::new(&mut bytes)
        .and_then(|mut file| file.write_image::<colortype::Gray32Float>(7, 5, &heights));
    assert!(written.is_ok());
    let array = decode(bytes.get_ref()).unwrap_or_default();
    assert_eq!(array.dim(), (1, 3, 5, 7));
    for channel in 0..3 {
        let plane = array.slice(s![0, channel, .., ..]);
        assert!(plane.iter().zip(&heights).all(|(value, height)| value == height));
    }

    let mut bytes = Cursor::new(Vec::new());
    let whole: Vec<u32> = (0..35).collect();
    let written = TiffEncoder::new(&mut bytes)
        .and_then(|mut file| file.write_image::<colortype::Gray32>(7, 5, &whole));
    assert!(written.is_ok());
    let error = error_of(bytes.get_ref());
    assert!(error.contains("Gray(32) of Uint; read are grey, RGB"), "{error}");
}

#[test]
fn another_format_is_told_which_can_be_read() {
    let formats = "PNG, JPEG, GIF, BMP, WebP and TIFF can be";
    for (bytes, name) in [
        (&b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"[..], ", but HEIC"),
        (b"\0\0\0\x1cftypavif\0\0\0\0avifmif1", ", but AVIF"),
        (b"\0\0\0\x0cJXL \r\n\x87\n", ", but JPEG XL"),
        (b"%PDF-1.7", ", but PDF"),
        (b"P6 2 2 255 ............", ""),
        (b"", ""),
    ] {
        let error = error_of(bytes);
        assert_eq!(error, format!("bytes: not a picture that can be read{name}; {formats}"));
    }
}
