//! The Ark client: one method a call, one attempt a call.
//!
//! It refuses to sleep, to retry behind the caller's back, to follow redirects, and to send the key
//! anywhere but to the base URL. What an answer means is decided without any I/O, in `verdict`;
//! when to try again is the caller's business, helped by [`backoff`].

mod items;
mod request_id;
mod retry;
mod show;
mod upload;
mod verdict;
mod wire;

use std::error::Error as _;
use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderName, HeaderValue};
use reqwest::{Method, RequestBuilder, redirect};
use serde_json::{Map, Value};
use tokio::sync::OnceCell;
use url::{Host, Url};

pub use items::Items;
use request_id::RequestIds;
pub use retry::backoff;
pub use show::{content, input, weight};
pub use upload::{UploadForm, Uploaded};
pub use verdict::{Attempt, Fetched, Trouble, Verdict};
use verdict::{End, Heard, Rules};
pub use wire::Page;

use crate::domain::{Answer, Cause, Kind, ResourceId};
use crate::secret::ApiKey;

/// Errors and the answers to a DELETE are a few hundred bytes; a gateway's page is a few thousand.
const SMALL_BODY: usize = 64 * 1024;

/// A stored response may carry images and long outputs.
const OBJECT_BODY: usize = 32 * 1024 * 1024;

/// A hundred files to a page, with room for servers that ignore the limit.
const PAGE_BODY: usize = 16 * 1024 * 1024;

/// Idle connections kept for the next request: as many as may be in flight at once.
const POOL: usize = 256;

/// New for every try (`ark-api` section 2).
const CLIENT_REQUEST_ID: HeaderName = HeaderName::from_static("x-client-request-id");

const USER_AGENT: &str = concat!("arkdeck/", env!("CARGO_PKG_VERSION"));

/// What a client is made of.
#[derive(Clone, Debug)]
pub struct Options {
    /// Such as `https://ark.cn-beijing.volces.com/api/v3`; a trailing slash is harmless.
    pub base_url: Url,
    pub key: ApiKey,
    /// Error codes that mean "no such id" here, beyond those known of Ark: exact, `X.*` or `*X`.
    pub not_found_codes: Vec<String>,
    /// Send the key in clear text to hosts other than this one.
    pub allow_plain_http: bool,
    /// The limit for one attempt, from connecting to the last byte of the body.
    pub timeout: Duration,
    /// The limit for connecting, TLS included.
    pub connect_timeout: Duration,
}

/// Why a base URL cannot be used, or TLS is not to be had. Quotes no part of a URL that may be secret.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ClientError {
    #[error(
        "the base URL must begin with https:// (or http://, on this machine), not with {scheme}:"
    )]
    Scheme { scheme: String },
    #[error("the base URL names no host")]
    NoHost,
    #[error("the base URL must not carry a user name or password")]
    UserInfo,
    #[error("the base URL must end with its path: no `?` and no `#`")]
    QueryOrFragment,
    #[error(
        "the key would travel in clear text to {host}: use https, or allow plain http in the profile"
    )]
    PlainHttp { host: String },
    /// For https only: most often, this machine has no CA certificates.
    #[error("TLS cannot be set up: {reason}")]
    Tls {
        reason: String,
        #[source]
        source: Arc<reqwest::Error>,
    },
}

/// A client of one service with one key. Cheap to clone and cheap to make: TLS and its root
/// certificates are loaded by the first request, or by [`Client::prepare`].
#[derive(Clone, Debug)]
pub struct Client(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    base_url: Url,
    is_loopback: bool,
    timeout: Duration,
    connect_timeout: Duration,
    /// Marked sensitive: HTTP libraries then keep it out of their logs and HPACK tables.
    authorization: HeaderValue,
    rules: Rules,
    request_ids: RequestIds,
    http: OnceCell<reqwest::Client>,
    /// Opens a connection for each request.
    fresh: OnceCell<reqwest::Client>,
}

/// Over which connections a request goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Over {
    Pooled,
    /// One of its own: the service may close one that lies idle just when it is used again, and what is
    /// not to be sent twice would be in doubt for no reason.
    Fresh,
}

/// One request and what came back.
struct Exchange {
    client_request_id: String,
    heard: Result<Heard, Unheard>,
}

/// No answer at all.
struct Unheard {
    /// The request may have left this machine.
    sent: bool,
    cause: Cause,
    detail: String,
    /// Trying again would not help.
    is_final: bool,
}

