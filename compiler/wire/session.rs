//! Talking to one service: logging in, and calls by their description.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::call::{Method, Read};
use super::codec::text;
use super::http::{Answer, Ask, Client};
use super::model::{Auth, Login, Service};
use super::place::picked;
use super::trouble::{Instead, Kind, Trouble};
use super::values::{Missing, Secrets, resolve};

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

/// A service that is talked to.
pub struct Session<'a> {
    client: Client,
    /// The service.
    pub service: &'a Service,
    secrets: &'a Secrets,
    /// What logging in gave: a cookie, a token, the header of a session.
    gained: RefCell<Option<String>>,
    /// How many requests were sent that may change something.
    writes: RefCell<u32>,
}

/// A request, ready but for the login.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// Its method.
    pub method: Method,
    /// Its path.
    pub path: String,
    /// Parameters of its address.
    pub query: Vec<(String, String)>,
    /// A form.
    pub form: Option<Vec<(String, String)>>,
    /// A JSON body.
    pub json: Option<Value>,
}

impl From<&Read> for Request {
    fn from(Read { method, path, query, body, pick: _ }: &Read) -> Self {
        Self { method: *method, path: path.clone(), query: pairs(query), form: None, json: body.clone() }
    }
}

/// Names and values, in order.
pub fn pairs(map: &BTreeMap<String, String>) -> Vec<(String, String)> {
    map.iter().map(|(name, value)| (name.clone(), value.clone())).collect()
}

impl Request {
    /// What it is, for people; parameters may be secret.
    fn call(&self) -> String {
        format!("{} {}", self.method.as_str(), self.path)
    }
}

impl<'a> Session<'a> {
    /// Talks to nobody yet.
    pub fn new(service: &'a Service, secrets: &'a Secrets, timeout: Duration) -> Self {
        Self {
            client: Client::new(timeout),
            service,
            secrets,
            gained: RefCell::new(None),
            writes: RefCell::new(0),
        }
    }

    /// How many requests were sent that may change something.
    pub fn writes(&self) -> u32 {
        *self.writes.borrow()
    }

    /// Whether it answers at all.
    pub fn is_ready(&self) -> Result<(), Trouble> {
        let ready = &self.service.api.ready;
        let request = Request { path: ready.path.clone(), ..Request::default() };
        let answer = self.send(&request, Login::Nobody)?;
        let expected = match ready.statuses.as_slice() {
            [] => answer.fault().is_none(),
            statuses => statuses.contains(&answer.status),
        };
        let fault = answer.fault().unwrap_or(Kind::Busy(answer.status, String::new()));
        if expected { Ok(()) } else { Err(Trouble { kind: fault, call: request.call() }) }
    }

    /// Reads a part of what a call answers; nothing where the answer has no such part.
    pub fn read(&self, read: &Read, login: Login) -> Result<Option<Value>, Trouble> {
        let answer = self.call(&Request::from(read), login)?;
        if read.pick.is_empty() {
            return Ok(Some(answer));
        }
        Ok(picked(&answer, &read.pick).first().map(|found| (*found).clone()))
    }

    /// Sends something that may change something.
    pub fn write(&self, request: &Request, login: Login) -> Result<Value, Trouble> {
        *self.writes.borrow_mut() += 1;
        self.call(request, login)
    }

    /// Calls, and logs in again once when the service has forgotten us.
    fn call(&self, request: &Request, login: Login) -> Result<Value, Trouble> {
        let known = self.gained.borrow().is_some();
        let mut answer = self.send(request, login)?;
        if login == Login::Ours && matches!(answer.status, 401 | 403) && known {
            *self.gained.borrow_mut() = None;
            answer = self.send(request, login)?;
        }
        let trouble = |kind| Trouble { kind: self.redacted(kind), call: request.call() };
        match answer.fault() {
            Some(kind) => Err(trouble(kind)),
            // What only says that it was done may say it in any way.
            None => match (answer.json(), request.method) {
                (Ok(value), _) => Ok(value),
                (Err(Kind::NotJson(Instead::Text)), method) if method != Method::Get => Ok(Value::Null),
                (Err(kind), _) => Err(trouble(kind)),
            },
        }
    }

    fn redacted(&self, kind: Kind) -> Kind {
        match kind {
            Kind::Refused(status, why) => Kind::Refused(status, self.secrets.redact(&why)),
            Kind::Busy(status, why) => Kind::Busy(status, self.secrets.redact(&why)),
            Kind::Elsewhere(status, to) => Kind::Elsewhere(status, self.secrets.redact(&to)),
            other => other,
        }
    }

