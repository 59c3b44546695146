//! A gateway with the small shop, and short ways to ask it.

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Request, StatusCode, header},
};
use deskhand_domain::{Channel, Ticket};
use deskhand_gateway::{
    Clock, Config,
    admission::Admission,
    app,
    app::State,
    config::{Rate, Rates},
    feed::Feed,
    gate::Gate,
    hub::Hub,
    oidc::Oidc,
    passwords, policies, release,
    serve::{Entrance, Tally},
    shops::Shops,
    store::{Location, Store},
    tasks::Tasks,
    testing::{id, small_shop},
};
use deskhand_protocol::problem::Problem;
use serde_json::{Value, json};
use std::{net::SocketAddr, sync::Arc};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tower::ServiceExt as _;
use uuid::Uuid;

pub const TICKET: &str = "/v1/tickets/01900000-0005-7000-8000-000000000001";

/// The interface of a gateway with 30 tickets, without a socket.
pub struct Shop {
    pub app: Router,
    pub state: State,
    pub folder: TempDir,
}

/// An answer, read whole.
pub struct Answer {
    pub status: StatusCode,
    pub headers: axum::http::HeaderMap,
    pub body: String,
}

impl Shop {
    pub async fn open() -> Self {
        Self::open_with(|_| {}).await
    }

    /// With another configuration.
    pub async fn open_with(set: impl FnOnce(&mut Config)) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let now = chrono::DateTime::from_timestamp(1_795_000_000, 0).expect("a moment");
        let clock = Clock::fixed(now);
        let (store, tasks) = Self::store(&folder, &clock).await;
        let hash = passwords::hash("hollowpine").await;
        store.seed(small_shop(now, 30, hash)).await.expect("a shop");
        let mut config = Config::embedded(folder.path());
        config.rates = unbounded();
        set(&mut config);
        Self::of(folder, store, clock, tasks, config)
    }

    /// The same shop after its gateway was stopped.
    pub async fn reopen(self) -> Self {
        let Self { state, folder, .. } = self;
        let (store, tasks) = Self::store(&folder, &state.clock).await;
        let config = Config::clone(&state.config);
        Self::of(folder, store, state.clock, tasks, config)
    }

    async fn store(folder: &TempDir, clock: &Clock) -> (Store, Tasks) {
        let tasks = Tasks::default();
        let file = Location::File(folder.path().join("gateway.db"));
        let store = Store::open(&file, clock.clone(), tasks.clone()).await;
        (store.expect("a store"), tasks)
    }

    fn of(folder: TempDir, store: Store, clock: Clock, tasks: Tasks, config: Config) -> Self {
        release::start(&store, &tasks);
        let config = Arc::new(config);
        let state = State {
            throttles: Arc::new(app::throttles(&config)),
            oidc: Oidc::new(config.clone()),
            shops: Shops::default(),
            config,
            feed: Feed::start(&store, &tasks),
            gate: Gate::new(policies::read(None).expect("a policy")),
            hub: Hub::default(),
            admission: Admission::default(),
            store,
            clock,
            tasks,
        };
        Self {
            app: app::app(state.clone()),
            state,
            folder,
        }
    }

    /// Makes a ticket one by mail, whose replies are held for 13 seconds.
    pub async fn by_mail(&self, number: u64) {
        let store = &self.state.store;
        store.hold_replies(chrono::TimeDelta::seconds(13));
        let write = store.write(move |tx| {
            Box::pin(async move {
                let found = tx.get::<Ticket>(id(5, number)).await?;
                let mut ticket = found.expect("a ticket");
                ticket.channel = Channel::Email;
                tx.put(&[ticket]).await
            })
        });
        write.await.expect("a write");
    }

    pub async fn ask(&self, request: Request<Body>) -> Answer {
        let response = self.app.clone().oneshot(request).await.expect("an answer");
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, 64 << 20).await.expect("a body");
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: String::from_utf8(body.to_vec()).expect("UTF-8"),
        }
    }

    pub async fn get(&self, path: &str, token: &str) -> Answer {
        self.ask(request("GET", path, token, None)).await
    }

    pub async fn send(&self, method: &str, path: &str, token: &str, body: Value) -> Answer {
        self.ask(request(method, path, token, Some(body.to_string())))
            .await
    }

    /// Signs in as one of the small shop's accounts and answers the token.
    pub async fn sign_in(&self, name: &str) -> String {
        let body = json!({"email": format!("{name}@hollowpine.example"), "password": "hollowpine"});
        let answer = self.send("POST", "/v1/sessions", "", body).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
        answer.json()["token"].as_str().expect("a token").to_owned()
    }
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("JSON")
    }

    /// The problem, after checking that it is one.
    pub fn problem(&self) -> Problem {
        assert_eq!(
            self.headers[header::CONTENT_TYPE],
            "application/problem+json"
        );
        let problem: Problem = serde_json::from_str(&self.body).expect("a problem");
        assert_eq!(problem.status, self.status.as_u16());
        assert!(problem.request_id.is_some() && !problem.detail.is_empty());
        problem
    }
}

/// A request with a fresh operation id.
pub fn request(method: &str, path: &str, token: &str, body: Option<String>) -> Request<Body> {
    operation(method, path, token, body, Uuid::new_v4())
}

/// A request with an operation id.
pub fn operation(
    method: &str,
    path: &str,
    token: &str,
    body: Option<String>,
    op: Uuid,
) -> Request<Body> {
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header("idempotency-key", op.to_string())
        .header(header::CONTENT_TYPE, "application/json");
    if !token.is_empty() {
        request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    }
    request
        .body(body.map_or_else(Body::empty, Body::from))
        .expect("a request")
}

