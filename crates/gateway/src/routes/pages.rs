//! The chat page, its parts, the widget, and a pretend shop page that shows the widget.

use crate::problem::Refusal;
use axum::{
    extract::Path,
    http::header,
    response::{IntoResponse, Redirect, Response},
};

/// Only our own files, and a socket to ourselves; nothing inline, and nothing that is written
/// becomes mark-up. Any shop may embed the page.
const EMBEDDABLE: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; \
    frame-ancestors *; require-trusted-types-for 'script'; trusted-types 'none'";
const DEMO: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
    frame-src 'self'; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'; \
    require-trusted-types-for 'script'; trusted-types 'none'";

/// `/chat` without the slash.
pub async fn to_chat() -> impl IntoResponse {
    Redirect::permanent("/chat/")
}

/// The chat page.
pub async fn chat() -> impl IntoResponse {
    page(EMBEDDABLE, include_str!("../../chat/index.html"))
}

/// Its scripts and styles, and the widget.
pub async fn part(Path(name): Path<String>) -> Response {
    let text = match name.as_str() {
        "chat.css" => include_str!("../../chat/chat.css"),
        "chat.js" => include_str!("../../chat/chat.js"),
        "chat-live.js" => include_str!("../../chat/chat-live.js"),
        "chat-state.js" => include_str!("../../chat/chat-state.js"),
        "chat-store.js" => include_str!("../../chat/chat-store.js"),
        "chat-view.js" => include_str!("../../chat/chat-view.js"),
        "chat-words.js" => include_str!("../../chat/chat-words.js"),
        "demo.css" => include_str!("../../chat/demo.css"),
        "widget.js" => include_str!("../../chat/widget.js"),
        _ => return Refusal::not_found().into_response(),
    };
    file(kind_of(&name), text).into_response()
}

fn kind_of(name: &str) -> &'static str {
    if name.ends_with(".css") {
        "text/css; charset=utf-8"
    } else {
        "text/javascript; charset=utf-8"
    }
}

/// A page of the pretend shop.
pub async fn demo() -> impl IntoResponse {
    page(DEMO, include_str!("../../chat/demo.html"))
}

fn page(policy: &'static str, text: &'static str) -> impl IntoResponse {
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    (headers, text)
}

fn file(kind: &'static str, text: &'static str) -> impl IntoResponse {
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, "no-cache"),
        // Shops load the widget from their own pages.
        (
            header::HeaderName::from_static("cross-origin-resource-policy"),
            "cross-origin",
        ),
    ];
    (headers, text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::StatusCode;

    #[tokio::test]
    async fn every_script_and_style_of_the_chat_is_served() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/chat");
        for entry in std::fs::read_dir(folder).expect("the folder of the chat page") {
            let name = entry.expect("an entry").file_name();
            let name = name.to_string_lossy().into_owned();
            if name.ends_with(".js") || name.ends_with(".css") {
                let answer = part(Path(name.clone())).await;
                assert_eq!(answer.status(), StatusCode::OK, "{name} is not served");
            }
        }
    }
}
