//! Writes the TypeScript types of the contract between window and core: `make gen`.
//!
//! Every type that a call or an event reaches is found from the table, so nothing can be forgotten.

use deskhand_protocol::{calls, chat, view};
use std::{any::TypeId, collections::BTreeMap, fmt::Write as _, path::PathBuf};
use ts_rs::{Config, TS, TypeVisitor};

/// Collects the declarations of a type and of everything it refers to.
struct Collector {
    config: Config,
    seen: Vec<TypeId>,
    declarations: BTreeMap<String, String>,
}

impl TypeVisitor for Collector {
    fn visit<T: TS + 'static + ?Sized>(&mut self) {
        if self.seen.contains(&TypeId::of::<T>()) {
            return;
        }
        self.seen.push(TypeId::of::<T>());
        if T::output_path().is_some() {
            let mut text = T::docs().unwrap_or_default();
            let _infallible = writeln!(text, "export {}", T::decl(&self.config));
            self.declarations.insert(T::ident(&self.config), text);
        }
        T::visit_dependencies(self);
        T::visit_generics(self);
    }
}

fn collector() -> Collector {
    Collector {
        config: Config::new(),
        seen: Vec::new(),
        declarations: BTreeMap::new(),
    }
}

fn file(parts: &Collector, tail: &str) -> String {
    let mut text = String::from("// Written by `make gen` from crates/protocol. Do not edit.\n\n");
    for declaration in parts.declarations.values() {
        text.push_str(declaration);
        text.push('\n');
    }
    text.push_str(tail);
    text
}

fn main() -> std::io::Result<()> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut window = collector();
    calls::visit_types(&mut window);
    window.visit::<calls::CallError>();
    window.visit::<view::Event>();
    let map = calls::typescript(&window.config);
    std::fs::create_dir_all(root.join("ui/src/ipc/generated"))?;
    std::fs::write(
        root.join("ui/src/ipc/generated/types.ts"),
        file(&window, &map),
    )?;

    let mut page = collector();
    page.visit::<chat::OpenConversation>();
    page.visit::<chat::Conversation>();
    page.visit::<chat::ChatSend>();
    page.visit::<chat::ChatServerFrame>();
    page.visit::<chat::ChatClientFrame>();
    std::fs::create_dir_all(root.join("crates/gateway/chat"))?;
    std::fs::write(root.join("crates/gateway/chat/types.d.ts"), file(&page, ""))
}
