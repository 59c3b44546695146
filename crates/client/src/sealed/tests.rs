use super::*;
use std::{process::Command, time::Duration};

const PASSPHRASE: &str = "correct horse battery";
/// As cheap as it can be: what is tested here is not how slow it is.
const CHEAP: Cost = Cost {
    memory_kib: 8,
    passes: 1,
    lanes: 1,
};

fn sealed(folder: &Path) -> Sealed {
    let mut sealed = Sealed::new(folder, PASSPHRASE, CHEAP).expect("long enough");
    sealed.set("cache-key:1", "the key").expect("written");
    sealed.set("session:1", "the token").expect("written");
    sealed
}

fn refusal(folder: &Path, passphrase: &str) -> String {
    let error = Sealed::open(folder, passphrase).err().expect("refused");
    error.to_string()
}

#[test]
fn secrets_come_back_with_their_passphrase_and_with_no_other() {
    let folder = tempfile::tempdir().expect("a folder");
    drop(sealed(folder.path()));
    let open = Sealed::open(folder.path(), PASSPHRASE).expect("opened");
    assert_eq!(open.get("cache-key:1").as_deref(), Some("the key"));
    assert_eq!(open.get("session:1").as_deref(), Some("the token"));
    assert_eq!(open.get("session:2"), None);
    for wrong in ["", "correct horse batterY", " correct horse battery"] {
        let said = refusal(folder.path(), wrong);
        assert!(said.contains("does not open"), "{wrong:?}: {said}");
    }
}

#[test]
fn a_passphrase_is_long_enough_and_its_letters_may_be_composed_either_way() {
    let folder = tempfile::tempdir().expect("a folder");
    for short in ["", "elevenchars", "e\u{301}le\u{301}venchars"] {
        let new = Sealed::new(folder.path(), short, CHEAP);
        assert!(matches!(new, Err(SealedError::TooShort)), "{short:?}");
    }
    let mut composed = Sealed::new(folder.path(), "caf\u{e9} au lait", CHEAP).expect("long enough");
    composed.set("a", "b").expect("written");
    let open = Sealed::open(folder.path(), "cafe\u{301} au lait").expect("the same letters");
    assert_eq!(open.get("a").as_deref(), Some("b"));
}

#[test]
fn the_last_secret_takes_the_file_with_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut sealed = sealed(folder.path());
    sealed.delete("session:1").expect("written");
    let open = Sealed::open(folder.path(), PASSPHRASE).expect("opened");
    assert_eq!(open.get("session:1"), None);
    sealed.delete("cache-key:1").expect("deleted");
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 0);
}

#[cfg(unix)]
#[test]
fn nobody_else_on_this_computer_may_read_the_file() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().expect("a folder");
    drop(sealed(folder.path()));
    let file = fs::metadata(Sealed::file(folder.path())).expect("the file");
    assert_eq!(file.permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_file_that_was_cut_or_changed_anywhere_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().expect("a folder");
    drop(sealed(folder.path()));
    let file = Sealed::file(folder.path());
    let whole = fs::read(&file).expect("the file");
    let check = |bytes: &[u8], how: String| {
        fs::write(&file, bytes).expect("changed");
        let said = refusal(folder.path(), PASSPHRASE);
        assert!(said.contains("is damaged"), "{how}: {said}");
        assert_eq!(fs::read(&file).expect("the file"), bytes, "{how}");
    };
    for length in 0..whole.len() {
        check(&whole[..length], format!("cut to {length}"));
    }
    for index in 0..whole.len() {
        let mut changed = whole.clone();
        changed[index] ^= 1;
        // Blanks between the fields say nothing.
        if serde_json::from_slice::<serde_json::Value>(&changed).ok()
            != serde_json::from_slice(&whole).ok()
        {
            check(&changed, format!("byte {index}"));
        }
    }
    fs::write(&file, &whole).expect("put back");
    assert!(Sealed::open(folder.path(), PASSPHRASE).is_ok());
}

/// Changes the file as somebody would who knows how it is made, but not the passphrase.
fn forge(folder: &Path, change: impl FnOnce(&mut Stored)) {
    let file = Sealed::file(folder);
    let mut stored: Stored =
        serde_json::from_slice(&fs::read(&file).expect("the file")).expect("whole");
    change(&mut stored);
    stored.sum = stored.sum();
    fs::write(file, serde_json::to_vec(&stored).expect("JSON")).expect("forged");
}

