//! The program as it is called: lines in, lines out, nothing makes it crash.

use std::{
    io::Write as _,
    process::{Command, Output, Stdio},
};

fn lab(arguments: &[&str], input: &[u8]) -> Output {
    let mut lab = Command::new(env!("CARGO_BIN_EXE_deskhand-lab"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program");
    let mut stdin = lab.stdin.take().expect("its input");
    stdin.write_all(input).expect("written");
    drop(stdin);
    lab.wait_with_output().expect("its end")
}

#[test]
fn every_line_has_its_answer_in_the_same_order() {
    let input = b"{\"number\":\"1Z999AA10123456784\"}\n{\"number\":\"1Z999AA10123456785\"}\n\
                  {\"number\":\"hello\"}\n";
    let output = lab(&["tracking"], input);
    assert!(output.status.success());
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        "{\"courier\":\"ups\",\"valid\":true}\n{\"courier\":\"ups\",\"valid\":false}\n\
         {\"courier\":null,\"valid\":false}\n"
    );
}

#[test]
fn a_line_that_cannot_be_read_says_so_and_the_others_are_answered() {
    let input = b"not json\n{\"number\":7}\n\xff\xfe\n{\"number\":\"TBA123456789012\"}\n";
    let output = lab(&["tracking"], input);
    assert_eq!(output.status.code(), Some(1));
    let answers = String::from_utf8_lossy(&output.stdout);
    let answers: Vec<_> = answers.lines().collect();
    assert_eq!(answers.len(), 4, "{answers:?}");
    for wrong in &answers[..3] {
        assert!(wrong.starts_with("{\"error\":"), "{wrong}");
    }
    assert_eq!(answers[3], "{\"courier\":\"amazon\",\"valid\":true}");
}

#[test]
fn a_file_is_read_and_a_missing_one_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("numbers.jsonl");
    std::fs::write(&file, "{\"number\":\"RR123456785DE\"}\n").expect("a file");
    let output = lab(&["tracking", file.to_str().expect("a path")], b"");
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        "{\"courier\":\"s10\",\"valid\":true}\n"
    );
    let output = lab(&["tracking", "nowhere.jsonl"], b"");
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("nowhere.jsonl"));
}

#[test]
fn each_payload_has_its_line_and_what_is_none_its_reason() {
    let folder = tempfile::tempdir().expect("a folder");
    let written = |name: &str, text: &str| {
        let file = folder.path().join(name);
        std::fs::write(&file, text).expect("a file");
        file.to_str().expect("a path").to_owned()
    };
    let plain = written(
        "plain.json",
        r#"{"tracking_code":"X1","status":"delivered","tracking_details":[]}"#,
    );
    let recorded = written(
        "recorded.json",
        r#"{"request":{},"status":200,"body":{"tracking_code":"X2","status":"new","tracking_details":[]}}"#,
    );
    let broken = written("broken.json", "{");
    let files = [plain.as_str(), &recorded, &broken];
    let output = lab(
        &[&["payload", "--provider", "easypost"], &files[..]].concat(),
        b"",
    );
    assert!(output.status.success(), "a refusal is an answer");
    let answers = String::from_utf8_lossy(&output.stdout);
    let answers: Vec<_> = answers.lines().collect();
    assert_eq!(answers.len(), 3, "{answers:?}");
    assert!(
        answers[0].contains(r#""status":"delivered""#),
        "{}",
        answers[0]
    );
    assert!(
        answers[1].contains(r#""status":"unknown""#),
        "{}",
        answers[1]
    );
    assert!(answers[2].starts_with(r#"{"error":"#), "{}", answers[2]);
    let output = lab(&["payload", "--provider", "easypost", "nowhere.json"], b"");
    assert_eq!(output.status.code(), Some(1));
}