impl Client {
    /// Checks the base URL; touches neither network nor disk.
    pub fn new(options: Options) -> Result<Self, ClientError> {
        let is_loopback = check(&options.base_url, options.allow_plain_http)?;
        let mut base_url = options.base_url;
        let path = base_url.path().trim_end_matches('/').to_owned();
        base_url.set_path(&path);
        // A key is printable ASCII (`ApiKey::new`), so the header always takes it.
        let mut authorization = HeaderValue::try_from(options.key.bearer())
            .unwrap_or_else(|_| HeaderValue::from_static(""));
        authorization.set_sensitive(true);
        Ok(Self(Arc::new(Inner {
            base_url,
            is_loopback,
            timeout: options.timeout,
            connect_timeout: options.connect_timeout,
            authorization,
            rules: Rules {
                key: options.key,
                not_found_codes: options.not_found_codes,
            },
            request_ids: RequestIds::default(),
            http: OnceCell::new(),
            fresh: OnceCell::new(),
        })))
    }

    /// For the same service with the same key, over connections of its own: a connection belongs to the
    /// runtime it was opened on.
    #[must_use]
    pub fn apart(&self) -> Self {
        let Inner {
            base_url,
            is_loopback,
            timeout,
            connect_timeout,
            authorization,
            rules,
            ..
        } = &*self.0;
        Self(Arc::new(Inner {
            base_url: base_url.clone(),
            is_loopback: *is_loopback,
            timeout: *timeout,
            connect_timeout: *connect_timeout,
            authorization: authorization.clone(),
            rules: rules.clone(),
            request_ids: RequestIds::default(),
            http: OnceCell::new(),
            fresh: OnceCell::new(),
        }))
    }

    /// Without a trailing slash.
    pub fn base_url(&self) -> &Url {
        &self.0.base_url
    }

    /// Whether the base URL names this machine.
    pub fn is_loopback(&self) -> bool {
        self.0.is_loopback
    }

    /// The limit for one answer.
    pub fn timeout(&self) -> Duration {
        self.0.timeout
    }

    /// Loads what the first request would load, so that trouble with TLS shows before a deletion is
    /// asked for. Sends nothing.
    pub async fn prepare(&self) -> Result<(), ClientError> {
        RequestIds::prepare();
        self.http(Over::Pooled).await.map(|_| ())
    }

    /// Sends one DELETE (without a body) and judges the answer.
    pub async fn delete(&self, kind: Kind, id: &ResourceId) -> Attempt {
        let url = self.url_of(kind, id);
        let exchange = self.send(Method::DELETE, url, SMALL_BODY).await;
        let mut attempt = match exchange.heard {
            Ok(heard) => self.0.rules.delete(id, &heard, Timestamp::now()),
            Err(unheard) => {
                let verdict = if unheard.is_final {
                    Verdict::Stop
                } else {
                    Verdict::Retry {
                        after: None,
                        throttled: false,
                    }
                };
                Attempt {
                    verdict,
                    answer: unheard.into_answer(),
                }
            }
        };
        attempt.answer.client_request_id = Some(exchange.client_request_id);
        attempt
    }

    /// Sends one GET for a resource.
    pub async fn get(&self, kind: Kind, id: &ResourceId) -> Fetched {
        let url = self.url_of(kind, id);
        let exchange = self.send(Method::GET, url, OBJECT_BODY).await;
        let mut fetched = match exchange.heard {
            Ok(heard) => self.0.rules.get(kind, id, &heard, Timestamp::now()),
            Err(unheard) if unheard.is_final => Fetched::Stop(unheard.into_answer()),
            Err(unheard) => Fetched::Retry {
                after: None,
                throttled: false,
                answer: unheard.into_answer(),
            },
        };
        match &mut fetched {
            Fetched::Found { .. } => {}
            Fetched::Gone(answer)
            | Fetched::Failed(answer)
            | Fetched::Stop(answer)
            | Fetched::Retry { answer, .. } => {
                answer.client_request_id = Some(exchange.client_request_id);
            }
        }
        fetched
    }

    /// Sends one GET for a page of the list of files, newest first. `after` is the id of the last file
    /// seen, which is not listed again.
    pub async fn list_files(&self, after: Option<&str>) -> Result<Page, Trouble> {
        let mut url = self.collection(Kind::File);
        {
            let mut query = url.query_pairs_mut();
            // The documented maximum (`ark-api` section 5.3).
            query
                .append_pair("limit", "100")
                .append_pair("order", "desc");
            if let Some(after) = after {
                query.append_pair("after", after);
            }
        }
        self.page(url, PAGE_BODY, None, wire::page).await
    }

