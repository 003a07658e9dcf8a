use std::{
    net::{SocketAddr, TcpListener},
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};

use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto::Builder,
};
use s3s::{auth::SimpleAuth, service::S3ServiceBuilder};
use s3s_fs::FileSystem;
use tempfile::TempDir;
use tokio::runtime::Runtime;

const KEY_ID: &str = "AKTEST";
const SECRET: &str = "secret-of-the-test";
const BUCKET: &str = "profiles";

/// An S3 server over a temporary folder, on the loopback, with one bucket. It is a library in the test program, because that
/// costs less than building a program of its own in another profile.
#[derive(Debug)]
pub struct S3 {
    folder: TempDir,
    address: SocketAddr,
    /// `None` while it is stopped.
    runtime: Mutex<Option<Runtime>>,
}

impl S3 {
    /// Starts a server with an empty bucket.
    #[must_use]
    pub fn start() -> Self {
        let folder = TempDir::new().unwrap();
        std::fs::create_dir(folder.path().join(BUCKET)).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = Self { address: listener.local_addr().unwrap(), folder, runtime: Mutex::new(None) };
        server.serve(listener);
        server
    }

    /// Ends the server and all its connections; what is stored stays.
    pub fn stop(&self) {
        if let Some(runtime) = self.runtime.lock().unwrap().take() {
            runtime.shutdown_timeout(Duration::from_secs(5));
        }
    }

    /// Starts it again after [`S3::stop`], at the same address.
    pub fn start_again(&self) {
        self.serve(TcpListener::bind(self.address).unwrap());
    }

    fn serve(&self, listener: TcpListener) {
        let mut service = S3ServiceBuilder::new(FileSystem::new(self.folder.path()).unwrap());
        service.set_auth(SimpleAuth::from_single(KEY_ID, SECRET));
        let service = service.build();
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        listener.set_nonblocking(true).unwrap();
        runtime.spawn(async move {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            let connections = Arc::new(Builder::new(TokioExecutor::new()));
            while let Ok((socket, _)) = listener.accept().await {
                // Without this each answer waits for the client's delayed acknowledgement.
                socket.set_nodelay(true).unwrap();
                let (connections, service) = (Arc::clone(&connections), service.clone());
                tokio::spawn(async move {
                    drop(connections.serve_connection(TokioIo::new(socket), service).await)
                });
            }
        });
        *self.runtime.lock().unwrap() = Some(runtime);
    }

    /// Address of a store in the bucket.
    #[must_use]
    pub fn store(&self, prefix: &str) -> String {
        format!("s3://{BUCKET}/{prefix}")
    }

    /// What a client of it finds in its environment.
    #[must_use]
    pub fn environment(&self) -> Vec<(String, String)> {
        [
            ("AWS_ENDPOINT", format!("http://{}", self.address)),
            ("AWS_ALLOW_HTTP", "true".to_owned()),
            ("AWS_REGION", "us-east-1".to_owned()),
            ("AWS_ACCESS_KEY_ID", KEY_ID.to_owned()),
            ("AWS_SECRET_ACCESS_KEY", SECRET.to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }

    /// The folder with an object of the bucket for each file.
    #[must_use]
    pub fn bucket_folder(&self) -> PathBuf {
        self.folder.path().join(BUCKET)
    }
}
