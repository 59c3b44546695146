//! A gateway of few words: it answers what a test tells it to, over real sockets.

use deskhand_client::{BoxFuture, Client, Clock, Host, Keychain, MemoryKeychain, SampleShop};
use deskhand_protocol::{
    calls::Calls,
    view::{ConnectionView, Event, Nothing, Password},
};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::{
    collections::VecDeque,
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tokio_tungstenite::tungstenite::{
    Message,
    protocol::{CloseFrame, frame::coding::CloseCode},
};

pub const NOW: i64 = 1_800_000_000;
/// What every desktop keeps of its session.
pub const TOKEN: &str = "Zm9yLXRlc3RzLW9ubHktYW5kLW5ldmVyLXRvLWJlLWZvdW5k";

/// What a request is answered.
pub struct Answer {
    pub status: u16,
    pub headers: String,
    pub body: Value,
}

/// What a live socket does after the desktop said from where it follows.
pub enum Live {
    /// Sends these and stays open.
    Say(Vec<Message>),
    /// Closes with a code.
    Close(u16),
    /// Refuses the upgrade, with these headers.
    Refuse(u16, String),
}

type Answers = dyn Fn(&str, &Value) -> Answer + Send + Sync;

#[derive(Default)]
struct Script {
    /// One for each connection; the last one stays.
    live: VecDeque<Live>,
    /// What was asked: method and path, or `follow` and the cursor.
    log: Vec<String>,
    /// Ends the sockets that are open.
    end: Arc<tokio::sync::Notify>,
    /// What an exchange of tokens is answered, if not with the same tokens as ever.
    refresh: Option<Arc<Answers>>,
}

pub struct Fake {
    pub address: String,
    script: Arc<Mutex<Script>>,
    /// Ends with the gateway.
    _tasks: tokio::task::JoinSet<()>,
}

impl Fake {
    /// Starts it; `answers` is asked for everything but the sign-in and the live socket.
    pub async fn start(
        live: Vec<Live>,
        answers: impl Fn(&str, &Value) -> Answer + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let script = Arc::new(Mutex::new(Script {
            live: live.into(),
            log: vec![],
            end: Arc::default(),
            refresh: None,
        }));
        let (shared, answers) = (Arc::clone(&script), Arc::new(answers));
        let mut tasks = tokio::task::JoinSet::new();
        tasks.spawn(async move {
            let mut open = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (script, answers) = (Arc::clone(&shared), Arc::clone(&answers));
                open.spawn(async move { serve(stream, &script, &*answers).await });
            }
        });
        Self {
            address,
            script,
            _tasks: tasks,
        }
    }

    /// Decides what an exchange of tokens is answered; a status of 0 is an answer that is lost.
    pub fn on_refresh(&self, answers: impl Fn(&str, &Value) -> Answer + Send + Sync + 'static) {
        self.script.lock().expect("the script").refresh = Some(Arc::new(answers));
    }

    pub fn log(&self) -> Vec<String> {
        self.script.lock().expect("the log").log.clone()
    }

    /// Ends the live sockets that are open.
    pub fn end_sockets(&self) {
        self.script.lock().expect("the script").end.notify_waiters();
    }

    pub fn asked(&self, what: &str) -> usize {
        self.log().iter().filter(|line| *line == what).count()
    }
}

