//! The instruction set that the inner loops run with.

use pulp::{Arch, Simd, WithSimd};

/// Runs an operation, compiled for the best instruction set that the machine has.
#[inline(always)]
pub(crate) fn dispatch<W: WithSimd>(operation: W) -> W::Output {
    #[cfg(test)]
    match lanes::of_thread() {
        Some(lanes::Lanes::One) => return pulp::Simd::vectorize(pulp::Scalar, operation),
        Some(lanes::Lanes::Sixteen) => return pulp::Simd::vectorize(pulp::Scalar512b, operation),
        None => {}
    }
    Arch::new().dispatch(operation)
}

/// Lanes of its vectors.
pub(crate) fn lanes() -> usize {
    struct Lanes;

    impl WithSimd for Lanes {
        type Output = usize;

        #[inline(always)]
        fn with_simd<S: Simd>(self, _simd: S) -> usize {
            S::F32_LANES
        }
    }

    dispatch(Lanes)
}

/// Vectors of another width than the machine's, in the threads of a test.
#[cfg(test)]
pub(crate) mod lanes {
    use std::cell::Cell;

    #[derive(Debug, Clone, Copy)]
    pub(crate) enum Lanes {
        One,
        Sixteen,
    }

    thread_local! {
        static LANES: Cell<Option<Lanes>> = const { Cell::new(None) };
    }

    pub(crate) fn of_thread() -> Option<Lanes> {
        LANES.get()
    }

    /// Runs a test in threads of its own, in vectors of this width.
    pub(crate) fn with<T: Send>(lanes: Lanes, test: impl FnOnce() -> T + Send) -> T {
        let threads = rayon::ThreadPoolBuilder::new()
            .num_threads(2)
            .start_handler(move |_| LANES.set(Some(lanes)));
        threads.build().expect("threads start").install(test)
    }
}
