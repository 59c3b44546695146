//! A session that is revoked at the gateway takes the copy on the desk with it.

use deskhand_client::KeychainError;
use deskhand_protocol::{
    calls::{CallCode, Calls},
    view::{Boot, Nothing, Passphrase, Password},
};
use deskhand_tests::{
    desk::{Desk, PASSWORD, PRIYA, failed},
    wait,
};
use std::{
    fs,
    path::{Path, PathBuf},
};

const PASSPHRASE: &str = "correct horse battery";

/// A gateway that can be stopped and started where it was.
struct Gateway {
    config: deskhand_gateway::Config,
    running: Option<deskhand_gateway::Running>,
}

impl Gateway {
    async fn start(folder: &Path) -> anyhow::Result<Self> {
        let mut config = deskhand_gateway::Config::embedded(folder);
        config.sample = true;
        let running = deskhand_gateway::start(config.clone()).await?;
        config.listen = running.address;
        let running = Some(running);
        Ok(Self { config, running })
    }

    async fn stop(&mut self) {
        if let Some(running) = self.running.take() {
            running.stop().await;
        }
    }

    async fn start_again(&mut self) -> anyhow::Result<()> {
        let running = wait::until("the port to be free", || {
            let config = self.config.clone();
            async move { Ok(deskhand_gateway::start(config).await.ok()) }
        })
        .await?;
        self.running = Some(running);
        Ok(())
    }

    fn address(&self) -> String {
        format!("http://{}", self.config.listen)
    }
}

async fn sign_in(desk: &Desk, gateway: &Gateway, passphrase: Option<&str>) -> anyhow::Result<()> {
    let with = Password {
        address: gateway.address(),
        email: PRIYA.into(),
        password: PASSWORD.into(),
        passphrase: passphrase.map(Into::into),
        code: None,
    };
    desk.client.sign_in(with).await.map_err(failed)?;
    desk.complete().await
}

fn files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = vec![];
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(files(&path)?);
        } else {
            found.push(path);
        }
    }
    Ok(found)
}

/// Waits until the shop closes, and looks that nothing of it is left.
async fn is_wiped(desk: &Desk, folder: &Path, subject: &str) -> anyhow::Result<()> {
    let problem = wait::until("the session to end", || async {
        match desk.client.boot(Nothing {}).await.map_err(failed)? {
            Boot::SignIn { problem, .. } => Ok(problem),
            _ => Ok(None),
        }
    })
    .await?;
    assert_eq!(problem.code, CallCode::SessionRevoked, "{}", problem.detail);
    assert_eq!(desk.host.secrets.names(), Vec::<String>::new(), "no key");
    for file in files(folder)? {
        let name = file.to_string_lossy().into_owned();
        assert!(!name.contains("cache.db"), "{name} is left");
        assert!(!name.contains("sealed"), "{name} is left");
        let bytes = fs::read(&file)?;
        let found = memchr::memmem::find(&bytes, subject.as_bytes());
        assert_eq!(found, None, "{name} holds a subject");
    }
    Ok(())
}

#[tokio::test]
async fn an_open_desk_is_wiped_when_its_session_is_revoked_at_a_running_gateway()
-> anyhow::Result<()> {
    for passphrase in [None, Some(PASSPHRASE)] {
        let folder = tempfile::tempdir()?;
        let mut gateway = Gateway::start(&folder.path().join("shop")).await?;
        let here = folder.path().join("desk");
        let desk = Desk::start(&here).await?;
        if passphrase.is_some() {
            let absent = KeychainError::Absent("none".into());
            *desk.host.broken.lock().expect("not poisoned") = Some(absent);
        }
        sign_in(&desk, &gateway, passphrase).await?;
        let ticket = desk.some_ticket().await?;
        assert!(files(&here)?.iter().any(|file| file.ends_with("cache.db")));
        let state = gateway.running.as_ref().expect("it runs").state.clone();
        let revoked = deskhand_gateway::routes::revoke(&state, PRIYA).await?;
        assert_eq!(revoked, Some(1));
        is_wiped(&desk, &here, &ticket.subject).await?;
        // Nobody is locked out by it: a new sign-in fetches a new copy.
        sign_in(&desk, &gateway, passphrase).await?;
        desk.client.stop().await;
        gateway.stop().await;
    }
    Ok(())
}

#[tokio::test]
async fn a_desk_that_was_away_is_wiped_at_its_next_contact() -> anyhow::Result<()> {
    for passphrase in [None, Some(PASSPHRASE)] {
        let folder = tempfile::tempdir()?;
        let mut gateway = Gateway::start(&folder.path().join("shop")).await?;
        let here = folder.path().join("desk");
        let desk = Desk::start(&here).await?;
        if passphrase.is_some() {
            let absent = KeychainError::Absent("none".into());
            *desk.host.broken.lock().expect("not poisoned") = Some(absent);
        }
        sign_in(&desk, &gateway, passphrase).await?;
        let ticket = desk.some_ticket().await?;
        gateway.stop().await;
        let desk = desk.restart().await?;
        let nobody = deskhand_gateway::revoke(&gateway.config, "nobody@x.example").await;
        assert_eq!(nobody.err().map(|error| error.exit_code()), Some(25));
        let revoked = deskhand_gateway::revoke(&gateway.config, PRIYA).await?;
        assert_eq!(revoked, 1);
        if let Some(passphrase) = passphrase {
            let passphrase = passphrase.into();
            let with = Passphrase { passphrase };
            desk.client.unlock(with).await.map_err(failed)?;
        }
        let booted = desk.client.boot(Nothing {}).await.map_err(failed)?;
        assert!(matches!(booted, Boot::Shop(_)), "it does not know yet");
        gateway.start_again().await?;
        is_wiped(&desk, &here, &ticket.subject).await?;
        desk.client.stop().await;
        gateway.stop().await;
    }
    Ok(())
}
