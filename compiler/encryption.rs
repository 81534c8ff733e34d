//! Secrets as the project keeps them: encrypted with age, so that only those who are named can read them.
//!
//! What is encrypted is the value and nothing else, so that `age -d` and `age -R` of any other implementation do as well.

use std::io::{Read as _, Write as _};

use age::armor::{ArmoredReader, ArmoredWriter, Format};
use age::ssh::{Identity as SshIdentity, Recipient as SshRecipient};
use age::{DecryptError, Decryptor, Encryptor, x25519};

/// Those who can read what is encrypted: public keys of age or SSH (Ed25519).
#[derive(Default)]
pub struct Recipients(Vec<Recipient>);

struct Recipient {
    title: String,
    line: String,
    key: Box<dyn age::Recipient>,
}

/// Private keys of age or SSH.
#[derive(Default)]
pub struct Identities(Vec<Box<dyn age::Identity>>);

/// Why there is no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closed {
    /// None of the identities is one of those it is encrypted for.
    Other,
    /// It is no age file, or was damaged or changed.
    Damaged,
    /// The value is no text.
    Binary,
}

impl Recipients {
    /// Adds those of a file: one in a line, as `age -R` takes them. The error is the number of a line that has none.
    pub fn add(&mut self, text: &str) -> Result<(), usize> {
        let mut title = None;
        for (number, line) in (1_usize..).zip(text.lines().map(str::trim)) {
            if let Some(comment) = line.strip_prefix('#') {
                title = Some(comment.trim()).filter(|comment| !comment.is_empty());
                continue;
            }
            if line.is_empty() {
                title = None;
                continue;
            }
            let key = recipient(line).ok_or(number)?;
            let known = self.0.iter().any(|other| other.line == line);
            // The third word of an SSH key is whose it is.
            let title = title.take().or_else(|| line.split_whitespace().nth(2)).unwrap_or(line).to_owned();
            if !known {
                self.0.push(Recipient { title, line: line.to_owned(), key });
            }
        }
        Ok(())
    }

    /// Whether there is nobody.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Who they are: the comment above a key, or in it, or the key.
    pub fn titles(&self) -> Vec<&str> {
        self.0.iter().map(|recipient| recipient.title.as_str()).collect()
    }

    /// The value, encrypted for all of them; none if there is nobody.
    pub fn encrypt(&self, value: &str) -> Option<String> {
        let keys = self.0.iter().map(|recipient| &*recipient.key);
        let encryptor = Encryptor::with_recipients(keys).ok()?;
        let armored = ArmoredWriter::wrap_output(Vec::new(), Format::AsciiArmor).ok()?;
        let mut writer = encryptor.wrap_output(armored).ok()?;
        writer.write_all(value.as_bytes()).ok()?;
        let bytes = writer.finish().and_then(ArmoredWriter::finish).ok()?;
        String::from_utf8(bytes).ok()
    }
}

fn recipient(line: &str) -> Option<Box<dyn age::Recipient>> {
    if let Ok(key) = line.parse::<x25519::Recipient>() {
        return Some(Box::new(key));
    }
    match line.parse::<SshRecipient>() {
        Ok(key @ SshRecipient::SshEd25519(..)) => Some(Box::new(key)),
        // Nobody needs RSA for this: decrypting with it takes a time that depends on the key (RUSTSEC-2023-0071).
        _ => None,
    }
}

