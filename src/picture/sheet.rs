//! Contact sheets: many feature maps on one picture, with captions.

use image::{Rgb, RgbImage, imageops};

use super::colour::Scale;
use super::text::{Text, Weight};

const GROUND: [u8; 3] = [252, 252, 250];
pub(super) const INK: [u8; 3] = [34, 38, 46];
const PALE_INK: [u8; 3] = [104, 110, 122];
pub(super) const FRAME: [u8; 3] = [206, 209, 214];

const MARGIN: u32 = 28;
const GAP: u32 = 16;
const BAR_HEIGHT: u32 = 14;
const TITLE_SIZE: f32 = 28.0;
const HEADING_SIZE: f32 = 19.0;
const CAPTION_SIZE: f32 = 16.0;
const DETAIL_SIZE: f32 = 13.5;

/// One picture of a [`ContactSheet`], with a caption and a smaller line under it.
#[derive(Debug, Clone)]
pub struct Tile {
    /// The picture, shown no larger than a tile.
    pub image: RgbImage,
    /// The caption, such as a filter's name.
    pub caption: String,
    /// The line under it, such as the size and the scale.
    pub detail: String,
    beside: bool,
}

impl Tile {
    /// A picture with its two lines.
    #[must_use]
    pub fn new(image: RgbImage, caption: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { image, caption: caption.into(), detail: detail.into(), beside: false }
    }

    /// A small picture with its two lines to the right of it.
    #[must_use]
    pub fn beside(image: RgbImage, caption: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { beside: true, ..Self::new(image, caption, detail) }
    }
}

/// Many pictures on one, in rows, with captions and the legend of the colours.
///
/// # Examples
///
/// ```
/// use filtro::picture::{ContactSheet, Scale, Tile, paint};
/// use ndarray::Array2;
///
/// let map = Array2::from_shape_fn((30, 45), |(y, x)| y as f32 - x as f32);
/// let scale = Scale::of(map.view());
/// let sheet = ContactSheet::new("A slope", 2)
///     .row("one map", vec![Tile::new(paint(map.view(), &scale), "slope", "30 x 45")])
///     .legend(scale, ["-44", "0", "44"]);
/// let image = sheet.draw();
/// assert!(image.width() > 90);
/// ```
#[derive(Debug, Clone)]
pub struct ContactSheet {
    title: String,
    lead: Option<RgbImage>,
    lines: Vec<String>,
    columns: usize,
    tile_width: u32,
    rows: Vec<(String, Vec<Tile>)>,
    legends: Vec<(Scale, [String; 3])>,
}

impl ContactSheet {
    /// An empty sheet of so many columns, 1 to 32.
    #[must_use]
    pub fn new(title: impl Into<String>, columns: usize) -> Self {
        Self {
            title: title.into(),
            lead: None,
            lines: Vec::new(),
            columns: columns.clamp(1, 32),
            tile_width: 192,
            rows: Vec::new(),
            legends: Vec::new(),
        }
    }

    /// Sets the width of a tile in pixels, 16 to 1024; 192 by default.
    #[must_use]
    pub fn tile_width(mut self, tile_width: u32) -> Self {
        self.tile_width = tile_width.clamp(16, 1024);
        self
    }

    /// Puts a picture to the left of the title.
    #[must_use]
    pub fn lead(mut self, image: RgbImage) -> Self {
        self.lead = Some(image);
        self
    }

    /// Adds a line under the title.
    #[must_use]
    pub fn line(mut self, line: impl Into<String>) -> Self {
        self.lines.push(line.into());
        self
    }

    /// Adds tiles under a heading; more than the columns take another line.
    #[must_use]
    pub fn row(mut self, heading: impl Into<String>, tiles: Vec<Tile>) -> Self {
        self.rows.push((heading.into(), tiles));
        self
    }

    /// Adds a bar of colours, with the words for its begin, its middle and its end.
    #[must_use]
    pub fn legend(mut self, scale: Scale, words: [impl Into<String>; 3]) -> Self {
        self.legends.push((scale, words.map(Into::into)));
        self
    }

