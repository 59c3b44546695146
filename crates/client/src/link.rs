//! Links in what people wrote: which of them may leave the window, and how their address is said.

use deskhand_protocol::calls::{CallCode, CallError};
use reqwest::Url;

/// The longest address that is handed on.
const LONGEST: usize = 2_048;

/// The address as the system's browser gets it: a web page or an e-mail address, in ASCII, so that
/// a host written in other letters shows its true name (RFC 5891).
pub(crate) fn outside(typed: &str) -> Result<String, CallError> {
    let refused = |why: &str| CallError::new(CallCode::LinkRefused, why);
    if typed.len() > LONGEST {
        return Err(refused("the address is too long"));
    }
    if typed.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err(refused("the address holds a space or a control character"));
    }
    let url = Url::parse(typed).map_err(|_| refused("it is not an address"))?;
    match url.scheme() {
        "http" | "https" => {}
        "mailto" => return Ok(url.into()),
        _ => return Err(refused("only web pages and e-mail addresses are opened")),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(refused("the address carries a name or a password"));
    }
    Ok(url.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_web_pages_and_e_mail_addresses_leave_the_window() {
        let ok = |typed: &str, address: &str| {
            assert_eq!(outside(typed).as_deref(), Ok(address), "{typed}");
        };
        ok("https://example.com/a?b#c", "https://example.com/a?b#c");
        ok("HTTP://EXAMPLE.com", "http://example.com/");
        ok(
            "https://müller.example/ä",
            "https://xn--mller-kva.example/%C3%A4",
        );
        // Cyrillic letters that look like Latin ones.
        ok("https://аррӏе.com/", "https://xn--80ak6aa92e.com/");
        ok(
            "https://example.com。evil.com",
            "https://example.com.evil.com/",
        );
        ok("mailto:a@example.com", "mailto:a@example.com");
    }

    #[test]
    fn everything_else_stays_in_the_window() {
        for typed in [
            "",
            "example.com",
            "//example.com/",
            "javascript:alert(1)",
            "JaVaScRiPt:alert(1)",
            "data:text/html,<script>1</script>",
            "file:///etc/passwd",
            "vbscript:x",
            "blob:https://example.com/1",
            "tauri://localhost/",
            "ipc://localhost/rpc",
            "smb://server/share",
            "ms-settings:privacy",
            "https://",
            "https://user@example.com/",
            "https://user:secret@example.com/",
            "https://example.com/ --new-window",
            "https://example.com/\u{0}",
            "https://example.com/\nhttps://evil.example/",
            "\u{1}javascript:alert(1)",
        ] {
            let refused = outside(typed).expect_err(typed);
            assert_eq!(refused.code, CallCode::LinkRefused, "{typed}");
        }
        let long = format!("https://example.com/{}", "a".repeat(LONGEST));
        assert!(outside(&long).is_err());
    }
}
