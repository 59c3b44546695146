//! The one command of the window.
#![expect(
    clippy::let_underscore_must_use,
    reason = "the code that tauri::command writes, not ours"
)]

use deskhand_protocol::calls::CallError;
use serde_json::Value;
use tauri::State;

use crate::core::Core;

/// Makes a call of the core by its name.
#[tauri::command]
pub async fn rpc(core: State<'_, Core>, name: String, args: Value) -> Result<Value, CallError> {
    core.call(&name, args).await
}
