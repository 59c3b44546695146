//! What an agent does at the window, by the words and roles on the screen.

use anyhow::Context;
use serde_json::json;

use crate::{
    desktop::Window,
    wait,
    webdriver::{Element, keys},
};

impl Window {
    /// Signs in and waits for the shop.
    pub async fn sign_in(&self, gateway: &str, email: &str, password: &str) -> anyhow::Result<()> {
        self.fill_in(gateway, email, password).await?;
        self.wait_for("nav button[aria-current=page]")
            .await
            .map(drop)
    }

    /// Fills in the sign-in screen and sends it.
    pub async fn fill_in(&self, gateway: &str, email: &str, password: &str) -> anyhow::Result<()> {
        for (field, text) in [
            ("#address", gateway),
            ("#email", email),
            ("#password", password),
        ] {
            let element = self.wait_for(field).await?;
            self.clear(&element).await?;
            self.type_into(&element, text).await?;
        }
        self.press(&[keys::ENTER]).await
    }

    /// Waits for an element.
    pub async fn wait_for(&self, css: &str) -> anyhow::Result<Element> {
        let found = wait::until(css, || self.find(css)).await;
        self.with_picture(found).await
    }

    /// Waits until the words are on the screen.
    pub async fn see(&self, words: &str) -> anyhow::Result<()> {
        let seen = wait::until(&format!("{words:?} in the window"), || async {
            Ok(self.text().await?.contains(words).then_some(()))
        })
        .await;
        self.with_picture(seen).await
    }

    /// Waits until the words are not on the screen any more.
    pub async fn until_gone(&self, words: &str) -> anyhow::Result<()> {
        let gone = wait::until(&format!("{words:?} to leave the window"), || async {
            Ok((!self.text().await?.contains(words)).then_some(()))
        })
        .await;
        self.with_picture(gone).await
    }

    /// Chooses a view of the rail by its name.
    pub async fn choose_view(&self, name: &str) -> anyhow::Result<()> {
        let link = self.wait_for_text("nav a, nav button", name).await?;
        self.click(&link).await
    }

    /// Presses a button by its words.
    pub async fn press_button(&self, words: &str) -> anyhow::Result<()> {
        let button = self.wait_for_text("button", words).await?;
        self.click(&button).await
    }

    /// Waits for the row of the list that holds the words.
    pub async fn row_with(&self, words: &str) -> anyhow::Result<Element> {
        self.wait_for_text("[role=option]", words).await
    }

    /// Opens the ticket whose row holds the words, and waits for its conversation.
    pub async fn open_row(&self, words: &str) -> anyhow::Result<()> {
        let row = self.row_with(words).await?;
        self.click(&row).await?;
        self.wait_for("main textarea, article textarea, section textarea")
            .await
            .map(drop)
    }

    /// Writes at the end of the composer, without sending.
    pub async fn write(&self, text: &str) -> anyhow::Result<()> {
        let field = self.wait_for("textarea").await?;
        self.type_into(&field, text).await
    }

    /// Sends what stands in the composer.
    pub async fn send(&self) -> anyhow::Result<()> {
        self.press(&[keys::CONTROL, keys::ENTER]).await
    }

    /// Opens what only the core knows about a problem.
    pub async fn open_details(&self) -> anyhow::Result<()> {
        let summary = self.wait_for("[role=alert] summary").await?;
        self.click(&summary).await
    }

    async fn wait_for_text(&self, css: &str, words: &str) -> anyhow::Result<Element> {
        let script = "return [...document.querySelectorAll(arguments[0])]\
                      .find((each) => each.innerText.includes(arguments[1])) ?? null";
        let found = wait::until(&format!("{css} with {words:?}"), || async {
            let found = self.run(script, json!([css, words])).await?;
            Ok(Element::of(&found))
        })
        .await;
        self.with_picture(found).await
    }

    /// Keeps a picture and the text of the screen when a wait has failed.
    async fn with_picture<T>(&self, outcome: anyhow::Result<T>) -> anyhow::Result<T> {
        let Err(error) = outcome else { return outcome };
        let folder = crate::process::workspace().join("target/tests");
        std::fs::create_dir_all(&folder)?;
        std::fs::write(folder.join("window.png"), self.picture().await?)?;
        let text = self.text().await?;
        Err(error).context(format!(
            "the window showed (target/tests/window.png):\n{text}"
        ))
    }
}
