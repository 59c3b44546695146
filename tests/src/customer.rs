//! What a customer does on the chat page.

use anyhow::Context;

use crate::{chromium::Chromium, wait};

/// A customer with the shop's chat page open.
pub struct Customer {
    page: Chromium,
}

impl Customer {
    /// Opens the chat page of the gateway.
    pub async fn visit(gateway: &str) -> anyhow::Result<Self> {
        let page = Chromium::open(&format!("{gateway}/chat/")).await?;
        Ok(Self { page })
    }

    /// Gives a name and an e-mail and writes the first message.
    pub async fn begin(&self, name: &str, email: &str, text: &str) -> anyhow::Result<()> {
        self.page.type_into("#name", name).await?;
        self.page.type_into("#email", email).await?;
        self.page.type_into("#text", text).await?;
        self.page.click("#start button[type=submit]").await?;
        self.see(text).await
    }

    /// Writes another message.
    pub async fn write(&self, text: &str) -> anyhow::Result<()> {
        self.page.type_into("#words", text).await?;
        self.page.press_enter().await
    }

    /// Waits until the words are in the conversation.
    pub async fn see(&self, words: &str) -> anyhow::Result<()> {
        self.wait_for("document.querySelector('#log').innerText", words)
            .await
    }

    /// Waits until the page says that an agent is writing.
    pub async fn see_typing(&self, first_name: &str) -> anyhow::Result<()> {
        self.wait_for("document.querySelector('#typing').innerText", first_name)
            .await
    }

    /// Loads the page again, as a visitor who comes back.
    pub async fn reload(&self) -> anyhow::Result<()> {
        self.page.run("location.reload()").await.map(drop)
    }

    async fn wait_for(&self, expression: &str, words: &str) -> anyhow::Result<()> {
        let seen = wait::until(&format!("{words:?} on the chat page"), || async {
            // While the page loads there is nothing to look at yet.
            let text = self.page.run(expression).await.unwrap_or_default();
            let text = text.as_str().unwrap_or_default();
            Ok(text.contains(words).then_some(()))
        })
        .await;
        let Err(error) = seen else { return Ok(()) };
        let text = self.page.text().await?;
        Err(error).context(format!("the chat page showed:\n{text}"))
    }
}