#[test]
fn a_forged_file_opens_nothing_and_costs_little() {
    let check = |words: &str, change: fn(&mut Stored)| {
        let folder = tempfile::tempdir().expect("a folder");
        drop(sealed(folder.path()));
        forge(folder.path(), change);
        let said = refusal(folder.path(), PASSPHRASE);
        assert!(said.contains(words), "{said}");
    };
    check("somebody changed it", |stored| {
        stored.sealed.replace_range(0..4, "AAAA");
    });
    check("somebody changed it", |stored| {
        stored.nonce = BASE64.encode([7; 24]);
    });
    check("does not open", |stored| {
        stored.salt = BASE64.encode([7; 16])
    });
    check("does not open", |stored| stored.cost.passes += 1);
    check("does not open", |stored| {
        stored.check = BASE64.encode([7; 32])
    });
    check("its cost", |stored| stored.cost.memory_kib = u32::MAX);
    check("its cost", |stored| stored.cost.passes = u32::MAX);
    check("its cost", |stored| stored.cost.memory_kib = 0);
    check("a newer program", |stored| stored.format = 2);
    check("a field is wrong", |stored| stored.salt = "AAAA".into());
}

#[test]
fn every_write_has_a_nonce_of_its_own() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut sealed = sealed(folder.path());
    let mut nonces = std::collections::BTreeSet::new();
    for _ in 0..50 {
        sealed.set("a", "b").expect("written");
        let bytes = fs::read(Sealed::file(folder.path())).expect("the file");
        let stored: Stored = serde_json::from_slice(&bytes).expect("whole");
        assert!(nonces.insert(stored.nonce));
    }
}

#[test]
fn what_is_asked_of_a_try_is_what_is_documented() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut sealed = Sealed::new(folder.path(), PASSPHRASE, Cost::default()).expect("long enough");
    sealed.set("a", "b").expect("written");
    let bytes = fs::read(Sealed::file(folder.path())).expect("the file");
    let json: serde_json::Value = serde_json::from_slice(&bytes).expect("whole");
    assert_eq!(json["kdf"], "argon2id");
    assert_eq!(
        json["cost"],
        serde_json::json!({"memory_kib": 65_536, "passes": 3, "lanes": 1})
    );
    assert!(Sealed::open(folder.path(), PASSPHRASE).is_ok());
}

const CHILD: &str = "DESKHAND_TEST_SEALING_IN";

/// Writes numbers until somebody ends this process.
fn write_for_ever(folder: &Path) -> ! {
    let mut sealed = Sealed::open(folder, PASSPHRASE).expect("opened");
    for number in 0_u64.. {
        let text = number.to_string();
        sealed.set("one", &text.repeat(200)).expect("written");
    }
    std::process::exit(0)
}

#[test]
fn a_program_that_is_killed_while_it_writes_leaves_a_whole_file() {
    if let Some(folder) = std::env::var_os(CHILD) {
        write_for_ever(Path::new(&folder));
    }
    let folder = tempfile::tempdir().expect("a folder");
    drop(sealed(folder.path()));
    let file = Sealed::file(folder.path());
    let name = "sealed::tests::a_program_that_is_killed_while_it_writes_leaves_a_whole_file";
    for time in 0..25_u64 {
        let before = fs::read(&file).expect("the file");
        let mut child = Command::new(std::env::current_exe().expect("this program"))
            .args([name, "--exact"])
            .env(CHILD, folder.path())
            .stdout(std::process::Stdio::null())
            .spawn()
            .expect("started");
        let start = tokio::time::Instant::now();
        while fs::read(&file).expect("always there") == before {
            assert!(start.elapsed() < Duration::from_secs(20), "it never wrote");
        }
        // A different moment of its round each time.
        let until = tokio::time::Instant::now() + Duration::from_micros(time * 137);
        while tokio::time::Instant::now() < until {
            std::hint::spin_loop();
        }
        child.kill().expect("killed");
        child.wait().expect("gone");
        let open = Sealed::open(folder.path(), PASSPHRASE).expect("whole");
        assert_eq!(open.get("session:1").as_deref(), Some("the token"));
        assert_eq!(open.get("one").map(|text| text.len() % 200), Some(0));
    }
}
