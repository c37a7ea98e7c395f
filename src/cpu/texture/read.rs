//! Texels to tensors.

use super::{BLOCK_LEN, curve};
use crate::TexelValues;
use crate::cpu::kit::{blocks, simd};
use crate::memory::{NoMemory, collected};
use crate::ops::{Line, Reading, Stored, Texel, from_half};

/// The numbers of the bytes of a channel.
type Table = [f32; 256];

/// `output[c, y, x] = scale * value + bias` of the components of `texels`, whose rows are
/// `row_texels` long.
pub(crate) fn read_texels(
    reading: &Reading,
    texels: &[u8],
    output: &mut [f32],
) -> Result<(), NoMemory> {
    let ([height, width], [top, left]) = (reading.size, reading.origin);
    let texel = reading.level.texel;
    let tables = match texel.stored {
        Stored::Unorm8 => collected(reading.lines.iter().map(|line| table(line, reading.values)))?,
        _ => Vec::new(),
    };
    let (work, plane) = (output.len(), height * width);
    let rows = (BLOCK_LEN / width).clamp(1, height);
    let blocks = blocks::split(output, 1, [plane, plane, rows * width])?;
    blocks::for_each(blocks, work, |block| {
        let line = &reading.lines[block.plane];
        let first = block.start / width;
        for rows in block.pieces {
            for (row, y) in rows.chunks_exact_mut(width).zip(first..) {
                let start = ((top + y) * reading.level.size[1] + left) * texel.bytes();
                let source = &texels[start..start + width * texel.bytes()];
                simd::dispatch(
                    #[inline(always)]
                    || read_row(texel, line, tables.get(block.plane), source, row),
                );
            }
        }
        Ok(())
    })
}

fn table(line: &Line, values: TexelValues) -> Table {
    let mut table = [0.0; 256];
    for (number, byte) in table.iter_mut().zip(0..=255_u8) {
        let stored = f32::from(byte) / 255.0;
        let value = match values {
            TexelValues::Linear if line.channel < 3 => {
                nearest(curve::light(f64::from(byte) / 255.0))
            }
            _ => stored,
        };
        *number = line.scale * value + line.bias;
    }
    table
}

#[allow(clippy::cast_possible_truncation, reason = "the nearest is what is wanted")]
fn nearest(value: f64) -> f32 {
    value as f32
}

#[inline(always)]
fn read_row(texel: Texel, line: &Line, table: Option<&Table>, source: &[u8], row: &mut [f32]) {
    let place = texel.place(line.channel) * texel.component_bytes();
    match texel.bytes() {
        1 => read::<1>(texel.stored, place, line, table, source, row),
        2 => read::<2>(texel.stored, place, line, table, source, row),
        4 => read::<4>(texel.stored, place, line, table, source, row),
        8 => read::<8>(texel.stored, place, line, table, source, row),
        _ => read::<16>(texel.stored, place, line, table, source, row),
    }
}

/// A row of texels of so many bytes.
#[inline(always)]
fn read<const BYTES: usize>(
    stored: Stored,
    place: usize,
    line: &Line,
    table: Option<&Table>,
    source: &[u8],
    row: &mut [f32],
) {
    let texels = row.iter_mut().zip(source.as_chunks::<BYTES>().0);
    match (stored, table) {
        (Stored::Unorm8, Some(table)) => {
            texels.for_each(|(number, texel)| *number = table[usize::from(texel[place])]);
        }
        (Stored::F16 | Stored::Unorm8, _) => texels.for_each(|(number, texel)| {
            let half = u16::from_le_bytes([texel[place], texel[place + 1]]);
            *number = line.scale * from_half(half.into()) + line.bias;
        }),
        (Stored::F32, _) => texels.for_each(|(number, texel)| {
            let bytes = [texel[place], texel[place + 1], texel[place + 2], texel[place + 3]];
            *number = line.scale * f32::from_le_bytes(bytes) + line.bias;
        }),
    }
}
