//! Documents from the files of a Lucene index: bytes in, documents out.

mod bits;
mod checksum;
mod codec;
mod commit;
mod compound;
mod directory;
mod doc_values;
mod error;
mod fields;
mod files;
mod input;
mod live_docs;
mod packed;
mod reader;
mod segment;
mod segment_info;
mod stored;
mod uid;

pub use checksum::Checksum;
pub use commit::{Commit, SegmentCommit, Version};
pub use error::{Error, ErrorKind};
pub use files::{FileRange, Files};
pub use reader::{Chunks, Document, Documents, Read, Reader, Reads};
pub use segment::{Opened, Options, Segment};
pub use uid::Id;