async fn serve(mut stream: TcpStream, script: &Mutex<Script>, answers: &Answers) -> Option<()> {
    // Looked at before it is read, so that the library can take the whole handshake.
    let mut start = [0; 64];
    let mut seen = 0;
    while seen < 16 {
        seen = stream
            .peek(&mut start)
            .await
            .ok()
            .filter(|seen| *seen > 0)?;
    }
    if start.starts_with(b"GET /v1/live") {
        let live = {
            let mut script = script.lock().expect("the script");
            match script.live.len() {
                0 | 1 => script.live.pop_front().unwrap_or(Live::Say(vec![])),
                _ => script.live.pop_front()?,
            }
        };
        return follow(stream, live, script).await;
    }
    let (line, body) = request(&mut stream).await?;
    script.lock().expect("the log").log.push(line.clone());
    let refresh = script.lock().expect("the script").refresh.clone();
    let answer = match line.as_str() {
        "POST /v1/sessions/refresh" => {
            refresh.map_or_else(|| tokens(TOKEN), |refresh| refresh(&line, &body))
        }
        "GET /v1/hello" => ok(json!({
            "service": "deskhand-gateway", "version": "1", "protocol": 1, "shop": "Fake",
            "sample": false, "now": at(NOW),
        })),
        "POST /v1/sessions" => tokens(TOKEN),
        "POST /v1/live/ticket" => ok(json!({"ticket": "ticket", "expires_at": at(NOW + 30)})),
        other => answers(other, &body),
    };
    if answer.status == 0 {
        return stream.shutdown().await.ok();
    }
    let body = answer.body.to_string();
    let reply = format!(
        "HTTP/1.1 {} X\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n{}\r\n{body}",
        answer.status,
        body.len(),
        answer.headers,
    );
    stream.write_all(reply.as_bytes()).await.ok()?;
    stream.shutdown().await.ok()
}

async fn request(stream: &mut TcpStream) -> Option<(String, Value)> {
    let mut bytes = Vec::new();
    loop {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head
            .lines()
            .filter_map(|line| line.split_once(':'))
            .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
            .and_then(|(_, value)| value.trim().parse().ok())
            .unwrap_or(0);
        if body.len() >= length {
            let line = head.lines().next()?.trim_end_matches(" HTTP/1.1");
            let body = serde_json::from_str(body).unwrap_or(Value::Null);
            return Some((line.to_owned(), body));
        }
    }
}

async fn follow(mut stream: TcpStream, live: Live, script: &Mutex<Script>) -> Option<()> {
    if let Live::Refuse(status, headers) = &live {
        request(&mut stream).await?;
        script.lock().expect("the log").log.push("refused".into());
        let reply = format!("HTTP/1.1 {status} X\r\ncontent-length: 0\r\n{headers}\r\n");
        return stream.write_all(reply.as_bytes()).await.ok();
    }
    let mut socket = tokio_tungstenite::accept_async(stream).await.ok()?;
    let first: Value = serde_json::from_str(socket.next().await?.ok()?.to_text().ok()?).ok()?;
    let cursor = first["cursor"].as_str()?.to_owned();
    script
        .lock()
        .expect("the log")
        .log
        .push(format!("follow {cursor}"));
    match live {
        Live::Say(frames) => {
            for frame in frames {
                socket.send(frame).await.ok()?;
            }
            let end = Arc::clone(&script.lock().expect("the script").end);
            let ended = end.notified();
            tokio::select! {
                () = ended => {}
                () = async { while let Some(Ok(_)) = socket.next().await {} } => {}
            }
        }
        Live::Close(code) => {
            let frame = CloseFrame {
                code: CloseCode::from(code),
                reason: "".into(),
            };
            socket.close(Some(frame)).await.ok()?;
            while let Some(Ok(_)) = socket.next().await {}
        }
        Live::Refuse(..) => {}
    }
    Some(())
}

/// A session with new tokens.
pub fn tokens(refresh: &str) -> Answer {
    ok(json!({
        "token": "access", "refresh_token": refresh, "expires_at": at(NOW + 90_000),
        "scopes": ["tickets:read", "refunds:execute"], "refunds_up_to": 100,
        "teams": [{"id": deskhand_domain::TeamId::MAIN, "name": "Everybody"}],
        "account": {"id": id(77), "name": "Priya", "email": "p@x.example", "role": "agent"},
        "shop": {"name": "Fake", "currency": "EUR", "help_email": "h@x.example",
            "order_prefix": "X-", "time_zone": "Europe/Berlin"},
    }))
}

pub fn ok(body: Value) -> Answer {
    Answer {
        status: 200,
        headers: String::new(),
        body,
    }
}

