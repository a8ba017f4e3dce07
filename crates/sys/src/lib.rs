//! The one place with unsafe code: what only the C library gives. Each use says why it is sound; nothing else belongs
//! here.

mod heap;
mod inherited;
mod memory;

pub use heap::keep_heap_small;
pub use inherited::take_inherited;
pub use memory::keep_memory_secret;
