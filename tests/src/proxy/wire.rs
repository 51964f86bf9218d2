//! The framing of PostgreSQL's protocol, version 3: as much of it as tells one message from the next.
//!
//! A client's first message is `length, code, …`; every other, of both sides, is `type, length, …`
//! (PostgreSQL documentation, "Message Formats"). Lengths count themselves, not the type.

use std::io::{Error, ErrorKind, Result};

use tokio::io::{AsyncRead, AsyncReadExt};

/// The longest message the server itself accepts.
const MAX_LENGTH: usize = 0x3fff_ffff;
/// The type shown for a client's first message, which has none on the wire.
pub(super) const STARTUP: u8 = b'^';

const SSL_REQUEST: u32 = 80_877_103;
const GSS_REQUEST: u32 = 80_877_104;

/// One whole message.
#[derive(Debug)]
pub(super) struct Message {
    /// Its type: the wire's, or [`STARTUP`].
    pub kind: u8,
    /// Its bytes as they came.
    pub bytes: Vec<u8>,
}

impl Message {
    /// Whether this first message asks for encryption, to be answered by one byte.
    pub fn asks_for_encryption(&self) -> bool {
        let code = self.bytes.get(4..8).and_then(|code| code.try_into().ok());
        self.bytes.len() == 8 && matches!(code.map(u32::from_be_bytes), Some(SSL_REQUEST | GSS_REQUEST))
    }
}

/// Reads a message without a type byte: a client's first.
pub(super) async fn read_startup(from: &mut (impl AsyncRead + Unpin)) -> Result<Message> {
    let mut bytes = vec![0; 4];
    from.read_exact(&mut bytes).await?;
    read_rest(from, STARTUP, bytes, 0).await
}

/// Reads a message with a type byte.
pub(super) async fn read_message(from: &mut (impl AsyncRead + Unpin)) -> Result<Message> {
    let mut bytes = vec![0; 5];
    from.read_exact(&mut bytes).await?;
    read_rest(from, bytes[0], bytes, 1).await
}

async fn read_rest(
    from: &mut (impl AsyncRead + Unpin),
    kind: u8,
    mut bytes: Vec<u8>,
    length_at: usize,
) -> Result<Message> {
    let length = &bytes[length_at..];
    let length = u32::from_be_bytes(length.try_into().map_err(Error::other)?) as usize;
    if !(4..=MAX_LENGTH).contains(&length) {
        let text = format!("a message of {length} bytes is not PostgreSQL's protocol");
        return Err(Error::new(ErrorKind::InvalidData, text));
    }
    let header = bytes.len();
    bytes.resize(length_at + length, 0);
    from.read_exact(&mut bytes[header..]).await?;
    Ok(Message { kind, bytes })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn messages_are_told_apart() {
        let mut stream: &[u8] = b"\0\0\0\x08\x04\xd2\x16\x2fQ\0\0\0\x06;\0X\0\0\0\x04";
        let first = read_startup(&mut stream).await.unwrap();
        assert!(first.asks_for_encryption());
        let query = read_message(&mut stream).await.unwrap();
        assert_eq!((query.kind, query.bytes.as_slice()), (b'Q', b"Q\0\0\0\x06;\0".as_slice()));
        assert_eq!(read_message(&mut stream).await.unwrap().kind, b'X');
        assert!(read_message(&mut stream).await.is_err());
    }

    #[tokio::test]
    async fn a_start_without_a_request_is_no_request() {
        let mut stream: &[u8] = b"\0\0\0\x09\0\x03\0\0\0";
        let first = read_startup(&mut stream).await.unwrap();
        assert_eq!((first.kind, first.asks_for_encryption()), (STARTUP, false));
    }

    #[tokio::test]
    async fn an_impossible_length_is_refused() {
        let mut stream: &[u8] = b"Q\0\0\0\x03";
        let error = read_message(&mut stream).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidData);
    }
}
