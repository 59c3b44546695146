//! What keeps the page where it is: it goes nowhere else, opens no second window, saves no file and
//! gets nothing of the computer. Links leave through the core (`open_link`).

use tauri::{
    Manager, Url, WebviewWindowBuilder, Wry,
    webview::{NewWindowResponse, PermissionResponse},
};

/// Puts the fence around a window that is not built yet.
pub fn around<M: Manager<Wry>>(
    window: WebviewWindowBuilder<'_, Wry, M>,
) -> WebviewWindowBuilder<'_, Wry, M> {
    window
        .on_navigation(is_own_page)
        .on_new_window(|_, _| NewWindowResponse::Deny)
        .on_download(|_, _| false)
        .on_permission_request(|_, _| PermissionResponse::Deny)
}

/// Whether an address is a page of this program. Windows has no schemes of its own, and gives it a
/// name there.
fn is_own_page(address: &Url) -> bool {
    match address.scheme() {
        "tauri" => address.host_str() == Some("localhost"),
        "http" | "https" => cfg!(windows) && address.host_str() == Some("tauri.localhost"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_programs_own_pages_are_gone_to() {
        let goes = |address: &str| is_own_page(&address.parse().expect("an address"));
        assert!(goes("tauri://localhost/"));
        assert!(goes("tauri://localhost/index.html"));
        for elsewhere in [
            "https://example.com/",
            "http://localhost/",
            "tauri://elsewhere/",
            "about:blank",
            "about:srcdoc",
            "data:text/html,x",
            "javascript:1",
            "file:///etc/passwd",
            "blob:tauri://localhost/1",
        ] {
            assert!(!goes(elsewhere), "{elsewhere}");
        }
        assert_eq!(goes("http://tauri.localhost/"), cfg!(windows));
    }
}
