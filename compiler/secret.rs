//! References to secrets. A value never passes through here.

/// What every reference begins with.
pub const MARK: &str = "mediac-secret(";

/// What a reference begins with where the value is not filled in, but read from [`HELD`] when it is needed.
pub const HELD_MARK: &str = "mediac-held(";
/// The folder in memory with such values, a file each.
pub const HELD: &str = "/run/mediac/wire";

/// The file of such a value.
pub fn held(reference: &Reference) -> String {
    let Reference { service, name, form } = reference;
    let form = form.as_ref().map(|form| format!(".{form}")).unwrap_or_default();
    format!("{HELD}/{service}/{name}{form}")
}

/// A reference found in some text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reference {
    /// The service the secret belongs to.
    pub service: String,
    /// Its name there.
    pub name: String,
    /// The hash it is written as, when it is not the value itself.
    pub form: Option<String>,
}

/// The reference to a secret's own value.
pub fn reference(service: &str, name: &str) -> String {
    format!("{MARK}{service}/{name})")
}

/// The references in a text; malformed ones are left out.
pub fn references(text: &str) -> impl Iterator<Item = Reference> {
    text.split(MARK).skip(1).filter_map(|rest| {
        let (inner, _) = rest.split_once(')')?;
        let (service, name) = inner.split_once('/')?;
        let (name, form) = match name.split_once(':') {
            Some((name, form)) => (name, Some(form.to_owned())),
            None => (name, None),
        };
        let plain = |s: &str| {
            !s.is_empty()
                && s.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_')
        };
        let well_formed = plain(service) && plain(name) && form.as_deref().is_none_or(plain);
        well_formed.then(|| Reference { service: service.to_owned(), name: name.to_owned(), form })
    })
}

/// Whether a text has more marks than references: one of them is malformed.
pub fn is_malformed(text: &str) -> bool {
    text.matches(MARK).count() != references(text).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_found_in_text() {
        let text = format!("a {} b {MARK}alpha/pass:md5)", reference("beta", "key"));
        let found: Vec<_> = references(&text).collect();
        assert_eq!(found.len(), 2);
        assert_eq!(found[0], Reference { service: "beta".into(), name: "key".into(), form: None });
        assert_eq!(found[1].form.as_deref(), Some("md5"));
        assert!(!is_malformed(&text));
        assert!(is_malformed("mediac-secret(nothing"));
        assert!(is_malformed("mediac-secret(A/b)"));
    }
}