    /// Sends one GET for a page of the items that a response was made from, those of the earlier rounds
    /// of its chain included, the latest first. `after` is the id of the last item seen, which is not
    /// listed again.
    ///
    /// This is the only call that tells which files a response was made with: the response itself does
    /// not (`ark-api` section 4.3). No `include` is asked for, so images are named and not sent. With
    /// `whole`, the items themselves are given too.
    pub async fn input_items(
        &self,
        id: &ResourceId,
        after: Option<&ResourceId>,
        whole: bool,
    ) -> Result<Items, Trouble> {
        let read = if whole { items::whole } else { items::items };
        let mut url = self.url_of(Kind::Response, id);
        let path = format!("{}/input_items", url.path());
        url.set_path(&path);
        {
            let mut query = url.query_pairs_mut();
            // The documented maximum (`ark-api` section 4.4), and the order that is the default.
            query
                .append_pair("limit", "100")
                .append_pair("order", "desc");
            if let Some(after) = after {
                query.append_pair("after", after.as_str());
            }
        }
        self.page(url, OBJECT_BODY, Some(id), read).await
    }

    async fn page<T>(
        &self,
        url: Url,
        cap: usize,
        id: Option<&ResourceId>,
        read: fn(&Map<String, Value>) -> Option<T>,
    ) -> Result<T, Trouble> {
        let exchange = self.send(Method::GET, url, cap).await;
        let mut page = match exchange.heard {
            Ok(heard) => self.0.rules.page(id, &heard, Timestamp::now(), read),
            Err(unheard) if unheard.is_final => Err(Trouble::Stop(Box::new(unheard.into_answer()))),
            Err(unheard) => Err(Trouble::Retry {
                after: None,
                throttled: false,
                answer: Box::new(unheard.into_answer()),
            }),
        };
        if let Err(
            Trouble::Retry { answer, .. } | Trouble::Failed(answer) | Trouble::Stop(answer),
        ) = &mut page
        {
            answer.client_request_id = Some(exchange.client_request_id);
        }
        page
    }

    fn collection(&self, kind: Kind) -> Url {
        self.below([kind.collection()])
    }

    fn url_of(&self, kind: Kind, id: &ResourceId) -> Url {
        let collection = [kind.collection(), "/"];
        self.below(collection.into_iter().chain(id.path_segment()))
    }

    fn below<'a>(&'a self, parts: impl IntoIterator<Item = &'a str>) -> Url {
        let mut url = self.0.base_url.clone();
        let base = self.0.base_url.path().trim_end_matches('/');
        let path: String = [base, "/"].into_iter().chain(parts).collect();
        url.set_path(&path);
        url
    }

    async fn send(&self, method: Method, url: Url, success_cap: usize) -> Exchange {
        self.send_over(Over::Pooled, method, url, success_cap, |request| request)
            .await
    }

    async fn send_over(
        &self,
        over: Over,
        method: Method,
        url: Url,
        success_cap: usize,
        complete: impl FnOnce(RequestBuilder) -> RequestBuilder,
    ) -> Exchange {
        let client_request_id = self.0.request_ids.next();
        let started = Instant::now();
        let path = tracing::enabled!(tracing::Level::DEBUG).then(|| url.path().to_owned());
        let heard = self
            .exchange(
                over,
                method.clone(),
                url,
                &client_request_id,
                success_cap,
                complete,
            )
            .await;
        let status = heard.as_ref().map(|heard| heard.status).ok();
        let cause = heard.as_ref().err().map(|unheard| unheard.cause.as_str());
        tracing::debug!(
            %method,
            path,
            status,
            cause,
            client_request_id,
            elapsed_ms = started.elapsed().as_secs_f64() * 1000.0,
        );
        Exchange {
            client_request_id,
            heard,
        }
    }

    async fn exchange(
        &self,
        over: Over,
        method: Method,
        url: Url,
        client_request_id: &str,
        success_cap: usize,
        complete: impl FnOnce(RequestBuilder) -> RequestBuilder,
    ) -> Result<Heard, Unheard> {
        let http = self.http(over).await.map_err(|error| Unheard {
            sent: false,
            cause: Cause::Unreachable,
            detail: self.0.rules.transport(&error.to_string()),
            is_final: true,
        })?;
        let request = http
            .request(method, url)
            .header(AUTHORIZATION, self.0.authorization.clone())
            .header(ACCEPT, "application/json")
            .header(CLIENT_REQUEST_ID, client_request_id);
        let mut response = complete(request)
            .send()
            .await
            .map_err(|error| self.unheard(&error))?;
        let status = response.status().as_u16();
        let cap = if response.status().is_success() {
            success_cap
        } else {
            SMALL_BODY
        };
        let headers = std::mem::take(response.headers_mut());
        let (body, end) = self.read(response, cap).await;
        Ok(Heard {
            status,
            headers,
            body,
            end,
        })
    }

    /// Reads a body up to `cap` bytes. Dropping the rest unread closes the connection, which is cheaper
    /// than to drain what may never end.
    async fn read(&self, mut response: reqwest::Response, cap: usize) -> (Vec<u8>, End) {
        let mut body = Vec::new();
        let end = loop {
            match response.chunk().await {
                Ok(Some(chunk)) if body.len() + chunk.len() > cap => {
                    body.extend_from_slice(&chunk[..cap - body.len()]);
                    break End::Capped(cap);
                }
                Ok(Some(chunk)) => body.extend_from_slice(&chunk),
                Ok(None) => break End::Complete,
                Err(error) => {
                    let unheard = self.unheard(&error);
                    break End::Cut(unheard.cause, unheard.detail);
                }
            }
        };
        (body, end)
    }

    fn unheard(&self, error: &reqwest::Error) -> Unheard {
        let (sent, cause) = if error.is_connect() || error.is_builder() {
            (false, Cause::Unreachable)
        } else if error.is_timeout() {
            (true, Cause::Timeout)
        } else {
            (true, Cause::Disconnected)
        };
        let detail = match cause {
            Cause::Timeout => self.0.timeout.as_secs_f64().to_string(),
            _ => self.0.rules.transport(&causes(error)),
        };
        Unheard {
            sent,
            cause,
            detail,
            is_final: false,
        }
    }

    async fn http(&self, over: Over) -> Result<&reqwest::Client, ClientError> {
        let (cell, pool) = match over {
            Over::Pooled => (&self.0.http, POOL),
            Over::Fresh => (&self.0.fresh, 0),
        };
        cell.get_or_try_init(|| async {
            let inner = Arc::clone(&self.0);
            if inner.base_url.scheme() != "https" {
                return inner.build(pool);
            }
            // Some hundred certificates are read and parsed: not on a thread that drives tasks.
            match tokio::task::spawn_blocking(move || inner.build(pool)).await {
                Ok(built) => built,
                Err(panicked) => std::panic::resume_unwind(panicked.into_panic()),
            }
        })
        .await
    }
}

