use super::*;

/// What is wrong with a file and variables, a line each.
fn wrong(text: &str, environment: &[(&str, &str)]) -> Vec<String> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("gateway.toml");
    std::fs::write(&path, text).expect("a file");
    let environment = environment
        .iter()
        .map(|(name, value)| (name.into(), value.into()));
    let mistakes = read(Some(&path), environment).expect_err("something is wrong");
    let folder = format!("{}/", folder.path().display());
    mistakes
        .0
        .iter()
        .map(|mistake| mistake.to_string().replace(&folder, ""))
        .collect()
}

fn fine(text: &str, environment: &[(&str, &str)]) -> Config {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("gateway.toml");
    std::fs::write(&path, text).expect("a file");
    let environment = environment
        .iter()
        .map(|(name, value)| (name.into(), value.into()));
    read(Some(&path), environment).expect("a configuration")
}

#[test]
fn every_mistake_is_named_at_once_with_its_place_and_meaning() {
    let text = "\
listen = \"here\"
listen_on = 3
undo_seconds = 9000
[door]
  connections = -1
header_timeout = 10
request_timeout = \"30 seconds\"
colour = \"red\"
[dor]
connections = 5
";
    let wrong = wrong(text, &[]);
    for (begins, holds) in [
        ("gateway.toml:1:10: listen: ", "socket address"),
        ("gateway.toml:2:1: listen_on: ", "no such key"),
        ("gateway.toml:3:16: undo_seconds: ", "at most 600"),
        ("gateway.toml:5:17: door.connections: ", "whole number"),
        (
            "gateway.toml:6:18: door.header_timeout: ",
            "a time with its unit",
        ),
        (
            "gateway.toml:7:19: door.request_timeout: ",
            "a time with its unit",
        ),
        ("gateway.toml:8:1: door.colour: ", "known are `connections`"),
        ("gateway.toml:9:2: dor: ", "no such key here"),
    ] {
        let found = wrong.iter().find(|line| line.starts_with(begins));
        let found = found.unwrap_or_else(|| panic!("no {begins} in {wrong:#?}"));
        assert!(found.contains(holds), "{found}");
    }
    assert_eq!(wrong.len(), 8, "{wrong:#?}");
}

#[test]
fn what_is_no_toml_is_named_beside_the_rest() {
    let wrong = wrong(
        "listen = \nundo_seconds = 13\nundo_seconds = 14\n[door\nconnections = 0\n",
        &[],
    );
    assert!(
        wrong.iter().any(|line| line.starts_with("gateway.toml:1:")),
        "{wrong:#?}"
    );
    assert!(
        wrong
            .iter()
            .any(|line| line.starts_with("gateway.toml:3:1: ")),
        "{wrong:#?}"
    );
    assert!(
        wrong.iter().any(|line| line.starts_with("gateway.toml:4:")),
        "{wrong:#?}"
    );
}

#[test]
fn a_section_that_is_none_and_a_key_that_is_a_section_are_named() {
    let wrong = wrong(
        "door = 5\n[listen]\nport = 1\n",
        &[("DESKHAND_GATEWAY_DOOR_CONNECTIONS", "5")],
    );
    assert!(
        wrong
            .iter()
            .any(|line| line.starts_with("gateway.toml:1:8: door: ")),
        "{wrong:#?}"
    );
    assert!(
        wrong.iter().any(|line| line.starts_with("gateway.toml:2:")),
        "{wrong:#?}"
    );
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let error = read(Some(Path::new("nowhere/gateway.toml")), []).expect_err("no file");
    assert_eq!(
        error.to_string(),
        "nowhere/gateway.toml: cannot be read: entity not found"
    );
}

