//! Evaluates definitions. The only module that knows the Nickel evaluator.

mod findings;
pub mod node;
pub mod path;
mod session;
pub mod source;
mod tree;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use crate::node::Node;
use crate::source::{Sources, Span};

use session::Session;

/// Deep definitions need deep stacks: evaluation recurses. Only the touched part is ever used.
const STACK_BYTES: usize = 1 << 30;

/// What hosts are evaluated with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Definitions {
    /// The program that puts everything together: a function of the host.
    pub driver: String,
    /// Sources that are not read from the disk, by their path relative to the project.
    pub texts: BTreeMap<String, String>,
    /// Which of them belong to the user.
    pub user: Vec<String>,
}

/// What to evaluate.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// The project's folder; sources are named relative to it.
    pub root: PathBuf,
    /// Schemas and modules.
    pub definitions: Definitions,
    /// The host file, relative to the project.
    pub name: String,
    /// What it says.
    pub text: String,
}

/// The value of a definition.
#[derive(Debug, Clone)]
pub struct Evaluated {
    /// The whole value; each node's origin is its own path.
    pub tree: Node,
    /// The sources, and where each option was said.
    pub sources: Sources,
}

/// Why there is no value.
#[derive(Debug, Clone)]
pub struct Failure {
    /// What the evaluator has to say, in its own order.
    pub errors: Vec<EvalError>,
    /// The sources the errors point into.
    pub sources: Sources,
}

/// What kind of mistake the evaluator found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// The text is no Nickel.
    Syntax,
    /// A file that is imported cannot be read.
    Import,
    /// A type annotation does not hold.
    Type,
    /// A value is not what its contract asks for.
    Contract,
    /// A value that must be there is not.
    Missing,
    /// Two definitions of one value disagree.
    Conflict,
    /// A value depends on itself.
    Recursion,
    /// The result holds something that is no data, a function say.
    NotData,
    /// Anything else that went wrong while evaluating.
    Other,
    /// The evaluator itself failed.
    Internal,
}

/// One mistake the evaluator found.
#[derive(Debug, Clone)]
pub struct EvalError {
    /// What kind of mistake.
    pub kind: ErrorKind,
    /// What is wrong.
    pub message: String,
    /// The places involved, primary ones first.
    pub labels: Vec<(Span, String)>,
    /// What explains it.
    pub notes: Vec<String>,
}

/// Evaluates a request, on a thread beside the one that asks.
pub fn evaluate(request: Request) -> Result<Evaluated, Failure> {
    thread_local! {
        static EVALUATOR: RefCell<Option<Evaluator>> = const { RefCell::new(None) };
    }
    EVALUATOR.with_borrow_mut(|slot| {
        let evaluator = match slot.take() {
            Some(evaluator) => evaluator,
            None => Evaluator::start()
                .map_err(|error| internal(&format!("cannot start the evaluator: {error}")))?,
        };
        let result = evaluator.ask(request).ok_or_else(|| internal("the evaluator panicked"))?;
        *slot = Some(evaluator);
        result
    })
}

/// The definitions of a request that are not well typed, by name.
///
/// Hosts are evaluated without looking at the types of what is compiled into mediac: a test does.
pub fn ill_typed(request: &Request) -> Result<Vec<String>, Failure> {
    Session::new(request).ill_typed().map_err(|_| internal("the standard library does not load"))
}

/// A thread that evaluates one request after the other. It ends when nobody can ask any more.
struct Evaluator {
    requests: Sender<Request>,
    results: Receiver<Result<Evaluated, Failure>>,
}

impl Evaluator {
    fn start() -> io::Result<Self> {
        let (requests, inbox) = channel::<Request>();
        let (outbox, results) = channel();
        thread::Builder::new().stack_size(STACK_BYTES).spawn(move || {
            let mut session: Option<Session> = None;
            for request in inbox {
                let mut current = match session.take() {
                    Some(session) if session.fits(&request) => session,
                    _ => Session::new(&request),
                };
                if outbox.send(current.run(&request)).is_err() {
                    break;
                }
                session = Some(current);
            }
        })?;
        Ok(Self { requests, results })
    }

    /// None if the thread has ended, by a panic.
    fn ask(&self, request: Request) -> Option<Result<Evaluated, Failure>> {
        self.requests.send(request).ok()?;
        self.results.recv().ok()
    }
}

fn internal(message: &str) -> Failure {
    let error = EvalError {
        kind: ErrorKind::Internal,
        message: message.to_owned(),
        labels: Vec::new(),
        notes: Vec::new(),
    };
    Failure { errors: vec![error], sources: Sources::default() }
}