/// A refusal as the gateway words it.
pub fn refused(status: u16, code: &str, headers: &str, missed: Value) -> Answer {
    Answer {
        status,
        headers: headers.to_owned(),
        body: json!({"type": format!("/problems/{code}"), "title": code, "status": status,
            "detail": format!("because of {code}"), "code": code, "missed": missed}),
    }
}

/// A page with a colleague, so that it is not empty.
pub fn page(epoch: &str, next: Option<&str>) -> Answer {
    page_of(epoch, next, json!([]))
}

pub fn page_of(epoch: &str, next: Option<&str>, changes: Value) -> Answer {
    ok(
        json!({"epoch": epoch, "changes": changes, "live": format!("live-{epoch}"), "next": next, "total": 3}),
    )
}

pub fn following(epoch: &str, head: i64) -> Message {
    frame(json!({"type": "following", "epoch": epoch, "head": head, "now": at(NOW)}))
}

/// Says where the cursor stands too, as a gateway does.
pub fn following_from(epoch: &str, from: i64, head: i64) -> Message {
    frame(json!({"type": "following", "epoch": epoch, "from": from, "head": head, "now": at(NOW)}))
}

/// Changes that come right after a position.
pub fn changes_after(after: i64, cursor: &str, upto: i64) -> Message {
    frame(json!({"type": "changes", "changes": [], "after": after, "cursor": cursor, "upto": upto}))
}

pub fn changes(cursor: &str, upto: i64) -> Message {
    frame(json!({"type": "changes", "changes": [], "cursor": cursor, "upto": upto}))
}

pub fn frame(value: Value) -> Message {
    Message::text(value.to_string())
}

pub fn at(second: i64) -> String {
    moment(second).to_rfc3339()
}

pub fn moment(second: i64) -> chrono::DateTime<chrono::Utc> {
    chrono::DateTime::from_timestamp(second, 0).expect("a moment")
}

pub fn id(number: u128) -> uuid::Uuid {
    uuid::Uuid::from_u128(number)
}

/// A clock that a test sets.
pub struct Hand(pub Mutex<i64>);

impl Clock for Hand {
    fn now(&self) -> chrono::DateTime<chrono::Utc> {
        moment(*self.0.lock().expect("the clock"))
    }
}

#[derive(Default)]
pub struct Machine(MemoryKeychain);

impl Host for Machine {
    fn keychain(&self) -> &dyn Keychain {
        &self.0
    }
    fn emit(&self, _: Event) {}
    fn open_sample(&self) -> BoxFuture<'_, Result<SampleShop, String>> {
        Box::pin(async { Err("none".into()) })
    }
    fn open_outside(&self, _: &str) -> Result<(), String> {
        Err("this machine has no browser".to_owned())
    }
    fn has_sample(&self) -> bool {
        false
    }
}

/// A desk on a folder, with a clock of its own.
pub struct Desk {
    pub client: Client,
    pub clock: Arc<Hand>,
}

impl Desk {
    pub async fn start(folder: &Path, host: &Arc<Machine>) -> Self {
        let clock = Arc::new(Hand(Mutex::new(NOW)));
        let host: Arc<dyn Host> = host.clone();
        let client = Client::start_with_clock(folder.to_owned(), host, clock.clone())
            .await
            .expect("a core");
        Self { client, clock }
    }

    pub async fn signed_in(folder: &Path, fake: &Fake) -> Self {
        let desk = Self::start(folder, &Arc::new(Machine::default())).await;
        desk.sign_in(fake).await;
        desk
    }

    pub async fn sign_in(&self, fake: &Fake) {
        let with = Password {
            address: fake.address.clone(),
            email: "p@x.example".into(),
            password: "x".into(),
            passphrase: None,
            code: None,
        };
        self.client.sign_in(with).await.expect("signed in");
    }

    pub async fn connection(&self) -> ConnectionView {
        let connection = self.client.connection(Nothing {}).await;
        connection.expect("a connection")
    }
}

/// Looks again and again until it is so.
pub async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let start = tokio::time::Instant::now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(
            start.elapsed() < Duration::from_secs(20),
            "waited too long for {what}"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
