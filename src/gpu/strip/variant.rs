//! The shaders of strips and their parameters.

use crate::Activation;
use crate::gpu::runtime::params::params;
use crate::gpu::runtime::shader::{Shader, Value};
use crate::gpu::runtime::template::{Include, Template, parts, template};
use crate::gpu::strip::problem::WORKGROUP;
use crate::gpu::strip::problem::{Kind, Problem, Tile};
use crate::ops::pool2d::Index;

params!(Params {
    grid_width: u32,
    planes: u32,
    local_planes: u32,
    tiles: u32,
    reciprocal_tiles: f32,
    tiles_x: u32,
    reciprocal_tiles_x: f32,
    plane_groups: u32,
    reciprocal_plane_groups: f32,
    in_height: u32,
    in_width: u32,
    out_height: u32,
    out_width: u32,
    pad_top: u32,
    pad_left: u32,
    out_channels: u32,
    reciprocal_out_channels: f32,
    multiplier: u32,
    reciprocal_multiplier: f32,
    activation_parameter: f32,
    divisor: f32,
    count_pad_top: u32,
    count_pad_left: u32,
    count_end_y: u32,
    count_end_x: u32,
    first_window: u32,
    window_limit: u32,
    bands: u32,
    reciprocal_bands: f32,
    band_rows: u32,
});

/// What the shaders of strips extend.
const PARTS: &[Include] = parts!("lib": "strip", "strip_params");

static DEPTHWISE: Template = template!("conv2d", "conv2d_depthwise", &[PARTS], Params);
static MAX: Template = template!("pool2d", "max_pool2d_strip", &[PARTS], Params);
static AVERAGE: Template = template!("pool2d", "avg_pool2d_strip", &[PARTS], Params);

impl Problem {
    /// The shader with these tiles. `source` are the values that say where the input comes from;
    /// with `uniforms` it and the operands are uniform buffers.
    pub(crate) fn shader(
        &self,
        tile: &Tile,
        source: &[(&'static str, Value)],
        uniforms: u32,
    ) -> Shader {
        let (vertical, horizontal) = (&self.vertical, &self.horizontal);
        let [edge_y, edge_x] = self.edges(tile);
        let mut values: Vec<(&'static str, Value)> = vec![
            ("tile", [tile.rows, tile.columns].into()),
            ("kernel_size", [vertical.kernel_size, horizontal.kernel_size].into()),
            ("stride", [vertical.stride, horizontal.stride].into()),
            ("dilation", [vertical.dilation, horizontal.dilation].into()),
            ("edge_y", edge_y.name().into()),
            ("edge_x", edge_x.name().into()),
            ("load_width", tile.load_width.into()),
            ("phase", tile.phase.into()),
            ("store_width", tile.store_width.into()),
            ("ragged_x", (!horizontal.output_size.is_multiple_of(tile.columns)).into()),
        ];
        values.extend(source);
        let (operands, out_channels) = (self.operands(), self.in_channels * self.multiplier());
        values.push(("operands", operands.into()));
        values.push(("multiplied", (self.multiplier() > 1).into()));
        let (indices, looked_up) = (self.index() != Index::None, self.index() == Index::LookedUp);
        values.push(("indices", indices.into()));
        values.push(("looked_up", looked_up.into()));
        values.push(self.dtype.value());
        let template: &'static Template = match self.kind {
            Kind::Depthwise { bias, activation, .. } => {
                values.push(("bias", bias.into()));
                if uniforms > 0 {
                    values.push(("weight_vectors", self.weight_elements().div_ceil(4).into()));
                    values.push(("bias_vectors", out_channels.div_ceil(4).into()));
                }
                values.push(("activation", activation.map_or("none", Activation::name).into()));
                &DEPTHWISE
            }
            Kind::Max { .. } => &MAX,
            Kind::Average { .. } => {
                values.push(("counted", self.counted().into()));
                &AVERAGE
            }
        };
        let reads = if uniforms == 0 { 1 + operands } else { 0 } + u32::from(looked_up);
        Shader { template, values, uniforms, textures: &[], reads, writes: 1 + u32::from(indices) }
    }

    /// The parameters with these tiles, for a grid of workgroups that run over all planes.
    pub(crate) fn params(&self, tile: &Tile, grid_width: u32) -> Params {
        let (vertical, horizontal) = (&self.vertical, &self.horizontal);
        let [tiles_y, tiles_x] = self.tiles(tile);
        let (tiles, multiplier) = (tiles_y * tiles_x, self.multiplier());
        let (plane_groups, out_channels) =
            (tiles.div_ceil(WORKGROUP), self.in_channels * multiplier);
        let (mut activation_parameter, mut divisor, mut counts) = (0.0, self.taps() as f32, false);
        match self.kind {
            Kind::Depthwise { activation, .. } => {
                activation_parameter = activation.map_or(0.0, Activation::parameter);
            }
            Kind::Max { .. } => {}
            Kind::Average { padding_counts, divisor: given } => {
                divisor = given.unwrap_or(divisor);
                counts = padding_counts;
            }
        }
        let counted = |pad: u32| if counts { pad } else { 0 };
        Params {
            grid_width,
            planes: self.planes(),
            local_planes: self.planes(),
            tiles,
            reciprocal_tiles: reciprocal(tiles),
            tiles_x,
            reciprocal_tiles_x: reciprocal(tiles_x),
            plane_groups,
            reciprocal_plane_groups: reciprocal(plane_groups),
            in_height: vertical.input_size,
            in_width: horizontal.input_size,
            out_height: vertical.output_size,
            out_width: horizontal.output_size,
            pad_top: vertical.pad_begin,
            pad_left: horizontal.pad_begin,
            out_channels,
            reciprocal_out_channels: reciprocal(out_channels),
            multiplier,
            reciprocal_multiplier: reciprocal(multiplier),
            activation_parameter,
            divisor,
            count_pad_top: counted(vertical.pad_begin),
            count_pad_left: counted(horizontal.pad_begin),
            count_end_y: vertical.input_size + counted(vertical.pad_end),
            count_end_x: horizontal.input_size + counted(horizontal.pad_end),
            first_window: 0,
            window_limit: 0,
            bands: 1,
            reciprocal_bands: 1.0,
            band_rows: vertical.output_size,
        }
    }
}

pub(crate) fn reciprocal(divisor: u32) -> f32 {
    1.0 / divisor as f32
}
