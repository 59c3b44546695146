//! Words that stand nowhere else go the whole way through a real gateway and two real desks, one
//! with a keychain and one without, through mistakes and through `kill -9`. Then every byte that
//! any of them wrote is looked through: outside the gateway's database none is in the clear, and
//! secrets are not even there.

use anyhow::Context;
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};
use deskhand_domain::{MessageKind, TicketId};
use deskhand_protocol::view::{
    Connection, ConnectionView, Nothing, Password, SearchQuery, SearchResults, SendReply,
    TicketRef, TicketView,
};
use deskhand_tests::{
    disk::{self, Found},
    gateway::Gateway,
    process::program,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
};
use uuid::Uuid;

const NAME: &str = "Philippa Canarywood";
const EMAIL: &str = "philippa.canarywood@example.com";
const PHONE: &str = "+49 170 5550917 3";
const QUESTION: &str = "The quince lantern hums at night";
const ANSWER: &str = "Turn the quince dial twice to the left";
const NOTE: &str = "She hummed it to me over the telephone";
const DRAFT: &str = "Half of a sentence about quinces";
const GUESS: &str = "wrong-password-canary-4471";
const PASSPHRASE: &str = "passphrase canary nine four two";
const FORGED_TOKEN: &str = "dGhpcyBpcyBhIGZvcmdlZCB0b2tlbiBjYW5hcnk";
const PRIYA: &str = "priya@hollowpine.example";
const PUBLISHED: &str = "hollowpine";

/// How long a desk may take for anything.
const PATIENCE: Duration = Duration::from_secs(30);
const LOOK_AGAIN: Duration = Duration::from_millis(25);

/// What must not be in the clear.
#[derive(Default)]
struct Canaries {
    /// Texts and addresses: in the gateway's database and nowhere else.
    personal: Vec<String>,
    /// Secrets: nowhere.
    secrets: Vec<String>,
}

#[tokio::test(flavor = "multi_thread")]
async fn no_canary_lies_in_the_clear_outside_the_gateways_database() -> anyhow::Result<()> {
    let desks = tempfile::tempdir()?;
    let mut gateway = Gateway::start_saying("debug").await?;
    let address = gateway.address();
    let mut canaries = Canaries {
        personal: [NAME, EMAIL, PHONE, QUESTION, ANSWER, NOTE, DRAFT]
            .map(str::to_owned)
            .into(),
        secrets: [GUESS, PASSPHRASE, FORGED_TOKEN].map(str::to_owned).into(),
    };
    let http = Http::to(&address)?;
    let visitor = http.open_conversation().await?;
    canaries.secrets.push(visitor);
    canaries
        .secrets
        .extend(http.sign_in_and_look_around().await?);
    http.make_mistakes().await?;

    let mut with = DeskProcess::start(desks.path(), "with", false).await?;
    with.sign_in(&address, None).await?;
    let mut without = DeskProcess::start(desks.path(), "without", true).await?;
    without.sign_in(&address, Some(PASSPHRASE)).await?;
    for desk in [&mut with, &mut without] {
        desk.work().await?;
    }
    canaries.secrets.extend(with.keychain()?);

    let everywhere = async |what: &str, gateway: &Gateway| -> anyhow::Result<()> {
        let home = gateway.log().parent().context("a folder")?.to_owned();
        scan(what, &home, desks.path(), &canaries)
    };
    everywhere("while all runs", &gateway).await?;
    without
        .call::<Value>("save_draft", draft(without.ticket))
        .await?;
    with.kill().await?;
    without.kill().await?;
    gateway.kill()?;
    everywhere("after a crash", &gateway).await?;

    gateway.go_on().await?;
    let mut with = DeskProcess::start(desks.path(), "with", false).await?;
    with.call::<Value>("boot", Nothing {}).await?;
    with.find().await?;
    let mut without = DeskProcess::start(desks.path(), "without", true).await?;
    without.call::<Value>("boot", Nothing {}).await?;
    let wrong = json!({ "passphrase": format!("{PASSPHRASE} no") });
    without.refused("unlock", wrong).await?;
    let right = json!({ "passphrase": PASSPHRASE });
    without.call::<Value>("unlock", right).await?;
    without.find().await?;
    everywhere("after all started again", &gateway).await?;

    with.call::<Value>("sign_out", Nothing {}).await?;
    with.close().await?;
    without.close().await?;
    gateway.stop()?;
    everywhere("when all has ended", &gateway).await
}

