//! The one place with unsafe code: what only the C library gives. Each use says why it is sound; nothing else belongs
//! here.

mod heap;

pub use heap::keep_heap_small;
