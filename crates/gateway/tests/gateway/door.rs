//! The door: slow, silent and deaf connections are cut, the others are not; limits, proxies, TLS.

use crate::kit::Shop;
use deskhand_gateway::{
    Config,
    config::{Door, Period, Size},
    serve::Tally,
};
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpSocket, TcpStream},
    time::{Instant, timeout},
};

/// Far longer than any limit below.
const PATIENCE: Duration = Duration::from_secs(20);

fn millis(millis: u64) -> Period {
    Period(Duration::from_millis(millis))
}

/// Limits short enough to be waited for.
fn strict() -> Door {
    Door {
        first_byte_timeout: millis(300),
        header_timeout: millis(400),
        idle_timeout: millis(700),
        stall_timeout: millis(1_000),
        ..Door::default()
    }
}

struct Opened {
    shop: Shop,
    address: SocketAddr,
    tally: Arc<Tally>,
}

async fn open(change: impl FnOnce(&mut Config)) -> Opened {
    let shop = Shop::open_with(change).await;
    let (address, tally) = shop.open_door().await;
    Opened {
        shop,
        address,
        tally,
    }
}

impl Opened {
    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address)
            .await
            .expect("a connection")
    }

    /// Sends bytes and reads all that comes until the other side hangs up; how long that took.
    async fn until_cut(&self, bytes: &[u8]) -> (String, Duration) {
        let mut stream = self.connect().await;
        stream.write_all(bytes).await.expect("it is taken");
        until_cut(&mut stream).await
    }
}

async fn until_cut(stream: &mut TcpStream) -> (String, Duration) {
    let (began, mut heard) = (Instant::now(), Vec::new());
    let end = timeout(PATIENCE, stream.read_to_end(&mut heard))
        .await
        .expect("an end in time");
    // A reset is an end as well.
    assert!(
        end.is_ok() || end.is_err_and(|error| error.kind() == std::io::ErrorKind::ConnectionReset)
    );
    (
        String::from_utf8_lossy(&heard).into_owned(),
        began.elapsed(),
    )
}

/// Reads one answer: its head and its body of the length that it says.
async fn answer(stream: &mut TcpStream) -> String {
    let mut heard = Vec::new();
    loop {
        let mut part = [0; 4096];
        let count = timeout(PATIENCE, stream.read(&mut part))
            .await
            .expect("in time")
            .expect("an answer");
        assert!(count > 0, "cut: {}", String::from_utf8_lossy(&heard));
        heard.extend_from_slice(&part[..count]);
        let text = String::from_utf8_lossy(&heard).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "));
        if length.is_some_and(|length| body.len() == length.parse::<usize>().expect("a length")) {
            return text;
        }
    }
}

const ASK: &[u8] = b"GET /v1/hello HTTP/1.1\r\nhost: here\r\n\r\n";

