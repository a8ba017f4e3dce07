//! Read buffers of one worker. A connection has one only while bytes are on their way, so an idle one costs nothing.

use std::cell::RefCell;
use std::ops::{Deref, DerefMut};
use std::rc::Rc;

/// Large enough that a 100 KB bulk takes two reads, small enough to stay in the processor's cache.
const BUFFER_BYTES: usize = 64 * 1024;
/// Idle buffers kept for the next read; more than this at once is a burst whose memory is given back.
const MAX_FREE_BUFFERS: usize = 64;

/// A worker's pool.
#[derive(Debug, Default)]
pub struct Buffers {
    free: RefCell<Vec<Box<[u8]>>>,
}

impl Buffers {
    /// A buffer, returned to the pool when dropped.
    #[must_use]
    pub fn take(self: &Rc<Self>) -> Buffer {
        let data = self.free.borrow_mut().pop().unwrap_or_else(|| vec![0; BUFFER_BYTES].into());
        Buffer { data, pool: Rc::clone(self) }
    }
}

/// A borrowed buffer.
#[derive(Debug)]
pub struct Buffer {
    data: Box<[u8]>,
    pool: Rc<Buffers>,
}

impl Deref for Buffer {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        &self.data
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.data
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let mut free = self.pool.free.borrow_mut();
        if free.len() < MAX_FREE_BUFFERS {
            free.push(std::mem::take(&mut self.data));
        }
    }
}
