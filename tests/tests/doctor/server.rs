//! Servers that are none, or say what a PostgreSQL would at a bad moment.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Listens at a port of its own, and has `each` answer every connection.
async fn serve<F>(each: impl Fn(TcpStream) -> F + Send + 'static) -> u16
where
    F: Future<Output = std::io::Result<()>> + Send,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            // A client that hangs up is nothing to it.
            each(stream).await.ok();
        }
    });
    port
}

/// Refuses every login with an SQLSTATE, as a routine of the server.
pub async fn refusing(state: &'static str, message: &'static str, routine: &'static str) -> u16 {
    serve(move |mut stream| async move {
        let mut request = [0; 8];
        stream.read_exact(&mut request).await?;
        // No TLS here.
        stream.write_all(b"N").await?;
        stream.read_exact(&mut request).await?;
        let mut fields = Vec::new();
        for (kind, text) in
            [(b'S', "FATAL"), (b'V', "FATAL"), (b'C', state), (b'M', message), (b'R', routine)]
        {
            fields.push(kind);
            fields.extend_from_slice(text.as_bytes());
            fields.push(0);
        }
        fields.push(0);
        let length = u32::try_from(fields.len() + 4).unwrap();
        stream.write_all(&[&b"E"[..], &length.to_be_bytes(), &fields].concat()).await?;
        stream.shutdown().await
    })
    .await
}

/// Answers in another protocol.
pub async fn foreign() -> u16 {
    serve(|mut stream| async move {
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await?;
        stream.shutdown().await
    })
    .await
}

/// Takes connections and says nothing.
pub async fn silent() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let mut kept = Vec::new();
        while let Ok((stream, _)) = listener.accept().await {
            kept.push(stream);
        }
    });
    port
}

/// A port at which nothing listens.
pub async fn unused() -> u16 {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port()
}
