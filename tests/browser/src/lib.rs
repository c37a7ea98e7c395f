//! The table of cases in a browser: the modules of `tests/it` that wait for nothing, and what awaits
//! their tensors.

#![cfg(target_arch = "wasm32")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "a test fails by panicking, and its sizes are small"
)]
#![allow(unreachable_pub, reason = "nothing depends on a test")]
#![allow(dead_code, reason = "other tests of the modules use more of them")]

#[path = "../../it/between/mod.rs"]
mod between;
#[path = "../../it/case.rs"]
mod case;
#[path = "../../it/cases/mod.rs"]
mod cases;
#[path = "../../it/compare.rs"]
mod compare;
#[path = "../../it/computes.rs"]
mod computes;
#[path = "../../it/expected.rs"]
mod expected;
#[path = "../../it/options.rs"]
mod options;
#[path = "../../it/recorder.rs"]
mod recorder;
mod table;
mod tested;
