//! The WGSL that this crate composes, for other compilers and for reading.
//!
//! Tiles follow from the sizes of a problem and from the adapter, so the number of variants has no
//! bound. These are the ones of problems that between them take every branch of every file in
//! `shaders/`, for adapters of several kinds.
//!
//! ```
//! for shader in filtro::shaders::variants()?.iter().take(3) {
//!     println!("// {}\n{}", shader.name, shader.source);
//! }
//! # Ok::<(), filtro::Error>(())
//! ```

use crate::gpu::variants;
use crate::{Error, Result};

/// A shader in one variant.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Variant {
    /// The file in `shaders/` and the values that it was composed with; no two variants share it.
    pub name: String,
    /// Standalone WGSL with one entry point, `main`.
    pub source: String,
}

/// Every variant, each once, in the order of names.
///
/// # Errors
///
/// [`Error::Gpu`] if a shader cannot be composed, which is a fault of this crate.
pub fn variants() -> Result<Vec<Variant>> {
    let variants = variants::all()?.into_iter().map(|shader| {
        let source = shader.standalone();
        let source = source.map_err(|message| Error::Gpu { operation: "shaders", message })?;
        Ok(Variant { name: shader.label(), source })
    });
    let mut variants = variants.collect::<Result<Vec<_>>>()?;
    variants.sort_unstable_by(|one, other| one.name.cmp(&other.name));
    Ok(variants)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_two_variants_share_a_name_and_each_has_an_entry_point() {
        let variants = variants().unwrap();
        let names: HashSet<_> = variants.iter().map(|variant| variant.name.as_str()).collect();
        assert_eq!(names.len(), variants.len());
        for Variant { name, source } in &variants {
            assert_eq!(source.matches("@compute").count(), 1, "{name}");
            assert!(source.contains("fn main("), "{name}");
        }
    }
}
