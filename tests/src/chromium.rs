//! Chromium over its DevTools protocol, for the customer's page.

use std::{
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use anyhow::{Context, bail};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{net::TcpStream, sync::Mutex};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, tungstenite::Message};

use crate::{
    process::{Process, tool},
    wait,
};

/// A browser with one page.
pub struct Chromium {
    socket: Mutex<Socket>,
    // Dropped in this order: the process before the folder it writes into.
    _process: Process,
    _profile: TempDir,
}

struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    last: u64,
    session: String,
}

impl Chromium {
    /// Opens a page without a display, with a profile of its own.
    pub async fn open(address: &str) -> anyhow::Result<Self> {
        let profile = tempfile::tempdir()?;
        let log = std::fs::File::create(profile.path().join("chromium.log"))?;
        let process = Process::start(
            Command::new(tool("chromium", "chromium")?)
                .args([
                    "--headless",
                    "--no-sandbox",
                    "--disable-gpu",
                    "--disable-quic",
                ])
                .args(["--no-first-run", "--disable-background-networking"])
                .args(["--disable-component-update", "--disable-sync", "--lang=en"])
                .arg("--disable-dev-shm-usage")
                .arg("--remote-debugging-port=0")
                .arg(format!("--user-data-dir={}", profile.path().display()))
                .arg("about:blank")
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(log),
        )?;
        let endpoint = endpoint(profile.path()).await?;
        let (stream, _) = tokio_tungstenite::connect_async(endpoint).await?;
        let mut socket = Socket {
            stream,
            last: 0,
            session: String::new(),
        };
        let target = socket
            .send("Target.createTarget", json!({ "url": "about:blank" }))
            .await?;
        let attach = json!({ "targetId": target["targetId"], "flatten": true });
        let session = socket.send("Target.attachToTarget", attach).await?;
        socket.session = session["sessionId"]
            .as_str()
            .context("no session")?
            .to_owned();
        let page = Self {
            socket: Mutex::new(socket),
            _process: process,
            _profile: profile,
        };
        page.go(address).await?;
        Ok(page)
    }

    /// Opens another address in the page.
    pub async fn go(&self, address: &str) -> anyhow::Result<()> {
        let mut socket = self.socket.lock().await;
        let answer = socket
            .send("Page.navigate", json!({ "url": address }))
            .await?;
        if let Some(error) = answer["errorText"].as_str() {
            bail!("{address}: {error}");
        }
        drop(socket);
        wait::until("the page to load", || async {
            let state = self
                .run("document.readyState + ' ' + location.href")
                .await?;
            let state = state.as_str().unwrap_or_default();
            let loaded = state.starts_with("complete") && !state.ends_with("about:blank");
            Ok(loaded.then_some(()))
        })
        .await
    }

    /// Runs a script in every page from now on, before any of its own.
    pub async fn at_every_start(&self, script: &str) -> anyhow::Result<()> {
        self.send("Page.enable", json!({})).await?;
        let params = json!({ "source": script });
        let answer = self.send("Page.addScriptToEvaluateOnNewDocument", params);
        answer.await.map(drop)
    }

    /// Opens pages without their content security policy from now on.
    pub async fn without_policy(&self) -> anyhow::Result<()> {
        let params = json!({ "enabled": true });
        self.send("Page.setBypassCSP", params).await.map(drop)
    }

    /// Evaluates an expression in the page.
    pub async fn run(&self, expression: &str) -> anyhow::Result<Value> {
        let params = json!({
            "expression": expression, "returnByValue": true, "awaitPromise": true
        });
        let mut answer = self.send("Runtime.evaluate", params).await?;
        if let Some(thrown) = answer.get("exceptionDetails") {
            bail!("{expression}: {}", thrown["exception"]["description"]);
        }
        Ok(answer["result"]["value"].take())
    }

    /// The text of the page as shown.
    pub async fn text(&self) -> anyhow::Result<String> {
        let text = self.run("document.body.innerText").await?;
        Ok(text.as_str().unwrap_or_default().to_owned())
    }

    /// Waits until the element is there, then puts the focus into it.
    pub async fn focus(&self, css: &str) -> anyhow::Result<()> {
        let selector = Value::from(css);
        let script = format!(
            "(() => {{ const field = document.querySelector({selector}); \
             if (!field || !field.checkVisibility()) return false; \
             field.focus(); return document.activeElement === field }})()"
        );
        wait::until(css, || async {
            Ok((self.run(&script).await? == true).then_some(()))
        })
        .await
    }

    /// Types into the element as a keyboard would.
    pub async fn type_into(&self, css: &str, text: &str) -> anyhow::Result<()> {
        self.focus(css).await?;
        self.send("Input.insertText", json!({ "text": text }))
            .await?;
        Ok(())
    }

    /// Presses Return where the focus is.
    pub async fn press_enter(&self) -> anyhow::Result<()> {
        for kind in ["keyDown", "keyUp"] {
            let key = json!({
                "type": kind, "key": "Enter", "code": "Enter", "text": "\r",
                "windowsVirtualKeyCode": 13
            });
            self.send("Input.dispatchKeyEvent", key).await?;
        }
        Ok(())
    }

    /// Clicks on the element, once it is there.
    pub async fn click(&self, css: &str) -> anyhow::Result<()> {
        self.focus(css).await?;
        let selector = Value::from(css);
        self.run(&format!("document.querySelector({selector}).click()"))
            .await?;
        Ok(())
    }

    /// A picture of the page, PNG.
    pub async fn picture(&self) -> anyhow::Result<Vec<u8>> {
        use base64::{Engine, engine::general_purpose::STANDARD};
        let answer = self.send("Page.captureScreenshot", json!({})).await?;
        Ok(STANDARD.decode(answer["data"].as_str().context("no picture")?)?)
    }

    async fn send(&self, method: &str, params: Value) -> anyhow::Result<Value> {
        self.socket.lock().await.send(method, params).await
    }
}

impl Socket {
    async fn send(&mut self, method: &str, params: Value) -> anyhow::Result<Value> {
        self.last += 1;
        let id = self.last;
        let mut request = json!({ "id": id, "method": method, "params": params });
        if !self.session.is_empty() {
            request["sessionId"] = self.session.as_str().into();
        }
        let answer = async {
            self.stream.send(Message::text(request.to_string())).await?;
            while let Some(message) = self.stream.next().await {
                let Message::Text(text) = message? else {
                    continue;
                };
                let mut answer: Value = serde_json::from_str(&text)?;
                if answer["id"] == id {
                    if let Some(error) = answer.get("error") {
                        bail!("{method}: {error}");
                    }
                    return Ok(answer["result"].take());
                }
            }
            bail!("Chromium has gone")
        };
        tokio::time::timeout(Duration::from_secs(30), answer)
            .await
            .with_context(|| format!("Chromium did not answer {method}"))?
    }
}

/// Where the browser listens: it writes it into its profile.
async fn endpoint(profile: &Path) -> anyhow::Result<String> {
    let file = profile.join("DevToolsActivePort");
    wait::until("Chromium to listen", || async {
        let text = std::fs::read_to_string(&file).unwrap_or_default();
        let mut lines = text.lines();
        Ok(match (lines.next(), lines.next()) {
            (Some(port), Some(path)) => Some(format!("ws://127.0.0.1:{port}{path}")),
            _ => None,
        })
    })
    .await
}
