//! Where the keys of the copy lie when there is no keychain, and what becomes of them.

use crate::{
    fake::{Fake, Hand, NOW, TOKEN, id, refused},
    held::shop,
};
use deskhand_client::{
    BoxFuture, Client, Host, Keychain, KeychainError, MemoryKeychain, SampleShop,
};
use deskhand_domain::Role;
use deskhand_protocol::{
    calls::{CallCode, CallError, Calls},
    rest::SampleAccount,
    view::{AddNote, Boot, Event, Nothing, OpenSample, Passphrase, Password, SignedIn},
};
use serde_json::{Value, json};
use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

const PASSPHRASE: &str = "correct horse battery";

/// A machine whose keychain can be taken away.
#[derive(Default)]
pub struct Machine {
    pub secrets: MemoryKeychain,
    pub broken: Mutex<Option<KeychainError>>,
    /// Whether it answers, and takes nothing.
    full: Mutex<bool>,
    sample: Mutex<Option<String>>,
}

impl Machine {
    pub fn without_keychain() -> Arc<Self> {
        let machine = Self::default();
        machine.breaks(Some(KeychainError::Absent("none".into())));
        Arc::new(machine)
    }

    pub fn breaks(&self, how: Option<KeychainError>) {
        *self.broken.lock().expect("the keychain") = how;
    }

    fn works(&self) -> Result<(), KeychainError> {
        let broken = self.broken.lock().expect("the keychain");
        broken.clone().map_or(Ok(()), Err)
    }
}

impl Keychain for Machine {
    fn get(&self, name: &str) -> Result<Option<String>, KeychainError> {
        self.works()?;
        self.secrets.get(name)
    }
    fn set(&self, name: &str, secret: &str) -> Result<(), KeychainError> {
        self.works()?;
        if *self.full.lock().expect("the keychain") {
            return Err(KeychainError::Locked("shut".into()));
        }
        self.secrets.set(name, secret)
    }
    fn delete(&self, name: &str) -> Result<(), KeychainError> {
        self.works()?;
        self.secrets.delete(name)
    }
}

impl Host for Machine {
    fn keychain(&self) -> &dyn Keychain {
        self
    }
    fn emit(&self, _: Event) {}
    fn open_sample(&self) -> BoxFuture<'_, Result<SampleShop, String>> {
        let address = self.sample.lock().expect("the sample").clone();
        Box::pin(async move {
            Ok(SampleShop {
                address: address.ok_or("none")?,
                password: "x".into(),
                accounts: vec![SampleAccount {
                    email: "p@x.example".into(),
                    role: Role::Agent,
                }],
            })
        })
    }
    fn open_outside(&self, _: &str) -> Result<(), String> {
        Err("this machine has no browser".to_owned())
    }
    fn has_sample(&self) -> bool {
        true
    }
}

/// Starts the core on a folder.
pub async fn start(folder: &Path, machine: &Arc<Machine>) -> (Client, Arc<Hand>) {
    let clock = Arc::new(Hand(Mutex::new(NOW)));
    let host: Arc<dyn Host> = machine.clone();
    let client = Client::start_with_clock(folder.to_owned(), host, clock.clone()).await;
    (client.expect("a core"), clock)
}

pub async fn sign_in(
    client: &Client,
    fake: &Fake,
    passphrase: Option<&str>,
) -> Result<SignedIn, CallError> {
    let with = Password {
        address: fake.address.clone(),
        email: "p@x.example".into(),
        password: "x".into(),
        passphrase: passphrase.map(Into::into),
        code: None,
    };
    client.sign_in(with).await
}

async fn unlock(client: &Client, passphrase: &str) -> Result<SignedIn, CallError> {
    let passphrase = passphrase.into();
    client.unlock(Passphrase { passphrase }).await
}

pub async fn boot(client: &Client) -> Boot {
    client.boot(Nothing {}).await.expect("booted")
}

fn code<T>(answer: Result<T, CallError>) -> Option<CallCode> {
    answer.err().map(|error| error.code)
}

