use super::*;

const BODY: &[u8] = br#"{"id":"evt_1","object":"Event"}"#;
const ALL: [Vendor; 4] = [
    Vendor::EasyPost,
    Vendor::AfterShip,
    Vendor::Shippo,
    Vendor::SeventeenTrack,
];

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_000_000, 0).expect("a moment")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn hmac_of(secret: &str, bytes: &[u8]) -> hmac::Tag {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()), bytes)
}

/// What the service would send.
fn proof(vendor: Vendor, secret: &str, body: &[u8], at: DateTime<Utc>) -> String {
    let plain = hmac_of(secret, body);
    match vendor {
        Vendor::EasyPost => format!("hmac-sha256-hex={}", hex(plain.as_ref())),
        Vendor::AfterShip => STANDARD.encode(plain),
        Vendor::Shippo => {
            let time = at.timestamp().to_string();
            let signed = [time.as_bytes(), b".", body].concat();
            format!("t={time},v1={}", hex(hmac_of(secret, &signed).as_ref()))
        }
        Vendor::SeventeenTrack => {
            let signed = [body, b"/", secret.as_bytes()].concat();
            hex(digest::digest(&digest::SHA256, &signed).as_ref())
        }
    }
}

#[test]
fn the_right_proof_is_believed_and_no_other() {
    for vendor in ALL {
        let right = proof(vendor, "s3cret", BODY, now());
        let told = |secret, proof, body| check(vendor, secret, proof, body, now());
        assert_eq!(
            told("s3cret", Some(right.as_str()), BODY),
            Ok(()),
            "{vendor:?}"
        );
        let wrong = Err(Disbelief::WrongProof);
        assert_eq!(
            told("other", Some(right.as_str()), BODY),
            wrong,
            "{vendor:?}"
        );
        let altered = [BODY, b" "].concat();
        assert_eq!(
            told("s3cret", Some(right.as_str()), &altered),
            wrong,
            "{vendor:?}"
        );
        let missing = Err(Disbelief::NoProof(header(vendor)));
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
                "{vendor:?} {nothing:?}: {told:?}"
            );
        }
    }
}

#[test]
fn the_proof_of_each_service_is_as_it_publishes_it() {
    // Made with openssl from the secret "s3cret" and the body above.
    for (vendor, published) in [
        (
            Vendor::EasyPost,
            "hmac-sha256-hex=e28e5efc7f7d87947fa97cd6fadc7a984075d42083d82997844b4c95bc6bab4e",
        ),
        (
            Vendor::AfterShip,
            "4o5e/H99h5R/qXzW+tx6mEB11CCD2CmXhEtMlbxrq04=",
        ),
        (
            Vendor::SeventeenTrack,
            "daca02c5d50265d3b76fc8175ef43846f3d5738a9b34a780366fccf8bb3e3e97",
        ),
        (
            Vendor::Shippo,
            "t=1795000000,v1=a4faf2401b3212fd58113ab2371b4ae24cfe040f60e3c416bdae0e74bab3cc76",
        ),
    ] {
        assert_eq!(
            check(vendor, "s3cret", Some(published), BODY, now()),
            Ok(()),
            "{vendor:?}"
        );
    }
}

#[test]
fn a_proof_that_tells_the_time_ends() {
    let vendor = Vendor::Shippo;
    for (minutes, outcome) in [
        (0, Ok(())),
        (9, Ok(())),
        (-9, Ok(())),
        (11, Err(Disbelief::OfAnotherTime)),
        (-11, Err(Disbelief::OfAnotherTime)),
    ] {
        let made = now() - TimeDelta::minutes(minutes);
        let proof = proof(vendor, "s3cret", BODY, made);
        assert_eq!(check(vendor, "s3cret", Some(&proof), BODY, now()), outcome);
    }
}

#[test]
fn a_secret_may_be_written_in_two_ways() {
    // The same letter, in one code point and in two.
    let (composed, decomposed) = ("caf\u{e9}", "cafe\u{301}");
    let proof = proof(Vendor::EasyPost, decomposed, BODY, now());
    for secret in [composed, decomposed] {
        assert_eq!(
            check(Vendor::EasyPost, secret, Some(&proof), BODY, now()),
            Ok(())
        );
    }
}
