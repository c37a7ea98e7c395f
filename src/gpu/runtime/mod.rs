//! The ground that operations stand on: a device with its buffers, textures and pipelines, shader
//! composition, recording, transfer, timing, grids and splitting. It names no operation.

pub(crate) mod allocate;
pub(crate) mod background;
pub(crate) mod bind_groups;
pub(crate) mod buffer;
pub(crate) mod context;
pub(crate) mod derived;
pub(crate) mod encode;
pub(crate) mod fits;
pub(crate) mod foreign;
pub(crate) mod grid;
pub(crate) mod handle;
pub(crate) mod kept;
pub(crate) mod late;
pub(crate) mod list;
pub(crate) mod lost;
pub(crate) mod mapping;
pub(crate) mod needs;
pub(crate) mod params;
pub(crate) mod pipeline;
pub(crate) mod pipeline_cache;
#[cfg_attr(target_arch = "wasm32", allow(dead_code, reason = "a browser reports without a poll"))]
pub(crate) mod poller;
pub(crate) mod pool;
pub(crate) mod recent;
pub(crate) mod record;
pub(crate) mod recording;
#[cfg_attr(target_arch = "wasm32", allow(dead_code, reason = "a browser reports without a poll"))]
pub(crate) mod report;
pub(crate) mod shader;
pub(crate) mod short_lived;
pub(crate) mod split;
pub(crate) mod staging;
pub(crate) mod template;
pub(crate) mod texels;
pub(crate) mod texture;
pub(crate) mod ticket;
pub(crate) mod timing;
pub(crate) mod transfer;
pub(crate) mod workgroup_sum;
