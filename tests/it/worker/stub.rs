//! A service that answers as a test tells it to, one answer a request.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// The number of a request (from 0) and its method and target, and what it is answered.
type Script = dyn Fn(usize, &str) -> String + Send + Sync;

pub(super) struct Scripted {
    pub(super) base_url: String,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Scripted {
    pub(super) async fn start(
        script: impl Fn(usize, &str) -> String + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://{}/api/v3", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let requests = Arc::clone(&seen);
        let script: Arc<Script> = Arc::new(script);
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                tokio::spawn(converse(socket, Arc::clone(&script), Arc::clone(&requests)));
            }
        });
        Self { base_url, seen }
    }

    /// Method and target of each request, in order.
    pub(super) fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }
}

async fn converse(socket: TcpStream, script: Arc<Script>, seen: Arc<Mutex<Vec<String>>>) {
    let mut socket = BufReader::new(socket);
    loop {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if !matches!(socket.read_line(&mut head).await, Ok(1..)) {
                return;
            }
        }
        let request = head.lines().next().unwrap().replace(" HTTP/1.1", "");
        let number = {
            let mut seen = seen.lock().unwrap();
            seen.push(request.clone());
            seen.len() - 1
        };
        let answer = script(number, &request);
        if socket.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}

pub(super) fn answer(status: u16, headers: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\n{headers}Content-Length: {length}\r\n\r\n{body}"
    )
}

pub(super) fn ok(body: &str) -> String {
    answer(200, "", body)
}

/// The service's own not-found.
pub(super) fn not_found() -> String {
    answer(
        404,
        "",
        r#"{"error":{"code":"NotFound.file","message":"none"}}"#,
    )
}

pub(super) fn deleted() -> String {
    ok(r#"{"deleted":true}"#)
}
