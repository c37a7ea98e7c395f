//! Whether there was a stdout when the process began.

/// Whether stdout was closed. Rust's runtime opens `/dev/null` in its place before `main`, so that
/// writing to it fails no more.
pub(crate) fn was_closed() -> bool {
    #[cfg(target_os = "linux")]
    return linux::CLOSED.load(std::sync::atomic::Ordering::Relaxed);
    #[cfg(not(target_os = "linux"))]
    false
}

#[cfg(target_os = "linux")]
#[allow(unsafe_code, reason = "a constructor is what runs before Rust's runtime")]
mod linux {
    use std::sync::atomic::{AtomicBool, Ordering};

    pub(super) static CLOSED: AtomicBool = AtomicBool::new(false);

    extern "C" fn look() {
        // SAFETY: asks for the flags of a file descriptor, whether it is open or not.
        let flags = unsafe { libc::fcntl(libc::STDOUT_FILENO, libc::F_GETFD) };
        CLOSED.store(flags == -1, Ordering::Relaxed);
    }

    // SAFETY: the loader calls what this section points to, once, before `main`; arguments that a
    // C function does not take are ignored, and an atomic needs no runtime.
    #[used]
    #[unsafe(link_section = ".init_array")]
    static LOOK: extern "C" fn() = look;
}
