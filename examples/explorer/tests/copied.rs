//! The code for Rust that the page gives, which its test in a browser holds to this file, runs.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

include!("copied/program.rs");

#[test]
fn the_copied_program_runs() {
    main().unwrap();
}
