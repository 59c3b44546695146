//! Signing in with a real OpenID Connect provider, and with one that lies.

use anyhow::{Context, ensure};
use deskhand_domain::Role;
use deskhand_gateway::{
    Config, Running,
    config::{GroupRole, Secret},
    passwords, start,
    testing::small_shop,
};
use deskhand_protocol::{
    audit::Actor,
    calls::{CallCode, Calls},
    problem::{Code, Problem},
    rest::{BeginInBrowser, BegunInBrowser, EndInBrowser, Refresh, Session},
    view::{Boot, BrowserSignIn, GatewayAddress, Nothing},
};
use deskhand_tests::{
    desk::{Desk, failed},
    process::{Process, workspace},
    use_ring, wait,
};
use reqwest::{Client, StatusCode, Url, header, redirect::Policy};
use std::{
    collections::BTreeMap,
    process::{Command, Stdio},
    sync::PoisonError,
    time::Duration,
};
use tempfile::TempDir;

const REDIRECT: &str = "http://127.0.0.1:49152/callback";

/// A provider, a gateway that knows it, and somebody who asks.
struct World {
    provider: Option<Process>,
    gateway: Running,
    http: Client,
    _folder: TempDir,
}

/// What the gateway answered.
type Answer = Result<Session, (u16, Code)>;

impl World {
    async fn with(script: &str) -> anyhow::Result<Self> {
        use_ring();
        let folder = workspace().join("tests/oidc");
        ensure!(
            folder.join("node_modules").exists(),
            "the provider is not installed: make tests/oidc/node_modules/.stamp"
        );
        let mut node = Command::new("node");
        node.arg(folder.join(script))
            .stdin(Stdio::piped())
            .stderr(Stdio::null());
        let read = |line: &str| line.starts_with("http://").then(|| line.to_owned());
        let (provider, issuer) = Process::start_and_read(&mut node, Duration::from_secs(30), read)?;
        let folder = tempfile::tempdir()?;
        let mut config = Config::embedded(folder.path());
        config.oidc.issuer = issuer;
        config.oidc.client_id = "deskhand".to_owned();
        config.oidc.client_secret = Some(Secret::from("only-for-tests-and-known-to-everybody"));
        config.oidc.create_accounts = true;
        let role = |group: &str, role| GroupRole {
            group: group.to_owned(),
            role,
        };
        config.oidc.roles = vec![
            role("leads", Role::Supervisor),
            role("support", Role::Agent),
        ];
        let gateway = start(config).await?;
        let store = &gateway.state.store;
        let hash = passwords::hash("hollowpine").await;
        store.seed(small_shop(store.clock().now(), 3, hash)).await?;
        let http = Client::builder()
            .no_proxy()
            .redirect(Policy::none())
            .timeout(Duration::from_secs(20))
            .build()?;
        Ok(Self {
            provider: Some(provider),
            gateway,
            http,
            _folder: folder,
        })
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.gateway.address)
    }

    async fn begin(&self) -> anyhow::Result<BegunInBrowser> {
        let body = BeginInBrowser {
            redirect: REDIRECT.to_owned(),
            device: "Laptop".to_owned(),
        };
        let asked = self
            .http
            .post(self.url("/v1/sessions/oidc/begin"))
            .json(&body);
        Ok(asked.send().await?.error_for_status()?.json().await?)
    }

    async fn end(&self, login: &str, code: &str, state: &str) -> anyhow::Result<Answer> {
        let body = EndInBrowser {
            login: login.to_owned(),
            code: code.to_owned(),
            state: state.to_owned(),
        };
        let asked = self.http.post(self.url("/v1/sessions/oidc")).json(&body);
        let answer = asked.send().await?;
        if answer.status() == StatusCode::CREATED {
            return Ok(Ok(answer.json().await?));
        }
        let problem: Problem = answer.json().await?;
        Ok(Err((problem.status, problem.code)))
    }

    /// The whole way, as somebody at the provider.
    async fn sign_in(&self, who: &str) -> anyhow::Result<Answer> {
        let begun = self.begin().await?;
        let (code, state) = self.browse(&begun.url, who).await?;
        self.end(&begun.login, &code, &state).await
    }

    /// What comes back from the provider: the code and the state.
    async fn browse(&self, url: &str, who: &str) -> anyhow::Result<(String, String)> {
        let back = self.walk(url, who).await?;
        Ok((
            query(back.as_str(), "code")?,
            query(back.as_str(), "state")?,
        ))
    }

    /// What a browser and a person at it do: follow, keep cookies, fill in what is asked for, until
    /// the way leads back.
    async fn walk(&self, url: &str, who: &str) -> anyhow::Result<Url> {
        let mut cookies: BTreeMap<String, String> = BTreeMap::new();
        let mut url = Url::parse(url)?;
        let mut form: Option<Vec<(&str, &str)>> = None;
        for _ in 0..20 {
            if url.path() == "/callback" {
                return Ok(url);
            }
            let said: Vec<String> = cookies
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            let request = match form.take() {
                Some(form) => self
                    .http
                    .post(url.clone())
                    .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
                    .body(encoded(&form)?),
                None => self.http.get(url.clone()),
            };
            let answer = request
                .header(header::COOKIE, said.join("; "))
                .send()
                .await?;
            for cookie in answer.headers().get_all(header::SET_COOKIE) {
                let pair = cookie.to_str()?.split(';').next().unwrap_or_default();
                if let Some((name, value)) = pair.split_once('=') {
                    cookies.insert(name.to_owned(), value.to_owned());
                }
            }
            if let Some(next) = answer.headers().get(header::LOCATION) {
                url = url.join(next.to_str()?)?;
                continue;
            }
            let page = answer.text().await?;
            form = Some(if page.contains("name=\"login\"") {
                vec![("prompt", "login"), ("login", who), ("password", "x")]
            } else {
                vec![("prompt", "consent")]
            });
        }
        anyhow::bail!("the browser got nowhere: {url}")
    }
}

