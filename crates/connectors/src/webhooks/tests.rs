use super::*;

const BODY: &[u8] = br#"{"id":"evt_1","object":"Event"}"#;

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_000_000, 0).expect("a moment")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn hmac_of(secret: &str, bytes: &[u8]) -> hmac::Tag {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()), bytes)
}

/// What somebody would send.
fn proof(sender: Sender, secret: &str, body: &[u8], at: DateTime<Utc>) -> String {
    let plain = hmac_of(secret, body);
    match sender {
        Sender::Carriers(Vendor::EasyPost) => format!("hmac-sha256-hex={}", hex(plain.as_ref())),
        Sender::Carriers(Vendor::AfterShip) | Sender::Shopify => STANDARD.encode(plain),
        Sender::Carriers(Vendor::Shippo) | Sender::Vendure => {
            let time = at.timestamp().to_string();
            let signed = [time.as_bytes(), b".", body].concat();
            format!("t={time},v1={}", hex(hmac_of(secret, &signed).as_ref()))
        }
        Sender::Carriers(Vendor::SeventeenTrack) => {
            let signed = [body, b"/", secret.as_bytes()].concat();
            hex(digest::digest(&digest::SHA256, &signed).as_ref())
        }
    }
}

#[test]
fn the_right_proof_is_believed_and_no_other() {
    for sender in Sender::ALL {
        let right = proof(sender, "s3cret", BODY, now());
        let told = |secret, proof, body| check(sender, secret, proof, body, now());
        assert_eq!(
            told("s3cret", Some(right.as_str()), BODY),
            Ok(()),
            "{sender:?}"
        );
        let wrong = Err(Disbelief::WrongProof);
        assert_eq!(
            told("other", Some(right.as_str()), BODY),
            wrong,
            "{sender:?}"
        );
        let altered = [BODY, b" "].concat();
        assert_eq!(
            told("s3cret", Some(right.as_str()), &altered),
            wrong,
            "{sender:?}"
        );
        let missing = Err(Disbelief::NoProof(header(sender)));
        for nothing in [
            None,
            Some(""),
            Some("hmac-sha256-hex=xy"),
            Some("t=1"),
            Some("ö"),
        ] {
            let told = told("s3cret", nothing, BODY);
            assert!(
                told == missing || told == wrong,
                "{sender:?} {nothing:?}: {told:?}"
            );
        }
    }
}

#[test]
fn the_proof_of_each_service_is_as_it_publishes_it() {
    // Made with openssl from the secret "s3cret" and the body above.
    for (sender, published) in [
        (
            Sender::Carriers(Vendor::EasyPost),
            "hmac-sha256-hex=e28e5efc7f7d87947fa97cd6fadc7a984075d42083d82997844b4c95bc6bab4e",
        ),
        (
            Sender::Carriers(Vendor::AfterShip),
            "4o5e/H99h5R/qXzW+tx6mEB11CCD2CmXhEtMlbxrq04=",
        ),
        (
            Sender::Shopify,
            "4o5e/H99h5R/qXzW+tx6mEB11CCD2CmXhEtMlbxrq04=",
        ),
        (
            Sender::Carriers(Vendor::SeventeenTrack),
            "daca02c5d50265d3b76fc8175ef43846f3d5738a9b34a780366fccf8bb3e3e97",
        ),
        (
            Sender::Vendure,
            "t=1795000000,v1=a4faf2401b3212fd58113ab2371b4ae24cfe040f60e3c416bdae0e74bab3cc76",
        ),
        (
            Sender::Carriers(Vendor::Shippo),
            "t=1795000000,v1=a4faf2401b3212fd58113ab2371b4ae24cfe040f60e3c416bdae0e74bab3cc76",
        ),
    ] {
        assert_eq!(
            check(sender, "s3cret", Some(published), BODY, now()),
            Ok(()),
            "{sender:?}"
        );
    }
}

#[test]
fn a_proof_that_tells_the_time_ends() {
    for (minutes, outcome) in [
        (0, Ok(())),
        (9, Ok(())),
        (-9, Ok(())),
        (11, Err(Disbelief::OfAnotherTime)),
        (-11, Err(Disbelief::OfAnotherTime)),
    ] {
        let made = now() - TimeDelta::minutes(minutes);
        for sender in [Sender::Carriers(Vendor::Shippo), Sender::Vendure] {
            let proof = proof(sender, "s3cret", BODY, made);
            assert_eq!(check(sender, "s3cret", Some(&proof), BODY, now()), outcome);
        }
    }
}

#[test]
fn what_shopify_repeats_is_taken_and_what_is_older_is_not() {
    for (minutes, in_time) in [
        (0, true),
        (-9, true),
        (299, true),
        (301, false),
        (-11, false),
    ] {
        let at = (now() - TimeDelta::minutes(minutes)).to_rfc3339();
        assert_eq!(is_told_in_time(&at, now()).is_ok(), in_time, "{minutes}");
    }
    let another = Err(Disbelief::OfAnotherTime);
    for nonsense in ["", "yesterday", "1795000000"] {
        assert_eq!(is_told_in_time(nonsense, now()), another, "{nonsense}");
    }
}

#[test]
fn a_secret_may_be_written_in_two_ways() {
    // The same letter, in one code point and in two.
    let (composed, decomposed) = ("caf\u{e9}", "cafe\u{301}");
    let sender = Sender::Carriers(Vendor::EasyPost);
    let proof = proof(sender, decomposed, BODY, now());
    for secret in [composed, decomposed] {
        assert_eq!(check(sender, secret, Some(&proof), BODY, now()), Ok(()));
    }
}