    /// Draws the sheet.
    #[must_use]
    pub fn draw(&self) -> RgbImage {
        let page = Page::new();
        let columns = u32::try_from(self.columns).unwrap_or(1);
        let width = 2 * MARGIN + columns * (self.tile_width + GAP) - GAP;
        let rows: Vec<_> = self
            .rows
            .iter()
            .map(|(heading, tiles)| (heading, tiles.chunks(self.columns).collect::<Vec<_>>()))
            .collect();
        let head = self.head_height(&page);
        let mut height = head;
        for (_, lines) in &rows {
            height += page.heading.line() + GAP / 2;
            height += lines.iter().map(|line| self.line_height(&page, line)).sum::<u32>();
        }
        let mut sheet = RgbImage::from_pixel(width, height + MARGIN - GAP, Rgb(GROUND));
        self.put_head(&mut sheet, &page);
        let mut y = head;
        for (heading, lines) in &rows {
            page.heading.put(&mut sheet, heading, [MARGIN, y], width - 2 * MARGIN);
            y += page.heading.line() + GAP / 2;
            for line in lines {
                let tallest = self.tallest(line);
                for (tile, column) in line.iter().zip(0..) {
                    let x = MARGIN + column * (self.tile_width + GAP);
                    self.put(&mut sheet, &page, tile, [x, y], tallest);
                }
                y += self.line_height(&page, line);
            }
        }
        sheet
    }

    /// The height of what is above the rows.
    fn head_height(&self, page: &Page) -> u32 {
        let lead = self.lead.as_ref().map_or(0, |image| self.shown(image)[1]);
        MARGIN + lead.max(self.words_height(page)) + GAP * 3 / 2
    }

    /// The height of the title, the lines and the legends.
    fn words_height(&self, page: &Page) -> u32 {
        let lines = page.caption.line() * u32::try_from(self.lines.len()).unwrap_or(0);
        let legends =
            if self.legends.is_empty() { 0 } else { GAP + BAR_HEIGHT + page.detail.line() + 4 };
        page.title.line() + lines + legends
    }

    fn put_head(&self, sheet: &mut RgbImage, page: &Page) {
        let mut corner = [MARGIN, MARGIN];
        if let Some(image) = &self.lead {
            let [width, height] = self.shown(image);
            put_image(sheet, image, corner, [width, height]);
            corner[0] += width + GAP * 3 / 2;
            corner[1] += height.saturating_sub(self.words_height(page)) / 2;
        }
        let [x, mut y] = corner;
        let room = sheet.width().saturating_sub(x + MARGIN);
        page.title.put(sheet, &self.title, [x, y], room);
        y += page.title.line();
        for line in &self.lines {
            page.caption.put(sheet, line, [x, y], room);
            y += page.caption.line();
        }
        self.put_legends(sheet, page, [x, y + GAP]);
    }

