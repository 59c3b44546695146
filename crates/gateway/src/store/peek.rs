//! A look into the database from outside, beside a gateway that runs: one connection, nothing written.

use super::{Doing as _, Location, StoreError, cells::Cells, entity::Row as _, sqlite};
use deskhand_domain::{Account, TeamId};
use sqlx::{AnyConnection, Connection as _};

/// An open look.
pub struct Peek {
    connection: AnyConnection,
}

impl Peek {
    /// Opens the database where it lies.
    pub async fn open(location: &Location) -> Result<Self, StoreError> {
        sqlx::any::install_default_drivers();
        let connection = match location {
            Location::File(file) => {
                let options = sqlite::options(file, "ro").doing("name the database")?;
                AnyConnection::connect_with(&options).await
            }
            Location::Url(url) => AnyConnection::connect(url).await,
        };
        Ok(Self {
            connection: connection.doing("open the database")?,
        })
    }

    /// The account of an address.
    pub async fn account(&mut self, email: &str) -> Result<Option<Account>, StoreError> {
        let row =
            sqlx::query("select id, name, email, role, teams from accounts where email_key = $1")
                .bind(email.to_lowercase())
                .fetch_optional(&mut self.connection)
                .await
                .doing("look for the account")?;
        row.map(|row| Account::read(&Cells::new(Account::TABLE, &row)))
            .transpose()
    }

    /// Whose the ticket of a number is.
    pub async fn team_of(&mut self, number: i64) -> Result<Option<TeamId>, StoreError> {
        let row = sqlx::query("select id, team from tickets where number = $1")
            .bind(number)
            .fetch_optional(&mut self.connection)
            .await
            .doing("look for the ticket")?;
        row.map(|row| Cells::new("tickets", &row).parse("team"))
            .transpose()
    }
}
