//! One request and its answer. Nothing here knows what it is for.

use std::error::Error as _;
use std::io;
use std::time::Duration;

use serde_json::Value;
use ureq::http::{HeaderMap, Request, Response};
use ureq::{Agent, Body, Error};

use super::trouble::{Instead, Kind};

/// More than this no service answers.
pub const LIMIT: u64 = 16 << 20;
/// The longest a connection may take; it is to this machine.
const CONNECT: Duration = Duration::from_secs(5);
/// The longest sentence of a service that is repeated.
const LONGEST: usize = 300;

/// What is asked.
#[derive(Debug, Clone, Default)]
pub struct Ask {
    /// The method.
    pub method: &'static str,
    /// The whole address.
    pub url: String,
    /// Headers by name.
    pub headers: Vec<(String, String)>,
    /// The body, and what it is.
    pub body: Option<(&'static str, String)>,
}

/// What was answered.
#[derive(Debug)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Vec<u8>,
}

/// Sends requests, and waits for each so long at most.
pub struct Client(Agent);

impl Client {
    /// A client that follows no redirect and knows no proxy: everything is on this machine.
    pub fn new(timeout: Duration) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(None)
            .timeout_connect(Some(CONNECT.min(timeout)))
            .timeout_global(Some(timeout))
            .user_agent(concat!("mediac/", env!("CARGO_PKG_VERSION")))
            .build();
        Self(config.into())
    }

    /// Asks, and returns whatever the answer is.
    pub fn ask(&self, ask: &Ask) -> Result<Answer, Kind> {
        let mut request = Request::builder().method(ask.method).uri(&ask.url);
        for (name, value) in &ask.headers {
            request = request.header(name, value);
        }
        let answered = match &ask.body {
            Some((kind, text)) => {
                let request = request.header("content-type", *kind).body(text.clone());
                request.map_err(Error::Http).and_then(|request| self.0.run(request))
            }
            // An empty body is one as well where a method usually has one: some servers want its length.
            None if ask.method == "GET" || ask.method == "DELETE" => {
                request.body(()).map_err(Error::Http).and_then(|request| self.0.run(request))
            }
            None => request.body(String::new()).map_err(Error::Http).and_then(|request| self.0.run(request)),
        };
        read(answered.map_err(|error| kind(&error))?)
    }
}

fn read(mut response: Response<Body>) -> Result<Answer, Kind> {
    let body = response.body_mut().with_config().limit(LIMIT).read_to_vec().map_err(|error| kind(&error))?;
    Ok(Answer { status: response.status().as_u16(), headers: response.headers().clone(), body })
}

fn kind(error: &Error) -> Kind {
    match error {
        Error::Timeout(_) => Kind::Slow,
        Error::BodyExceedsLimit(_) => Kind::TooLong,
        Error::Io(error) => of_io(error),
        Error::Protocol(error) => Kind::NotHttp(error.to_string()),
        Error::Http(_) | Error::BadUri(_) => Kind::Missing("a value does not fit into a request".to_owned()),
        other => Kind::Down(other.to_string()),
    }
}

fn of_io(error: &io::Error) -> Kind {
    match error.kind() {
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => Kind::Slow,
        io::ErrorKind::ConnectionRefused => Kind::Down("nothing listens there".to_owned()),
        io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::BrokenPipe
        | io::ErrorKind::UnexpectedEof => Kind::Broke,
        _ => Kind::Down(error.source().map_or_else(|| error.to_string(), ToString::to_string)),
    }
}

impl Answer {
    /// What is wrong with it, whatever it says.
    pub fn fault(&self) -> Option<Kind> {
        match self.status {
            200..=299 => None,
            300..=399 => Some(Kind::Elsewhere(self.status, self.header("location").unwrap_or_default())),
            401 | 403 => Some(Kind::Login(self.status)),
            408 | 429 | 500..=599 => Some(Kind::Busy(self.status, self.sentence())),
            _ => Some(Kind::Refused(self.status, self.sentence())),
        }
    }

    /// What it says, as JSON; nothing where it says nothing.
    pub fn json(&self) -> Result<Value, Kind> {
        if self.body.iter().all(u8::is_ascii_whitespace) {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&self.body).map_err(|_| {
            let start = self.body.trim_ascii_start();
            Kind::NotJson(if start.starts_with(b"<") { Instead::Page } else { Instead::Text })
        })
    }

    /// A header's value.
    pub fn header(&self, name: &str) -> Option<String> {
        self.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
    }

    /// Its cookies, as a request has them.
    pub fn cookies(&self) -> String {
        let all = self.headers.get_all("set-cookie").iter().filter_map(|value| value.to_str().ok());
        let pairs: Vec<&str> = all.filter_map(|cookie| cookie.split(';').next()).collect();
        pairs.join("; ")
    }

    /// Why it does not want to, in its own words: the messages of its JSON, or its first line.
    fn sentence(&self) -> String {
        let said = match self.json() {
            Ok(value) => messages(&value).join("; "),
            Err(Kind::NotJson(Instead::Page)) => String::new(),
            Err(_) => String::from_utf8_lossy(&self.body).lines().next().unwrap_or_default().to_owned(),
        };
        let said = said.chars().filter(|c| !c.is_control()).take(LONGEST).collect::<String>();
        said.trim().to_owned()
    }
}

/// The sentences of an error, wherever services put them.
fn messages(value: &Value) -> Vec<String> {
    match value {
        Value::Array(items) => items.iter().flat_map(messages).collect(),
        Value::Object(fields) => {
            let property = fields.get("propertyName").and_then(Value::as_str).filter(|name| !name.is_empty());
            let said = ["errorMessage", "message", "error", "title", "detail"]
                .iter()
                .find_map(|name| fields.get(*name)?.as_str())
                .map(|said| {
                    property.map_or_else(|| said.to_owned(), |property| format!("{property}: {said}"))
                });
            let inner = fields.get("errors").map(messages).unwrap_or_default();
            said.into_iter().chain(inner).collect()
        }
        Value::String(text) => vec![text.clone()],
        _ => Vec::new(),
    }
}
