//! Strings that would run a script, make a request or call the core if anything of the window or
//! the chat page took them for more than text. They are made from parts: what would run, in what
//! mark-up, in which disguise.

mod shop;

pub use shop::fill;

/// Makes the strings.
pub struct Strings {
    /// `http://127.0.0.1:PORT`: every request there is counted.
    canary: String,
}

/// What a string does to say that it ran: it leaves a mark, calls the core, asks the canary, and
/// opens a dialog.
const EFFECT: &str = "window.ran=(window.ran||0)+1;\
    try{__TAURI_INTERNALS__.invoke('rpc',{name:'sign_out',args:{}})}catch(e){}\
    fetch('/rpc/sign_out',{method:'POST',body:'{}'});new Image().src='CANARY/NUMBER';alert(NUMBER)";

/// Which part is tried where all of them take too long. No divisor of how many bodies there are.
const STEP: usize = 5;

/// A disguise: the same string as other readers would still understand it.
type Disguise = fn(&str) -> String;

const DISGUISES: [Disguise; 11] = [
    plain,
    |body| format!("\"><x y=\"{body}"),
    |body| format!("'/>{body}"),
    |body| format!("--></textarea></title></style></noscript></script>{body}"),
    |body| format!("]]>\u{2028}*/;{body}//"),
    mixed_case,
    |body| body.replacen('<', "<\u{0}", 1),
    |body| format!("\u{202e}{body}\u{202c}\u{2066}\u{200f}"),
    entities,
    |body| body.replace('<', "\\u003c").replace('>', "\\x3e"),
    percent,
];

impl Strings {
    /// Strings that ask this address for something.
    pub fn new(canary: String) -> Self {
        Self { canary }
    }

    /// All of them, each with a number of its own in it.
    pub fn all(&self) -> Vec<String> {
        let mut all = Vec::new();
        for disguise in DISGUISES {
            for body in bodies() {
                let number = all.len();
                let filled = body
                    .replace("EFFECT64", &base64(&self.effect(number)))
                    .replace("EFFECT", &self.effect(number))
                    .replace("CANARY", &self.canary)
                    .replace("NUMBER", &number.to_string());
                all.push(disguise(&filled));
            }
        }
        all
    }

    /// Every fifth, from the one that `DESKHAND_SEED` says: each way to run something is among them,
    /// each time in other disguises. `DESKHAND_STRINGS=all` is all of them.
    pub fn some(&self) -> Vec<String> {
        let all = self.all();
        if std::env::var("DESKHAND_STRINGS").is_ok_and(|which| which == "all") {
            return all;
        }
        let seed = std::env::var("DESKHAND_SEED");
        let seed = seed.ok().and_then(|seed| seed.parse::<usize>().ok());
        let first = seed.unwrap_or_default() % STEP;
        all.into_iter().skip(first).step_by(STEP).collect()
    }

    fn effect(&self, number: usize) -> String {
        EFFECT
            .replace("CANARY", &self.canary)
            .replace("NUMBER", &number.to_string())
    }
}

