//! Which algorithm: the pinned one, else the tuned one where it serves, else the planned one.

use crate::choice::key::Key;
use crate::{Algorithm, Device, Result};

/// The plan that `plan` makes of an algorithm, or of none in particular.
pub(crate) fn choose<T>(
    device: &Device,
    pinned: Option<Algorithm>,
    key: impl FnOnce() -> Key,
    plan: impl Fn(Option<Algorithm>) -> Result<T>,
) -> Result<T> {
    if pinned.is_some() {
        return plan(pinned);
    }
    let Some(algorithm) = device.choices().and_then(|choices| choices.get(&key())) else {
        return plan(None);
    };
    plan(Some(algorithm)).or_else(|error| {
        log::debug!("the tuning's choice is not used: {error}");
        plan(None)
    })
}
