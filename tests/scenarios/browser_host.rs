//! The browser host: it serves the page and the core to whoever was given the token, and to nobody
//! else.

use anyhow::Context;
use deskhand_browser_host::{Config, Running, StartError, start};
use futures_util::StreamExt;
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio_tungstenite::tungstenite::{self, client::IntoClientRequest};

struct Host {
    running: Running,
    token: String,
    http: reqwest::Client,
    _ui: TempDir,
}

impl Host {
    async fn start() -> anyhow::Result<Self> {
        deskhand_tests::use_ring();
        let ui = tempfile::tempdir()?;
        std::fs::write(ui.path().join("index.html"), "<!doctype html>the page")?;
        std::fs::write(ui.path().join("app.js"), "export {}")?;
        let running = start(config(ui.path(), "127.0.0.1:0")).await?;
        let url = running.url();
        let (_, token) = url.split_once("?token=").context("no token")?;
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        Ok(Self {
            token: token.to_owned(),
            running,
            http,
            _ui: ui,
        })
    }

    fn ask(&self, method: Method, path: &str) -> RequestBuilder {
        let url = format!("http://{}{path}", self.running.address);
        self.http.request(method, url)
    }

    fn cookie(&self) -> String {
        format!("deskhand-{}={}", self.running.address.port(), self.token)
    }

    async fn check(&self, request: RequestBuilder, expected: StatusCode) -> anyhow::Result<String> {
        let answer = request.send().await?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        let body = answer.text().await?;
        assert_eq!(status, expected, "{body}");
        assert_eq!(headers["x-content-type-options"], "nosniff");
        let policy = headers["content-security-policy"].to_str()?;
        assert!(policy.starts_with("default-src 'none'"), "{policy}");
        assert!(!policy.contains("unsafe"), "{policy}");
        Ok(body)
    }
}

fn config(ui: &std::path::Path, listen: &str) -> Config {
    Config {
        ui: ui.to_owned(),
        data_dir: None,
        listen: listen.parse().expect("an address"),
    }
}

#[tokio::test]
async fn the_printed_address_lets_a_browser_in_and_nothing_else_does() -> anyhow::Result<()> {
    let host = Host::start().await?;
    let get = |path: &str| host.ask(Method::GET, path);
    host.check(get("/"), StatusCode::UNAUTHORIZED).await?;
    host.check(get("/?token=wrong"), StatusCode::UNAUTHORIZED)
        .await?;

    let entrance = get(&format!("/?token={}", host.token)).send().await?;
    assert_eq!(entrance.status(), StatusCode::SEE_OTHER);
    assert_eq!(entrance.headers()["location"], "/");
    let cookie = entrance.headers()["set-cookie"].to_str()?;
    assert!(cookie.starts_with(&host.cookie()), "the token");
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"));

    let page = get("/").header("cookie", host.cookie());
    let page = host.check(page, StatusCode::OK).await?;
    assert!(page.contains("the page"), "{page}");
    let script = get("/app.js")
        .header("cookie", host.cookie())
        .send()
        .await?;
    assert_eq!(
        script.headers()["content-type"],
        "text/javascript; charset=utf-8"
    );
    for path in [
        "/../Cargo.toml",
        "/%2e%2e/Cargo.toml",
        "/.env",
        "/nothing.js",
    ] {
        let request = get(path).header("cookie", host.cookie());
        host.check(request, StatusCode::NOT_FOUND).await?;
    }
    host.running.stop().await;
    Ok(())
}

