//! A server that says what it is told to, byte for byte, and remembers what it was asked.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What is done with a connection once the reply is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Then {
    /// Wait for the next request.
    KeepAlive,
    Close,
    /// Keep it open and say nothing more.
    Hang,
    /// Go on writing until this many bytes of body have gone out or nobody takes any more.
    Flood(u64),
}

#[derive(Debug)]
pub(crate) struct Stub {
    pub(crate) base_url: String,
    heads: Arc<Mutex<Vec<String>>>,
    /// Bytes of flood that went out, once the flood is over.
    flooded: watch::Receiver<Option<u64>>,
}

impl Stub {
    /// Listens on a port of its own until the runtime ends, and answers every request alike.
    pub(crate) async fn start(reply: impl Into<Vec<u8>>, then: Then) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://{}/api/v3", listener.local_addr().unwrap());
        let heads = Arc::new(Mutex::new(Vec::new()));
        let (over, flooded) = watch::channel(None);
        let reply: Arc<[u8]> = reply.into().into();
        let seen = Arc::clone(&heads);
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let (reply, seen, over) = (Arc::clone(&reply), Arc::clone(&seen), over.clone());
                tokio::spawn(async move { converse(socket, &reply, then, &seen, &over).await });
            }
        });
        Self {
            base_url,
            heads,
            flooded,
        }
    }

    /// The heads of all requests so far, as they arrived.
    pub(crate) fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }

    /// Waits for the end of a flood and says how much of it went out.
    pub(crate) async fn flooded(&mut self) -> u64 {
        let over = self.flooded.wait_for(Option::is_some).await.unwrap();
        over.unwrap_or_default()
    }
}

async fn converse(
    socket: TcpStream,
    reply: &[u8],
    then: Then,
    seen: &Mutex<Vec<String>>,
    over: &watch::Sender<Option<u64>>,
) {
    let mut socket = BufReader::new(socket);
    loop {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            match socket.read_line(&mut head).await {
                Ok(1..) => {}
                Ok(0) | Err(_) => return,
            }
        }
        seen.lock().unwrap().push(head);
        if socket.write_all(reply).await.is_err() {
            return;
        }
        match then {
            Then::KeepAlive => {}
            Then::Close => return,
            Then::Hang => {
                // Ends when the other side hangs up.
                let _ = socket.read_line(&mut String::new()).await;
                return;
            }
            Then::Flood(total) => {
                let chunk = vec![b' '; 16 * 1024];
                let mut sent = 0;
                while sent < total && socket.write_all(&chunk).await.is_ok() {
                    sent += chunk.len() as u64;
                }
                over.send_replace(Some(sent));
                return;
            }
        }
    }
}