/// Looks through everything that was written.
fn scan(when: &str, home: &Path, desks: &Path, canaries: &Canaries) -> anyhow::Result<()> {
    let mut found = Vec::new();
    let mut seen_in_database = false;
    let all = disk::read_all(home)?
        .into_iter()
        .chain(disk::read_all(desks)?);
    let mut files = 0;
    for file in all {
        files += 1;
        let name = file
            .path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if name == "secrets.json" {
            continue; // What stands for the keychain in this test.
        }
        let database = file.path.starts_with(home) && name.starts_with("gateway.db");
        seen_in_database |= database && file.holds(QUESTION.as_bytes());
        if !database {
            find(&file, &canaries.personal, &mut found);
        }
        find(&file, &canaries.secrets, &mut found);
    }
    anyhow::ensure!(found.is_empty(), "{when}: {found:#?}");
    anyhow::ensure!(
        seen_in_database,
        "{when}: the scan would have found nothing"
    );
    anyhow::ensure!(files > 8, "{when}: only {files} files were looked through");
    Ok(())
}

fn find(file: &Found, words: &[String], found: &mut Vec<String>) {
    for word in words {
        for (how, bytes) in forms(word) {
            if file.holds(&bytes) {
                found.push(format!("{} holds {word:?} {how}", file.path.display()));
            }
        }
    }
}

/// The ways in which a word could stand in a file.
fn forms(word: &str) -> Vec<(&'static str, Vec<u8>)> {
    let utf16 = word.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mut forms = vec![
        ("as it is", word.as_bytes().to_vec()),
        ("in UTF-16", utf16),
        ("in hexadecimal", hex(word.as_bytes()).into_bytes()),
        ("in base64", STANDARD_NO_PAD.encode(word).into_bytes()),
        (
            "percent-encoded",
            word.replace('@', "%40").replace(' ', "%20").into_bytes(),
        ),
        (
            "as a form",
            word.replace('@', "%40").replace(' ', "+").into_bytes(),
        ),
    ];
    // A key or token that is written in letters could also stand there in its bytes.
    let bytes = unhex(word).or_else(|| URL_SAFE_NO_PAD.decode(word).ok());
    if let Some(bytes) = bytes.filter(|bytes| bytes.len() >= 16) {
        forms.push(("in hexadecimal of its bytes", hex(&bytes).into_bytes()));
        forms.push((
            "in base64 of its bytes",
            STANDARD.encode(&bytes).into_bytes(),
        ));
        forms.push(("in its bytes", bytes));
    }
    forms
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes().chunks(2);
    digits
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect()
}

fn draft(ticket: Option<TicketId>) -> Value {
    json!({ "ticket": ticket, "reply": DRAFT, "note": "" })
}

/// Somebody who speaks HTTP with the gateway.
struct Http {
    address: String,
    http: reqwest::Client,
}

