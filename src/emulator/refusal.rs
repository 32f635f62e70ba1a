//! The service's errors (section 6 of the wire reference).

use std::borrow::Cow;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

/// An error that the service answers with.
#[derive(Clone, Debug)]
pub(super) struct Refusal {
    status: u16,
    code: Cow<'static, str>,
    message: String,
    param: String,
}

impl Refusal {
    pub(super) fn new(
        status: u16,
        code: impl Into<Cow<'static, str>>,
        message: impl Into<String>,
    ) -> Self {
        Self {
            status,
            code: code.into(),
            message: message.into(),
            param: String::new(),
        }
    }

    pub(super) fn about(mut self, param: &str) -> Self {
        param.clone_into(&mut self.param);
        self
    }

    /// 400 `InvalidParameter` about one parameter.
    pub(super) fn invalid(param: &str, message: impl Into<String>) -> Self {
        Self::new(400, "InvalidParameter", message).about(param)
    }

    /// 400 `MissingParameter` about one parameter.
    pub(super) fn missing(param: &str) -> Self {
        let message = format!("The request is missing a required parameter: {param}.");
        Self::new(400, format!("MissingParameter.{param}"), message).about(param)
    }

    pub(super) fn invalid_action() -> Self {
        Self::new(404, "InvalidAction", "The specified action is invalid.")
    }

    /// What an error of this status is, where only the status is known.
    pub(super) fn of_status(status: u16) -> Self {
        let (code, message) = match status {
            400 => (
                "InvalidParameter",
                "A parameter of the request is not valid.",
            ),
            401 => (
                "AuthenticationError",
                "The API key in the request is missing or invalid.",
            ),
            403 => (
                "AccessDenied",
                "The request failed because access is denied.",
            ),
            404 => return Self::invalid_action(),
            429 => (
                "AccountRateLimitExceeded",
                "The requests per second of your account have exceeded the limit. Please try again later.",
            ),
            _ => (
                "InternalServiceError",
                "The service encountered an unexpected internal error. Please retry later.",
            ),
        };
        Self::new(status, code, message)
    }

    /// The answer on the wire. Always four keys; the message ends with the request id.
    pub(super) fn render(&self, request_id: &str) -> Response {
        #[derive(Serialize)]
        struct Envelope<'a> {
            error: Error<'a>,
        }
        #[derive(Serialize)]
        struct Error<'a> {
            code: &'a str,
            message: String,
            param: &'a str,
            r#type: &'a str,
        }
        let envelope = Envelope {
            error: Error {
                code: &self.code,
                message: format!("{} Request id: {request_id}", self.message),
                param: &self.param,
                r#type: match self.status {
                    401 => "Unauthorized",
                    403 => "Forbidden",
                    404 => "NotFound",
                    429 => "TooManyRequests",
                    500.. => "InternalServerError",
                    _ => "BadRequest",
                },
            },
        };
        (self.status(), axum::Json(envelope)).into_response()
    }

    fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

impl IntoResponse for Refusal {
    /// Travels as an extension: the body needs the request id, which is the gate's to give.
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}