    fn send(&self, request: &Request, login: Login) -> Result<Answer, Trouble> {
        let trouble = |kind| Trouble { kind, call: request.call() };
        let (mut headers, mut query) = (vec![("accept".to_owned(), JSON.to_owned())], Vec::new());
        let mut repeats = None;
        match (&self.service.api.auth, login) {
            (Auth::Header { headers: own }, Login::Ours) => headers.extend(self.filled(own)?),
            (Auth::Query { query: own }, Login::Ours) => query = self.filled(own)?,
            (Auth::Basic { user, password, session }, login) => {
                if login == Login::Ours {
                    let pair = format!("{}:{}", self.fill(user)?, self.fill(password)?);
                    headers.push(("authorization".to_owned(), format!("Basic {}", STANDARD.encode(pair))));
                }
                repeats.clone_from(session);
            }
            (Auth::Form { path, form, refused }, Login::Ours) => {
                let cookie = self.cookie(path, form, refused.as_deref())?;
                headers.push(("cookie".to_owned(), cookie));
            }
            (Auth::Token { path, body, pick, headers: own }, login) => {
                let token =
                    if login == Login::Ours { self.token(path, body, pick, own)? } else { String::new() };
                headers.extend(with_token(self.filled(own)?, &token));
            }
            (Auth::Open, _)
            | (Auth::Header { .. } | Auth::Query { .. } | Auth::Form { .. }, Login::Nobody) => {}
        }
        for (name, value) in &request.query {
            query.push((name.clone(), self.fill(value)?));
        }
        let mut ask = self.ask(request, headers, &query);
        if let Some((name, value)) = repeats.as_ref().zip(self.gained.borrow().clone()) {
            ask.headers.push((name.clone(), value));
        }
        let answer = self.client.ask(&ask).map_err(trouble)?;
        let Some(name) = repeats.filter(|_| answer.status == 409) else { return Ok(answer) };
        let Some(value) = answer.header(&name) else { return Ok(answer) };
        ask.headers.retain(|(other, _)| *other != name);
        ask.headers.push((name, value.clone()));
        *self.gained.borrow_mut() = Some(value);
        self.client.ask(&ask).map_err(trouble)
    }

    fn ask(&self, request: &Request, headers: Vec<(String, String)>, query: &[(String, String)]) -> Ask {
        let mut url = format!("{}{}", self.service.url, request.path);
        if !query.is_empty() {
            url.push(if url.contains('?') { '&' } else { '?' });
            url.push_str(&encoded(query));
        }
        let body = match (&request.form, &request.json) {
            (Some(form), _) => Some((FORM, encoded(form))),
            (None, Some(json)) => Some((JSON, json.to_string())),
            (None, None) => None,
        };
        Ask { method: request.method.as_str(), url, headers, body }
    }

    fn cookie(
        &self,
        path: &str,
        form: &BTreeMap<String, String>,
        refused: Option<&str>,
    ) -> Result<String, Trouble> {
        if let Some(cookie) = self.gained.borrow().clone() {
            return Ok(cookie);
        }
        let form = Some(self.filled(form)?);
        let request = Request { method: Method::Post, path: path.to_owned(), form, ..Request::default() };
        let trouble = |kind| Trouble { kind, call: request.call() };
        let answer = self.sign_in(&request, Vec::new())?;
        let cookie = answer.cookies();
        if refused.is_some_and(|refused| answer.body.trim_ascii() == refused.as_bytes()) {
            return Err(trouble(Kind::Login(answer.status)));
        }
        if cookie.is_empty() {
            let page = answer.json().err().filter(|kind| *kind == Kind::NotJson(Instead::Page));
            return Err(trouble(page.unwrap_or(Kind::Unexpected("it gives no cookie".to_owned()))));
        }
        *self.gained.borrow_mut() = Some(cookie.clone());
        Ok(cookie)
    }

    fn token(
        &self,
        path: &str,
        body: &Value,
        pick: &str,
        headers: &BTreeMap<String, String>,
    ) -> Result<String, Trouble> {
        if let Some(token) = self.gained.borrow().clone() {
            return Ok(token);
        }
        let body = resolve(body, self.secrets, &|_| None).map_err(|missing| missing_here(&missing))?;
        let request =
            Request { method: Method::Post, path: path.to_owned(), json: Some(body), ..Request::default() };
        let trouble = |kind| Trouble { kind, call: request.call() };
        let headers = with_token(self.filled(headers)?, "");
        let answer = self.sign_in(&request, headers)?;
        let said = answer.json().map_err(trouble)?;
        let token = picked(&said, pick).first().and_then(|token| text(token));
        let token = token.ok_or_else(|| trouble(Kind::Unexpected(format!("there is no `{pick}` in it"))))?;
        *self.gained.borrow_mut() = Some(token.clone());
        Ok(token)
    }

    fn sign_in(&self, request: &Request, headers: Vec<(String, String)>) -> Result<Answer, Trouble> {
        let trouble = |kind| Trouble { kind, call: request.call() };
        let answer = self.client.ask(&self.ask(request, headers, &[])).map_err(trouble)?;
        match answer.fault() {
            Some(kind) => Err(trouble(self.redacted(kind))),
            None => Ok(answer),
        }
    }

    fn fill(&self, template: &str) -> Result<String, Trouble> {
        self.secrets.fill(template).map_err(|missing| missing_here(&missing))
    }

    fn filled(&self, all: &BTreeMap<String, String>) -> Result<Vec<(String, String)>, Trouble> {
        all.iter().map(|(name, value)| Ok((name.clone(), self.fill(value)?))).collect()
    }
}

/// A trouble that is not the service's.
pub fn missing_here(missing: &Missing) -> Trouble {
    let kind = match missing {
        Missing::Secret(_) => Kind::Missing(missing.to_string()),
        Missing::Object(_) => Kind::Absent(missing.to_string()),
    };
    Trouble { kind, call: String::new() }
}

fn with_token(headers: Vec<(String, String)>, token: &str) -> Vec<(String, String)> {
    headers.into_iter().map(|(name, value)| (name, value.replace("{token}", token))).collect()
}

/// Names and values as addresses and forms have them.
fn encoded(pairs: &[(String, String)]) -> String {
    let pairs = pairs.iter().map(|(name, value)| format!("{}={}", escaped(name), escaped(value)));
    pairs.collect::<Vec<_>>().join("&")
}

/// One word of an address.
pub fn escaped(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, PLAIN).to_string()
}

/// All that has a meaning of its own in an address or a form.
const PLAIN: &percent_encoding::AsciiSet =
    &percent_encoding::NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
