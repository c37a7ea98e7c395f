//! What serves software adapters alone: reads through uniform windows and textures, which they
//! take faster than loads from storage buffers.

pub(crate) mod conv2d_texel;
pub(crate) mod grad_weight_filters;
pub(crate) mod grad_weight_texel;
pub(crate) mod padded_image;
pub(crate) mod strip_windows;
pub(crate) mod uniform_windows;
