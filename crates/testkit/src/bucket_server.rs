//! A server that speaks S3 and belongs to one test, which may take it away.

use std::{net::SocketAddr, path::Path, time::Duration};

use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use s3s::{auth::SimpleAuth, service::S3ServiceBuilder};
use s3s_fs::FileSystem;
use tempfile::TempDir;
use tokio::{net::TcpListener, runtime::Runtime};

/// The bucket that is there.
pub const BUCKET: &str = "desk";
/// Who may use it.
pub const ACCESS_KEY: (&str, &str) = ("an-id", "a-secret");

/// A server that speaks S3 and checks signatures. It has threads of its own, so that tests that block use it
/// too; what it stores outlives its end.
pub struct BucketServer {
    folder: TempDir,
    address: SocketAddr,
    runtime: Option<Runtime>,
}

impl BucketServer {
    /// Starts one with an empty bucket.
    #[must_use]
    pub fn start() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::create_dir(folder.path().join(BUCKET)).expect("a bucket");
        let (runtime, address) = serve(folder.path(), ([127, 0, 0, 1], 0).into());
        Self { folder, address, runtime: Some(runtime) }
    }

    /// Where it listens, as a URL.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where it stores.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Takes it away in the middle of whatever it does.
    pub fn stop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_timeout(Duration::from_secs(10));
        }
    }

    /// Brings it back at the same address, with what it had.
    pub fn start_again(&mut self) {
        self.stop();
        let (runtime, _) = serve(self.folder.path(), self.address);
        self.runtime = Some(runtime);
    }
}

impl Drop for BucketServer {
    fn drop(&mut self) {
        // A test may be asynchronous, where nothing may be waited for.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

fn serve(folder: &Path, address: SocketAddr) -> (Runtime, SocketAddr) {
    let mut service = S3ServiceBuilder::new(FileSystem::new(folder).expect("a store"));
    service.set_auth(SimpleAuth::from_single(ACCESS_KEY.0, ACCESS_KEY.1));
    let service = service.build();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime");
    let listener = std::net::TcpListener::bind(address).expect("the port is free");
    listener.set_nonblocking(true).expect("it can wait");
    let address = listener.local_addr().expect("an address");
    runtime.spawn(async move {
        let listener = TcpListener::from_std(listener).expect("a listener");
        while let Ok((stream, _)) = listener.accept().await {
            let serving =
                http1::Builder::new().serve_connection(TokioIo::new(stream), service.clone());
            tokio::spawn(serving);
        }
    });
    (runtime, address)
}
