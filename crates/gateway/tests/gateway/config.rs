//! `deskhand-gateway config`, as somebody at a terminal sees it.

use deskhand_gateway::config::REFERENCE;
use std::process::{Command, Output};

fn gateway(arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_deskhand-gateway"))
        .args(arguments)
        .envs(environment.iter().copied())
        .output()
        .expect("the gateway is there")
}

#[test]
fn a_wrong_configuration_is_told_as_the_page_about_it_shows() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("gateway.toml");
    std::fs::write(&file, "[door]\nconnections = -1\nheader_timeout = 10\n").expect("a file");
    let file = file.display().to_string();
    let wrong = [("DESKHAND_GATEWAY_DOR_CONNECTIONS", "5")];
    let told = gateway(&["config", "check", &file], &wrong);
    assert_eq!(told.status.code(), Some(10));
    let words = String::from_utf8(told.stderr).expect("UTF-8");
    let words = words.replace(&file, "gateway.toml");
    assert_eq!(words.lines().count(), 4, "{words}");
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/CONFIGURATION.md");
    let page = std::fs::read_to_string(page).expect("the page");
    for line in words.lines() {
        assert!(
            page.lines().any(|shown| shown == line),
            "the page lacks: {line}"
        );
    }
    let data = folder.path().join("data").display().to_string();
    let serve = ["serve", "--data-dir", &data, "--config", &file];
    assert_eq!(gateway(&serve, &[]).status.code(), Some(10));
    assert!(!folder.path().join("data").exists(), "nothing was begun");
}

#[test]
fn the_reference_is_printed_and_is_a_configuration() {
    let printed = gateway(&["config", "reference"], &[]);
    assert!(printed.status.success());
    assert_eq!(String::from_utf8(printed.stdout).expect("UTF-8"), REFERENCE);
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("gateway.toml");
    std::fs::write(&file, REFERENCE).expect("a file");
    let file = file.display().to_string();
    let checked = gateway(&["config", "check", &file], &[]);
    assert!(checked.status.success(), "{checked:?}");
    assert_eq!(
        String::from_utf8_lossy(&checked.stdout),
        format!("{file}: nothing is wrong\n")
    );
    assert!(gateway(&["config", "check"], &[]).status.success());
}

#[test]
fn what_is_of_no_use_or_not_safe_to_a_shop_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("gateway.toml");
    let text = "[woocommerce]\naddress = \"http://shop.example\"\n[carriers]\nfresh = \"1m\"\n";
    std::fs::write(&file, text).expect("a file");
    let file = file.display().to_string();
    let secrets = [
        ("DESKHAND_GATEWAY_HOOKS_VENDURE", "hunter2"),
        ("DESKHAND_GATEWAY_CARRIERS_EASYPOST", "hunter3"),
    ];
    let told = gateway(&["config", "check", &file], &secrets);
    assert_eq!(told.status.code(), Some(10));
    let words = String::from_utf8(told.stderr).expect("UTF-8");
    for key in [
        "woocommerce.address: begins with https://",
        "woocommerce.key: ",
        "carriers.fresh: is at least 10m",
        "hooks.vendure: is of no use without a shop",
    ] {
        assert!(words.contains(key), "{key} in:\n{words}");
    }
    assert!(!words.contains("hunter"), "{words}");
}