/// A form as a browser sends it.
fn encoded(form: &[(&str, &str)]) -> anyhow::Result<String> {
    let url = Url::parse_with_params("http://form.invalid/", form)?;
    Ok(url.query().unwrap_or_default().to_owned())
}

fn query(url: &str, name: &str) -> anyhow::Result<String> {
    let url = Url::parse(url)?;
    let mut pairs = url.query_pairs();
    let found = pairs
        .find(|(key, _)| key == name)
        .context("it is not there")?;
    Ok(found.1.into_owned())
}

/// What was opened in the system's browser.
fn opened(desk: &Desk) -> Vec<String> {
    let opened = desk.host.opened.lock();
    opened.unwrap_or_else(PoisonError::into_inner).clone()
}

const WRONG: Option<(u16, Code)> = Some((401, Code::WrongCredentials));

#[tokio::test]
async fn somebody_signs_in_at_a_real_provider() -> anyhow::Result<()> {
    let mut world = World::with("provider.mjs").await?;
    let begun = world.begin().await?;
    for (name, value) in [
        ("response_type", "code"),
        ("code_challenge_method", "S256"),
        ("redirect_uri", REDIRECT),
        ("client_id", "deskhand"),
    ] {
        assert_eq!(query(&begun.url, name)?, value);
    }
    ensure!(query(&begun.url, "nonce")?.len() > 16 && query(&begun.url, "state")?.len() > 16);

    // Her account is the one of her verified address, and her role the one of her groups.
    let session = world
        .sign_in("priya")
        .await?
        .map_err(|why| anyhow::anyhow!("{why:?}"))?;
    let known = world
        .gateway
        .state
        .store
        .credentials("priya@hollowpine.example")
        .await?;
    assert_eq!(session.account.id, known.context("Priya")?.0.id);
    assert_eq!(session.account.role, Role::Agent);
    let nora = world
        .sign_in("nora")
        .await?
        .map_err(|why| anyhow::anyhow!("{why:?}"))?;
    assert_eq!(
        (nora.account.role, nora.account.name.as_str()),
        (Role::Supervisor, "Nora Lind")
    );
    let again = world
        .sign_in("nora")
        .await?
        .map_err(|why| anyhow::anyhow!("{why:?}"))?;
    assert_eq!(again.account.id, nora.account.id, "the same account");
    for (who, why) in [
        ("zoe", "no group of ours"),
        ("eve", "an address that is not verified"),
    ] {
        let answer = world.sign_in(who).await?;
        assert_eq!(answer.err(), Some((403, Code::Forbidden)), "{why}");
    }

    // Another state, the same sign-in twice, and a code that was got for another sign-in, so that
    // neither the verifier nor the nonce fit.
    let begun = world.begin().await?;
    let (code, state) = world.browse(&begun.url, "priya").await?;
    assert_eq!(world.end(&begun.login, &code, "other").await?.err(), WRONG);
    assert_eq!(
        world.end(&begun.login, &code, &state).await?.err(),
        WRONG,
        "it was taken"
    );
    let other = world.begin().await?;
    let other_state = query(&other.url, "state")?;
    assert_eq!(
        world.end(&other.login, &code, &other_state).await?.err(),
        WRONG,
        "the verifier"
    );
    let begun = world.begin().await?;
    let (code, state) = world.browse(&begun.url, "priya").await?;
    ensure!(world.end(&begun.login, &code, &state).await?.is_ok());
    assert_eq!(
        world.end(&begun.login, &code, &state).await?.err(),
        WRONG,
        "once"
    );
    let other = world.begin().await?;
    let other_state = query(&other.url, "state")?;
    assert_eq!(
        world.end(&other.login, &code, &other_state).await?.err(),
        WRONG,
        "a replay"
    );
    for redirect in [
        "https://evil.example/callback",
        "http://127.0.0.1.evil.example:80/callback",
        "http://127.0.0.1:80/other",
        "http://localhost:80/callback",
        "http://127.0.0.1:0/callback",
    ] {
        let body = BeginInBrowser {
            redirect: redirect.to_owned(),
            device: String::new(),
        };
        let asked = world
            .http
            .post(world.url("/v1/sessions/oidc/begin"))
            .json(&body);
        assert_eq!(
            asked.send().await?.status(),
            StatusCode::UNPROCESSABLE_ENTITY,
            "{redirect}"
        );
    }

    // The provider is down: nobody signs in, and who is signed in goes on.
    world.provider.take().context("it ran")?.kill()?;
    let body = BeginInBrowser {
        redirect: REDIRECT.to_owned(),
        device: String::new(),
    };
    let begun = world
        .http
        .post(world.url("/v1/sessions/oidc/begin"))
        .json(&body)
        .send()
        .await?;
    let known: BegunInBrowser = begun.json().await?;
    let state = query(&known.url, "state")?;
    let down = world.end(&known.login, "x", &state).await?;
    assert_eq!(down.err(), Some((503, Code::Unavailable)));
    let refresh = async |token: &str| -> anyhow::Result<Answer> {
        let body = Refresh {
            refresh_token: token.to_owned(),
        };
        let answer = world
            .http
            .post(world.url("/v1/sessions/refresh"))
            .json(&body)
            .send()
            .await?;
        if answer.status().is_success() {
            return Ok(Ok(answer.json().await?));
        }
        let problem: Problem = answer.json().await?;
        Ok(Err((problem.status, problem.code)))
    };
    let first = session.refresh_token.context("a token")?;
    let next = refresh(&first)
        .await?
        .map_err(|why| anyhow::anyhow!("{why:?}"))?;
    let current = async |session: &Session| -> anyhow::Result<StatusCode> {
        let token = session.token.clone().context("a token")?;
        let asked = world.http.get(world.url("/v1/session")).bearer_auth(token);
        Ok(asked.send().await?.status())
    };
    assert_eq!(current(&next).await?, StatusCode::OK);
    let reused = refresh(&first).await?;
    assert_eq!(reused.err(), Some((401, Code::SignedOut)), "two hold it");
    assert_eq!(current(&next).await?, StatusCode::UNAUTHORIZED);
    world.gateway.stop().await;
    Ok(())
}

