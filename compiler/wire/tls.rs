//! Whether a port that does not talk plain HTTP talks TLS. Nothing is ever sent over it.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// The longest a service of this machine may take to say so.
const PATIENCE: Duration = Duration::from_secs(1);
/// Kinds of records that a server answers a greeting with: an alert, or a greeting of its own.
const ANSWERS: [u8; 2] = [21, 22];
/// The greeting, of TLS 1.2 (RFC 5246, 7.4.1.2). A server that wants something else says so, in TLS.
const HELLO: [&[u8]; 6] = [
    // A record of a handshake, its length; a greeting, its length.
    &[22, 3, 1, 0, 49, 1, 0, 0, 45],
    // The version, a random number that need not be one, no session.
    &[3, 3],
    &[7; 32],
    &[0],
    // Three ciphers that servers know.
    &[0, 6, 0xc0, 0x2f, 0xc0, 0x30, 0, 0x2f],
    // No compression.
    &[1, 0],
];

/// Whether TLS is spoken where `url` leads to.
pub fn is_spoken(url: &str) -> bool {
    let Some(address) = url.strip_prefix("http://").and_then(|rest| rest.split('/').next()?.parse().ok())
    else {
        return false;
    };
    first_bytes(&address).is_some_and(|[kind, version, _]| ANSWERS.contains(&kind) && version == 3)
}

fn first_bytes(address: &SocketAddr) -> Option<[u8; 3]> {
    let mut stream = TcpStream::connect_timeout(address, PATIENCE).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    stream.write_all(&HELLO.concat()).ok()?;
    let mut answer = [0; 3];
    stream.read_exact(&mut answer).ok()?;
    Some(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_greeting_has_the_lengths_that_it_states() {
        let hello = HELLO.concat();
        assert_eq!(hello.len(), 5 + usize::from(hello[4]));
        assert_eq!(hello.len(), 9 + usize::from(hello[8]));
    }
}
