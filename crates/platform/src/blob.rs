//! The bytes of files, in a folder of this machine or in a bucket that speaks S3.

mod fs;
mod object;
mod s3;

pub use object::ObjectBlobs;
pub use s3::{S3Config, S3ConfigError};
