//! Reading files in a child process: this program once more, with limits, without network, and with
//! no more of the file system than reading takes. Whatever a file does to its reader, it does to that
//! child alone.

mod child;
mod parent;
mod protocol;
mod walls;

pub use child::read_in_child;
pub use parent::{MediaReader, ReaderConfig};
