//! Descriptors that this process was given: by systemd, or by the same program before it replaced itself.

use std::io;
use std::os::fd::{FromRawFd as _, OwnedFd, RawFd};

/// The first descriptor that is not standard input, output or error.
const FIRST: RawFd = 3;

/// Takes a descriptor that was open when this process began.
///
/// # Errors
/// When there is no such descriptor, or it was not inherited: what this process opens itself is closed on exec, as
/// Rust's library and ours do it, and what was taken once is too.
pub fn take_inherited(descriptor: RawFd) -> io::Result<OwnedFd> {
    let refuse = |reason| io::Error::new(io::ErrorKind::InvalidInput, reason);
    if descriptor < FIRST {
        return Err(refuse("the standard descriptors are not handed over"));
    }
    // SAFETY: F_GETFD and F_SETFD read and write a flag of a descriptor by number; with a number that is not open they
    // fail. No memory is touched.
    #[allow(unsafe_code)]
    let flags = unsafe { libc::fcntl(descriptor, libc::F_GETFD) };
    if flags < 0 {
        return Err(io::Error::last_os_error());
    }
    if flags & libc::FD_CLOEXEC != 0 {
        return Err(refuse("the descriptor was opened by this process"));
    }
    // SAFETY: as above.
    #[allow(unsafe_code)]
    let set = unsafe { libc::fcntl(descriptor, libc::F_SETFD, flags | libc::FD_CLOEXEC) };
    if set < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the descriptor is open, and nothing in this process owns it: whatever is opened here has FD_CLOEXEC from
    // the start, and this one did not until the line above, which also keeps it from being taken twice.
    #[allow(unsafe_code)]
    Ok(unsafe { OwnedFd::from_raw_fd(descriptor) })
}

#[cfg(test)]
mod tests {
    use super::take_inherited;
    use std::os::fd::AsRawFd as _;

    #[test]
    fn what_this_process_opened_is_not_taken() {
        let file = std::fs::File::open("/dev/null").unwrap();
        assert!(take_inherited(file.as_raw_fd()).is_err());
        assert!(take_inherited(1).is_err());
        assert!(take_inherited(1_000_000).is_err());
    }
}
