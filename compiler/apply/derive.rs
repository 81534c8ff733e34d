//! Secrets that nobody has to type: derived from the host's root key, so that all who need one agree on it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hkdf::Hkdf;
use md5::Md5;
use sha2::{Digest as _, Sha256, Sha512};

use crate::secret::Reference;

/// Rounds of PBKDF2, as qBittorrent counts them.
const ROUNDS: u32 = 100_000;

/// The value of a derived secret: 32 hexadecimal digits, for one root key always the same.
pub fn derived(root_key: &[u8], reference: &Reference) -> Option<String> {
    Some(hex(&expand(root_key, &format!("secret/{}/{}", reference.service, reference.name))?))
}

/// The value in the form that a file wants it in; none for a form that is not known.
pub fn formed(root_key: &[u8], reference: &Reference, value: &str) -> Option<String> {
    match reference.form.as_deref() {
        None => Some(value.to_owned()),
        Some("md5") => Some(hex(&Md5::digest(value.as_bytes()))),
        Some("pbkdf2-sha512") => {
            // Not random: the same build of the same host is the same file.
            let salt = expand(root_key, &format!("salt/{}/{}", reference.service, reference.name))?;
            let mut key = [0_u8; 64];
            pbkdf2::pbkdf2_hmac::<Sha512>(value.as_bytes(), &salt, ROUNDS, &mut key);
            Some(format!("{}:{}", STANDARD.encode(salt), STANDARD.encode(key)))
        }
        Some(_) => None,
    }
}

fn expand(root_key: &[u8], purpose: &str) -> Option<[u8; 16]> {
    let mut bytes = [0_u8; 16];
    Hkdf::<Sha256>::new(Some(b"mediac 1"), root_key).expand(purpose.as_bytes(), &mut bytes).ok()?;
    Some(bytes)
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Computed with Python's hmac and hashlib.
    #[test]
    fn values_are_those_of_another_implementation() {
        let reference = |form: Option<&str>| Reference {
            service: "alpha".into(),
            name: "api_key".into(),
            form: form.map(str::to_owned),
        };
        let value = derived(&[7; 32], &reference(None)).unwrap();
        assert_eq!(value, "081e2212018063d73407c2c45730481b");
        assert_eq!(
            formed(&[7; 32], &reference(Some("md5")), "x").unwrap(),
            "9dd4e461268c8034f5c8564e155c67a6"
        );
        assert_eq!(
            formed(&[7; 32], &reference(Some("pbkdf2-sha512")), "x").unwrap(),
            "X7kYIgNV3JBysBXplAiVpA==:bTK/jlzLMgOFBlfI/cLIMR2aYxG3yqeyrQtEGagejlTj61d2ZtxF1AzJhtlXCygHiQqyx659cWr664sazZCcpQ=="
        );
        assert_eq!(formed(&[7; 32], &reference(Some("rot13")), "x"), None);
    }
}