#[test]
fn the_environment_wins_over_the_file_and_its_mistakes_name_the_variable() {
    let config = fine(
        "undo_seconds = 5\n[door]\nconnections = 7000\n",
        &[
            ("DESKHAND_GATEWAY_DOOR_CONNECTIONS", "9000"),
            ("DESKHAND_GATEWAY_DOOR_HEADER_TIMEOUT", "3s"),
            ("DESKHAND_GATEWAY_SAMPLE", "true"),
            ("DESKHAND_GATEWAY_DATA_DIR", "17"),
            ("DESKHAND_LOG", "info"),
        ],
    );
    assert_eq!((config.door.connections, config.undo_seconds), (9000, 5));
    assert_eq!(config.door.header_timeout.0.as_secs(), 3);
    assert_eq!(
        config.data_dir,
        Path::new("17"),
        "a number is a name as well"
    );
    assert!(config.sample);
    let wrong = wrong(
        "",
        &[
            ("DESKHAND_GATEWAY_DOOR_CONNECTIONS", "many"),
            ("DESKHAND_GATEWAY_DOOR_HEADER_TIMEOUT", "3"),
            ("DESKHAND_GATEWAY_DOR_CONNECTIONS", "3"),
        ],
    );
    assert_eq!(wrong.len(), 3, "{wrong:#?}");
    for (line, begins) in wrong.iter().zip([
        "DESKHAND_GATEWAY_DOR_CONNECTIONS: there is no such setting",
        "DESKHAND_GATEWAY_DOOR_CONNECTIONS: door.connections: ",
        "DESKHAND_GATEWAY_DOOR_HEADER_TIMEOUT: door.header_timeout: ",
    ]) {
        assert!(line.starts_with(begins), "{line}");
    }
}

#[test]
fn secrets_come_from_elsewhere_and_are_never_echoed() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("secret");
    std::fs::write(&file, "postgres://u:hunter2@h/d\n").expect("a file");
    let named = format!("database_url = {{ file = '{}' }}\n", file.display());
    let reads = |config: &Config| {
        config
            .database_url
            .as_ref()
            .map(|url| url.reveal().to_owned())
    };
    let config = fine(&named, &[]);
    assert_eq!(reads(&config).as_deref(), Some("postgres://u:hunter2@h/d"));
    assert!(!format!("{config:?}").contains("hunter2"));
    let given = [("DESKHAND_GATEWAY_DATABASE_URL", "postgres://u:other@h/d")];
    assert_eq!(
        reads(&fine(&named, &given)).as_deref(),
        Some("postgres://u:other@h/d")
    );
    for (text, holds) in [
        (
            "database_url = 'postgres://u:hunter2@h/d'\n",
            "DESKHAND_GATEWAY_DATABASE_URL",
        ),
        (
            "database_url = ['hunter2']\n",
            "does not stand in this file",
        ),
        (
            "database_url = { file = 'nowhere' }\n",
            "nowhere cannot be read",
        ),
        (
            "database_url = { env = 'DESKHAND_NO_SUCH' }\n",
            "DESKHAND_NO_SUCH",
        ),
        (
            "database_url = { value = 'hunter2' }\n",
            "either file or env",
        ),
        (
            "database_url = { file = 'a', env = 'b' }\n",
            "either file or env",
        ),
        ("listen = 'hunter2'\n", "socket address"),
        ("undo_seconds = 'hunter2'\n", "whole number"),
        ("sample = 'hunter2'\n", "true or false"),
        ("door = 'hunter2'\n", "write"),
        (
            "[door]\nconnections = 'hunter2, expected x'\n",
            "whole number",
        ),
        (
            "[door]\nheader_timeout = 'hunter2'\n",
            "a time with its unit",
        ),
        ("undo_seconds = hunter2\n", "gateway.toml:1:"),
    ] {
        let wrong = wrong(text, &[]).join("\n");
        assert!(wrong.contains(holds), "{text}: {wrong}");
        assert!(!wrong.contains("hunter2"), "{text}: {wrong}");
        assert!(wrong.starts_with("gateway.toml:"), "{text}: {wrong}");
    }
}

#[test]
fn the_reference_says_every_key_and_its_default() {
    let set = uncommented();
    let table: toml::Table = set.parse().expect("TOML");
    let defaults = toml::Table::try_from(Config::default()).expect("TOML");
    for (key, shape) in known() {
        let at = |table: &toml::Table| {
            let table = if key.0.is_empty() {
                Some(table)
            } else {
                table[&key.0].as_table()
            };
            table.and_then(|table| table.get(&key.1).cloned())
        };
        let example = key.1 == "data_dir" || shape == Shape::Secret;
        if let Some(default) = at(&defaults).filter(|_| !example) {
            assert_eq!(at(&table), Some(default), "{}", dotted(&key));
        }
    }
    let variables: BTreeSet<String> = known().keys().map(variable).collect();
    assert_eq!(
        variables.len(),
        known().len(),
        "each variable sets one thing"
    );
    // What serde knows is what the reference knows: a key that is none has it list them.
    let sections: BTreeSet<String> = known().into_keys().map(|(section, _)| section).collect();
    for section in sections {
        let text = if section.is_empty() {
            "q = 1\n".to_owned()
        } else {
            format!("[{section}]\nq = 1\n")
        };
        let mistakes = wrong(&text, &[]).join("\n");
        let expected = mistakes
            .split("known are ")
            .nth(1)
            .expect("a list")
            .to_owned();
        let expected: BTreeSet<&str> = expected.split('`').skip(1).step_by(2).collect();
        let mut here: BTreeSet<String> = known()
            .into_keys()
            .filter(|(of, _)| *of == section)
            .map(|(_, key)| key)
            .collect();
        if section.is_empty() {
            here.extend(
                known()
                    .into_keys()
                    .map(|(section, _)| section)
                    .filter(|name| !name.is_empty()),
            );
        }
        assert_eq!(
            here.iter().map(String::as_str).collect::<BTreeSet<_>>(),
            expected,
            "[{section}]"
        );
    }
}

