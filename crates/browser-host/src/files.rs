//! The files of the page.

use std::path::{Path, PathBuf};

/// The file that a path names inside the folder, if the path is of plain names only.
pub fn find(folder: &Path, path: &str) -> Option<PathBuf> {
    let path = path.strip_prefix('/')?;
    let path = if path.is_empty() { "index.html" } else { path };
    let mut file = folder.to_owned();
    for name in path.split('/') {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
        if name.is_empty() || name.starts_with('.') || !name.bytes().all(plain) {
            return None;
        }
        file.push(name);
    }
    Some(file)
}

/// What a file is, by its ending.
pub fn media_type(file: &Path) -> &'static str {
    match file.extension().and_then(|ending| ending.to_str()) {
        Some("html") => "text/html; charset=utf-8",
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("json" | "map") => "application/json",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("ico") => "image/x-icon",
        Some("webp") => "image/webp",
        Some("woff2") => "font/woff2",
        Some("txt") => "text/plain; charset=utf-8",
        Some("wasm") => "application/wasm",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, expected: Option<&str>) {
        let found = find(Path::new("ui"), path);
        assert_eq!(
            found,
            expected.map(|file| Path::new("ui").join(file)),
            "{path}"
        );
    }

    #[test]
    fn only_plain_names_inside_the_folder_are_found() {
        check("/", Some("index.html"));
        check("/assets/index-B1.js", Some("assets/index-B1.js"));
        check("/../Cargo.toml", None);
        check("/assets/../../Cargo.toml", None);
        check("/%2e%2e/Cargo.toml", None);
        check("/assets//index.js", None);
        check("/.env", None);
        check("/a\\b", None);
        check("", None);
    }

    #[test]
    fn every_kind_of_file_of_the_page_has_its_type() {
        assert_eq!(
            media_type(Path::new("a/index.html")),
            "text/html; charset=utf-8"
        );
        assert_eq!(
            media_type(Path::new("a/index-1.js")),
            "text/javascript; charset=utf-8"
        );
        assert_eq!(media_type(Path::new("a/inter.woff2")), "font/woff2");
        assert_eq!(media_type(Path::new("a/what")), "application/octet-stream");
    }
}