pub async fn write_note(client: &Client) {
    let note = AddNote {
        ticket: id(1).into(),
        text: "Ask the carrier.".into(),
    };
    client.add_note(note).await.expect("queued");
}

pub async fn waiting(client: &Client) -> usize {
    client.outbox(Nothing {}).await.expect("an outbox").len()
}

/// Every file below a folder.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = vec![];
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found
}

pub fn copies(folder: &Path) -> Vec<PathBuf> {
    let mut files = files(folder);
    files.retain(|file| file.to_string_lossy().contains("cache.db"));
    files
}

async fn closed_shop() -> Fake {
    shop(|_, _| refused(503, "unavailable", "retry-after: 600\r\n", json!([]))).await
}

/// A desk that has signed in to a shop which says nothing more.
async fn signed_in(
    machine: &Arc<Machine>,
    passphrase: Option<&str>,
) -> (tempfile::TempDir, Fake, Client) {
    let folder = tempfile::tempdir().expect("a folder");
    let fake = closed_shop().await;
    let (client, _) = start(folder.path(), machine).await;
    let signed = sign_in(&client, &fake, passphrase).await;
    signed.expect("signed in");
    (folder, fake, client)
}

#[tokio::test]
async fn without_a_keychain_a_passphrase_keeps_the_copy_over_a_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    let machine = Machine::without_keychain();
    let fake = closed_shop().await;
    let (client, _) = start(folder.path(), &machine).await;
    let refused = code(sign_in(&client, &fake, None).await);
    assert_eq!(refused, Some(CallCode::KeychainAbsent));
    let refused = code(sign_in(&client, &fake, Some("too short")).await);
    assert_eq!(refused, Some(CallCode::PassphraseTooShort));
    assert_eq!(fake.asked("POST /v1/sessions"), 0, "nothing was tried yet");
    assert_eq!(copies(folder.path()), Vec::<PathBuf>::new());
    sign_in(&client, &fake, Some(PASSPHRASE))
        .await
        .expect("signed in");
    write_note(&client).await;
    client.stop().await;

    let (client, _) = start(folder.path(), &machine).await;
    let Boot::Unlock { address, email } = boot(&client).await else {
        panic!("the passphrase is asked for");
    };
    assert_eq!(
        (address, email.as_str()),
        (fake.address.clone(), "p@x.example")
    );
    let calm = tokio::time::Instant::now();
    for _ in 0..2 {
        let refused = code(unlock(&client, "wrong horse battery").await);
        assert_eq!(refused, Some(CallCode::WrongPassphrase));
    }
    assert!(calm.elapsed().as_millis() >= 750, "guessing is slow");
    assert!(matches!(boot(&client).await, Boot::Unlock { .. }));
    let signed = unlock(&client, PASSPHRASE).await.expect("opened");
    assert_eq!(signed.account.email, "p@x.example");
    assert_eq!(waiting(&client).await, 1);
    assert!(matches!(boot(&client).await, Boot::Shop(_)));
    client.stop().await;
    assert_eq!(machine.secrets.names(), Vec::<String>::new());
}

/// Opens the file as it is documented, without the program.
fn unsealed(folder: &Path) -> Vec<String> {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    use chacha20poly1305::{
        XChaCha20Poly1305, XNonce,
        aead::{Aead as _, KeyInit as _, Payload},
    };
    let bytes = fs::read(folder.join("secrets.sealed")).expect("the file");
    let file: Value = serde_json::from_slice(&bytes).expect("JSON");
    let text = |name: &str| file[name].as_str().expect("a text").to_owned();
    let field = |name: &str| STANDARD.decode(text(name)).expect("base64");
    let mut key = [0; 64];
    let params = argon2::Params::new(64 * 1024, 3, 1, Some(64)).expect("a cost");
    argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params)
        .hash_password_into(PASSPHRASE.as_bytes(), &field("salt"), &mut key)
        .expect("a key");
    let readable = format!(
        "deskhand secrets 1 argon2id 65536 3 1 {} {} {}",
        text("salt"),
        text("check"),
        text("nonce")
    );
    let cipher = XChaCha20Poly1305::new_from_slice(&key[..32]).expect("a key");
    let nonce: [u8; 24] = field("nonce").try_into().expect("24 bytes");
    let payload = Payload {
        msg: &field("sealed"),
        aad: readable.as_bytes(),
    };
    let open = cipher.decrypt(&XNonce::from(nonce), payload).expect("open");
    let secrets: Value = serde_json::from_slice(&open).expect("JSON");
    let secrets = secrets.as_object().expect("an object").values();
    secrets
        .map(|secret| secret.as_str().expect("a text").to_owned())
        .collect()
}

