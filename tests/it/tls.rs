//! What is said before there is a secret to keep: the first message of a handshake.

use std::net::TcpListener;
use std::thread;
use std::time::Duration;

use arkdeck::api::{self, Client};
use arkdeck::domain::Kind;
use arkdeck::secret::ApiKey;
use rustls::server::Acceptor;

/// A server that offers HTTP/2 gets it, and every other HTTP/1.1.
#[tokio::test]
async fn both_versions_of_http_are_offered() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let hello = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut acceptor = Acceptor::default();
        loop {
            acceptor.read_tls(&mut stream).unwrap();
            if let Some(accepted) = acceptor.accept().unwrap() {
                let hello = accepted.client_hello();
                let offered = hello.alpn().unwrap();
                let offered = offered.map(|name| String::from_utf8_lossy(name).into_owned());
                break offered.collect::<Vec<_>>();
            }
        }
    });
    let patience = Duration::from_secs(20);
    let client = Client::new(api::Options {
        base_url: format!("https://localhost:{port}/api/v3").parse().unwrap(),
        key: ApiKey::new("key").unwrap(),
        not_found_codes: Vec::new(),
        allow_plain_http: false,
        timeout: patience,
        connect_timeout: patience,
    })
    .unwrap();
    // The server says no more than that.
    client.get(Kind::Response, &"resp_1".parse().unwrap()).await;
    assert_eq!(hello.join().unwrap(), ["h2", "http/1.1"]);
}
