//! What can be set: a TOML file, then the environment, then the command line.
//!
//! A section is a struct with defaults; what its keys mean stands in `reference.toml`, which is also
//! what `config reference` prints. A new section is such a struct, a field of [`Config`], its lines
//! in the reference, and one call in [`Config::check`] if its values can contradict each other.

mod carriers;
mod door;
mod hooks;
mod notices;
mod oidc;
mod policy;
mod proxy;
mod rates;
mod read;
mod sessions;
mod shops;
mod tls;
mod values;

pub use carriers::Carriers;
pub use door::Door;
pub use hooks::{Hooks, Inbox};
pub use notices::{NoticeRule, Notices, Quiet};
pub use oidc::{GroupRole, Oidc};
pub use policy::Policy;
pub use proxy::{Proxy, ProxyHeader};
pub use rates::{Origins, Rates};
pub use read::{Mistake, Mistakes, PREFIX, REFERENCE, read};
use serde::{Deserialize, Serialize};
pub use sessions::Sessions;
pub use shops::{ShopifyShop, VendureShop, WooCommerceShop};
use std::{
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
};
pub use tls::Tls;
pub use values::{Period, Rate, Secret, Size};

/// Where a gateway listens unless told otherwise.
pub const LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 7430);

/// How a gateway runs.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The folder with everything it keeps; empty when nobody said.
    pub data_dir: PathBuf,
    /// A PostgreSQL database instead of the file in the folder.
    pub database_url: Option<Secret>,
    /// Where it listens.
    pub listen: SocketAddr,
    /// Whether an empty database becomes the sample shop.
    pub sample: bool,
    /// Whether the sample shop may be reached from other machines; only the command line says so.
    #[serde(skip)]
    pub sample_on_network: bool,
    /// How many chat messages a visitor may write in a minute.
    pub chat_messages_per_minute: usize,
    /// For how many seconds a reply by mail and the like is kept back, so that its author may undo
    /// it: a little longer than a window counts down. 0 sends at once.
    pub undo_seconds: u16,
    /// How connections are treated.
    pub door: Door,
    /// How long somebody is signed in.
    pub sessions: Sessions,
    /// Signing in with an OpenID Connect provider.
    pub oidc: Oidc,
    /// A Vendure whose orders are shown.
    pub vendure: VendureShop,
    /// A Shopify shop whose orders are shown.
    pub shopify: ShopifyShop,
    /// A WooCommerce shop whose orders are shown.
    pub woocommerce: WooCommerceShop,
    /// Services that are asked where parcels are.
    pub carriers: Carriers,
    /// What services prove their webhooks with.
    pub hooks: Hooks,
    /// What others told.
    pub inbox: Inbox,
    /// What customers are told before they ask.
    pub notices: Notices,
    /// Where the shop's own roles and rules lie.
    pub policy: Policy,
    /// TLS without a proxy.
    pub tls: Tls,
    /// Whose word about others counts.
    pub proxy: Proxy,
    /// How often somebody may ask.
    pub rates: Rates,
    /// Which pages of the web may talk to the gateway.
    pub origins: Origins,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            data_dir: PathBuf::new(),
            database_url: None,
            listen: LISTEN,
            sample: false,
            sample_on_network: false,
            chat_messages_per_minute: 20,
            undo_seconds: 13,
            door: Door::default(),
            sessions: Sessions::default(),
            oidc: Oidc::default(),
            vendure: VendureShop::default(),
            shopify: ShopifyShop::default(),
            woocommerce: WooCommerceShop::default(),
            carriers: Carriers::default(),
            hooks: Hooks::default(),
            inbox: Inbox::default(),
            notices: Notices::default(),
            policy: Policy::default(),
            tls: Tls::default(),
            proxy: Proxy::default(),
            rates: Rates::default(),
            origins: Origins::default(),
        }
    }
}

impl Config {
    /// A gateway inside another program: a folder, this machine only, any free port.
    pub fn embedded(data_dir: impl Into<PathBuf>) -> Self {
        Self {
            data_dir: data_dir.into(),
            listen: SocketAddr::new(LISTEN.ip(), 0),
            ..Self::default()
        }
    }

    /// What the types allow and nobody can have meant.
    fn check(&self, wrong: &mut Findings) {
        wrong.unless(
            self.chat_messages_per_minute > 0,
            "chat_messages_per_minute",
            "at 0 nobody could write: say at least 1",
        );
        wrong.unless(
            self.undo_seconds <= 600,
            "undo_seconds",
            "is a time in seconds, at most 600",
        );
        self.door.check(wrong);
        self.sessions.check(wrong);
        self.tls.check(wrong);
        self.proxy.check(wrong);
        self.origins.check(wrong);
        self.oidc.check(wrong);
        self.vendure.check(wrong);
        self.shopify.check(wrong);
        self.woocommerce.check(wrong);
        self.carriers.check(wrong);
        let shops = [&*self.vendure.address, &*self.shopify.address];
        self.hooks.check(shops, wrong);
        self.inbox.check(wrong);
        self.notices.check(wrong);
    }
}

/// What is found wrong with values that can be read one by one: the key, such as
/// `door.connections`, and the words.
#[derive(Default)]
pub struct Findings(Vec<(&'static str, String)>);

impl Findings {
    /// Adds the words for a key unless it is fine.
    pub fn unless(&mut self, fine: bool, key: &'static str, words: impl Into<String>) {
        if !fine {
            self.0.push((key, words.into()));
        }
    }
}
