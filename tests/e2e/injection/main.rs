//! Every string of `deskhand_tests::injection` in every field, rendered in the real window and in
//! the chat page: none runs, none asks for anything, none reaches the core.

mod chat;
mod window;

/// Counts everything that must not happen, and tells what of the page is not ours.
const WATCH: &str = r#"
    window.broken = [];
    window.asked = 0;
    addEventListener('securitypolicyviolation', (event) => window.broken.push(`${event.effectiveDirective} ${event.blockedURI}`));
    for (const name of ['alert', 'confirm', 'prompt', 'open', 'print']) window[name] = () => { window.asked += 1; };
    const FOREIGN = 'script, iframe, frame, object, embed, img, video, audio, source, track, link, style, meta, base, math, marquee, template, noscript, xmp, image, foreignObject, details[ontoggle]';
    window.foreign = (within = document.body) => {
        const found = [...within.querySelectorAll(FOREIGN)].filter((it) => !it.matches('body > script') && !it.outerHTML.startsWith('<noscript><p class="lead">')).map((it) => it.outerHTML.slice(0, 200));
        for (const element of [within, ...within.querySelectorAll('*')]) for (const { name, value } of element.attributes) {
            const link = element.tagName === 'A' && name === 'href' && /^https?:/i.test(value);
            const runs = name.startsWith('on') || (['href', 'src', 'action', 'data', 'poster'].includes(name) && /127\.0\.0\.1|script:|^data:/i.test(value));
            if (runs && !link) found.push(`${element.tagName} ${name}`);
        }
        return found;
    };
"#;

/// What is compared: the gateway leaves control characters and those that turn the direction of a
/// text out, and paragraphs the blanks at their ends.
fn plain(text: &str) -> String {
    let unseen = |c: char| matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
    text.chars()
        .filter(|c| !c.is_whitespace() && !c.is_control() && !unseen(*c))
        .collect()
}
