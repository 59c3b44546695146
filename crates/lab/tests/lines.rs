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

#[test]
fn a_shop_s_order_is_read_or_refused_with_a_reason() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("a file");
        path.display().to_string()
    };
    let order = r##"{"order": {"id": 7, "name": "#1001", "currency": "JPY", "taxes_included": true,
        "created_at": "2026-11-01T10:00:00+09:00", "updated_at": "2026-11-01T10:00:00+09:00",
        "total_price": "2998", "total_tax": "272", "total_discounts": "0", "financial_status": "paid",
        "line_items": [{"id": 1, "title": "Mug", "sku": "MUG-1", "quantity": 2, "price": "1499"}]}}"##;
    let whole = file("order.json", order);
    let broken = file("broken.json", &order.replace("2998", "2999"));
    let other = file("other.json", r#"{"product": {"id": 1}}"#);
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_deskhand-lab"))
        .args(["payload", "--provider", "shopify", &whole, &broken, &other])
        .output()
        .expect("the lab is there");
    assert!(output.status.success());
    let lines: Vec<serde_json::Value> = String::from_utf8(output.stdout)
        .expect("UTF-8")
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    assert_eq!(lines[0]["orders"][0]["order"]["total"]["minor"], 2_998);
    let total = "subtotal, discounts, shipping and tax do not sum to the total";
    assert_eq!(lines[1]["error"], total);
    assert_eq!(lines[2]["error"], "it tells nothing of an order");
}

#[test]
fn orders_of_woocommerce_are_read_or_refused_with_a_reason() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("a file");
        path.display().to_string()
    };
    let order = r#"[{"id": 41, "number": "41", "status": "processing", "currency": "EUR",
        "date_created_gmt": "2026-11-01T09:00:00", "prices_include_tax": false,
        "shipping_total": "4.95", "shipping_tax": "0.00", "total": "29.93", "total_tax": "0.00",
        "customer_id": 0, "billing": {"email": "robin@customer.example"}, "shipping": {},
        "line_items": [{"id": 1, "name": "Mug", "sku": null, "quantity": 2, "subtotal": "24.98",
            "subtotal_tax": "0.00", "total": "24.98", "total_tax": "0.00"}],
        "shipping_lines": [], "fee_lines": [], "coupon_lines": [], "refunds": []}]"#;
    let whole = file("order.json", order);
    let broken = file("broken.json", &order.replace("29.93", "29.94"));
    let other = file("other.json", r#"{"id": 1, "slug": "mug"}"#);
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_deskhand-lab"))
        .args([
            "payload",
            "--provider",
            "woocommerce",
            &whole,
            &broken,
            &other,
        ])
        .output()
        .expect("the lab is there");
    assert!(output.status.success());
    let lines: Vec<serde_json::Value> = String::from_utf8(output.stdout)
        .expect("UTF-8")
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    assert_eq!(lines[0]["orders"][0]["order"]["total"]["minor"], 2_993);
    let total = "subtotal, discounts, shipping and tax do not sum to the total";
    assert_eq!(lines[1]["error"], total);
    assert_eq!(lines[2]["error"], "it tells nothing of an order");
}