#[tokio::test]
async fn no_file_holds_key_token_or_passphrase_in_any_form() {
    use base64::{
        Engine as _,
        engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD},
    };
    let machine = Machine::without_keychain();
    let (folder, _fake, client) = signed_in(&machine, Some(PASSPHRASE)).await;
    write_note(&client).await;
    let secrets = unsealed(folder.path());
    assert_eq!(secrets.len(), 2, "the key and the token");
    assert!(secrets.iter().any(|secret| secret == TOKEN));
    let key = secrets
        .iter()
        .find(|secret| *secret != TOKEN)
        .expect("a key");
    let key: Vec<u8> = (0..32)
        .map(|byte| u8::from_str_radix(&key[byte * 2..byte * 2 + 2], 16).expect("hex"))
        .collect();
    let mut forms = vec![];
    for secret in [&key[..], TOKEN.as_bytes(), PASSPHRASE.as_bytes()] {
        let hex: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
        forms.push(hex.to_uppercase().into_bytes());
        forms.push(hex.into_bytes());
        forms.push(STANDARD_NO_PAD.encode(secret).into_bytes());
        forms.push(URL_SAFE_NO_PAD.encode(secret).into_bytes());
        forms.push(secret.to_vec());
    }
    let looked_at = |when: &str| {
        let files = files(folder.path());
        for file in &files {
            let bytes = fs::read(file).expect("a file");
            for (number, form) in forms.iter().enumerate() {
                let found = bytes.windows(form.len()).any(|window| window == form);
                assert!(!found, "form {number} in {} {when}", file.display());
            }
        }
        files.len()
    };
    assert!(
        looked_at("while open") >= 5,
        "cache, its log, profile, secrets"
    );
    client.stop().await;
    assert!(looked_at("when closed") >= 3);
}

#[tokio::test]
async fn a_sealed_copy_stays_sealed_until_the_sign_out_though_the_keychain_is_back() {
    let machine = Machine::without_keychain();
    let (folder, fake, client) = signed_in(&machine, Some(PASSPHRASE)).await;
    client.stop().await;

    machine.breaks(None);
    let (client, _) = start(folder.path(), &machine).await;
    let refused = code(sign_in(&client, &fake, None).await);
    assert_eq!(
        refused,
        Some(CallCode::KeychainAbsent),
        "the passphrase is needed"
    );
    unlock(&client, PASSPHRASE).await.expect("opened");
    client.sign_out(Nothing {}).await.expect("signed out");
    assert!(!folder.path().join("secrets.sealed").exists());
    assert_eq!(copies(folder.path()), Vec::<PathBuf>::new());
    assert!(matches!(
        boot(&client).await,
        Boot::SignIn { problem: None, .. }
    ));
    sign_in(&client, &fake, None).await.expect("signed in");
    assert_eq!(machine.secrets.names().len(), 2, "now in the keychain");
    assert!(!folder.path().join("secrets.sealed").exists());
    client.stop().await;
}

