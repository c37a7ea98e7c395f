//! Text on pictures, in DejaVu Sans.

use ab_glyph::{Font, FontRef, PxScale, ScaleFont, point};
use image::{Rgb, RgbImage};

/// A weight of the font.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Weight {
    Regular,
    Bold,
}

/// A font at a size in pixels from the ascent to the descent.
pub(super) struct Text {
    font: Option<FontRef<'static>>,
    size: f32,
    colour: [u8; 3],
}

impl Text {
    pub(super) fn new(weight: Weight, size: f32, colour: [u8; 3]) -> Self {
        let bytes = match weight {
            Weight::Regular => dejavu::sans::regular(),
            Weight::Bold => dejavu::sans::bold(),
        };
        Self { font: FontRef::try_from_slice(bytes).ok(), size, colour }
    }

    /// The height of a line.
    pub(super) fn height(&self) -> f32 {
        self.size
    }

    /// The width of a line of text.
    pub(super) fn width(&self, text: &str) -> f32 {
        self.walk(text, |_, _| ())
    }

    /// The text, cut to a width with an ellipsis where it is longer.
    pub(super) fn fit(&self, text: &str, width: f32) -> String {
        if self.width(text) <= width {
            return text.into();
        }
        let cut = |end: usize| format!("{}…", text[..end].trim_end());
        let ends: Vec<usize> = text.char_indices().map(|(start, _)| start).collect();
        let fitting = ends.partition_point(|&end| self.width(&cut(end)) <= width);
        fitting.checked_sub(1).map_or_else(String::new, |last| cut(ends[last]))
    }

    /// Draws a line of text whose upper left corner is at `[x, y]`.
    pub(super) fn draw(&self, image: &mut RgbImage, text: &str, [x, y]: [f32; 2]) {
        let Some(font) = &self.font else { return };
        let scaled = font.as_scaled(PxScale::from(self.size));
        let baseline = y + scaled.ascent();
        self.walk(text, |glyph, advance| {
            let glyph = glyph.with_scale_and_position(self.size, point(x + advance, baseline));
            let Some(outline) = font.outline_glyph(glyph) else { return };
            let corner = outline.px_bounds().min;
            outline.draw(|glyph_x, glyph_y, coverage| {
                let (Some(x), Some(y)) = (at(corner.x, glyph_x), at(corner.y, glyph_y)) else {
                    return;
                };
                if let Some(pixel) = image.get_pixel_mut_checked(x, y) {
                    *pixel = blend(*pixel, self.colour, coverage);
                }
            });
        });
    }

    /// Calls `glyph` with every glyph and how far it stands from the first; gives the width.
    fn walk(&self, text: &str, mut glyph: impl FnMut(ab_glyph::GlyphId, f32)) -> f32 {
        let Some(font) = &self.font else { return 0.0 };
        let font = font.as_scaled(PxScale::from(self.size));
        let mut advance = 0.0;
        let mut previous = None;
        for character in text.chars() {
            let id = font.glyph_id(character);
            if let Some(previous) = previous {
                advance += font.kern(previous, id);
            }
            glyph(id, advance);
            advance += font.h_advance(id);
            previous = Some(id);
        }
        advance
    }
}

/// The pixel of a glyph's pixel; nothing to the left of or above the image.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "px_bounds are whole numbers, and negative ones are sorted out"
)]
fn at(corner: f32, offset: u32) -> Option<u32> {
    let corner = i64::from(corner as i32) + i64::from(offset);
    u32::try_from(corner).ok()
}

fn blend(below: Rgb<u8>, above: [u8; 3], coverage: f32) -> Rgb<u8> {
    let mut mixed = below;
    for (part, above) in mixed.0.iter_mut().zip(above) {
        let (below, above) = (f32::from(*part) / 255.0, f32::from(above) / 255.0);
        *part = super::colour::byte(below + (above - below) * coverage);
    }
    mixed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_drawn_inside_its_width_and_outside_an_image_nothing_happens() {
        let text = Text::new(Weight::Bold, 16.0, [0, 0, 0]);
        let mut image = RgbImage::from_pixel(200, 20, Rgb([255; 3]));
        text.draw(&mut image, "sobel-x ±1.5", [4.0, 2.0]);
        let width = text.width("sobel-x ±1.5");
        let dark = |x| (0..20).any(|y| image.get_pixel(x, y).0[0] < 128);
        assert!((0..200).any(dark));
        assert!((0..200).filter(|&x| dark(x)).all(|x| (x as f32) < width + 5.0));
        text.draw(&mut image, "far away", [-500.0, -500.0]);
        text.draw(&mut image, "far away", [5000.0, 5000.0]);
    }

    #[test]
    fn a_long_text_is_cut_to_fit() {
        let text = Text::new(Weight::Regular, 12.0, [0, 0, 0]);
        let cut = text.fit("a long caption about a feature map", 80.0);
        assert!(cut.ends_with('…') && text.width(&cut) <= 80.0);
        assert_eq!(text.fit("short", 80.0), "short");
        assert_eq!(text.fit("anything", 0.0), "");
    }

    #[test]
    fn a_caption_of_any_length_is_cut_in_no_time() {
        let text = Text::new(Weight::Regular, 12.0, [0, 0, 0]);
        let start = std::time::Instant::now();
        let cut = text.fit(&"caption ".repeat(5_000), 180.0);
        assert!(cut.starts_with("caption caption") && text.width(&cut) <= 180.0, "{cut}");
        assert!(text.width(&cut) > 170.0, "{cut}");
        assert!(start.elapsed().as_secs_f32() < 5.0, "{:?}", start.elapsed());
    }
}