impl Identities {
    /// Adds those of a file. The error says what the file is instead; it never quotes the file.
    pub fn add(&mut self, text: &str) -> Result<(), &'static str> {
        if text.trim_start().starts_with("-----BEGIN") {
            let key = SshIdentity::from_buffer(text.trim_start().as_bytes(), None);
            return match key {
                Ok(key @ SshIdentity::Unencrypted(_)) => {
                    self.0.push(Box::new(key));
                    Ok(())
                }
                Ok(SshIdentity::Encrypted(_)) => Err("it is protected by a passphrase"),
                Ok(SshIdentity::Unsupported(_)) => Err("it is an SSH key of a kind that cannot decrypt"),
                Err(_) => Err("it is neither an SSH key nor an age identity"),
            };
        }
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        let mut keys: Vec<Box<dyn age::Identity>> = Vec::new();
        for line in lines {
            let key = line
                .parse::<x25519::Identity>()
                .map_err(|_| "it is neither an age identity nor an SSH key")?;
            keys.push(Box::new(key));
        }
        if keys.is_empty() {
            return Err("there is no key in it");
        }
        self.0.append(&mut keys);
        Ok(())
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The value in an encrypted file.
    pub fn decrypt(&self, bytes: &[u8]) -> Result<String, Closed> {
        let closed = |error: DecryptError| match error {
            DecryptError::NoMatchingKeys => Closed::Other,
            _ => Closed::Damaged,
        };
        let decryptor = Decryptor::new_buffered(ArmoredReader::new(bytes)).map_err(closed)?;
        let mut reader = decryptor.decrypt(self.0.iter().map(|key| &**key)).map_err(closed)?;
        let mut value = Vec::new();
        reader.read_to_end(&mut value).map_err(|_| Closed::Damaged)?;
        // As in a file of the machine: editors end lines, values do not.
        let text = String::from_utf8(value).map_err(|_| Closed::Binary)?;
        Ok(text.trim_end_matches('\n').to_owned())
    }
}

#[cfg(test)]
mod tests {
    use age::secrecy::ExposeSecret as _;

    use super::*;

    fn pair() -> (String, String) {
        let key = x25519::Identity::generate();
        (key.to_string().expose_secret().to_owned(), key.to_public().to_string())
    }

    #[test]
    fn only_those_who_are_named_can_read() {
        let ((one, public_one), (two, public_two), (other, _)) = (pair(), pair(), pair());
        let mut recipients = Recipients::default();
        recipients.add(&format!("# anna\n{public_one}\n\n  {public_two}\n{public_two}\n")).unwrap();
        assert_eq!(recipients.titles(), ["anna", public_two.as_str()]);
        let text = recipients.encrypt("line\nline ü").unwrap();
        assert!(text.starts_with("-----BEGIN AGE ENCRYPTED FILE-----\n") && text.ends_with("-----\n"));
        for (key, value) in
            [(one, Ok("line\nline ü")), (two, Ok("line\nline ü")), (other, Err(Closed::Other))]
        {
            let mut identities = Identities::default();
            identities.add(&format!("# a comment\n{key}\n")).unwrap();
            assert_eq!(identities.decrypt(text.as_bytes()), value.map(str::to_owned));
        }
        assert_eq!(Identities::default().decrypt(text.as_bytes()), Err(Closed::Other));
        assert_eq!(Recipients::default().encrypt("x"), None);
    }

    #[test]
    fn what_was_changed_is_not_taken() {
        let (key, public) = pair();
        let (mut recipients, mut identities) = (Recipients::default(), Identities::default());
        recipients.add(&public).unwrap();
        identities.add(&key).unwrap();
        let text = recipients.encrypt("value").unwrap();
        let lines: Vec<&str> = text.lines().collect();
        for line in 0..lines.len() {
            let mut changed: Vec<String> = lines.iter().map(|&line| line.to_owned()).collect();
            let first = if changed[line].starts_with('A') { "B" } else { "A" };
            changed[line].replace_range(0..1, first);
            let changed = changed.join("\n") + "\n";
            assert!(identities.decrypt(changed.as_bytes()).is_err(), "{changed}");
        }
        for cut in 0..text.len() - 1 {
            assert!(identities.decrypt(&text.as_bytes()[..cut]).is_err(), "{cut}");
        }
        assert_eq!(identities.decrypt(b"value"), Err(Closed::Damaged));
    }

    #[test]
    fn what_is_no_key_is_not_quoted() {
        let mut identities = Identities::default();
        for text in ["", "# nothing\n", "hunter2\n", "-----BEGIN hunter2", "AGE-SECRET-KEY-1HUNTER2\n"] {
            let why = identities.add(text).unwrap_err();
            assert!(!why.to_lowercase().contains("hunter"), "{why}");
        }
        assert!(identities.is_empty());
        assert_eq!(Recipients::default().add("# anna\nage1nothing\n"), Err(2));
        assert_eq!(Recipients::default().add("ssh-ed25519 AAAA\n"), Err(1));
        assert_eq!(Recipients::default().add("ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAQQC0\n"), Err(1));
    }
}
