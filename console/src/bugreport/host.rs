//! What this host is: kernel, distribution, memory, disks, limits, clock.

use std::path::Path;
use std::time::Instant;

use nix::sys::statvfs::statvfs;

use super::programs;

/// Files of the kernel and the distribution that say it.
const FILES: [&str; 8] = [
    "/proc/version",
    "/etc/os-release",
    "/proc/uptime",
    "/proc/loadavg",
    "/proc/meminfo",
    "/proc/self/limits",
    "/proc/self/cgroup",
    "/proc/sys/kernel/core_pattern",
];
/// Folders whose disks matter.
const FOLDERS: [&str; 4] = ["/", "/var/lib", "/var/log", "/tmp"];

/// The name of this host.
pub(super) fn name() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    name.trim().to_owned()
}

/// All of it as text.
pub(super) fn facts(state_dir: &Path, limit: Instant) -> Vec<u8> {
    let mut text = format!("host: {}\ntime: {}\n", name(), time::OffsetDateTime::now_utc());
    let processors = std::thread::available_parallelism().map_or(0, usize::from);
    text.push_str(&format!("processors: {processors}\n"));
    for folder in FOLDERS.map(Path::new).into_iter().chain([state_dir]) {
        let room = match statvfs(folder) {
            Ok(disk) => {
                let bytes = |blocks: u64| blocks * disk.fragment_size();
                format!(
                    "{} bytes free of {}, {} files free",
                    bytes(disk.blocks_available()),
                    bytes(disk.blocks()),
                    disk.files_available()
                )
            }
            Err(error) => error.to_string(),
        };
        text.push_str(&format!("disk of {}: {room}\n", folder.display()));
    }
    for file in FILES {
        let content = std::fs::read_to_string(file).unwrap_or_else(|error| error.to_string());
        text.push_str(&format!("\n{file}\n{content}"));
    }
    let clock = programs::run(Path::new("timedatectl"), ["show"], limit);
    let clock =
        clock.map_or_else(|error| format!("{error:#}"), |out| String::from_utf8_lossy(&out).into_owned());
    text.push_str(&format!("\ntimedatectl show\n{clock}\n"));
    text.into_bytes()
}
