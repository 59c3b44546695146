//! Where a browser brings the code of a sign-in: the loopback address, a random port, once
//! (RFC 8252 §7.3).

use reqwest::Url;
use std::{io, time::Duration};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

/// How much a browser may send, and how long that may take.
const HEAD: usize = 16 * 1024;
const HEAD_LIMIT: Duration = Duration::from_secs(5);

/// Waits for one browser.
pub(crate) struct Loopback {
    listener: TcpListener,
    port: u16,
}

impl Loopback {
    pub(crate) async fn open() -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let port = listener.local_addr()?.port();
        Ok(Self { listener, port })
    }

    /// What the provider sends the browser to.
    pub(crate) fn redirect(&self) -> String {
        format!("http://127.0.0.1:{}/callback", self.port)
    }

    /// The code that comes with this state; none when the provider said no. Whatever else knocks
    /// is turned away.
    pub(crate) async fn code(&self, state: &str) -> io::Result<Option<String>> {
        loop {
            let (mut stream, _) = self.listener.accept().await?;
            let head = tokio::time::timeout(HEAD_LIMIT, head(&mut stream)).await;
            let Ok(Some(path)) = head else { continue };
            let brought = read(&path, state);
            let (status, words) = match &brought {
                Brought::Code(_) => ("200 OK", "Deskhand goes on. You may close this window."),
                Brought::No => ("200 OK", "Nobody was signed in. You may close this window."),
                Brought::Nothing => ("404 Not Found", "There is nothing here."),
            };
            answer(&mut stream, status, words).await;
            match brought {
                Brought::Code(code) => return Ok(Some(code)),
                Brought::No => return Ok(None),
                Brought::Nothing => {}
            }
        }
    }
}

/// The state that a provider will send back.
pub(crate) fn state_of(url: &str) -> Option<String> {
    let url = Url::parse(url).ok()?;
    value(&url, "state")
}

#[derive(Debug, PartialEq, Eq)]
enum Brought {
    Code(String),
    No,
    Nothing,
}

fn read(path: &str, state: &str) -> Brought {
    let Ok(url) = Url::parse(&format!("http://127.0.0.1{path}")) else {
        return Brought::Nothing;
    };
    if url.path() != "/callback" || value(&url, "state").as_deref() != Some(state) {
        return Brought::Nothing;
    }
    match value(&url, "code") {
        Some(code) => Brought::Code(code),
        None => Brought::No,
    }
}

fn value(url: &Url, name: &str) -> Option<String> {
    let mut pairs = url.query_pairs();
    let (_, value) = pairs.find(|(key, _)| key == name)?;
    Some(value.into_owned())
}

/// The path of a `GET`.
async fn head(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    while !bytes.windows(4).any(|end| end == b"\r\n\r\n") {
        if bytes.len() > HEAD || stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
    let text = String::from_utf8(bytes).ok()?;
    let line = text.lines().next()?;
    let path = line.strip_prefix("GET ")?.split(' ').next()?;
    path.starts_with('/').then(|| path.to_owned())
}

async fn answer(stream: &mut TcpStream, status: &str, words: &str) {
    let answer = format!(
        "HTTP/1.1 {status}\r\ncontent-type: text/plain; charset=utf-8\r\n\
         content-security-policy: default-src 'none'\r\nx-content-type-options: nosniff\r\n\
         referrer-policy: no-referrer\r\ncache-control: no-store\r\nconnection: close\r\n\
         content-length: {}\r\n\r\n{words}",
        words.len()
    );
    // Whether the browser reads it changes nothing.
    if stream.write_all(answer.as_bytes()).await.is_ok() {
        stream.shutdown().await.ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_answer_to_our_own_question_counts() {
        let check = |path: &str, brought: Brought| assert_eq!(read(path, "s"), brought, "{path}");
        check(
            "/callback?code=c%2B1&state=s",
            Brought::Code("c+1".to_owned()),
        );
        check("/callback?error=access_denied&state=s", Brought::No);
        for other in [
            "/callback?code=c&state=other",
            "/callback?code=c",
            "/favicon.ico",
            "/callback/x?code=c&state=s",
            "//evil.example/callback?code=c&state=other",
        ] {
            check(other, Brought::Nothing);
        }
        let url = "https://id.example/auth?x=1&state=a%20b";
        assert_eq!(state_of(url).as_deref(), Some("a b"));
    }
}
