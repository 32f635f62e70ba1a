//! TLS: what is offered before there is a secret to keep, and whole runs against a server whose certificate
//! a user has to vouch for.

use std::convert::Infallible;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use arkdeck::api::{self, Client};
use arkdeck::domain::Kind;
use arkdeck::secret::ApiKey;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, server};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::server::Acceptor;
use rustls::{ServerConfig, crypto};
use serde_json::{Value, json};
use tokio::sync::Barrier;
use tokio_rustls::TlsAcceptor;

use super::cli::{Deck, Ran};

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

/// An authority that no machine knows.
fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// A service behind TLS that deletes whatever it is asked to.
struct Server {
    address: SocketAddr,
    authority: String,
    /// For each connection that came out of its handshake, the paths of what was deleted over it.
    connections: Arc<Mutex<Vec<Vec<String>>>>,
}

impl Server {
    /// Speaks one version of HTTP, and answers when so many requests wait.
    async fn start(protocol: &'static str, together: usize) -> Self {
        let authority = authority();
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &authority).unwrap();
        let key = PrivatePkcs8KeyDer::from(key.serialize_der());
        let provider = Arc::new(crypto::ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.into()], key.into())
            .unwrap();
        config.alpn_protocols = vec![protocol.into()];
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::new(Mutex::new(Vec::new()));
        let counted = Arc::clone(&connections);
        let gate = Arc::new(Barrier::new(together));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, counted, gate) = (acceptor.clone(), counted.clone(), gate.clone());
                tokio::spawn(async move {
                    // Who does not trust it ends it here.
                    let Ok(stream) = acceptor.accept(stream).await else {
                        return;
                    };
                    assert_eq!(
                        stream.get_ref().1.alpn_protocol(),
                        Some(protocol.as_bytes())
                    );
                    let number = {
                        let mut counted = counted.lock().unwrap();
                        counted.push(Vec::new());
                        counted.len() - 1
                    };
                    let service = service_fn(move |request: Request<Incoming>| {
                        assert_eq!(request.method(), Method::DELETE);
                        let path = request.uri().path().to_owned();
                        let id = path.rsplit('/').next().unwrap().to_owned();
                        counted.lock().unwrap()[number].push(path);
                        let gate = gate.clone();
                        async move {
                            gate.wait().await;
                            let body = json!({"id": id, "object": "response", "deleted": true});
                            Ok::<_, Infallible>(Response::new(body.to_string()))
                        }
                    });
                    let stream = TokioIo::new(stream);
                    // A client may leave without a word.
                    if protocol == "h2" {
                        let server = server::conn::http2::Builder::new(TokioExecutor::new());
                        let _ = server.serve_connection(stream, service).await;
                    } else {
                        let server = server::conn::http1::Builder::new();
                        let _ = server.serve_connection(stream, service).await;
                    }
                });
            }
        });
        Self {
            address,
            authority: authority.pem(),
            connections,
        }
    }

    /// Deletes `ids` there, trusting `authority`.
    async fn delete(&self, ids: &[String], authority: &str, concurrency: &str) -> Ran {
        let base_url = format!("https://localhost:{}/api/v3", self.address.port());
        let deck = Deck::empty().await.var("ARK_BASE_URL", Some(&base_url));
        let roots = deck.path().join("roots.pem");
        std::fs::write(&roots, authority).unwrap();
        let deck = deck.var("SSL_CERT_FILE", roots.to_str());
        let mut args = vec![
            "delete",
            "--yes",
            "-o",
            "jsonl",
            "--concurrency",
            concurrency,
        ];
        args.extend(ids.iter().map(String::as_str));
        deck.run(&args)
    }

    /// The connections over which something was deleted, with how much; all of `ids`, each once.
    fn used(&self, ids: &[String]) -> Vec<usize> {
        let connections = self.connections.lock().unwrap();
        let mut paths = connections.concat();
        paths.sort();
        let mut wanted: Vec<String> = ids
            .iter()
            .map(|id| format!("/api/v3/responses/{id}"))
            .collect();
        wanted.sort();
        assert_eq!(paths, wanted);
        let sizes = connections.iter().map(Vec::len);
        sizes.filter(|size| *size > 0).collect()
    }
}

fn ids() -> Vec<String> {
    (0..20).map(super::cli::response).collect()
}

#[track_caller]
fn assert_deleted(ran: &Ran, ids: &[String]) {
    assert_eq!(ran.code, 0, "{ran:?}");
    let lines = ran
        .out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap());
    let lines: Vec<Value> = lines.collect();
    assert_eq!(lines.len(), ids.len());
    for line in lines {
        assert_eq!(
            (&line["outcome"], &line["attempts"]),
            (&json!("deleted"), &json!(1))
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_shares_one_connection_where_the_server_speaks_http_2() {
    // Each answer waits for another request: one after the other, nothing would come of it.
    let server = Server::start("h2", 2).await;
    let ids = ids();
    let ran = server.delete(&ids, &server.authority, "8").await;
    assert_deleted(&ran, &ids);
    assert_eq!(server.used(&ids), [ids.len()]);
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_are_used_again_where_the_server_speaks_http_1() {
    let server = Server::start("http/1.1", 1).await;
    let ids = ids();
    let ran = server.delete(&ids, &server.authority, "2").await;
    assert_deleted(&ran, &ids);
    // A connection may still be on its way back when the next request leaves, which then opens another.
    let used = server.used(&ids).len();
    assert!((1..=5).contains(&used), "{used} connections");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_authority_that_nobody_vouched_for_gets_no_request() {
    let server = Server::start("h2", 1).await;
    let ids = ids();
    let ran = server.delete(&ids[..1], &authority().pem(), "8").await;
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.err.contains("certificate"), "{ran:?}");
    let line: Value = serde_json::from_str(ran.out.trim()).unwrap();
    assert_eq!(
        (&line["outcome"], &line["attempts"]),
        (&json!("failed"), &json!(0))
    );
    assert!(server.connections.lock().unwrap().concat().is_empty());
}