impl Http {
    fn to(address: &str) -> anyhow::Result<Self> {
        deskhand_tests::use_ring();
        let http = reqwest::Client::builder()
            .timeout(Duration::from_secs(20))
            .no_proxy()
            .build()?;
        Ok(Self {
            address: address.to_owned(),
            http,
        })
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.address)
    }

    /// A customer opens a conversation; answers the page's token.
    async fn open_conversation(&self) -> anyhow::Result<String> {
        let body = json!({
            "name": NAME,
            "email": EMAIL,
            "text": format!("{QUESTION}. Call me: {PHONE}"),
            "id": Uuid::now_v7(),
        });
        let answer = self
            .http
            .post(self.url("/chat/api/conversations"))
            .json(&body);
        let answer: Value = answer.send().await?.error_for_status()?.json().await?;
        let token = answer["token"].as_str().context("a token")?.to_owned();
        let read = self
            .http
            .get(self.url("/chat/api/conversation"))
            .bearer_auth(&token);
        read.send().await?.error_for_status()?;
        Ok(token)
    }

    /// An admin and an agent sign in and look for the customer; answers their tokens.
    async fn sign_in_and_look_around(&self) -> anyhow::Result<Vec<String>> {
        let mut secrets = Vec::new();
        for email in ["ines@hollowpine.example", PRIYA] {
            let body = json!({ "email": email, "password": PUBLISHED, "device": "a canary" });
            let answer = self.http.post(self.url("/v1/sessions")).json(&body);
            let session: Value = answer.send().await?.error_for_status()?.json().await?;
            secrets.extend(strings(&session).into_iter().filter(|text| is_secret(text)));
            let refresh = json!({ "refresh_token": session["refresh_token"] });
            let again = self
                .http
                .post(self.url("/v1/sessions/refresh"))
                .json(&refresh);
            let session: Value = again.send().await?.error_for_status()?.json().await?;
            let token = session["token"].as_str().context("a token")?.to_owned();
            secrets.extend(strings(&session).into_iter().filter(|text| is_secret(text)));
            for path in [
                format!("/v1/customers?email={EMAIL}"),
                "/v1/sync".to_owned(),
                "/v1/tickets?limit=5".to_owned(),
                "/v1/audit".to_owned(),
                "/v1/audit/export".to_owned(),
            ] {
                let answer = self
                    .http
                    .get(self.url(&path))
                    .bearer_auth(&token)
                    .send()
                    .await?;
                let status = answer.status();
                anyhow::ensure!(!status.is_server_error(), "{path}: {status}");
                answer.bytes().await?;
            }
        }
        anyhow::ensure!(secrets.len() >= 8, "two pairs of tokens for each");
        Ok(secrets)
    }

    /// Everything that is refused, with canaries wherever one fits.
    async fn make_mistakes(&self) -> anyhow::Result<()> {
        let post = |path: &str| self.http.post(self.url(path));
        let get = |path: &str| self.http.get(self.url(path));
        let json = "application/json";
        let requests = [
            post("/v1/sessions").json(&json!({ "email": PRIYA, "password": GUESS })),
            post("/v1/sessions").json(&json!({ "email": EMAIL, "password": GUESS })),
            post("/v1/sessions").json(&json!({ "email": EMAIL, "password": [GUESS] })),
            post("/v1/sessions").json(&json!({ "email": EMAIL, "pasword": GUESS })),
            post("/v1/sessions")
                .header("content-type", json)
                .body(format!(
                    "{{\"email\": \"{EMAIL}\", \"password\": \"{GUESS}\""
                )),
            post("/v1/sessions").body(format!("{EMAIL} {GUESS}")),
            post("/v1/sessions/refresh").json(&json!({ "refresh_token": FORGED_TOKEN })),
            get(&format!("/v1/customers?email={EMAIL}")).bearer_auth(FORGED_TOKEN),
            get(&format!("/{EMAIL}/{GUESS}")).bearer_auth(FORGED_TOKEN),
            get(&format!("/v1/tickets?q={QUESTION}&limit={PHONE}")),
            get(&format!("/v1/tickets/{EMAIL}")),
            get("/v1/session").header("authorization", format!("Basic {FORGED_TOKEN}")),
            get("/v1/session").header("deskhand-protocol", GUESS),
            get(&format!("/v1/sync?after={FORGED_TOKEN}")).bearer_auth(FORGED_TOKEN),
            post("/chat/api/messages")
                .bearer_auth(FORGED_TOKEN)
                .json(&json!({ "id": GUESS, "text": ANSWER })),
            post("/chat/api/conversations").json(&json!({ "name": NAME, "email": NOTE })),
            post("/chat/api/conversations").json(&json!({ "text": QUESTION.repeat(20_000) })),
        ];
        for request in requests {
            let answer = request.send().await?;
            let status = answer.status();
            anyhow::ensure!(status.is_client_error(), "{status}");
            let body = answer.text().await?;
            for word in [GUESS, FORGED_TOKEN] {
                anyhow::ensure!(!body.contains(word), "{status} says {word:?} again: {body}");
            }
        }
        Ok(())
    }
}

/// Every text in a document.
fn strings(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(items) => items.iter().flat_map(strings).collect(),
        Value::Object(fields) => fields.values().flat_map(strings).collect(),
        _ => Vec::new(),
    }
}

/// Whether a text is a token: long, and nothing that a person would write.
fn is_secret(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_=.".contains(c);
    text.len() >= 40 && text.chars().all(plain)
}

/// A desk as a process of its own, with its log in a file.
struct DeskProcess {
    folder: PathBuf,
    ticket: Option<TicketId>,
    child: Child,
    to: ChildStdin,
    from: Lines<BufReader<ChildStdout>>,
}

impl DeskProcess {
    async fn start(desks: &Path, name: &str, without_keychain: bool) -> anyhow::Result<Self> {
        let folder = desks.join(name);
        let temporary = desks.join(format!("{name}-tmp"));
        std::fs::create_dir_all(&temporary)?;
        let log = std::fs::File::options()
            .create(true)
            .append(true)
            .open(desks.join(format!("{name}.log")))?;
        let mut command = Command::new(program("deskhand-test-desk")?);
        command.arg(&folder);
        if without_keychain {
            command.arg("--without-keychain");
        }
        let mut child = command
            .env("DESKHAND_LOG", "debug")
            .env("TMPDIR", &temporary)
            .env("HOME", desks)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()?;
        let to = child.stdin.take().context("no input")?;
        let from = BufReader::new(child.stdout.take().context("no output")?).lines();
        Ok(Self {
            folder,
            ticket: None,
            child,
            to,
            from,
        })
    }

    async fn ask(&mut self, name: &str, args: impl Serialize) -> anyhow::Result<Value> {
        let line = json!({ "name": name, "args": args });
        self.to.write_all(format!("{line}\n").as_bytes()).await?;
        let answer = tokio::time::timeout(Duration::from_secs(30), self.from.next_line()).await;
        let answer = answer.with_context(|| format!("{name} took too long"))??;
        Ok(serde_json::from_str(
            &answer.with_context(|| format!("the desk ended at {name}"))?,
        )?)
    }

