//! The command line.

use chrono::{DateTime, NaiveDate, Utc};
use clap::{Parser, Subcommand};
use deskhand_domain::{AccountId, CustomerId, Scope};
use deskhand_gateway::{
    audit::command::Format as ExportFormat, import::Format, keys, store::LetterState,
};
use deskhand_protocol::audit::Action;
use std::{net::SocketAddr, path::PathBuf};
use uuid::Uuid;

/// The server of Deskhand.
#[derive(Parser)]
#[command(version)]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand)]
pub enum Command {
    /// Answers desktops and chat pages until it is told to stop.
    Serve(Serve),
    /// Begins a new history; run it after a backup was put back and before the gateway is started.
    ///
    /// What desktops have seen since the backup was made is not in it. With a new epoch they drop
    /// their copy, keep what waits in their outbox, and sync again. The gateway must not run.
    NewEpoch(Place),
    /// Ends every session of an account, and has its desktops destroy their copies.
    ///
    /// A desktop that is connected learns of it within seconds, another one when it reaches the
    /// gateway next. What was not sent from there is lost. A gateway may run meanwhile.
    Revoke {
        #[command(flatten)]
        place: Place,
        /// The account's address.
        #[arg(long)]
        account: String,
    },
    /// Takes over an export of a shop's orders, all of it or nothing. The gateway must not run.
    ImportOrders {
        #[command(flatten)]
        place: Place,
        /// The file.
        file: PathBuf,
        /// Which shop wrote it.
        #[arg(long)]
        format: Format,
        /// Names every mistake and stores nothing.
        #[arg(long)]
        dry_run: bool,
    },
    /// Checks a configuration, or prints one.
    #[command(subcommand)]
    Config(Configuration),
    /// Looks at roles and rules.
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// Reads the audit trail; the gateway may run.
    #[command(subcommand)]
    Audit(Audit),
    /// Locks an account and signs it out everywhere. A gateway may run meanwhile.
    Lock(Whose),
    /// Lets a locked account in again. A gateway may run meanwhile.
    Unlock(Whose),
    /// Forgets the authenticator app of somebody who lost it. A gateway may run meanwhile.
    ForgetApp(Whose),
    /// Makes, lists and revokes the keys of programs. A gateway may run meanwhile.
    #[command(subcommand)]
    Key(KeyCommand),
    /// Looks at what services and programs told, and has it looked at again. A gateway may run
    /// meanwhile.
    #[command(subcommand)]
    Inbox(InboxCommand),
    /// Tries the rules by which customers are told before they ask, and notes who does not want it.
    #[command(subcommand)]
    Rules(RulesCommand),
    /// Prints the description of the HTTP interface (OpenAPI 3.1).
    Openapi,
}

#[derive(Subcommand)]
pub enum InboxCommand {
    /// Lists what was told, the newest first.
    List {
        #[command(flatten)]
        place: Place,
        /// Only what is waiting, applied, ignored, dead or dropped.
        #[arg(long, value_parser = letter_state)]
        state: Option<LetterState>,
        /// Only what tells of this tracking number.
        #[arg(long)]
        tracking: Option<String>,
        /// How many at most.
        #[arg(long, default_value_t = 50)]
        limit: usize,
    },
    /// Shows one, with what was sent.
    Show {
        #[command(flatten)]
        place: Place,
        /// Its id.
        id: Uuid,
    },
    /// Has one looked at again, or with --dead all that could not be applied.
    Replay {
        #[command(flatten)]
        place: Place,
        /// Its id.
        #[arg(required_unless_present = "dead")]
        id: Option<Uuid>,
        /// All that could not be applied.
        #[arg(long, conflicts_with = "id")]
        dead: bool,
    },
    /// Puts one aside that is not to be applied.
    Drop {
        #[command(flatten)]
        place: Place,
        /// Its id.
        id: Uuid,
    },
}

#[derive(Subcommand)]
pub enum RulesCommand {
    /// Plays the past again: what customers would have been told, when, and why not.
    ///
    /// Nothing is sent and nothing is stored. A gateway may run meanwhile.
    Replay {
        #[command(flatten)]
        place: Place,
        /// From this day or moment on, such as 2027-01-31; 30 days ago unless said.
        #[arg(long, value_parser = moment)]
        since: Option<DateTime<Utc>>,
    },
    /// Notes that a customer does not want to be told. A gateway may run meanwhile.
    Object {
        #[command(flatten)]
        place: Place,
        /// The customer's address.
        #[arg(long)]
        customer: String,
    },
    /// Takes that back. A gateway may run meanwhile.
    Allow {
        #[command(flatten)]
        place: Place,
        /// The customer's address.
        #[arg(long)]
        customer: String,
    },
}

/// A day, which begins in UTC, or a moment.
fn moment(text: &str) -> Result<DateTime<Utc>, String> {
    let day = text.parse::<NaiveDate>().ok();
    let begins = day.and_then(|day| day.and_hms_opt(0, 0, 0));
    let begins = begins.map(|begins| begins.and_utc());
    begins
        .or_else(|| text.parse().ok())
        .ok_or_else(|| "write a day, such as 2027-01-31, or a moment".to_owned())
}