#[tokio::test]
async fn a_desktop_signs_in_with_the_systems_browser() -> anyhow::Result<()> {
    let world = World::with("provider.mjs").await?;
    let folder = tempfile::tempdir()?;
    let desk = Desk::start(&folder.path().join("desk")).await?;
    let typed = GatewayAddress {
        address: world.url(""),
    };
    let probe = desk.client.probe_gateway(typed).await.map_err(failed)?;
    assert_eq!(probe.single_sign_on.as_deref(), Some("single sign-on"));
    let with = BrowserSignIn {
        address: world.url(""),
        passphrase: None,
    };
    let browser = async {
        let url = wait::until("the browser to be opened", || async {
            Ok(opened(&desk).get(1).cloned())
        })
        .await?;
        let back = world.walk(&url, "priya").await?;
        let mut other = back.clone();
        other.set_query(Some("code=x&state=another"));
        let stranger = world.http.get(other).send().await?;
        assert_eq!(stranger.status(), StatusCode::NOT_FOUND, "not our question");
        let page = world.http.get(back).send().await?;
        assert_eq!(page.status(), StatusCode::OK);
        Ok::<_, anyhow::Error>(page.text().await?)
    };
    // Somebody who does not go on in the browser.
    let given_up = async {
        wait::until("the browser to be opened", || async {
            Ok(opened(&desk).first().cloned())
        })
        .await?;
        desk.client
            .cancel_browser_sign_in(Nothing {})
            .await
            .map_err(failed)
    };
    let (refused, cancelled) = tokio::join!(desk.client.sign_in_in_browser(with.clone()), given_up);
    cancelled?;
    let refused = refused.err().map(|error| error.code);
    assert_eq!(refused, Some(CallCode::BrowserFailed));
    let (signed_in, page) = tokio::join!(desk.client.sign_in_in_browser(with), browser);
    ensure!(page?.contains("Deskhand goes on"));
    let signed_in = signed_in.map_err(failed)?;
    assert_eq!(signed_in.account.email, "priya@hollowpine.example");
    desk.live().await?;
    let devices = desk.client.devices(Nothing {}).await.map_err(failed)?;
    assert!(
        devices
            .iter()
            .any(|device| device.current && device.name.starts_with("Deskhand"))
    );
    // Revoked in the middle of a socket.
    let account = signed_in.account.id;
    let revoked = world
        .gateway
        .state
        .store
        .revoke_sessions(account, Actor::System);
    revoked.await?;
    wait::until("the copy to be gone", || async {
        Ok(match desk.client.boot(Nothing {}).await.map_err(failed)? {
            Boot::SignIn { problem, .. } => problem.map(|problem| problem.code),
            _ => None,
        })
    })
    .await
    .map(|code| assert_eq!(code, CallCode::SessionRevoked))?;
    desk.client.stop().await;
    world.gateway.stop().await;
    Ok(())
}

#[tokio::test]
async fn a_provider_that_lies_signs_nobody_in() -> anyhow::Result<()> {
    let world = World::with("liar.mjs").await?;
    let try_with = async |kind: &str| -> anyhow::Result<Answer> {
        let begun = world.begin().await?;
        let (state, nonce) = (query(&begun.url, "state")?, query(&begun.url, "nonce")?);
        world
            .end(&begun.login, &format!("{kind} {nonce}"), &state)
            .await
    };
    for right in ["good", "skew-late", "skew-early"] {
        let answer = try_with(right).await?;
        ensure!(answer.is_ok(), "{right}: {:?}", answer.err());
    }
    for wrong in [
        "audience",
        "two",
        "issuer",
        "nonce",
        "no-nonce",
        "expired",
        "future",
        "old",
        "subject",
        "none",
        "hmac",
        "key",
        "malformed",
        "cut",
        "missing",
        "html",
    ] {
        assert_eq!(try_with(wrong).await?.err(), WRONG, "{wrong}");
    }
    world.gateway.stop().await;
    Ok(())
}
