//! The integration tests, one binary; `tests/README.md` says where which test goes.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "a test fails by panicking, and its sizes are small"
)]
#![allow(unreachable_pub, reason = "nothing depends on a test binary")]

mod activations;
mod asynchronous;
mod asynchronous_ends;
mod between;
mod case;
mod cases;
mod check;
#[cfg(feature = "cli")]
mod command;
#[cfg(feature = "cli")]
mod command_bench;
#[cfg(feature = "cli")]
mod command_between;
#[cfg(feature = "cli")]
mod command_compare;
#[cfg(feature = "cli")]
mod command_files;
mod compare;
mod computes;
mod cooperative;
mod device_failures;
mod device_runner;
mod devices;
mod errors;
mod expected;
mod fuzz;
#[cfg(feature = "cli")]
mod fuzz_bytes;
mod goldens;
mod gradients;
mod gradients_backends;
mod half_floats;
mod hostile;
mod hostile_any;
mod hostile_devices;
mod interop;
mod interop_any;
mod interop_encoder;
mod interop_frames;
mod interop_threads;
mod laws;
mod long_sums;
mod long_windows;
mod mistakes;
#[cfg(feature = "safetensors")]
mod networks;
mod nn;
mod nn_errors;
mod nn_fold;
mod nn_graph;
mod nn_layers;
mod nn_memory;
mod nn_names;
mod nn_pairs;
#[cfg(feature = "safetensors")]
mod nn_residual;
#[cfg(feature = "cli")]
#[path = "../../src/bin/filtro/npy_file.rs"]
mod npy_file;
mod one_sign;
mod options;
mod pipeline_cache;
mod products;
mod properties;
mod recorder;
#[cfg(target_os = "linux")]
mod repetitions;
mod rounding;
mod runner;
mod strategies;
mod table;
mod tested;
mod textures;
mod tuning;
