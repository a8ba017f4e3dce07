//! The C library's heap, kept small.
//!
//! glibc gives each thread a heap of its own and keeps what is freed in it. A daemon with a dozen threads that hand
//! buffers to one another then holds several times what it uses. A few heaps that give freed memory back do.

/// Heaps for all threads.
const MAX_ARENAS: libc::c_int = 2;
/// Larger blocks are mapped by themselves, and unmapped when freed. Setting it also keeps glibc from raising it.
const MMAP_THRESHOLD_BYTES: libc::c_int = 512 * 1024;
/// Free memory at the end of a heap that is kept.
const TRIM_THRESHOLD_BYTES: libc::c_int = 512 * 1024;

/// Sets the limits, for all threads started afterwards. Where the C library is another one, nothing happens.
pub fn keep_heap_small() {
    #[cfg(target_env = "gnu")]
    for (parameter, value) in [
        (libc::M_ARENA_MAX, MAX_ARENAS),
        (libc::M_MMAP_THRESHOLD, MMAP_THRESHOLD_BYTES),
        (libc::M_TRIM_THRESHOLD, TRIM_THRESHOLD_BYTES),
    ] {
        // SAFETY: mallopt takes two integers, changes the allocator's own settings under its own lock and touches no
        // memory of ours. A parameter that it does not know it ignores.
        #[allow(unsafe_code)]
        unsafe {
            libc::mallopt(parameter, value);
        }
    }
}
