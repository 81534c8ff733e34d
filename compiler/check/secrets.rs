//! Secrets: never written out, and always known.

use super::strings;
use super::tools::{at, list, nearest, services};
use crate::diag::{Diagnostic, Report};
use crate::ir::{Host, SecretForm};
use crate::path::OptionPath;

/// How a reference begins.
const REFERENCE: &str = "mediac-secret(";

/// The hashes that a reference can ask for.
const HASHES: &[&str] = &["md5", "pbkdf2-sha512"];

/// Names of settings that hold secrets, without what separates their words.
const SECRET_NAMES: &[&str] = &[
    "accesskey",
    "apikey",
    "apitoken",
    "authkey",
    "clientsecret",
    "encryptionkey",
    "passphrase",
    "passwd",
    "password",
    "privatekey",
    "secret",
    "secretkey",
    "token",
];

/// Values that switch something on or off rather than being secret.
const SWITCHES: &[&str] =
    &["", "true", "false", "yes", "no", "on", "off", "none", "null", "0", "1", "optional", "required"];

/// A secret that is written out.
pub fn literal(host: &Host, report: &mut Report) {
    for (id, service) in services(host) {
        let mut found: Vec<(OptionPath, String)> = Vec::new();
        for (name, value) in &service.env {
            if is_literal(name, value) {
                found.push((at(id, &["env", name]), name.clone()));
            }
        }
        let command = service.command.as_deref().unwrap_or_default();
        for (index, argument) in command.iter().enumerate() {
            let following = command.get(index + 1).map_or("", String::as_str);
            let (flag, value) = argument.split_once('=').unwrap_or((argument, following));
            let value = if value.starts_with('-') { "" } else { value };
            if argument.starts_with('-') && is_literal(flag, value) {
                let index = if argument.contains('=') { index } else { index + 1 };
                found.push((at(id, &["command"]).index(index), flag.trim_start_matches('-').to_owned()));
            }
        }
        for (path, file) in strings::files(id, service) {
            strings::leaves(&path.field("content"), &file.content, &mut |path, key, value| {
                if is_literal(key, value) {
                    found.push((path.clone(), key.to_owned()));
                }
            });
        }
        if let Some(wiring) = &service.wiring {
            strings::leaves(&at(id, &["wiring"]), wiring, &mut |path, key, value| {
                if is_literal(key, value) {
                    found.push((path.clone(), key.to_owned()));
                }
            });
        }
        for (path, name) in found {
            let secret = name.to_lowercase().replace(|c: char| !c.is_ascii_alphanumeric(), "_");
            report.push(
                Diagnostic::error(
                    "literal-secret",
                    &path,
                    format!("the secret `{name}` of `{id}` is written out"),
                    format!(
                        "add `{} = {{ source = 'given }}`, and write \"mediac-secret({id}/{secret})\" here",
                        at(id, &["secrets", &secret])
                    ),
                )
                .because(
                    "what is in a host file is in its history as well: if the value was ever real, change it",
                ),
            );
        }
    }
}

/// Whether a setting of this name and value is a secret in clear text.
fn is_literal(name: &str, value: &str) -> bool {
    if value.contains(REFERENCE) {
        return false;
    }
    let plain: String = name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase();
    let named = SECRET_NAMES.iter().any(|end| plain.ends_with(end)) || name.to_uppercase().ends_with("_PASS");
    let known = value.contains("PRIVATE KEY-----") || has_password(value);
    (named && !SWITCHES.contains(&value.to_lowercase().as_str())) || known
}

/// Whether a text is an address with a password in it.
fn has_password(value: &str) -> bool {
    let Some((_, rest)) = value.split_once("://") else { return false };
    let authority = rest.split(['/', '?', '#', ' ']).next().unwrap_or_default();
    let password = authority.rsplit_once('@').and_then(|(user, _)| user.split_once(':'));
    // `${…}` is filled in by the program itself.
    password.is_some_and(|(_, password)| !password.is_empty() && !password.contains(['$', '<', '{', '*']))
}

