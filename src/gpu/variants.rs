//! The variants of every shader that between them take every branch of every file.

use crate::Result;
use crate::gpu::elementwise::{activation, convert, pairwise, reduction};
use crate::gpu::normalization;
use crate::gpu::rearrange::{copy, resample, select};
use crate::gpu::runtime::shader::{Shader, distinct};
use crate::gpu::texture::{read, write};
use crate::gpu::training::{loss, optimizer};
use crate::gpu::{ceiling, conv2d, pool2d};

/// Every variant that an operation can ask for.
pub(crate) fn all() -> Result<Vec<Shader>> {
    let mut variants = conv2d::variants::variants()?;
    variants.extend(pool2d::variants::variants()?);
    variants.extend(activation::variants());
    variants.extend([false, true].map(convert::shader));
    variants.extend(normalization::variants());
    variants.extend(pairwise::variants());
    variants.extend(reduction::variants());
    variants.push(select::shader());
    variants.extend(copy::variants());
    variants.extend(resample::variants());
    variants.extend([false, true].map(loss::cross_entropy_shader));
    variants.extend([loss::squared_error_shader(), loss::sum_shader(), optimizer::adam_shader()]);
    for (momentum, nesterov) in [(false, false), (true, false), (true, true)] {
        variants.push(optimizer::sgd_shader(momentum, nesterov));
    }
    variants.extend(ceiling::ACCUMULATORS.map(ceiling::multiply_add_shader));
    variants.extend([false, true].map(ceiling::copy_shader));
    variants.extend(read::variants());
    variants.extend(write::variants());
    Ok(distinct(variants))
}