#[tokio::test]
async fn another_name_and_another_page_are_turned_away() -> anyhow::Result<()> {
    let host = Host::start().await?;
    let own = format!("http://{}", host.running.address);
    let boot = || host.ask(Method::POST, "/rpc/boot").json(&json!({}));

    let renamed = boot()
        .bearer_auth(&host.token)
        .header("host", "evil.example");
    host.check(renamed, StatusCode::MISDIRECTED_REQUEST).await?;
    let foreign = boot()
        .header("cookie", host.cookie())
        .header("origin", "http://evil.example");
    host.check(foreign, StatusCode::FORBIDDEN).await?;
    let unnamed = boot().header("cookie", host.cookie());
    host.check(unnamed, StatusCode::FORBIDDEN).await?;
    let stranger = boot().header("origin", &own);
    host.check(stranger, StatusCode::UNAUTHORIZED).await?;
    let ours = boot()
        .header("cookie", host.cookie())
        .header("origin", &own);
    let answer: Value = serde_json::from_str(&host.check(ours, StatusCode::OK).await?)?;
    assert_eq!(answer["screen"], "sign_in");
    assert_eq!(answer["sample"], true);

    let mut socket = format!("ws://{}/events", host.running.address).into_client_request()?;
    let headers = socket.headers_mut();
    headers.insert("cookie", host.cookie().parse()?);
    headers.insert("origin", "http://evil.example".parse()?);
    match tokio_tungstenite::connect_async(socket).await {
        Err(tungstenite::Error::Http(answer)) => assert_eq!(answer.status(), 403),
        other => anyhow::bail!("the socket was opened for another page: {other:?}"),
    }
    host.running.stop().await;
    Ok(())
}

#[tokio::test]
async fn a_call_that_is_none_is_answered_with_its_code() -> anyhow::Result<()> {
    let host = Host::start().await?;
    let call = |name: &str| {
        let request = host.ask(Method::POST, &format!("/rpc/{name}"));
        request.bearer_auth(&host.token)
    };
    for (request, expected, code) in [
        (call("nothing").body("{}"), 400, "bad_call"),
        (call("boot").body("{"), 400, "bad_call"),
        (call("tickets").body("{}"), 400, "bad_call"),
        (call("views").body("{}"), 401, "signed_out"),
    ] {
        let body = host.check(request, StatusCode::from_u16(expected)?).await?;
        let answer: Value = serde_json::from_str(&body)?;
        assert_eq!(answer["code"], code, "{body}");
    }
    host.running.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sample_shop_opens_and_its_events_reach_the_page() -> anyhow::Result<()> {
    let host = Host::start().await?;
    let mut request = format!("ws://{}/events", host.running.address).into_client_request()?;
    let bearer = format!("Bearer {}", host.token).parse()?;
    request.headers_mut().insert("authorization", bearer);
    let (mut socket, _) = tokio_tungstenite::connect_async(request).await?;

    let open = host.ask(Method::POST, "/rpc/open_sample");
    let open = open
        .bearer_auth(&host.token)
        .json(&json!({ "role": "supervisor" }));
    let signed_in: Value = serde_json::from_str(&host.check(open, StatusCode::OK).await?)?;
    assert_eq!(signed_in["account"]["email"], "mette@hollowpine.example");
    let first = tokio::time::timeout(deskhand_tests::wait::LIMIT, socket.next()).await?;
    let event: Value = serde_json::from_str(first.context("closed")??.to_text()?)?;
    assert!(event["topic"].is_string(), "{event}");
    host.running.stop().await;
    Ok(())
}

#[tokio::test]
async fn what_is_wrong_at_the_start_is_said() {
    let ui = tempfile::tempdir().expect("a folder");
    let empty = start(config(ui.path(), "127.0.0.1:0")).await;
    assert!(matches!(empty, Err(StartError::NoPage(_))), "no page");
    std::fs::write(ui.path().join("index.html"), "the page").expect("a file");
    let open = start(config(ui.path(), "0.0.0.0:0")).await;
    assert!(
        matches!(open, Err(StartError::NotLoopback(_))),
        "a public address"
    );
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let error = start(config(ui.path(), &address))
        .await
        .err()
        .expect("taken");
    assert!(error.to_string().contains("--listen"), "{error}");
}
