//! The bytes of files, in a folder of this machine or in a bucket that speaks S3.

mod direct;
mod fs;
mod object;
mod parts;
mod s3;
mod signature;

pub use object::ObjectBlobs;
pub use s3::{Clients, S3Config, S3ConfigError};
