//! Why a service could not be talked to, and what to do about it.

use std::fmt;

/// What went wrong between mediac and a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// The kind.
    pub kind: Kind,
    /// What was asked for, such as `GET /api/v3/tag`.
    pub call: String,
}

/// Kinds of trouble.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// Nobody listens.
    Down(String),
    /// It hung up.
    Broke,
    /// It did not answer in time.
    Slow,
    /// It does not know us.
    Login(u16),
    /// It leads elsewhere.
    Elsewhere(u16, String),
    /// What it says is no JSON.
    NotJson(Instead),
    /// What it says has no end.
    TooLong,
    /// It does not speak HTTP.
    NotHttp(String),
    /// It speaks HTTP over TLS only.
    Tls,
    /// It cannot now.
    Busy(u16, String),
    /// It does not want to.
    Refused(u16, String),
    /// What it tries out before it takes it in does not work.
    Tried(String),
    /// What it says is not what its API says.
    Unexpected(String),
    /// Something is missing here.
    Missing(String),
    /// What it refers to is in no service.
    Absent(String),
}

/// What stands where JSON should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Instead {
    /// A web page.
    Page,
    /// Anything else.
    Text,
}

impl Trouble {
    /// Whether it may be gone soon.
    pub const fn is_passing(&self) -> bool {
        matches!(self.kind, Kind::Down(_) | Kind::Broke | Kind::Slow | Kind::Busy(..))
    }

    /// Whether it is the service that is in trouble, and not what was asked of it alone: some stumble over what they do
    /// not understand, and do everything else.
    pub const fn is_of_the_service(&self) -> bool {
        self.is_passing() && !matches!(self.kind, Kind::Busy(500, _))
    }

    /// Whether another run may find it gone: what is tried out may be away for long.
    pub const fn may_pass(&self) -> bool {
        self.is_passing() || matches!(self.kind, Kind::Tried(_))
    }

    /// What to do about it.
    pub const fn help(&self) -> &'static str {
        match self.kind {
            Kind::Down(_) | Kind::Broke => {
                "see whether it runs, `docker ps` or `systemctl status`, and run it again"
            }
            Kind::Slow | Kind::Busy(..) => "see what keeps it busy in its log, and run it again",
            Kind::Login(_) => {
                "its password or key was changed there: put back what it was, or seed the service anew"
            }
            Kind::Elsewhere(..) => {
                "its URL base was changed, or a page to log in is before its API: take that out"
            }
            Kind::NotJson(_) | Kind::Unexpected(_) => {
                "another program may answer on this port, or another version of it: see `endpoints` and `image`"
            }
            Kind::TooLong | Kind::NotHttp(_) => "another program may answer on this port: see `endpoints`",
            Kind::Tls => "turn HTTPS off in it, or put the port of its plain HTTP into `endpoints`",
            Kind::Refused(..) => "correct the value in `wiring`, or what it refers to",
            Kind::Tried(_) => {
                "see whether what it talks to runs, and whether the address and the login are right"
            }
            Kind::Missing(_) => "`mediac apply` puts it there; `mediac status` says what is missing",
            Kind::Absent(_) => "declare it in `wiring` as well, or give it that name again in the service",
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::Down(why) => write!(f, "does not answer: {why}"),
            Kind::Broke => f.write_str("does not answer: the connection broke"),
            Kind::Slow => f.write_str("did not answer in time"),
            Kind::Login(status) => write!(f, "does not accept the login (status {status})"),
            Kind::Elsewhere(status, to) => {
                write!(f, "leads to `{to}` instead of answering (status {status})")
            }
            Kind::NotJson(Instead::Page) => f.write_str("answers with a web page instead of JSON"),
            Kind::NotJson(Instead::Text) => f.write_str("answers with other text instead of JSON"),
            Kind::TooLong => write!(f, "answers with more than {} MB", super::http::LIMIT >> 20),
            Kind::NotHttp(why) => write!(f, "does not speak HTTP: {why}"),
            Kind::Tls => f.write_str("speaks TLS there, and is wired without it"),
            Kind::Busy(status, why) => write!(f, "cannot do it now (status {status}){}", tail(why)),
            Kind::Refused(status, why) => write!(f, "refuses (status {status}){}", tail(why)),
            Kind::Tried(why) => write!(f, "tried it out, and leaves it off{}", tail(why)),
            Kind::Unexpected(why) => write!(f, "answers with something else: {why}"),
            Kind::Missing(what) | Kind::Absent(what) => f.write_str(what),
        }?;
        if self.call.is_empty() { Ok(()) } else { write!(f, ", at {}", self.call) }
    }
}

fn tail(why: &str) -> String {
    if why.is_empty() { String::new() } else { format!(": {why}") }
}