/// Mark-up, addresses, styles and templates around what would run.
fn bodies() -> Vec<String> {
    let mut bodies = Vec::new();
    // Elements that run something by themselves, or when somebody comes near.
    for (tag, attributes, event) in [
        ("img", "src=x", "onerror"),
        ("svg", "", "onload"),
        ("video", "autoplay src=x", "onerror"),
        ("details", "open", "ontoggle"),
        ("input", "autofocus", "onfocus"),
        ("button", "autofocus", "onpointerenter"),
        ("marquee", "", "onstart"),
        (
            "div",
            "tabindex=1 style=animation-name:appear",
            "onanimationstart",
        ),
        ("a", "href=# id=x", "onclick"),
        ("body", "", "onpageshow"),
    ] {
        bodies.push(format!("<{tag} {attributes} {event}=\"EFFECT\">"));
    }
    bodies.push("<img/src=\"x\"/onerror\n=\tEFFECT>".into());
    bodies.push("<dialog open onbeforetoggle=\"EFFECT\" popover>".into());
    // Scripts.
    for script in [
        "<script>EFFECT</script>",
        "<script src=CANARY/NUMBER></script>",
        "<script type=module>import 'CANARY/NUMBER';EFFECT</script>",
        "<svg><script href=CANARY/NUMBER>EFFECT</script></svg>",
        "<math><mtext><script>EFFECT</script>",
        "<template shadowrootmode=open><script>EFFECT</script></template>",
    ] {
        bodies.push(script.into());
    }
    // Addresses of other schemes, in attributes and alone.
    for address in [
        "javascript:EFFECT",
        "java\tscript:EFFECT",
        "data:text/html;base64,EFFECT64",
        "vbscript:EFFECT",
    ] {
        bodies.push(format!("<a href=\"{address}\">tracking</a>"));
        bodies.push(format!("<iframe src=\"{address}\"></iframe>"));
        bodies.push(address.into());
    }
    bodies.push("<form action=\"javascript:EFFECT\"><input type=submit autofocus>".into());
    bodies.push("<meta http-equiv=refresh content=\"0;url=javascript:EFFECT\">".into());
    // What only asks for something elsewhere.
    for asking in [
        "<img src=CANARY/NUMBER srcset=\"CANARY/NUMBER 1x\">",
        "<link rel=stylesheet href=CANARY/NUMBER><link rel=prefetch href=CANARY/NUMBER>",
        "<iframe srcdoc=\"<script>EFFECT</script><img src=CANARY/NUMBER>\"></iframe>",
        "<object data=CANARY/NUMBER></object><embed src=CANARY/NUMBER>",
        "<svg><use href=CANARY/NUMBER#a /><image href=CANARY/NUMBER /></svg>",
        "<base href=CANARY/><meta http-equiv=refresh content=\"0;url=CANARY/NUMBER\">",
        "<video poster=CANARY/NUMBER><source src=CANARY/NUMBER><track default src=CANARY/NUMBER>",
        "CANARY/NUMBER",
        "[tracking](CANARY/NUMBER) ![scan](CANARY/NUMBER)",
    ] {
        bodies.push(asking.into());
    }
    // Styles.
    for style in [
        "<style>@import 'CANARY/NUMBER';*{background:url(CANARY/NUMBER)}</style>",
        "<div style=\"background:url(CANARY/NUMBER);width:expression(EFFECT)\">",
        "}*{background:url(CANARY/NUMBER)}@font-face{font-family:x;src:url(CANARY/NUMBER)}",
    ] {
        bodies.push(style.into());
    }
    // Templates and strings of other languages.
    for template in [
        "{{constructor.constructor('EFFECT')()}}",
        "${EFFECT}",
        "{@ht\u{6d}l '<img src=x onerror=EFFECT>'}",
        "<%= EFFECT %> #{EFFECT} [[EFFECT]]",
        "';EFFECT;'\";EFFECT;\"`;EFFECT;`",
        "\"}],\"__proto__\":{\"innerHTML\":\"<img src=x onerror=EFFECT>\"},\"x\":[{\"",
        "$& $` $' \\0 %s %n EFFECT",
    ] {
        bodies.push(template.into());
    }
    // What changes when it is read twice, and what hides the names that the page relies on.
    for twice in [
        "<noscript><p title=\"</noscript><img src=x onerror=EFFECT>\">",
        "<math><mtext><table><mglyph><style><img src=x onerror=\"EFFECT\">",
        "<svg></p><style><a id=\"</style><img src=x onerror='EFFECT'>\">",
        "<form id=__TAURI_INTERNALS__><input name=invoke><input id=app>",
        "<xmp><p title=\"</xmp><svg/onload=EFFECT>\">",
    ] {
        bodies.push(twice.into());
    }
    bodies
}

fn plain(body: &str) -> String {
    body.to_owned()
}

fn mixed_case(body: &str) -> String {
    let mut tag = false;
    let mut upper = false;
    body.chars()
        .map(|c| {
            match c {
                '<' => tag = true,
                ' ' | '>' | '"' => tag = false,
                _ => upper = !upper,
            }
            match tag && upper {
                true => c.to_ascii_uppercase(),
                false => c,
            }
        })
        .collect()
}

fn entities(body: &str) -> String {
    body.chars()
        .map(|c| match c {
            '<' => "&lt;".to_owned(),
            '>' => "&#62;".to_owned(),
            '"' => "&#x22;".to_owned(),
            ':' => "&colon;".to_owned(),
            other => other.to_string(),
        })
        .collect()
}

fn percent(body: &str) -> String {
    body.bytes()
        .map(|byte| match byte {
            b'<' | b'>' | b'"' | b'\'' | b' ' => format!("%{byte:02x}"),
            other => char::from(other).to_string(),
        })
        .collect()
}

fn base64(effect: &str) -> String {
    use base64::{Engine, engine::general_purpose::STANDARD};
    STANDARD.encode(format!("<script>{effect}</script>"))
}
