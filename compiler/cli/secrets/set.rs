//! `mediac secrets set`: keeps a value in the project, encrypted. It takes no private key, as each secret has its own file.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal as _, Read as _};
use std::path::PathBuf;

use clap::Args;

use super::one;
use super::store::Store;
use super::used::{Used, unfit, used};
use crate::cli::exit::{Exit, Failure};
use crate::cli::hosts::Place;
use crate::cli::terminal::Terminal;
use crate::options::suggest;

#[derive(Debug, Args)]
#[command(override_usage = "mediac secrets set [OPTIONS] [HOST] <SERVICE/NAME>")]
pub struct Arguments {
    /// The host, where the project has several, and the secret as SERVICE/NAME. Its value comes from standard input,
    /// or is asked for
    #[arg(value_name = "NAME", required = true, num_args = 1..=2)]
    names: Vec<PathBuf>,
}

/// More than any key has.
const LARGEST: u64 = 1 << 20;

pub fn run(arguments: &Arguments, place: &Place, terminal: &Terminal) -> Result<Exit, Failure> {
    let Some((name, host)) = arguments.names.split_last() else { return Ok(Exit::Usage) };
    let name = name.to_string_lossy();
    let (project, host) = one(host, place, terminal)?;
    let used = used(&host);
    let Some(secret) = used.iter().find(|secret| secret.name == name) else {
        return Err(unknown(&name, &host.host, &used));
    };
    let store = Store::new(&project.root, &host.host);
    // Nobody should type a value in vain.
    let recipients = store.some_recipients()?;
    let value = value(secret, terminal)?;
    let files = unfit(&host, &secret.name, &value);
    if !files.is_empty() {
        return Err(Failure::invalid(
            format!("this value has characters that mean something to the format of {}", files.join(", ")),
            "letters, digits and ._~+/=@:,- mean nothing to any format: choose one of those",
        ));
    }
    let encrypted = recipients.encrypt(&value).ok_or_else(|| Failure {
        exit: Exit::Internal,
        message: "internal error, please report: nothing was encrypted".to_owned(),
        help: "this is a fault of mediac, not of the project".to_owned(),
    })?;
    store.write(&BTreeMap::from([(secret.name.clone(), encrypted)]))?;
    let place = store.place(&secret.name);
    terminal.progress(&format!("`{place}` is written, for {}\n", recipients.titles().join(", ")));
    Ok(Exit::Done)
}

/// What was given or typed, without the end of its last line.
fn value(secret: &Used, terminal: &Terminal) -> Result<String, Failure> {
    let help = "give the value on standard input, such as `mediac secrets set SERVICE/NAME < FILE`";
    let bytes = if io::stdin().is_terminal() {
        let about = if secret.about.is_empty() { String::new() } else { format!(" ({})", secret.about) };
        terminal.ask_silently(&format!("value of {}{about}: ", secret.name)).map(String::into_bytes)
    } else {
        let mut bytes = Vec::new();
        io::stdin().lock().take(LARGEST + 1).read_to_end(&mut bytes).map(|_| bytes)
    };
    let bytes = bytes.map_err(|error| Failure::invalid(format!("cannot read the value: {error}"), help))?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length > LARGEST) {
        return Err(Failure::invalid(format!("the value has more than {} MiB", LARGEST >> 20), help));
    }
    let text = String::from_utf8(bytes).map_err(|_| Failure::invalid("the value is no text", help))?;
    let value = text.trim_end_matches('\n');
    if value.is_empty() {
        return Err(Failure::invalid("there is no value", help));
    }
    if value.contains('\0') {
        return Err(Failure::invalid("the value is no text: there is a zero byte in it", help));
    }
    Ok(value.to_owned())
}

fn unknown(name: &str, host: &str, used: &[Used]) -> Failure {
    let names = || used.iter().map(|secret| secret.name.as_str());
    let help = match suggest(name, names()) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => match names().collect::<Vec<_>>().as_slice() {
            [] => "this host needs no secrets at all".to_owned(),
            all => format!("it has {}", all.join(", ")),
        },
    };
    Failure::invalid(format!("`{host}` has no secret `{}`", name.escape_debug()), help)
}
