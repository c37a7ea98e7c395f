//! Tensors to texels.

use super::BLOCK_LEN;
use super::curve::BYTES;
use crate::TexelValues;
use crate::cpu::kit::{simd, threads};
use crate::memory::{NoMemory, collected};
use crate::ops::{Line, Stored, Writing, WrittenAlpha, to_half, to_unorm8};

/// The nearest texels of `scale * input + bias`.
pub(crate) fn write_texels(
    writing: &Writing,
    input: &[f32],
    texels: &mut [u8],
) -> Result<(), NoMemory> {
    let ([top, left], texel_bytes) = (writing.origin, writing.level.texel.bytes());
    let crate::Shape { height, width, .. } = writing.input;
    let row_bytes = writing.level.size[1] * texel_bytes;
    let written = &mut texels[top * row_bytes..(top + height) * row_bytes];
    let rows = (BLOCK_LEN / width).clamp(1, height);
    let blocks = collected(written.chunks_mut(rows * row_bytes).zip((0..height).step_by(rows)))?;
    let work = height * width * writing.level.texel.components;
    threads::for_each(blocks, work, |(block, first): (&mut [u8], usize)| {
        for (row, y) in block.chunks_exact_mut(row_bytes).zip(first..) {
            let row = &mut row[left * texel_bytes..(left + width) * texel_bytes];
            simd::dispatch(
                #[inline(always)]
                || write_row(writing, input, y, row),
            );
        }
        Ok(())
    })
}

/// One component after the other: a row stays in the first cache.
#[inline(always)]
fn write_row(writing: &Writing, input: &[f32], y: usize, row: &mut [u8]) {
    let texel = writing.level.texel;
    let source = |line: &Line| &input[writing.row(line.channel, y)..][..writing.input.width];
    for component in 0..texel.components.min(3) {
        let line = &writing.lines[component.min(writing.lines.len() - 1)];
        let is_light = writing.values == TexelValues::Linear;
        write_component(writing, component, is_light, line, source(line), row);
    }
    match (writing.alpha, writing.lines.get(3)) {
        (WrittenAlpha::Channel, Some(line)) => {
            write_component(writing, 3, false, line, source(line), row);
        }
        (WrittenAlpha::Set(bits), _) => {
            let size = texel.component_bytes();
            let bytes = &bits.to_le_bytes()[..size];
            for texel in row.chunks_exact_mut(texel.bytes()) {
                texel[3 * size..].copy_from_slice(bytes);
            }
        }
        _ => {}
    }
}

#[inline(always)]
fn write_component(
    writing: &Writing,
    component: usize,
    is_light: bool,
    line: &Line,
    source: &[f32],
    row: &mut [u8],
) {
    let texel = writing.level.texel;
    let place = texel.place(component) * texel.component_bytes();
    let number = |element: f32| line.scale * element + line.bias;
    match (texel.stored, is_light) {
        (Stored::Unorm8, false) => {
            let byte = |element| byte(to_unorm8(number(element)));
            put_bytes(texel.components, place, source, row, byte);
        }
        (Stored::Unorm8, true) => {
            let bytes = &*BYTES;
            let byte = |element| byte(bytes.nearest(number(element)));
            put_bytes(texel.components, place, source, row, byte);
        }
        (Stored::F16, _) => {
            let half = |element| {
                let [low, high, ..] = to_half(number(element)).to_le_bytes();
                [low, high]
            };
            put(texel.bytes(), place, source, row, half);
        }
        (Stored::F32, _) => {
            put(texel.bytes(), place, source, row, |element| number(element).to_le_bytes());
        }
    }
}

#[inline(always)]
const fn byte(word: u32) -> u8 {
    word.to_le_bytes()[0]
}

/// Puts a byte into every texel of a number of bytes.
#[inline(always)]
fn put_bytes(
    texel_bytes: usize,
    place: usize,
    source: &[f32],
    row: &mut [u8],
    byte: impl Fn(f32) -> u8,
) {
    if texel_bytes == 1 {
        for (texel, &element) in row.iter_mut().zip(source) {
            *texel = byte(element);
        }
        return;
    }
    // As words, which vectorise.
    let (shift, others) = (8 * place, !(0xff << (8 * place)));
    for (texel, &element) in row.as_chunks_mut::<4>().0.iter_mut().zip(source) {
        let word = u32::from_le_bytes(*texel) & others;
        *texel = (word | u32::from(byte(element)) << shift).to_le_bytes();
    }
}

/// Puts a component into every texel.
#[inline(always)]
fn put<const SIZE: usize>(
    texel_bytes: usize,
    place: usize,
    source: &[f32],
    row: &mut [u8],
    bytes: impl Fn(f32) -> [u8; SIZE],
) {
    for (texel, &element) in row.chunks_exact_mut(texel_bytes).zip(source) {
        texel[place..place + SIZE].copy_from_slice(&bytes(element));
    }
}
