//! As much of WebDriver (W3C) as the tests need, to drive the webview of the real window.

use std::time::Duration;

use anyhow::{Context, bail};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

/// Keys that have no character (WebDriver §17.4.2).
pub mod keys {
    /// Return.
    pub const ENTER: char = '\u{E007}';
    /// Held until the end of the text it stands in.
    pub const CONTROL: char = '\u{E009}';
    /// Escape.
    pub const ESCAPE: char = '\u{E00C}';
}

const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A session: one window under the driver's control.
pub struct Session {
    http: reqwest::Client,
    base: String,
}

/// An element of the page.
#[derive(Clone, Debug)]
pub struct Element(String);

impl Element {
    /// The element that a script gave back, if it gave one.
    pub fn of(value: &Value) -> Option<Self> {
        value[ELEMENT].as_str().map(|id| Self(id.to_owned()))
    }
}

impl Session {
    /// Starts the program under the driver at that address.
    pub async fn start(driver: &str, binary: &str, args: &[String]) -> anyhow::Result<Self> {
        crate::use_ring();
        let http = reqwest::Client::builder()
            .timeout(Duration::from_secs(60))
            .no_proxy()
            .build()?;
        let options = json!({ "binary": binary, "args": args });
        let body = json!({
            "capabilities": { "alwaysMatch": { "webkitgtk:browserOptions": options } }
        });
        let value = send(http.post(format!("{driver}/session")).json(&body)).await?;
        let id = value["sessionId"].as_str().context("no session id")?;
        let base = format!("{driver}/session/{id}");
        let session = Self { http, base };
        // A computer that does much else may be slow; no test waits by this limit.
        let limits = json!({ "script": 55_000 });
        session.post("timeouts", limits).await?;
        Ok(session)
    }

    /// Runs a function body in the page and gives what it returns.
    pub async fn run(&self, script: &str, args: Value) -> anyhow::Result<Value> {
        self.post("execute/sync", json!({ "script": script, "args": args }))
            .await
    }

    /// Runs a function body that answers by calling its last argument.
    pub async fn run_async(&self, script: &str, args: Value) -> anyhow::Result<Value> {
        self.post("execute/async", json!({ "script": script, "args": args }))
            .await
    }

    /// The first element that matches, if there is one.
    pub async fn find(&self, css: &str) -> anyhow::Result<Option<Element>> {
        let query = json!({ "using": "css selector", "value": css });
        let found = self.post("elements", query).await?;
        Ok(found.get(0).and_then(Element::of))
    }

    /// The text of the page as shown.
    pub async fn text(&self) -> anyhow::Result<String> {
        let text = self
            .run("return document.body.innerText", json!([]))
            .await?;
        Ok(text.as_str().unwrap_or_default().to_owned())
    }

    /// Clicks in the middle of the element.
    pub async fn click(&self, element: &Element) -> anyhow::Result<()> {
        let path = format!("element/{}/click", element.0);
        self.post(&path, json!({})).await.map(drop)
    }

    /// Types into the element.
    pub async fn type_into(&self, element: &Element, text: &str) -> anyhow::Result<()> {
        let path = format!("element/{}/value", element.0);
        self.post(&path, json!({ "text": text })).await.map(drop)
    }

    /// Empties the field.
    pub async fn clear(&self, element: &Element) -> anyhow::Result<()> {
        let path = format!("element/{}/clear", element.0);
        self.post(&path, json!({})).await.map(drop)
    }

    /// Presses one key after the other where the focus is, the first ones held.
    pub async fn press(&self, keys: &[char]) -> anyhow::Result<()> {
        let down = keys
            .iter()
            .map(|key| json!({ "type": "keyDown", "value": key }));
        let up = keys
            .iter()
            .rev()
            .map(|key| json!({ "type": "keyUp", "value": key }));
        let actions: Vec<Value> = down.chain(up).collect();
        let source = json!({ "type": "key", "id": "keyboard", "actions": actions });
        self.post("actions", json!({ "actions": [source] }))
            .await
            .map(drop)
    }

    /// Gives the window another size.
    pub async fn resize(&self, width: u32, height: u32) -> anyhow::Result<()> {
        let size = json!({ "width": width, "height": height });
        self.post("window/rect", size).await.map(drop)
    }

    /// A picture of the page, PNG.
    pub async fn picture(&self) -> anyhow::Result<Vec<u8>> {
        let value = send(self.http.get(format!("{}/screenshot", self.base))).await?;
        let text = value.as_str().context("no picture")?;
        Ok(STANDARD.decode(text)?)
    }

    /// Closes the window.
    pub async fn close(self) -> anyhow::Result<()> {
        send(self.http.delete(&self.base)).await.map(drop)
    }

    async fn post(&self, path: &str, body: Value) -> anyhow::Result<Value> {
        let request = self.http.post(format!("{}/{path}", self.base)).json(&body);
        send(request).await
    }
}

async fn send(request: reqwest::RequestBuilder) -> anyhow::Result<Value> {
    let response = request.send().await?;
    let status = response.status();
    let mut body: Value = response.json().await?;
    let value = body["value"].take();
    if !status.is_success() {
        let (error, message) = (&value["error"], &value["message"]);
        bail!("the driver answered {status}: {error} {message}");
    }
    Ok(value)
}