    /// The size that a tile's picture is shown at: no wider than a tile, small ones enlarged by
    /// a whole number.
    fn shown(&self, image: &RgbImage) -> [u32; 2] {
        let (width, height) = (image.width().max(1), image.height().max(1));
        let tallest = self.tile_width.saturating_mul(2);
        if width <= self.tile_width && height <= tallest {
            let times = (self.tile_width / width).min(self.tile_width / height).clamp(1, 32);
            return [width * times, height * times];
        }
        let scale = (f64::from(self.tile_width) / f64::from(width))
            .min(f64::from(tallest) / f64::from(height));
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "positive, and at most a tile's size"
        )]
        [width, height].map(|size| ((f64::from(size) * scale).round() as u32).max(1))
    }

    /// The height of the tallest picture of a line of tiles.
    fn tallest(&self, tiles: &[Tile]) -> u32 {
        tiles.iter().map(|tile| self.size(tile)[1]).max().unwrap_or(0)
    }

    /// The height of a line of tiles with its captions and the gap to the next.
    fn line_height(&self, page: &Page, tiles: &[Tile]) -> u32 {
        let under = if tiles.iter().all(|tile| tile.beside) { GAP / 2 } else { page.under() };
        self.tallest(tiles) + under + GAP
    }

    fn size(&self, tile: &Tile) -> [u32; 2] {
        if tile.beside { tile.image.dimensions().into() } else { self.shown(&tile.image) }
    }

    fn put(&self, sheet: &mut RgbImage, page: &Page, tile: &Tile, corner: [u32; 2], tallest: u32) {
        let [x, y] = corner;
        let [width, height] = self.size(tile);
        put_image(sheet, &tile.image, corner, [width, height]);
        let lines = page.caption.line() + page.detail.line();
        let (corner, room) = if tile.beside {
            let down = height.saturating_sub(lines) / 2;
            ([x + width + 10, y + down], self.tile_width.saturating_sub(width + 10))
        } else {
            ([x, y + tallest + 5], self.tile_width)
        };
        page.caption.put(sheet, &tile.caption, corner, room);
        let [x, y] = corner;
        page.detail.put(sheet, &tile.detail, [x, y + page.caption.line()], room);
    }

    fn put_legends(&self, sheet: &mut RgbImage, page: &Page, [mut x, y]: [u32; 2]) {
        for (scale, words) in &self.legends {
            let bar = [self.tile_width, BAR_HEIGHT];
            fill(sheet, [x - 1, y - 1], [bar[0] + 2, bar[1] + 2], FRAME);
            for column in 0..bar[0] {
                #[allow(clippy::cast_precision_loss, reason = "a few hundred pixels")]
                let position = column as f32 / (bar[0] - 1) as f32;
                let colour = scale.colours.at(position);
                fill(sheet, [x + column, y], [1, bar[1]], colour);
            }
            for (word, part) in words.iter().zip([0.0, 0.5, 1.0]) {
                let room = f64::from(bar[0]) - f64::from(page.detail.text.width(word));
                #[allow(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "a few hundred pixels; a word wider than the bar starts with it"
                )]
                let left = (room * part).max(0.0) as u32;
                page.detail.put(sheet, word, [x + left, y + bar[1] + 4], bar[0]);
            }
            x += bar[0] + GAP;
        }
    }
}

/// Draws a picture at this size, with a thin frame.
fn put_image(sheet: &mut RgbImage, image: &RgbImage, corner: [u32; 2], size: [u32; 2]) {
    let [[x, y], [width, height]] = [corner, size];
    if image.width() == 0 || image.height() == 0 {
        return;
    }
    fill(sheet, [x - 1, y - 1], [width + 2, height + 2], FRAME);
    let filter = if width > image.width() {
        imageops::FilterType::Nearest
    } else {
        imageops::FilterType::CatmullRom
    };
    let resized = (size != <[u32; 2]>::from(image.dimensions()))
        .then(|| imageops::resize(image, width, height, filter));
    let shown = resized.as_ref().unwrap_or(image);
    imageops::replace(sheet, shown, i64::from(x), i64::from(y));
}

/// The four kinds of lines on a sheet.
struct Page {
    title: Line,
    heading: Line,
    caption: Line,
    detail: Line,
}

struct Line {
    text: Text,
}

impl Line {
    fn line(&self) -> u32 {
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a font size of this file"
        )]
        let height = self.text.height().ceil() as u32;
        height + 3
    }

    fn put(&self, sheet: &mut RgbImage, text: &str, [x, y]: [u32; 2], width: u32) {
        #[allow(clippy::cast_precision_loss, reason = "positions on a sheet are small")]
        let (x, y, width) = (x as f32, y as f32, width as f32);
        self.text.draw(sheet, &self.text.fit(text, width), [x, y]);
    }
}

impl Page {
    fn new() -> Self {
        let line = |weight, size, colour| Line { text: Text::new(weight, size, colour) };
        Self {
            title: line(Weight::Bold, TITLE_SIZE, INK),
            heading: line(Weight::Bold, HEADING_SIZE, INK),
            caption: line(Weight::Regular, CAPTION_SIZE, INK),
            detail: line(Weight::Regular, DETAIL_SIZE, PALE_INK),
        }
    }

    /// The height of the two lines under a picture.
    fn under(&self) -> u32 {
        5 + self.caption.line() + self.detail.line()
    }
}

pub(super) fn fill(
    image: &mut RgbImage,
    [x, y]: [u32; 2],
    [width, height]: [u32; 2],
    colour: [u8; 3],
) {
    let (right, bottom) = ((x + width).min(image.width()), (y + height).min(image.height()));
    for y in y..bottom {
        for x in x..right {
            image.put_pixel(x, y, Rgb(colour));
        }
    }
}