    /// Makes a call that must succeed.
    async fn call<T: DeserializeOwned>(
        &mut self,
        name: &str,
        args: impl Serialize,
    ) -> anyhow::Result<T> {
        let mut answer = self.ask(name, args).await?;
        anyhow::ensure!(answer.get("error").is_none(), "{name}: {answer}");
        Ok(serde_json::from_value(answer["ok"].take())?)
    }

    /// Makes a call that must not succeed.
    async fn refused(&mut self, name: &str, args: impl Serialize) -> anyhow::Result<()> {
        let answer = self.ask(name, args).await?;
        anyhow::ensure!(answer.get("error").is_some(), "{name}: {answer}");
        Ok(())
    }

    async fn sign_in(&mut self, address: &str, passphrase: Option<&str>) -> anyhow::Result<()> {
        let mut with = Password {
            address: address.to_owned(),
            email: PRIYA.to_owned(),
            password: GUESS.to_owned(),
            passphrase: passphrase.map(str::to_owned),
            code: None,
        };
        self.refused("sign_in", &with).await?;
        PUBLISHED.clone_into(&mut with.password);
        self.call::<Value>("sign_in", with).await?;
        Ok(())
    }

    /// Finds the customer's ticket by a word of it, once all of it is here and indexed.
    async fn find(&mut self) -> anyhow::Result<TicketId> {
        let start = tokio::time::Instant::now();
        loop {
            let query = SearchQuery {
                text: "quince lantern".to_owned(),
                limit: 5,
            };
            let found: SearchResults = self.call("search", query).await?;
            let connection: ConnectionView = self.call("connection", Nothing {}).await?;
            if let Some(ticket) = found.hits.first().and_then(|hit| hit.ticket)
                && connection.state == Connection::Live
            {
                self.ticket = Some(ticket);
                return Ok(ticket);
            }
            anyhow::ensure!(start.elapsed() < PATIENCE, "the ticket was not found");
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    /// What an agent does all day.
    async fn work(&mut self) -> anyhow::Result<()> {
        let ticket = self.find().await?;
        let view: TicketView = self.call("ticket", TicketRef { ticket }).await?;
        let seen = view
            .messages
            .iter()
            .rfind(|message| message.kind == MessageKind::Public);
        let reply = SendReply {
            ticket,
            text: ANSWER.to_owned(),
            seen: seen.map(|message| message.id),
            close: false,
            macro_id: None,
            changes: None,
        };
        self.call::<Value>("send_reply", reply).await?;
        self.call::<Value>("add_note", json!({ "ticket": ticket, "text": NOTE }))
            .await?;
        self.call::<Value>("save_draft", draft(Some(ticket)))
            .await?;
        for text in [EMAIL, PHONE, NAME, ANSWER] {
            let query = SearchQuery {
                text: text.to_owned(),
                limit: 20,
            };
            self.call::<Value>("search", query).await?;
        }
        self.refused("audit", json!({})).await?;
        let start = tokio::time::Instant::now();
        loop {
            let view: TicketView = self.call("ticket", TicketRef { ticket }).await?;
            let there = |text: &str| view.messages.iter().any(|message| message.text == text);
            if view.pending.is_empty() && there(ANSWER) && there(NOTE) {
                return Ok(());
            }
            anyhow::ensure!(start.elapsed() < PATIENCE, "the reply did not arrive");
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    /// Every secret of its keychain, and what is in them.
    fn keychain(&self) -> anyhow::Result<Vec<String>> {
        let text = std::fs::read_to_string(self.folder.join("secrets.json"))?;
        let all: BTreeMap<String, String> = serde_json::from_str(&text)?;
        anyhow::ensure!(all.len() >= 2, "a key and a session at least");
        let inner = |secret: &String| match serde_json::from_str::<Value>(secret) {
            Ok(document) => strings(&document),
            Err(_) => vec![secret.clone()],
        };
        let secrets: Vec<String> = all
            .values()
            .flat_map(inner)
            .filter(|text| is_secret(text))
            .collect();
        anyhow::ensure!(secrets.len() >= 2, "a key and a token at least");
        Ok(secrets)
    }

    /// Ends it in order.
    async fn close(mut self) -> anyhow::Result<()> {
        drop(self.to);
        let ended = tokio::time::timeout(Duration::from_secs(20), self.child.wait());
        let status = ended.await.context("the desk did not end")??;
        anyhow::ensure!(status.success(), "the desk ended with {status}");
        Ok(())
    }

    /// Ends it as a power cut would.
    async fn kill(mut self) -> anyhow::Result<()> {
        self.child.kill().await?;
        Ok(())
    }
}