impl Inner {
    fn build(&self, pool: usize) -> Result<reqwest::Client, ClientError> {
        // Err: another part of the process has installed one, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = reqwest::Client::builder()
            .user_agent(USER_AGENT)
            .redirect(redirect::Policy::none())
            .referer(false)
            // Retries are the worker's: it has to write them down.
            .retry(reqwest::retry::never())
            .timeout(self.timeout)
            .connect_timeout(self.connect_timeout)
            .pool_max_idle_per_host(pool)
            .tcp_nodelay(true);
        if self.is_loopback {
            // `localhost` is not left to a resolver: the key may be on its way in clear text.
            let here: [SocketAddr; 2] = [
                (IpAddr::V4(Ipv4Addr::LOCALHOST), 0).into(),
                (IpAddr::V6(Ipv6Addr::LOCALHOST), 0).into(),
            ];
            builder = builder.no_proxy().resolve_to_addrs("localhost", &here);
        }
        if self.base_url.scheme() == "http" {
            // Plain http must work on a machine without any CA certificates.
            builder = builder.tls_certs_only([]);
        }
        builder.build().map_err(|error| ClientError::Tls {
            reason: causes(&error),
            source: Arc::new(error),
        })
    }
}

impl Unheard {
    fn into_answer(self) -> Answer {
        Answer {
            attempts: u32::from(self.sent),
            cause: Some(self.cause),
            detail: Some(self.detail),
            ..Answer::default()
        }
    }
}

/// Is this a base URL we send the key to? Says whether its host is this machine.
fn check(url: &Url, allow_plain_http: bool) -> Result<bool, ClientError> {
    let is_plain = match url.scheme() {
        "https" => false,
        "http" => true,
        scheme => {
            return Err(ClientError::Scheme {
                scheme: scheme.to_owned(),
            });
        }
    };
    let host = url.host().ok_or(ClientError::NoHost)?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(ClientError::UserInfo);
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(ClientError::QueryOrFragment);
    }
    let is_loopback = match &host {
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
        Host::Domain(name) => *name == "localhost",
    };
    if is_plain && !is_loopback && !allow_plain_http {
        return Err(ClientError::PlainHttp {
            host: host.to_string(),
        });
    }
    Ok(is_loopback)
}

/// What an error was caused by, outermost first. The error itself only repeats the URL.
fn causes(error: &reqwest::Error) -> String {
    let mut text = String::new();
    let mut cause = error.source();
    while let Some(error) = cause {
        let separator = if text.is_empty() { "" } else { ": " };
        // Writing to a String cannot fail.
        let _ = write!(text, "{separator}{error}");
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests;