/// Rates for those whose clock stands still.
fn unbounded() -> Rates {
    let any = Rate {
        count: u32::MAX,
        per: std::time::Duration::from_secs(1),
    };
    Rates {
        address: any,
        sign_ins: any,
        reads: any,
        writes: any,
    }
}

/// The path of a ticket.
pub fn ticket(number: u64) -> String {
    format!("/v1/tickets/{}", id(5, number))
}

/// How long a state may take to come true.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(15);

impl Shop {
    /// Serves on a real socket; answers the address, such as `127.0.0.1:1234`.
    pub async fn listen(&self) -> String {
        let (address, _) = self.open_door().await;
        address.to_string()
    }

    /// Serves on a real socket; answers the address, and who was cut.
    pub async fn open_door(&self) -> (SocketAddr, Arc<Tally>) {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port");
        let address = listener.local_addr().expect("an address");
        let entrance = Entrance::new(&self.state.config).expect("an entrance");
        let tally = entrance.tally();
        entrance.serve(listener, self.app.clone(), &self.state.tasks);
        (address, tally)
    }

    /// The newest public message of a ticket, or null.
    pub async fn newest(&self, token: &str, ticket: &str) -> Value {
        let path = format!("{ticket}/messages?limit=200");
        let messages = self.get(&path, token).await.json();
        let messages = messages["items"].as_array().cloned().unwrap_or_default();
        let public = messages.iter().rfind(|message| message["kind"] == "public");
        public.map_or(Value::Null, |message| message["id"].clone())
    }

    /// An agent's reply or note, over HTTP.
    pub async fn write(&self, token: &str, ticket: &str, kind: &str, text: &str) -> Value {
        let seen = self.newest(token, ticket).await;
        let body = json!({"kind": kind, "text": text, "seen": seen});
        let answer = self
            .send("POST", &format!("{ticket}/messages"), token, body)
            .await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
        answer.json()
    }
}

/// The other end of a live or chat socket.
pub struct Socket {
    stream: WebSocketStream<TcpStream>,
}

impl Socket {
    /// Connects; the live socket with a ticket that the token is given for.
    pub async fn connect(address: &str, path: &str, token: &str) -> Result<Self, u16> {
        if path != "/v1/live" {
            return Self::connect_with(address, path, token).await;
        }
        let ticket = live_ticket(address, token).await?;
        Self::connect_with(address, path, &ticket).await
    }

    /// Connects with exactly this.
    pub async fn connect_with(address: &str, path: &str, token: &str) -> Result<Self, u16> {
        let stream = TcpStream::connect(address).await.expect("a connection");
        Self::over(stream, path, token).await
    }

    /// The same over a connection that is there.
    pub async fn over(stream: TcpStream, path: &str, token: &str) -> Result<Self, u16> {
        use tokio_tungstenite::tungstenite::{ClientRequestBuilder, Error};
        let address = stream.peer_addr().expect("another end");
        let uri = format!("ws://{address}{path}").parse().expect("an address");
        let mut request = ClientRequestBuilder::new(uri);
        if !token.is_empty() {
            request = request.with_header("authorization", format!("Bearer {token}"));
        }
        match tokio_tungstenite::client_async(request, stream).await {
            Ok((stream, _)) => Ok(Self { stream }),
            Err(Error::Http(answer)) => Err(answer.status().as_u16()),
            Err(error) => panic!("no connection: {error}"),
        }
    }

    pub async fn say(&mut self, frame: Value) {
        self.raw(&frame.to_string()).await;
    }

    pub async fn raw(&mut self, text: &str) {
        use futures_util::SinkExt as _;
        let message = tokio_tungstenite::tungstenite::Message::text(text);
        self.stream.send(message).await.expect("a frame is sent");
    }

    /// Sends a frame; whether the other side still takes it.
    pub async fn try_say(&mut self, frame: Value) -> bool {
        use futures_util::SinkExt as _;
        let message = tokio_tungstenite::tungstenite::Message::text(frame.to_string());
        self.stream.send(message).await.is_ok()
    }

    /// The next frame, or the code with which the other side hung up.
    pub async fn next(&mut self) -> Result<Value, u16> {
        use futures_util::StreamExt as _;
        use tokio_tungstenite::tungstenite::Message;
        loop {
            let next = tokio::time::timeout(PATIENCE, self.stream.next()).await;
            match next.expect("a frame in time") {
                Some(Ok(Message::Text(text))) => {
                    return Ok(serde_json::from_str(&text).expect("JSON"));
                }
                Some(Ok(Message::Close(frame))) => {
                    return Err(frame.map_or(0, |frame| frame.code.into()));
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Err(0),
            }
        }
    }

    /// Frames until one fits.
    pub async fn until(&mut self, fits: impl Fn(&Value) -> bool) -> Value {
        loop {
            let frame = self.next().await.expect("the socket lives");
            if fits(&frame) {
                return frame;
            }
        }
    }

    /// Waits for the end and answers its code.
    pub async fn ended(&mut self) -> u16 {
        loop {
            if let Err(code) = self.next().await {
                return code;
            }
        }
    }
}

/// Asks for a ticket for the live socket, as a desktop would.
pub async fn live_ticket(address: &str, token: &str) -> Result<String, u16> {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let mut stream = tokio::net::TcpStream::connect(address)
        .await
        .expect("a connection");
    let request = format!(
        "POST /v1/live/ticket HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {token}\r\n\
         connection: close\r\ncontent-length: 0\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("an answer");
    let status = answer.split(' ').nth(1).expect("a status");
    let status = status.parse().expect("a number");
    if status != 201 {
        return Err(status);
    }
    let (_, body) = answer.split_once("\r\n\r\n").expect("a body");
    let body: Value = serde_json::from_str(body).expect("JSON");
    Ok(body["ticket"].as_str().expect("a ticket").to_owned())
}