#[tokio::test]
async fn a_wrong_password_leaves_no_sealed_file_and_the_next_try_is_free() {
    let folder = tempfile::tempdir().expect("a folder");
    let machine = Machine::without_keychain();
    let fake = closed_shop().await;
    let (client, _) = start(folder.path(), &machine).await;
    let elsewhere = Password {
        address: "http://127.0.0.1:1".into(),
        email: "p@x.example".into(),
        password: "x".into(),
        passphrase: Some(PASSPHRASE.into()),
        code: None,
    };
    let refused = code(client.sign_in(elsewhere).await);
    assert_eq!(refused, Some(CallCode::Unreachable));
    assert!(!folder.path().join("secrets.sealed").exists());
    sign_in(&client, &fake, Some("another good passphrase"))
        .await
        .expect("signed in");
    client.stop().await;
}

#[tokio::test]
async fn a_keychain_that_was_locked_is_tried_again_without_a_restart() {
    let machine = Arc::new(Machine::default());
    let (folder, _fake, client) = signed_in(&machine, None).await;
    write_note(&client).await;
    client.stop().await;

    machine.breaks(Some(KeychainError::Locked("shut".into())));
    let (client, _) = start(folder.path(), &machine).await;
    for _ in 0..2 {
        let Boot::SignIn { problem, .. } = boot(&client).await else {
            panic!("the key cannot be read");
        };
        assert_eq!(
            problem.map(|problem| problem.code),
            Some(CallCode::KeychainLocked)
        );
    }
    machine.breaks(None);
    assert!(matches!(boot(&client).await, Boot::Shop(_)));
    assert_eq!(waiting(&client).await, 1);
    client.stop().await;
}

#[tokio::test]
async fn a_keychain_that_finds_nothing_but_takes_nothing_either_is_no_keychain() {
    let folder = tempfile::tempdir().expect("a folder");
    let machine = Arc::new(Machine::default());
    *machine.full.lock().expect("the keychain") = true;
    let fake = closed_shop().await;
    let (client, _) = start(folder.path(), &machine).await;
    let refused = code(sign_in(&client, &fake, None).await);
    assert_eq!(refused, Some(CallCode::KeychainLocked));
    assert_eq!(
        fake.asked("POST /v1/sessions"),
        0,
        "no session is left behind"
    );
    sign_in(&client, &fake, Some(PASSPHRASE))
        .await
        .expect("signed in");
    client.stop().await;
}

#[tokio::test]
async fn a_key_of_the_keychain_moves_behind_the_passphrase_while_both_are_there() {
    let machine = Arc::new(Machine::default());
    let (folder, fake, client) = signed_in(&machine, None).await;
    write_note(&client).await;
    client.stop().await;

    // Somebody else signs in while the keychain is away, and it comes back.
    machine.breaks(Some(KeychainError::Absent("none".into())));
    let (client, _) = start(folder.path(), &machine).await;
    let other = closed_shop().await;
    sign_in(&client, &other, Some(PASSPHRASE))
        .await
        .expect("signed in");
    machine.breaks(None);
    sign_in(&client, &fake, None).await.expect("signed in");
    assert_eq!(waiting(&client).await, 1, "the copy from before");
    client.stop().await;

    machine.breaks(Some(KeychainError::Absent("none".into())));
    let (client, _) = start(folder.path(), &machine).await;
    unlock(&client, PASSPHRASE).await.expect("opened");
    assert_eq!(waiting(&client).await, 1);
    client.stop().await;
}

#[tokio::test]
async fn the_sample_shop_needs_no_passphrase_and_leaves_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let machine = Machine::without_keychain();
    let fake = closed_shop().await;
    *machine.sample.lock().expect("the sample") = Some(fake.address.clone());
    let (client, _) = start(folder.path(), &machine).await;
    let who = OpenSample { role: Role::Agent };
    let signed = client.open_sample(who).await.expect("opened");
    assert!(signed.sample);
    write_note(&client).await;
    assert_ne!(
        copies(&folder.path().join("passing")),
        Vec::<PathBuf>::new()
    );
    client.stop().await;
    assert_eq!(files(folder.path()), Vec::<PathBuf>::new());

    let (client, _) = start(folder.path(), &machine).await;
    assert!(matches!(
        boot(&client).await,
        Boot::SignIn { problem: None, .. }
    ));
    client.open_sample(who).await.expect("opened again");
    client.sign_out(Nothing {}).await.expect("signed out");
    assert_eq!(copies(folder.path()), Vec::<PathBuf>::new());
    client.stop().await;
}