#[test]
fn rules_of_notices_are_read_and_what_is_wrong_with_them_is_named() {
    let rules = "[notices]\nenabled = true\nquiet = \"21:30-07:00\"\n[[notices.rule]]\n\
        when = \"late\"\nafter = \"2h\"\ntext.en = \"{order} is late.\"\n\
        [[notices.rule]]\nwhen = \"pickup\"\nchannels = [\"whatsapp\", \"email\"]\n";
    let notices = fine(rules, &[]).notices;
    let read = notices.rules(false).expect("customers are told");
    assert_eq!(read.rules.len(), 2);
    assert_eq!(read.rules[0].after, chrono::TimeDelta::hours(2));
    assert_eq!(read.quiet.to_string(), "21:30-07:00");
    assert_eq!((read.at_most, read.within), (3, chrono::TimeDelta::days(7)));
    let unsaid = fine("", &[]).notices;
    assert!(unsaid.rules(false).is_none(), "nobody is told unasked");
    let sample = unsaid.rules(true).expect("in the sample shop");
    assert_eq!(sample, deskhand_domain::notices::Rules::default());
    let off = [("DESKHAND_GATEWAY_NOTICES_ENABLED", "false")];
    assert!(fine("", &off).notices.rules(true).is_none());

    let rule = |more: &str| format!("[[notices.rule]]\nwhen = \"late\"\n{more}\n");
    for (text, place, holds) in [
        (
            "[notices]\nquiet = \"20-8\"\n".to_owned(),
            "gateway.toml:2:9",
            "two times of day",
        ),
        (
            "[notices]\nquiet = \"10:00-09:00\"\n".to_owned(),
            "gateway.toml:2:9",
            "at most 16 hours",
        ),
        (
            "[notices]\nat_most = 3\n".to_owned(),
            "gateway.toml:2:11",
            "a number and a time",
        ),
        (
            "[notices]\nfresh = \"2h\"\n".to_owned(),
            "gateway.toml:2:9",
            "at least 1d",
        ),
        (rule("when = \"later\""), "gateway.toml:3:", "duplicate key"),
        (
            "[[notices.rule]]\nwhen = \"later\"\n".to_owned(),
            "gateway.toml:2:8",
            "unknown variant",
        ),
        (
            "[[notices.rule]]\nafter = \"2h\"\n".to_owned(),
            "gateway.toml:1:",
            "when",
        ),
        (rule("afer = \"2h\""), "gateway.toml:3:1", "no such key"),
        (rule("channels = []"), "gateway.toml:1:", "without channels"),
        (
            rule("channels = [\"web_chat\"]"),
            "gateway.toml:1:",
            "only claimed",
        ),
        (rule("text.en = \"{iban}\""), "gateway.toml:1:", "not known"),
        (rule("text.en = \"{order\""), "gateway.toml:1:", "not known"),
        (
            format!("{}{}", rule(""), rule("")),
            "gateway.toml:1:",
            "two rules",
        ),
    ] {
        let found = wrong(&text, &[]);
        let named = found
            .iter()
            .any(|line| line.starts_with(place) && line.contains(holds));
        assert!(named, "{text}: {found:?}");
    }
}

#[test]
fn the_page_about_it_holds_the_reference() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/CONFIGURATION.md");
    let page = std::fs::read_to_string(page).expect("docs/CONFIGURATION.md");
    let block = page
        .split("```toml\n")
        .nth(1)
        .and_then(|rest| rest.split("```").next());
    assert_eq!(
        block,
        Some(REFERENCE),
        "put `deskhand-gateway config reference` there"
    );
    assert!(
        fine(REFERENCE, &[]).data_dir.as_os_str().is_empty(),
        "as printed, it sets nothing"
    );
}
