//! The whole way, in the real window: a customer writes, an agent answers, the gateway comes and
//! goes, and nothing readable stays on the disk.

use base64::{Engine, engine::general_purpose::STANDARD};
use deskhand_tests::{
    customer::Customer,
    desktop::{Desktop, Keyring},
    disk::{self, Found},
    gateway::Gateway,
};

const CUSTOMER: &str = "Ottilie Wintergreen";
const EMAIL: &str = "ottilie.wintergreen@example.com";
const QUESTION: &str = "My lantern arrived without its glass. What now?";
const ANSWER: &str = "A new glass leaves our store tomorrow morning.";
const THANKS: &str = "Thank you, that was quick.";
const PROMISE: &str = "You will get the tracking number by e-mail.";
const LAST_WORD: &str = "Splendid, good night.";
const GOOD_NIGHT: &str = "Good night from all of us.";

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_writes_and_an_agent_answers_while_the_gateway_comes_and_goes()
-> anyhow::Result<()> {
    let mut gateway = Gateway::start().await?;
    let desktop = Desktop::start(Keyring::Unlocked)?;
    let window = desktop.open_window(&[]).await?;
    window
        .sign_in(&gateway.address(), "priya@hollowpine.example", "hollowpine")
        .await?;

    let customer = Customer::visit(&gateway.address()).await?;
    customer.begin(CUSTOMER, EMAIL, QUESTION).await?;
    window.choose_view("Unassigned").await?;
    window.row_with(CUSTOMER).await?;
    window.open_row(CUSTOMER).await?;
    window.see(QUESTION).await?;

    window.write(ANSWER).await?;
    customer.see_typing("Priya").await?;
    window.send().await?;
    customer.see(ANSWER).await?;
    customer.reload().await?;
    customer.see(QUESTION).await?;
    customer.see(ANSWER).await?;

    gateway.stop()?;
    window.see("Offline").await?;
    gateway.go_on().await?;
    window.see("Live").await?;
    customer.write(THANKS).await?;
    window.see(THANKS).await?;
    window.write(PROMISE).await?;
    window.send().await?;
    customer.see(PROMISE).await?;

    gateway.kill()?;
    // Written while nobody answers: it waits, and goes out by itself.
    window.write(GOOD_NIGHT).await?;
    window.send().await?;
    gateway.go_on().await?;
    customer.see(GOOD_NIGHT).await?;
    customer.write(LAST_WORD).await?;
    window.see(LAST_WORD).await?;

    let secrets = secrets(&desktop)?;
    assert!(!secrets.is_empty(), "the key must be in the keychain");
    let running = disk::read_all(&desktop.data_dir())?;
    check_disk(&running, &secrets);
    window.close().await?;
    check_disk(&disk::read_all(&desktop.data_dir())?, &secrets);
    check_elsewhere(&desktop, &secrets)
}

/// The copy of the shop is there, and nobody can read it.
fn check_disk(files: &[Found], secrets: &[String]) {
    let large = files.iter().any(|file| file.bytes.len() > 100_000);
    assert!(large, "the copy of the shop must be in the data folder");
    for file in files {
        check_file(file, secrets);
    }
}

fn check_file(file: &Found, secrets: &[String]) {
    let path = file.path.display();
    // The webview keeps databases of its own; they too are searched for words below.
    let of_the_webview = file
        .path
        .components()
        .any(|part| part.as_os_str() == "page");
    assert!(
        of_the_webview || !file.is_plain_sqlite(),
        "{path} is a database anybody can open"
    );
    for words in [
        CUSTOMER, EMAIL, QUESTION, ANSWER, THANKS, PROMISE, LAST_WORD, GOOD_NIGHT,
    ] {
        assert!(!file.holds(words.as_bytes()), "{path} holds {words:?}");
    }
    for secret in secrets {
        for form in forms(secret) {
            assert!(!file.holds(&form), "{path} holds a secret of the keychain");
        }
    }
}

/// Nor did anything leak beside the data folder: caches, logs, the page's own storage.
fn check_elsewhere(desktop: &Desktop, secrets: &[String]) -> anyhow::Result<()> {
    let files = disk::read_all(desktop.home())?;
    for file in &files {
        check_file(file, secrets);
    }
    assert!(
        !files.is_empty(),
        "the home folder must have been looked at"
    );
    Ok(())
}

/// Every secret that the program has put into the keychain.
fn secrets(desktop: &Desktop) -> anyhow::Result<Vec<String>> {
    let (found, words) = desktop.secret_tool(
        &[
            "search",
            "--all",
            "--unlock",
            "service",
            "app.deskhand.desktop",
        ],
        "",
    )?;
    anyhow::ensure!(found, "secret-tool: {words}");
    let secrets = words
        .lines()
        .filter_map(|line| line.strip_prefix("secret = "));
    Ok(secrets.map(str::to_owned).collect())
}

/// The ways in which a secret could stand in a file: as text, and if it is a key, as bytes, in
/// hexadecimal and in base64.
fn forms(secret: &str) -> Vec<Vec<u8>> {
    let mut forms = vec![secret.as_bytes().to_vec()];
    let bytes = unhex(secret).or_else(|| STANDARD.decode(secret).ok());
    if let Some(bytes) = bytes.filter(|bytes| bytes.len() == 32) {
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        forms.push(hex.to_uppercase().into_bytes());
        forms.push(hex.into_bytes());
        forms.push(STANDARD.encode(&bytes).into_bytes());
        forms.push(bytes);
    }
    forms
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes().chunks(2);
    digits
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect()
}