#[tokio::test]
async fn a_copy_whose_passphrase_is_lost_can_be_given_up() {
    let machine = Machine::without_keychain();
    let (folder, fake, client) = signed_in(&machine, Some(PASSPHRASE)).await;
    write_note(&client).await;
    client.stop().await;

    let (client, _) = start(folder.path(), &machine).await;
    client.forget_copy(Nothing {}).await.expect("given up");
    assert_eq!(copies(folder.path()), Vec::<PathBuf>::new());
    assert!(!folder.path().join("secrets.sealed").exists());
    let Boot::SignIn { email, problem, .. } = boot(&client).await else {
        panic!("nobody is signed in");
    };
    assert_eq!((email.as_deref(), problem), (Some("p@x.example"), None));
    sign_in(&client, &fake, Some("another good passphrase"))
        .await
        .expect("signed in");
    assert_eq!(waiting(&client).await, 0);
    client.stop().await;
}

#[tokio::test]
async fn a_damaged_sealed_file_says_so_and_a_backup_of_it_opens_the_copy() {
    let machine = Machine::without_keychain();
    let (folder, fake, client) = signed_in(&machine, Some(PASSPHRASE)).await;
    write_note(&client).await;
    client.stop().await;
    let file = folder.path().join("secrets.sealed");
    let whole = fs::read(&file).expect("the file");
    let (client, _) = start(folder.path(), &machine).await;
    for damaged in [&whole[..whole.len() / 2], b"", b"{}"] {
        fs::write(&file, damaged).expect("damaged");
        let refused = unlock(&client, PASSPHRASE).await.expect_err("damaged");
        assert_eq!(refused.code, CallCode::CacheDamaged);
        assert!(
            refused.detail.contains("secrets.sealed"),
            "{}",
            refused.detail
        );
        assert_eq!(
            code(sign_in(&client, &fake, Some(PASSPHRASE)).await),
            Some(CallCode::CacheDamaged)
        );
        assert_eq!(fs::read(&file).expect("the file"), damaged, "left as it is");
    }
    fs::write(&file, whole).expect("put back");
    unlock(&client, PASSPHRASE).await.expect("opened");
    assert_eq!(waiting(&client).await, 1);
    client.stop().await;
}

#[tokio::test]
async fn another_computers_sealed_file_opens_no_copy_and_destroys_none() {
    let (here, there) = (tempfile::tempdir(), tempfile::tempdir());
    let (here, there) = (here.expect("a folder"), there.expect("a folder"));
    let machine = Machine::without_keychain();
    let fake = closed_shop().await;
    for folder in [&here, &there] {
        let (client, _) = start(folder.path(), &machine).await;
        sign_in(&client, &fake, Some(PASSPHRASE))
            .await
            .expect("signed in");
        write_note(&client).await;
        client.stop().await;
    }
    let name = "secrets.sealed";
    let mine = fs::read(here.path().join(name)).expect("the file");
    fs::copy(there.path().join(name), here.path().join(name)).expect("replaced");
    let (client, _) = start(here.path(), &machine).await;
    let refused = code(unlock(&client, PASSPHRASE).await);
    assert_eq!(
        refused,
        Some(CallCode::SignedOut),
        "its secrets are of another folder"
    );
    let Boot::SignIn { problem, .. } = boot(&client).await else {
        panic!("nothing to open");
    };
    assert_eq!(
        problem.map(|problem| problem.code),
        Some(CallCode::SignedOut)
    );
    client.stop().await;
    fs::write(here.path().join(name), mine).expect("put back");
    let (client, _) = start(here.path(), &machine).await;
    unlock(&client, PASSPHRASE).await.expect("opened");
    assert_eq!(waiting(&client).await, 1);
    client.stop().await;
}
