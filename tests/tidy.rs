//! What keeps the house tidy: arrows between crates, sizes, forbidden words, names of migrations.

use anyhow::{Context, Result};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

const LINE_LIMIT: usize = 600;
const COUNTED: [&str; 6] = ["rs", "ts", "svelte", "js", "css", "sql"];
const READ: [&str; 15] = [
    "rs", "ts", "svelte", "js", "mjs", "css", "sql", "html", "md", "toml", "json", "sh", "yml",
    "svg", "txt",
];
/// Built, fetched, or written by programs.
const SKIPPED: [&str; 11] = [
    ".git",
    "target",
    "node_modules",
    "gen",
    "ui/dist",
    "ui/dist-preview",
    "ui/src/paraglide",
    "ui/src/ipc/generated",
    "ui/test-results",
    "ui/playwright-report",
    "crates/sample/data",
];

/// Who may know whom. What is not here is forbidden; `deskhand-tests` may know everything.
const ARROWS: [(&str, &[&str]); 12] = [
    ("deskhand-domain", &[]),
    ("deskhand-protocol", &["domain"]),
    ("deskhand-drafting", &["domain"]),
    ("deskhand-policy", &["domain"]),
    ("deskhand-connectors", &["domain"]),
    ("deskhand-lab", &["connectors"]),
    ("deskhand-sample", &["domain"]),
    ("deskhand-cache", &["domain", "protocol"]),
    (
        "deskhand-client",
        &["cache", "drafting", "domain", "policy", "protocol"],
    ),
    (
        "deskhand-gateway",
        &[
            "connectors",
            "drafting",
            "domain",
            "policy",
            "protocol",
            "sample",
        ],
    ),
    (
        "deskhand-browser-host",
        &["client", "gateway", "domain", "protocol"],
    ),
    ("deskhand", &["client", "gateway", "domain", "protocol"]),
];

#[test]
fn arrows_between_crates_run_one_way() -> Result<()> {
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--no-deps",
            "--offline",
            "--format-version",
            "1",
        ])
        .current_dir(root())
        .output()
        .context("cargo metadata")?;
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    let mut wrong = Vec::new();
    let mut seen = BTreeSet::new();
    for package in array(&metadata["packages"]) {
        let name = text(&package["name"]);
        seen.insert(name.clone());
        if name == "deskhand-tests" {
            continue;
        }
        let Some((_, allowed)) = ARROWS.iter().find(|(from, _)| *from == name) else {
            wrong.push(format!("{name}: say in tests/tidy.rs whom it may know"));
            continue;
        };
        for dependency in array(&package["dependencies"]) {
            let to = text(&dependency["name"]);
            if to == "tauri" && name != "deskhand" {
                wrong.push(format!("{name} -> tauri: only the shell knows Tauri"));
            }
            let ours = to.strip_prefix("deskhand-");
            if ours.is_some_and(|to| !allowed.contains(&to)) {
                wrong.push(format!("{name} -> {to}"));
            }
        }
    }
    assert!(seen.contains("deskhand-domain"), "cargo listed no packages");
    assert_eq!(wrong, Vec::<String>::new(), "arrows that do not exist");
    Ok(())
}

#[test]
fn files_stay_short_enough_to_read() -> Result<()> {
    let mut long = Vec::new();
    for (path, text) in files()? {
        let counted = extension(&path).is_some_and(|kind| COUNTED.contains(&kind));
        let lines = text.lines().count();
        if counted && lines > LINE_LIMIT && !path.ends_with("types.d.ts") {
            long.push(format!("{}: {lines} lines", path.display()));
        }
    }
    assert_eq!(
        long,
        Vec::<String>::new(),
        "split these, at most {LINE_LIMIT} lines"
    );
    Ok(())
}

#[test]
fn forbidden_words_stay_out() -> Result<()> {
    let mut found = Vec::new();
    for (path, text) in files()? {
        let name = path.to_string_lossy().replace('\\', "/");
        if name == "tests/tidy.rs" {
            continue;
        }
        for (number, line) in text.lines().enumerate() {
            if let Some(why) = forbidden(&name, line) {
                found.push(format!("{name}:{}: {why}", number + 1));
            }
        }
    }
    assert_eq!(found, Vec::<String>::new());
    Ok(())
}