/// A reference to a secret that does not exist.
pub fn unknown(host: &Host, report: &mut Report) {
    for (id, service) in services(host) {
        for (path, text) in strings::open(id, service) {
            for reference in text.split(REFERENCE).skip(1) {
                if let Some((message, help)) = fault(host, reference) {
                    report.push(Diagnostic::error("unknown-secret", &path, message, help));
                }
            }
        }
    }
}

/// What is wrong with a reference, and what to do about it.
fn fault(host: &Host, reference: &str) -> Option<(String, String)> {
    let shape = "write \"mediac-secret(SERVICE/NAME)\", or \"mediac-secret(SERVICE/NAME:HASH)\"";
    let Some((inner, _)) = reference.split_once(')') else {
        return Some(("a reference to a secret has no closing bracket".to_owned(), shape.to_owned()));
    };
    let Some((id, rest)) = inner.split_once('/') else {
        return Some((
            format!("`mediac-secret({inner})` does not name a service and a secret"),
            shape.to_owned(),
        ));
    };
    let (name, hash) = rest.split_once(':').map_or((rest, None), |(name, hash)| (name, Some(hash)));
    let Some(service) = host.services.get(id) else {
        let help = nearest(id, host.services.keys().map(String::as_str)).map_or_else(
            || "name a service of this host".to_owned(),
            |meant| format!("did you mean `mediac-secret({meant}/{rest})`?"),
        );
        return Some((format!("a secret of `{id}` is asked for, which is no service of this host"), help));
    };
    if !service.secrets.contains_key(name) {
        let known: Vec<&str> = service.secrets.keys().map(String::as_str).collect();
        let help = match nearest(name, known.iter().copied()) {
            Some(meant) => format!("did you mean `mediac-secret({id}/{meant})`?"),
            None if known.is_empty() => {
                format!("add `{} = {{ source = 'given }}`", at(id, &["secrets", name]))
            }
            None => format!(
                "name {}, or add `{} = {{ source = 'given }}`",
                list(&known, "or"),
                at(id, &["secrets", name])
            ),
        };
        return Some((format!("`{id}` has no secret `{name}`"), help));
    }
    let hash = hash.filter(|hash| !HASHES.contains(hash))?;
    Some((format!("`{hash}` is no hash that mediac can make"), format!("write {}", list(HASHES, "or"))))
}

/// A secret whose name cannot be the name of a file.
pub fn name(host: &Host, report: &mut Report) {
    for (id, service) in services(host) {
        for name in service.secrets.keys() {
            let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-');
            if !name.chars().all(plain) || !name.starts_with(|c: char| c.is_ascii_alphanumeric()) {
                let right = name.to_lowercase().replace(|c| !plain(c), "_");
                report.push(Diagnostic::error(
                    "secret-name",
                    &at(id, &["secrets", name]),
                    format!("`{}` is not usable as the name of a secret", name.escape_debug()),
                    format!(
                        "write `{}`: lower-case letters, digits, `_` and `-`",
                        at(id, &["secrets", &right])
                    ),
                ));
            }
        }
    }
}

/// A hash of something that is no password.
pub fn hash_of_given(host: &Host, report: &mut Report) {
    for (id, service) in services(host) {
        for (path, text) in strings::open(id, service) {
            for inner in text.split(REFERENCE).skip(1).filter_map(|rest| Some(rest.split_once(')')?.0)) {
                let Some((owner, (name, hash))) =
                    inner.split_once('/').and_then(|(o, r)| Some((o, r.split_once(':')?)))
                else {
                    continue;
                };
                let Some(secret) = host.services.get(owner).and_then(|owner| owner.secrets.get(name)) else {
                    continue;
                };
                if secret.form != SecretForm::Password && HASHES.contains(&hash) {
                    let form = at(owner, &["secrets", name, "form"]);
                    report.push(
                        Diagnostic::warning(
                            "hash-of-no-password",
                            &path,
                            format!(
                                "the secret `{name}` of `{owner}` is stored as a hash, but is no password"
                            ),
                            format!("set `{form} = 'password` if it is one, or leave out `:{hash}`"),
                        )
                        .also(&at(owner, &["secrets", name]), "the secret"),
                    );
                }
            }
        }
    }
}
