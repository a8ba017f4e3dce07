//! What is in memory stays there: this process carries other people's passwords.
//!
//! A core file would hold them, and so would what another process of the same user reads by `ptrace` or `/proc/PID/mem`.

use std::io;

/// Lets nobody but root look into this process, and makes it leave no core file: neither by itself (the limit) nor
/// through a program that the kernel pipes cores to, which does not care for the limit (not dumpable).
///
/// To be called first, also after the process has become another program: that makes it dumpable again.
///
/// # Errors
/// When the kernel refuses; it does not on Linux.
pub fn keep_memory_secret() -> io::Result<()> {
    #[cfg(target_os = "linux")]
    {
        let none = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
        // SAFETY: setrlimit reads the struct, which lives on this stack frame, and keeps no reference to it.
        #[allow(unsafe_code)]
        let limited = unsafe { libc::setrlimit(libc::RLIMIT_CORE, &raw const none) };
        if limited != 0 {
            return Err(io::Error::last_os_error());
        }
        let not_dumpable: libc::c_ulong = 0;
        // SAFETY: PR_SET_DUMPABLE takes one integer and touches no memory of ours.
        #[allow(unsafe_code)]
        let hidden = unsafe { libc::prctl(libc::PR_SET_DUMPABLE, not_dumpable) };
        if hidden != 0 {
            return Err(io::Error::last_os_error());
        }
    }
    Ok(())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::keep_memory_secret;

    #[test]
    fn no_core_is_left_and_the_process_reads_about_itself() {
        keep_memory_secret().unwrap();
        let limits = std::fs::read_to_string("/proc/self/limits").unwrap();
        let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
        assert_eq!(core.split_whitespace().skip(4).take(2).collect::<Vec<_>>(), ["0", "0"], "{core}");
        // SAFETY: PR_GET_DUMPABLE takes nothing and touches no memory of ours.
        #[allow(unsafe_code)]
        let dumpable = unsafe { libc::prctl(libc::PR_GET_DUMPABLE) };
        assert_eq!(dumpable, 0);
        // What the programs read of themselves.
        for file in ["stat", "statm", "status", "fd"] {
            assert!(std::fs::metadata(format!("/proc/self/{file}")).is_ok(), "{file}");
        }
        assert!(std::env::current_exe().is_ok());
        // Twice is as good as once.
        keep_memory_secret().unwrap();
    }
}
