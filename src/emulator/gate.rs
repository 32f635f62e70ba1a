//! What every request passes before and after the router: the log, latency, the key, the rate limit,
//! faults, and the headers that every answer carries.

use std::sync::Arc;

use axum::Router;
use axum::http::header::CONTENT_LENGTH;
use axum::http::{HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};
use hyper::Request;
use hyper::body::Incoming;
use tower::ServiceExt;

use super::faults::{Call, Dropped};
use super::ids;
use super::refusal::Refusal;
use super::{Service, lock};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const CLIENT_REQUEST_ID: HeaderName = HeaderName::from_static("x-client-request-id");

/// The service's id for a request; a created response is named after it.
#[derive(Clone)]
pub(super) struct RequestId(pub(super) Arc<str>);

/// Answers a request, or has its connection closed.
pub(super) async fn pass(
    service: &Arc<Service>,
    router: Router,
    mut request: Request<Incoming>,
) -> Result<Response, Dropped> {
    let mut visit = service.log.enter(&request);
    let call = Call::of(request.method(), request.uri().path());
    let request_id: Arc<str> = ids::request_id(service.now_ms(), &mut service.dice()).into();
    let client_request_id = request.headers().get(CLIENT_REQUEST_ID).cloned();
    request
        .extensions_mut()
        .insert(RequestId(Arc::clone(&request_id)));

    let key = service.check_key(request.headers());
    let (latency, fault) = {
        let mut weather = lock(&service.weather);
        let fault = key.map(|()| weather.fault(call, &visit.id));
        (weather.latency(), fault)
    };
    if !latency.is_zero() {
        tokio::time::sleep(latency).await;
    }
    let response = match fault {
        Err(refusal) => refusal.into_response(),
        Ok(None) => route(router, request).await,
        Ok(Some(fault)) => {
            let honest = if fault.applies() {
                render(route(router, request).await, &request_id)
            } else {
                Response::default()
            };
            fault.distort(call, &visit.id, honest).await?
        }
    };
    let mut response = render(response, &request_id);
    if let Ok(value) = HeaderValue::from_str(&request_id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    if let Some(value) = client_request_id {
        response.headers_mut().insert(CLIENT_REQUEST_ID, value);
    }
    visit.answered(response.status().as_u16());
    Ok(response)
}

async fn route(router: Router, request: Request<Incoming>) -> Response {
    match router.oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}

fn render(mut response: Response, request_id: &str) -> Response {
    match response.extensions_mut().remove::<Refusal>() {
        Some(refusal) => {
            let mut rendered = refusal.render(request_id);
            // All but the length of the empty body that the refusal travelled with.
            let mut headers = response.into_parts().0.headers;
            headers.remove(CONTENT_LENGTH);
            rendered.headers_mut().extend(headers);
            rendered
        }
        None => response,
    }
}