fn letter_state(word: &str) -> Result<LetterState, String> {
    let state = serde_json::from_value(serde_json::Value::String(word.to_owned()));
    state.map_err(|_| "say waiting, applied, ignored, dead or dropped".to_owned())
}

#[derive(Subcommand)]
pub enum KeyCommand {
    /// Makes a key and prints it, once. A machine account of the role service is made with it.
    Create {
        #[command(flatten)]
        place: Place,
        /// What it is for.
        #[arg(long)]
        name: String,
        /// What it should allow at most, such as tickets:read,messages:send.
        #[arg(long, value_delimiter = ',', required = true)]
        scopes: Vec<Scope>,
        /// For how many days.
        #[arg(long, default_value_t = keys::DAYS)]
        days: u16,
        /// The machine account it is another key of.
        #[arg(long)]
        account: Option<AccountId>,
    },
    /// Lists the keys, the newest first.
    List(Place),
    /// Revokes a key at once.
    Revoke {
        #[command(flatten)]
        place: Place,
        /// Its id or its beginning, such as dk_4fGh2s.
        key: String,
    },
}

#[derive(Subcommand)]
pub enum Configuration {
    /// Names everything that is wrong with a file and the environment, without starting anything.
    Check {
        /// The file; without one only the environment is checked.
        #[arg(env = "DESKHAND_CONFIG")]
        file: Option<PathBuf>,
    },
    /// Prints everything that can be set, with comments and defaults.
    Reference,
}

#[derive(Subcommand)]
pub enum PolicyCommand {
    /// Reads a policy and says what is wrong with it, with file, line and meaning.
    Check {
        /// The folder with the shop's own roles.toml and .cedar files; without it, the policy that
        /// every gateway has.
        folder: Option<PathBuf>,
    },
    /// Says which rule decides whether an account may do something. The gateway may run meanwhile.
    Explain {
        #[command(flatten)]
        place: Place,
        /// The account's address.
        #[arg(long = "as")]
        account: String,
        /// What it wants to do, such as ticket.write.
        action: String,
        /// With what: shop, customer, order, ticket:17, team:ID or refund:120.50:EUR.
        resource: String,
    },
}

#[derive(Subcommand)]
pub enum Audit {
    /// Finds every entry that was altered, is missing, stands elsewhere or was added by others.
    Verify {
        #[command(flatten)]
        place: Place,
        /// Heads that were kept elsewhere; without it, the gateway's own file of them.
        #[arg(long)]
        heads: Option<PathBuf>,
        /// The public half of the gateway's key, which `audit key` prints; without it, the
        /// gateway's own.
        #[arg(long)]
        public_key: Option<String>,
    },
    /// Writes entries, oldest first. This is not told in the trail, which
    /// only the gateway writes; an export through the gateway is.
    Export {
        #[command(flatten)]
        place: Place,
        /// From this moment on, such as 2027-01-31T09:00:00Z.
        #[arg(long)]
        from: Option<DateTime<Utc>>,
        /// Before this moment.
        #[arg(long)]
        until: Option<DateTime<Utc>>,
        /// Of this account, machine key or customer.
        #[arg(long)]
        actor: Option<Uuid>,
        /// That concern this customer.
        #[arg(long)]
        customer: Option<CustomerId>,
        /// That tell of this, such as signed_in.
        #[arg(long, value_parser = action)]
        action: Option<Action>,
        /// One JSON object a line, or CSV for a spreadsheet.
        #[arg(long, value_enum, default_value_t)]
        format: ExportFormat,
        /// How many at most.
        #[arg(long)]
        limit: Option<usize>,
    },
    /// Prints the public half of the key that signs the trail.
    Key(Place),
}

/// An account, and where it lies.
#[derive(clap::Args)]
pub struct Whose {
    #[command(flatten)]
    pub place: Place,
    /// The account's address.
    #[arg(long)]
    pub account: String,
}

/// Where the data lies.
#[derive(clap::Args)]
pub struct Place {
    /// The folder with everything it keeps.
    #[arg(long, env = "DESKHAND_DATA_DIR")]
    pub data_dir: Option<PathBuf>,
    /// A PostgreSQL database instead of a file: postgres://user:password@host:5432/database.
    #[arg(long, env = "DESKHAND_DATABASE_URL", hide_env_values = true)]
    pub database_url: Option<String>,
    /// A configuration file in TOML.
    #[arg(long, env = "DESKHAND_CONFIG")]
    pub config: Option<PathBuf>,
}

#[derive(clap::Args)]
pub struct Serve {
    #[command(flatten)]
    pub place: Place,
    /// Where it listens; 127.0.0.1:7430 unless told.
    #[arg(long, env = "DESKHAND_LISTEN")]
    pub listen: Option<SocketAddr>,
    /// For how many seconds replies may be undone before they are sent; 13 unless told, 0 for none.
    #[arg(long, env = "DESKHAND_UNDO_SECONDS")]
    pub undo_seconds: Option<u16>,
    /// Fills an empty database with the sample shop, whose passwords are published.
    #[arg(long)]
    pub sample: bool,
    /// Lets other machines reach the sample shop.
    #[arg(long)]
    pub sample_on_network: bool,
}

fn action(word: &str) -> Result<Action, String> {
    let action = serde_json::from_value(serde_json::Value::String(word.to_owned()));
    action.map_err(|_| "there is no such action".to_owned())
}
