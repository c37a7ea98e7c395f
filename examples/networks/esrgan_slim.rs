//! ESRGAN Slim, which doubles the size of a picture, and pictures of any size by tiles.

use std::collections::VecDeque;

use filtro::nn::{self, Graph, Layer, Rng};
use filtro::{Activation, Conv2d, Device, Interpolate, Padding, Result};
use ndarray::{Array4, s};

/// How many pixels around it decide over what becomes of a pixel: the convolutions before the
/// upsampling reach `1 + 1 + 1 + 1 + 1 + 2 + 1 + 1`, the one behind it half a pixel more.
pub(crate) const REACH: usize = 10;

/// The network, with random parameters: a residual dense network of two blocks, which works at the
/// size of the input until the very end.
///
/// The layers have the names of the model that it was trained as, and those of
/// `data/esrgan_slim_x2.safetensors`. It takes and gives RGB in 0 to 1.
///
/// # Errors
///
/// What the device reports.
pub(crate) fn esrgan_slim(device: &Device) -> Result<Graph> {
    let mut rng = Rng::new(0);
    let mut conv = |in_channels, out_channels, kernel_size: usize| {
        let options = Conv2d::new(in_channels, out_channels, [kernel_size; 2]);
        nn::Conv2d::new(device, options.padding(Padding::Same), &mut rng)
    };
    let relu = || nn::Activation::new(Activation::Relu);
    let mut graph = Graph::new();
    let x = graph.input();
    let first = graph.layer("F_m1", conv(3, 64, 3)?, x);
    let mut y = graph.layer("F_0", conv(64, 64, 3)?, first);
    let mut blocks = Vec::new();
    for block in ["1", "2"] {
        // What four more filters see, beside what there is, becomes a change of what there is.
        let seen = graph.layer(format!("F_{block}_1"), conv(64, 4, 3)?, y);
        let seen = graph.layer(format!("F_{block}_1_Relu"), relu(), seen);
        let dense = graph.cat(&[y, seen]);
        let change = graph.layer(format!("LFF_{block}"), conv(68, 64, 1)?, dense);
        y = graph.add(change, y);
        blocks.push(y);
    }
    let all = graph.cat(&blocks);
    let all = graph.layer("GFF_1", conv(128, 64, 1)?, all);
    let all = graph.layer("GFF_2", conv(64, 64, 3)?, all);
    let y = graph.add(all, first);
    let y = graph.layer("UPN1", conv(64, 64, 5)?, y);
    let y = graph.layer("UPN1_Relu", relu(), y);
    let y = graph.layer("UPN2", conv(64, 32, 3)?, y);
    let y = graph.layer("UPN2_Relu", relu(), y);
    let y = graph.layer("UPN3", conv(32, 12, 3)?, y);
    let twice = nn::Upsample::new(Interpolate::scale_factor([2.0, 2.0]));
    let y = graph.layer("UPsample", twice, y);
    graph.layer("SR", conv(12, 3, 3)?, y);
    Ok(graph)
}

/// A tile along one axis.
#[derive(Debug, Clone, Copy)]
struct Tile {
    /// The first pixel, and behind the last, of what becomes part of the result.
    inner: [usize; 2],
    /// The same of what the network is given: as much more as it reaches, where there is a picture.
    outer: [usize; 2],
}

fn tiles(len: usize, tile: usize) -> impl Iterator<Item = Tile> + Clone {
    (0..len).step_by(tile.max(1)).map(move |start| {
        let end = (start + tile).min(len);
        Tile { inner: [start, end], outer: [start.saturating_sub(REACH), (end + REACH).min(len)] }
    })
}

/// A picture, `[1, 3, height, width]`, at twice its size, tile by tile: so the memory that a picture
/// takes does not grow with it, and the result is the same as that of the whole picture at once.
///
/// `done` is called with the number of tiles that are done and of all.
///
/// # Errors
///
/// What the network and the device report.
pub(crate) fn upscale(
    network: &Graph,
    device: &Device,
    picture: &Array4<f32>,
    tile: usize,
    mut done: impl FnMut(usize, usize),
) -> Result<Array4<f32>> {
    /// So many tiles are on their way, that the device has work while one is copied.
    const IN_FLIGHT: usize = 2;
    let (_, _, height, width) = picture.dim();
    let columns = tiles(width, tile);
    let all: Vec<_> = tiles(height, tile)
        .flat_map(|row| columns.clone().map(move |column| [row, column]))
        .collect();
    let mut result = Array4::zeros([1, 3, 2 * height, 2 * width]);
    let mut waiting = VecDeque::new();
    let mut left = all.iter();
    for count in 0..all.len() {
        while waiting.len() < IN_FLIGHT
            && let Some(&[row, column]) = left.next()
        {
            let ([top, bottom], [start, end]) = (row.outer, column.outer);
            let part = picture.slice(s![.., .., top..bottom, start..end]).to_owned();
            let output = network.infer(&device.upload(&part)?)?;
            waiting.push_back(([row, column], output.download_async()));
        }
        let Some(([row, column], output)) = waiting.pop_front() else { break };
        let output = pollster::block_on(output)?;
        let within = |tile: Tile| tile.inner.map(|at| 2 * (at - tile.outer[0]));
        let ([top, bottom], [start, end]) = (within(row), within(column));
        let part = output.slice(s![.., .., top..bottom, start..end]);
        let [[top, bottom], [start, end]] = [row, column].map(|tile| tile.inner.map(|at| 2 * at));
        result.slice_mut(s![.., .., top..bottom, start..end]).assign(&part);
        done(count + 1, all.len());
    }
    Ok(result)
}