#[tokio::test(flavor = "multi_thread")]
async fn who_says_nothing_or_half_of_it_is_cut() {
    let opened = open(|config| config.door = strict()).await;
    let (heard, after) = opened.until_cut(b"").await;
    assert!(
        heard.is_empty() && after >= Duration::from_millis(290),
        "{heard} {after:?}"
    );
    let (_, after) = opened.until_cut(b"GET /v1/hello HTTP/1.1\r\nhost:").await;
    assert!(after >= Duration::from_millis(390), "{after:?}");
    let mut trickle = opened.connect().await;
    let began = Instant::now();
    for byte in b"GET /v1/hello HTTP/1.1\r\nx: "
        .iter()
        .chain([b'y'; 1_000].iter())
    {
        if trickle.write_all(&[*byte]).await.is_err() {
            break;
        }
        let mut nothing = [0; 1];
        if timeout(Duration::from_millis(30), trickle.read(&mut nothing))
            .await
            .is_ok()
        {
            break;
        }
    }
    assert!(
        began.elapsed() < Duration::from_secs(10),
        "a byte now and then is no headers"
    );
    assert_eq!(
        (opened.tally.silent.get(), opened.tally.slow_headers.get()),
        (1, 2)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_is_kept_for_a_while() {
    let opened = open(|config| config.door = strict()).await;
    let mut stream = opened.connect().await;
    for _ in 0..3 {
        stream.write_all(ASK).await.expect("it is taken");
        assert!(answer(&mut stream).await.starts_with("HTTP/1.1 200"));
    }
    let (heard, after) = until_cut(&mut stream).await;
    assert!(
        heard.is_empty() && after >= Duration::from_millis(600),
        "{heard} {after:?}"
    );
    assert_eq!(opened.tally.all(), 0, "nothing wrong with that");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_does_not_come_is_told_so() {
    let opened = open(|config| config.door = strict()).await;
    let head = "POST /v1/sessions HTTP/1.1\r\nhost: here\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{";
    let (heard, after) = opened.until_cut(head.as_bytes()).await;
    assert!(heard.starts_with("HTTP/1.1 408 "), "{heard}");
    assert!(heard.contains("application/problem+json"), "{heard}");
    assert!(after >= Duration::from_millis(400), "{after:?}");
    assert_eq!(opened.tally.slow_body.get(), 1);
}

/// Asks for the description of the interface again and again, reading little.
async fn deaf(address: SocketAddr, buffer: u32) -> TcpStream {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_recv_buffer_size(buffer).expect("a buffer");
    let mut stream = socket.connect(address).await.expect("a connection");
    let ask = "GET /v1/openapi.json HTTP/1.1\r\nhost: here\r\n\r\n".repeat(40);
    stream.write_all(ask.as_bytes()).await.expect("it is taken");
    stream
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_read_is_cut_and_who_reads_slowly_is_not() {
    let opened = open(|config| config.door = strict()).await;
    let _deaf = deaf(opened.address, 4 * 1024).await;
    let began = Instant::now();
    let mut look = tokio::time::interval(Duration::from_millis(20));
    while opened.tally.slow_reader.get() == 0 {
        assert!(began.elapsed() < PATIENCE, "it was not cut");
        look.tick().await;
    }
    let mut slow = deaf(opened.address, 32 * 1024).await;
    let mut part = vec![0; 16 * 1024];
    let mut pause = tokio::time::interval(Duration::from_millis(50));
    let began = Instant::now();
    // Far slower than it could, far longer than anybody may stand still.
    while began.elapsed() < Duration::from_secs(4) {
        let count = timeout(PATIENCE, slow.read(&mut part))
            .await
            .expect("in time");
        assert!(count.expect("it is not cut") > 0, "{}", opened.tally);
        pause.tick().await;
    }
    assert_eq!(opened.tally.all(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_too_many_is_told_and_who_was_silent_makes_room() {
    let opened = open(|config| {
        config.door.connections = 3;
        config.door.connections_per_address = 3;
        config.proxy.trusted = vec!["127.0.0.2/32".parse().expect("a network")];
    })
    .await;
    let mut asked = opened.connect().await;
    asked.write_all(ASK).await.expect("it is taken");
    answer(&mut asked).await;
    let mut silent = opened.connect().await;
    let _half = opened.connect().await;
    let (heard, _) = opened.until_cut(b"").await;
    assert!(
        heard.starts_with("HTTP/1.1 429 "),
        "three of an address: {heard}"
    );
    let socket = TcpSocket::new_v4().expect("a socket");
    socket
        .bind("127.0.0.3:0".parse().expect("an address"))
        .expect("another address");
    let mut other = socket.connect(opened.address).await.expect("a connection");
    other.write_all(ASK).await.expect("it is taken");
    assert!(answer(&mut other).await.starts_with("HTTP/1.1 200"));
    until_cut(&mut silent).await;
    assert_eq!(
        (opened.tally.refused.get(), opened.tally.made_room.get()),
        (1, 1)
    );
    asked.write_all(ASK).await.expect("it is taken");
    assert!(answer(&mut asked).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_a_proxy_the_address_it_names_counts() {
    let opened = open(|config| {
        config.door.connections_per_address = 1;
        config.proxy.trusted = vec!["127.0.0.0/8".parse().expect("a network")];
    })
    .await;
    let ask = |path: &str, caller: &str| {
        format!("GET {path} HTTP/1.1\r\nhost: here\r\nforwarded: for={caller}\r\n\r\n").into_bytes()
    };
    // Two connections of the proxy, each used for somebody: one who reads no answer, and others.
    let socket = TcpSocket::new_v4().expect("a socket");
    socket
        .set_recv_buffer_size(4 * 1024)
        .expect("a small buffer");
    let mut busy = socket.connect(opened.address).await.expect("a connection");
    busy.write_all(&ask("/v1/openapi.json", "198.51.100.1").repeat(40))
        .await
        .expect("it is taken");
    let mut first = [0; 1];
    busy.read_exact(&mut first).await.expect("an answer begins");
    let mut other = opened.connect().await;
    other
        .write_all(&ask("/v1/hello", "198.51.100.1"))
        .await
        .expect("it is taken");
    let refused = answer(&mut other).await;
    assert!(
        refused.starts_with("HTTP/1.1 429 ") && refused.contains("retry-after: "),
        "{refused}"
    );
    other
        .write_all(&ask("/v1/hello", "198.51.100.2"))
        .await
        .expect("it is taken");
    assert!(answer(&mut other).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test(flavor = "multi_thread")]
async fn heads_have_limits() {
    let opened = open(|config| {
        config.door.headers = 10;
        config.door.header_size = Size(8 * 1024);
    })
    .await;
    let with = |headers: String| {
        format!("GET /v1/hello HTTP/1.1\r\nhost: here\r\n{headers}connection: close\r\n\r\n")
    };
    let many = (0..20).map(|number| format!("x-{number}: y\r\n")).collect();
    let (heard, _) = opened.until_cut(with(many).as_bytes()).await;
    assert!(heard.starts_with("HTTP/1.1 431 "), "{heard}");
    let (heard, _) = opened
        .until_cut(with(format!("x: {}\r\n", "y".repeat(10_000))).as_bytes())
        .await;
    assert!(heard.starts_with("HTTP/1.1 431 "), "{heard}");
    let (heard, _) = opened
        .until_cut(with("x: y\r\n".to_owned()).as_bytes())
        .await;
    assert!(heard.starts_with("HTTP/1.1 200 "), "{heard}");
}

#[tokio::test(flavor = "multi_thread")]
async fn stopping_waits_for_nobody_who_makes_us_wait() {
    let opened = open(|_| {}).await;
    let mut kept = opened.connect().await;
    kept.write_all(ASK).await.expect("it is taken");
    answer(&mut kept).await;
    let _silent = opened.connect().await;
    let mut half = opened.connect().await;
    half.write_all(b"GET /v1/hello HTTP/1.1\r\n")
        .await
        .expect("it is taken");
    let mut body = opened.connect().await;
    let head = "POST /v1/sessions HTTP/1.1\r\nhost: here\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{";
    body.write_all(head.as_bytes()).await.expect("it is taken");
    let mut deaf = deaf(opened.address, 4 * 1024).await;
    let mut first = [0; 1];
    deaf.read_exact(&mut first).await.expect("an answer begins");
    let token = opened.shop.sign_in("priya").await;
    let mut socket = crate::kit::Socket::connect(&opened.address.to_string(), "/v1/live", &token)
        .await
        .expect("a socket");
    let cursor = opened.shop.get("/v1/sync", &token).await.json()["live"].clone();
    socket
        .say(serde_json::json!({"type": "follow", "cursor": cursor}))
        .await;
    assert_eq!(socket.next().await.expect("a frame")["type"], "following");
    let began = Instant::now();
    let limit = opened.shop.state.config.door.shutdown_timeout.0;
    let stop = opened.shop.state.tasks.stop(limit);
    let (ended, code) = tokio::join!(stop, socket.ended());
    println!("stopped after {:?}", began.elapsed());
    assert!(ended, "every task ended within {limit:?}");
    assert_eq!(code, 1001, "it is told");
    assert!(began.elapsed() <= Duration::from_secs(5));
}

mod tls {
    use super::*;
    use rcgen::{CertifiedKey, generate_simple_self_signed};
    use rustls::{
        ClientConfig, RootCertStore,
        pki_types::{CertificateDer, ServerName},
    };
    use tokio_rustls::TlsConnector;

    fn certificate() -> (CertificateDer<'static>, String, String) {
        let CertifiedKey { cert, signing_key } =
            generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
        (cert.der().clone(), cert.pem(), signing_key.serialize_pem())
    }

    /// Asks over TLS, trusting that one certificate; what was agreed on, and the answer.
    async fn ask(
        address: SocketAddr,
        trusted: &CertificateDer<'static>,
        versions: &[&'static rustls::SupportedProtocolVersion],
    ) -> Result<(Option<Vec<u8>>, String), std::io::Error> {
        let mut roots = RootCertStore::empty();
        roots.add(trusted.clone()).expect("a certificate");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(versions)
            .expect("versions")
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let name = ServerName::try_from("localhost").expect("a name");
        let stream = TcpStream::connect(address).await?;
        let mut stream = TlsConnector::from(Arc::new(config))
            .connect(name, stream)
            .await?;
        let agreed = stream.get_ref().1.alpn_protocol().map(<[u8]>::to_vec);
        stream
            .write_all(b"GET /v1/hello HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
            .await?;
        let mut heard = Vec::new();
        stream.read_to_end(&mut heard).await?;
        Ok((agreed, String::from_utf8_lossy(&heard).into_owned()))
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn tls_is_spoken_and_a_new_certificate_needs_no_restart() {
        let folder = tempfile::tempdir().expect("a folder");
        let (file, key_file) = (
            folder.path().join("chain.pem"),
            folder.path().join("key.pem"),
        );
        let write = |certificate: &str, key: &str| {
            std::fs::write(&file, certificate).expect("a file");
            std::fs::write(&key_file, key).expect("a file");
        };
        let (first, pem, key) = certificate();
        write(&pem, &key);
        let opened = open(|config| {
            config.door = strict();
            config.tls.certificate = Some(file.clone());
            config.tls.key = Some(key_file.clone());
            config.tls.reload = millis(20);
        })
        .await;
        for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
            let (agreed, heard) = ask(opened.address, &first, &[version]).await.expect("TLS");
            assert_eq!(agreed.as_deref(), Some(&b"http/1.1"[..]));
            assert!(heard.starts_with("HTTP/1.1 200 "), "{heard}");
            assert!(
                heard.contains("strict-transport-security: max-age="),
                "{heard}"
            );
        }
        let (heard, _) = opened.until_cut(b"\x16\x03\x01\x02").await;
        assert!(
            heard.is_empty(),
            "half a handshake is cut as half a head is: {heard}"
        );

        write("garbage", &key);
        let (second, pem, key) = certificate();
        let both = [&rustls::version::TLS12, &rustls::version::TLS13];
        let (_, heard) = ask(opened.address, &first, &both)
            .await
            .expect("the one before stays");
        assert!(heard.starts_with("HTTP/1.1 200 "));
        write(&pem, &key);
        let began = Instant::now();
        while ask(opened.address, &second, &both).await.is_err() {
            assert!(
                began.elapsed() < PATIENCE,
                "the new certificate is not used"
            );
        }
        assert!(
            ask(opened.address, &first, &both).await.is_err(),
            "the old one is not used any more"
        );
    }

    #[test]
    fn files_that_do_not_go_together_are_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let ((_, pem, _), (_, _, key)) = (certificate(), certificate());
        let at = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).expect("a file");
            path.display().to_string()
        };
        let (chain, other, empty) = (
            at("chain.pem", &pem),
            at("key.pem", &key),
            at("empty.pem", ""),
        );
        let wrong = |certificate: &str, key: &str| {
            let file = folder.path().join("gateway.toml");
            std::fs::write(&file, format!("[tls]\n{certificate}\n{key}\n")).expect("a file");
            let wrong = deskhand_gateway::config::read(Some(&file), [])
                .expect_err("it is wrong")
                .to_string();
            wrong.replace(&file.display().to_string(), "gateway.toml")
        };
        let certificate_is = |path: &str| format!("certificate = '{path}'");
        let key_is = |path: &str| format!("key = '{path}'");
        for (certificate, key, begins, holds) in [
            (
                certificate_is(&chain),
                String::new(),
                "gateway.toml:2:15: tls.certificate",
                "needs tls.key",
            ),
            (
                String::new(),
                key_is(&other),
                "gateway.toml:3:7: tls.key",
                "needs tls.certificate",
            ),
            (
                certificate_is("nowhere"),
                key_is(&other),
                "gateway.toml:2:15: tls.certificate",
                "cannot be read",
            ),
            (
                certificate_is(&empty),
                key_is(&other),
                "gateway.toml:2:15: tls.certificate",
                "no certificate",
            ),
            (
                certificate_is(&chain),
                key_is(&empty),
                "gateway.toml:3:7: tls.key",
                "no private key",
            ),
            (
                certificate_is(&chain),
                key_is(&other),
                "gateway.toml:3:7: tls.key",
                "does not go with",
            ),
        ] {
            let wrong = wrong(&certificate, &key);
            assert!(
                wrong.starts_with(begins) && wrong.contains(holds),
                "{wrong}"
            );
            assert!(!wrong.contains("PRIVATE KEY-"), "{wrong}");
        }
    }
}