/// Why a line may not stand in a file.
fn forbidden(name: &str, line: &str) -> Option<&'static str> {
    let code = !name.ends_with(".md") && !name.ends_with(".json");
    let ui = name.starts_with("ui/src/") && !name.starts_with("ui/src/ipc/");
    let pure = name.starts_with("crates/domain/src/") || name.starts_with("crates/protocol/src/");
    let io = ["std::fs", "std::net", "tokio::", "sqlx::", "reqwest::"];
    let paths = ["/home/", "/Users/", "/root/", "/work/", "C:\\Users"];
    if line.to_lowercase().contains("lorem ipsum") {
        Some("write real words")
    } else if line.contains("{@html") && code {
        Some("what people write is never mark-up")
    } else if ui && line.contains("@tauri-apps") {
        Some("only ui/src/ipc knows Tauri")
    } else if pure && io.iter().any(|word| line.contains(word)) {
        Some("domain and protocol never open a file or a socket")
    } else if paths.iter().any(|path| line.contains(path)) {
        Some("a path of somebody's machine")
    } else {
        None
    }
}

#[test]
fn migrations_are_named_by_time_and_the_same_on_both_engines() -> Result<()> {
    let names = |folder: &str| -> Result<BTreeSet<String>> {
        let mut names = BTreeSet::new();
        for entry in
            fs::read_dir(root().join("migrations").join(folder)).context(folder.to_owned())?
        {
            let name = entry?.file_name().to_string_lossy().into_owned();
            let (time, what) = name.split_once('_').unwrap_or_default();
            let fine = time.len() == 12
                && time.bytes().all(|digit| digit.is_ascii_digit())
                && what.ends_with(".sql");
            assert!(
                fine,
                "migrations/{folder}/{name} is not YYYYMMDDHHMM_what.sql"
            );
            names.insert(name);
        }
        assert!(!names.is_empty(), "migrations/{folder} is empty");
        Ok(names)
    };
    names("cache")?;
    assert_eq!(names("gateway-sqlite")?, names("gateway-postgres")?);
    Ok(())
}

#[test]
fn every_make_target_says_what_it_does() -> Result<()> {
    let makefile = fs::read_to_string(root().join("Makefile"))?;
    let lines: Vec<&str> = makefile.lines().collect();
    let mut targets = 0;
    for (at, line) in lines.iter().enumerate() {
        let name = line.split(':').next().unwrap_or_default();
        let target = line.contains(':')
            && !line.contains(":=")
            && !line.starts_with(['\t', '.', '#'])
            && !name.is_empty();
        if !target {
            continue;
        }
        targets += 1;
        let above = lines[..at]
            .iter()
            .rev()
            .find(|line| !line.starts_with(".PHONY"));
        assert!(
            above.is_some_and(|line| line.starts_with("# ")),
            "the target {name} needs one line of comment"
        );
    }
    assert!(targets > 5, "no targets found");
    Ok(())
}

#[test]
fn every_test_that_the_threats_name_exists() -> Result<()> {
    let files = files()?;
    let tests: BTreeSet<&str> = files
        .iter()
        .filter(|(path, _)| extension(path) == Some("rs"))
        .flat_map(|(_, text)| text.lines())
        .filter_map(|line| line.trim_start().split_once("fn ")?.1.split('(').next())
        .collect();
    let page = files.get(Path::new("docs/THREATS.md"));
    let page = page.context("docs/THREATS.md")?;
    // Names of tests stand in the last column of a table, each in backticks.
    let named: Vec<&str> = page
        .lines()
        .filter_map(|line| line.strip_suffix(" |")?.rsplit(" | ").next())
        .filter(|cell| cell.starts_with('`') && cell.ends_with('`'))
        .flat_map(|cell| cell.split('`'))
        .filter(|name| !name.trim().is_empty())
        .collect();
    assert!(named.len() > 40, "only {} tests are named", named.len());
    let gone: Vec<&&str> = named
        .iter()
        .filter(|name| !tests.contains(**name))
        .collect();
    assert_eq!(gone, Vec::<&&str>::new(), "no test has this name");
    Ok(())
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every text file of the project by its path in it.
fn files() -> Result<BTreeMap<PathBuf, String>> {
    let root = root();
    let mut files = BTreeMap::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder)? {
            let path = entry?.path();
            let name = path.strip_prefix(&root)?.to_path_buf();
            let skipped = SKIPPED.iter().any(|skip| {
                name == Path::new(skip) || (!skip.contains('/') && name.ends_with(skip))
            });
            if skipped || name.ends_with("package-lock.json") {
                continue;
            }
            if path.is_dir() && !path.is_symlink() {
                folders.push(path);
            } else if extension(&path).is_some_and(|kind| READ.contains(&kind)) {
                let text = fs::read_to_string(&path).with_context(|| name.display().to_string())?;
                files.insert(name, text);
            }
        }
    }
    Ok(files)
}

fn extension(path: &Path) -> Option<&str> {
    path.extension()?.to_str()
}

fn array(value: &serde_json::Value) -> Vec<&serde_json::Value> {
    value.as_array().into_iter().flatten().collect()
}

fn text(value: &serde_json::Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
