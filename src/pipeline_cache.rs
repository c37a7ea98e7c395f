//! Pipeline caches as bytes that outlive a device.

use std::fmt;

use crate::{Error, Result};

/// What a device's driver compiled, to be kept for the next time.
///
/// [`Device::pipeline_cache`](crate::Device::pipeline_cache) gives it, [`to_bytes`](Self::to_bytes) and
/// [`from_bytes`](Self::from_bytes) lead to a file and back, [`Device::load_pipeline_cache`](crate::Device::load_pipeline_cache) hands
/// it to a new device. Vulkan has pipeline caches; whether one saves time depends on the driver,
/// many of which keep a cache of their own.
///
/// A cache holds for the adapter, the driver and the version of this crate that it was made with.
/// Anything else is refused with an error, and so are damaged bytes; the device works without.
///
/// # Examples
///
/// ```
/// use filtro::{Conv2d, Device, PipelineCache};
///
/// # fn main() -> filtro::Result<()> {
/// # let Ok(device) = Device::software() else { return Ok(()) };
/// # let open = Device::software;
/// # let _ = r#"
/// let open = Device::gpu;
/// let device = open()?;
/// # "#;
/// Conv2d::new(3, 8, [3, 3]).warm_up(&device, [1, 3, 32, 32])?;
/// if let Some(cache) = device.pipeline_cache() {
///     let bytes = cache.to_bytes(); // and to a file that nobody else may write
///
///     // SAFETY: these are the bytes that `to_bytes` gave.
///     let cache = unsafe { PipelineCache::from_bytes(&bytes) }?;
///     open()?.load_pipeline_cache(&cache)?;
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct PipelineCache {
    made_by: String,
    data: Vec<u8>,
}

/// The first bytes: a name and the version of the format.
const MAGIC: [u8; 12] = *b"filtroPC\x01\0\0\0";

impl PipelineCache {
    pub(crate) fn new(made_by: String, data: Vec<u8>) -> Self {
        Self { made_by, data }
    }

    pub(crate) fn made_by(&self) -> &str {
        &self.made_by
    }

    /// wgpu's own bytes.
    pub(crate) fn data(&self) -> &[u8] {
        &self.data
    }

    /// The bytes to keep: a header with a checksum, the adapter, its driver and the versions, and
    /// the driver's data.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let made_by = self.made_by.as_bytes();
        let lengths = [made_by.len() as u64, self.data.len() as u64];
        let lengths = lengths.map(u64::to_le_bytes).concat();
        let checksum = checksum([&lengths, made_by, &self.data]).to_le_bytes();
        [&MAGIC, &lengths[..], &checksum, made_by, &self.data].concat()
    }

    /// The cache that [`to_bytes`](Self::to_bytes) turned into these bytes.
    ///
    /// # Errors
    ///
    /// [`Error::PipelineCache`] for bytes that are not whole or were changed.
    ///
    /// # Safety
    ///
    /// The bytes must be what `to_bytes` gave, on whatever machine, with whatever version. Truncated
    /// and damaged ones are found by their lengths and their checksum and are an error, but not
    /// those that somebody makes up with a checksum that fits: a driver may trust the machine code
    /// inside. Keep them where only those can write who could as well change the program.
    #[allow(unsafe_code, reason = "what a driver does with forged data cannot be checked")]
    pub unsafe fn from_bytes(bytes: &[u8]) -> Result<Self> {
        Self::parse(bytes).map_err(|message| Error::PipelineCache { message: message.into() })
    }

    fn parse(bytes: &[u8]) -> std::result::Result<Self, &'static str> {
        const TRUNCATED: &str = "it is truncated";
        if !bytes.starts_with(&MAGIC[..bytes.len().min(MAGIC.len())]) {
            return Err("these are not the bytes of a pipeline cache of this version");
        }
        let rest = bytes.get(MAGIC.len()..).ok_or(TRUNCATED)?;
        let (numbers, rest) = rest.split_at_checked(24).ok_or(TRUNCATED)?;
        let number = |index: usize| {
            let bytes = numbers[8 * index..].first_chunk().copied();
            bytes.map_or(0, u64::from_le_bytes)
        };
        let size = |index| usize::try_from(number(index)).map_err(|_| TRUNCATED);
        let (made_by, data) = rest.split_at_checked(size(0)?).ok_or(TRUNCATED)?;
        match data.len().cmp(&size(1)?) {
            std::cmp::Ordering::Less => return Err(TRUNCATED),
            std::cmp::Ordering::Greater => return Err("it is longer than its header says"),
            std::cmp::Ordering::Equal => {}
        }
        if checksum([&numbers[..16], made_by, data]) != number(2) {
            return Err("it is damaged: its checksum differs");
        }
        let made_by = str::from_utf8(made_by).map_err(|_| "its header is no text")?;
        Ok(Self::new(made_by.into(), data.into()))
    }
}

/// FNV-1a of 64 bits, which a change of any one byte changes.
fn checksum(parts: [&[u8]; 3]) -> u64 {
    parts.iter().copied().flatten().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

impl fmt::Debug for PipelineCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PipelineCache")
            .field("made_by", &self.made_by)
            .field("bytes", &self.data.len())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cache() -> PipelineCache {
        PipelineCache::new("filtro on an adapter".into(), (0..=255).collect())
    }

    #[test]
    fn a_cache_survives_its_bytes() {
        for cache in [cache(), PipelineCache::new(String::new(), Vec::new())] {
            assert_eq!(PipelineCache::parse(&cache.to_bytes()), Ok(cache));
        }
    }

    #[test]
    fn bytes_with_any_bit_changed_or_any_byte_lost_or_added_are_refused() {
        let bytes = cache().to_bytes();
        for bit in 0..8 * bytes.len() {
            let mut bytes = bytes.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(PipelineCache::parse(&bytes).is_err(), "bit {bit}");
        }
        for length in 0..bytes.len() {
            assert_eq!(PipelineCache::parse(&bytes[..length]), Err("it is truncated"), "{length}");
        }
        // The header's text is a byte shorter, and the data a byte longer.
        let mut moved = bytes.clone();
        moved[MAGIC.len()] -= 1;
        moved[MAGIC.len() + 8..][..2].copy_from_slice(&257_u16.to_le_bytes());
        assert_eq!(PipelineCache::parse(&moved), Err("it is damaged: its checksum differs"));
        let longer = [&bytes[..], &[0]].concat();
        assert_eq!(PipelineCache::parse(&longer), Err("it is longer than its header says"));
        let other = PipelineCache::parse(b"filtroPC\x02\0\0\0 and more that we do not know");
        assert_eq!(other, Err("these are not the bytes of a pipeline cache of this version"));
    }
}
