//! The one command of the window.
#![expect(
    clippy::let_underscore_must_use,
    reason = "the code that tauri::command writes, not ours"
)]

use deskhand_protocol::calls::{self, CallError};
use serde_json::Value;
use tauri::State;

use crate::core::Core;

/// Makes a call of the core by its name.
#[tauri::command]
pub async fn rpc(core: State<'_, Core>, name: String, args: Value) -> Result<Value, CallError> {
    let call = calls::NAMES.iter().find(|known| **known == name);
    tracing::trace!(call = call.unwrap_or(&"unknown"), "the page calls");
    core.call(&name, args).await
}
