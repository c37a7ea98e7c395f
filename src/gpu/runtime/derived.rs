//! What is made from a buffer's elements and kept with it; tensors are immutable, so that it stays
//! right.

use std::sync::{Arc, Mutex, PoisonError};

use rustc_hash::FxHashMap;

use crate::Result;
use crate::gpu::runtime::list::{Place, Uses};
use crate::gpu::runtime::short_lived::short_lived;

/// How something is made: by a shader with these parameters. With the buffer that is all that it
/// depends on.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Recipe {
    shader: &'static str,
    groups: u32,
    params: Box<[u8]>,
}

impl Recipe {
    pub(crate) fn of(shader: &'static str, groups: u32, params: &impl bytemuck::NoUninit) -> Self {
        Self { shader, groups, params: bytemuck::bytes_of(params).into() }
    }
}

/// What was made, by its recipe.
#[derive(Debug)]
pub(crate) struct Derived<T>(Mutex<FxHashMap<Recipe, Arc<T>>>);

impl<T> Default for Derived<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: AsRef<Uses>> Derived<T> {
    /// What is there, or what is made now, once whoever asks; again if the work that made it was
    /// lost, or waits in an encoder of the caller which others must not have to wait for.
    pub(crate) fn get(&self, recipe: Recipe, make: impl FnOnce() -> Result<T>) -> Result<Arc<T>> {
        let mut derived = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_there = |found: &&Arc<T>| {
            matches!((***found).as_ref().place(), Place::Recorded | Place::Queued)
        };
        if let Some(found) = derived.get(&recipe).filter(is_there) {
            return Ok(found.clone());
        }
        let made = Arc::new(short_lived(false, make)?);
        derived.insert(recipe, made.clone());
        Ok(made)
    }
}
