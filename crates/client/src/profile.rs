//! Who signed in last, and where. A plain file: it holds no secret.

use chrono::{DateTime, Utc};
use deskhand_domain::{Account, Scope, Shop, Team};
use deskhand_protocol::rest::Session;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::{
    fs, io,
    path::{Path, PathBuf},
};

const CACHE_MIB: u64 = 2048;

/// Who signed in last, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Profile {
    pub(crate) address: String,
    pub(crate) email: String,
    pub(crate) sample: bool,
    /// Still signed in, as far as this computer knows.
    pub(crate) signed: Option<Signed>,
    /// How large the cache may grow, in MiB; 2 GiB when nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) cache_mib: Option<u64>,
}

/// What the sign-in told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Signed {
    pub(crate) account: Account,
    pub(crate) scopes: Vec<Scope>,
    #[serde(default)]
    pub(crate) refunds_up_to: u32,
    #[serde(default)]
    pub(crate) teams: Vec<Team>,
    pub(crate) shop: Shop,
    pub(crate) expires_at: DateTime<Utc>,
}

impl From<&Session> for Signed {
    fn from(session: &Session) -> Self {
        Self {
            account: session.account.clone(),
            scopes: session.scopes.clone(),
            refunds_up_to: session.refunds_up_to,
            teams: session.teams.clone(),
            shop: session.shop.clone(),
            expires_at: session.expires_at,
        }
    }
}

impl Profile {
    pub(crate) fn read(data_dir: &Path) -> Option<Self> {
        let text = fs::read(file(data_dir)).ok()?;
        serde_json::from_slice(&text)
            .inspect_err(|error| tracing::warn!(%error, "the profile cannot be read"))
            .ok()
    }

    /// Writes it whole or not at all.
    pub(crate) fn write(&self, data_dir: &Path) -> io::Result<()> {
        let text = serde_json::to_vec_pretty(self)?;
        let draft = data_dir.join("profile.json.new");
        fs::create_dir_all(data_dir)?;
        fs::write(&draft, text)?;
        fs::rename(draft, file(data_dir))
    }

    /// Where its cache is. The sample shop's port may change, so its address does not count.
    pub(crate) fn cache(&self, data_dir: &Path) -> PathBuf {
        let (folder, whose) = if self.sample {
            ("sample", self.email.to_lowercase())
        } else {
            (
                "profiles",
                format!("{} {}", self.address, self.email.to_lowercase()),
            )
        };
        data_dir
            .join(folder)
            .join(short_hash(&whose))
            .join("cache.db")
    }

    /// How large its cache may grow, in bytes.
    pub(crate) fn cache_limit(&self) -> u64 {
        self.cache_mib.unwrap_or(CACHE_MIB).saturating_mul(1 << 20)
    }

    /// The name of one of its secrets; two data folders never share one.
    pub(crate) fn secret(&self, data_dir: &Path, what: &str) -> String {
        let cache = self.cache(&std::path::absolute(data_dir).unwrap_or(data_dir.to_owned()));
        format!("{what}:{}", short_hash(&cache.to_string_lossy()))
    }
}

fn file(data_dir: &Path) -> PathBuf {
    data_dir.join("profile.json")
}

fn short_hash(text: &str) -> String {
    Sha256::digest(text.as_bytes())
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile(address: &str, email: &str, sample: bool) -> Profile {
        Profile {
            address: address.into(),
            email: email.into(),
            sample,
            signed: None,
            cache_mib: None,
        }
    }

    #[test]
    fn profiles_do_not_share_caches_or_secrets_and_the_sample_may_change_its_port() {
        let dir = Path::new("/data");
        let ana = profile("https://a.example", "ana@a.example", false);
        let bob = profile("https://a.example", "bob@a.example", false);
        assert_ne!(ana.cache(dir), bob.cache(dir));
        assert_ne!(
            ana.secret(dir, "cache-key"),
            ana.secret(Path::new("/other"), "cache-key")
        );
        assert_ne!(ana.secret(dir, "cache-key"), ana.secret(dir, "session"));
        assert_eq!(
            profile("http://127.0.0.1:1", "p@s.example", true).cache(dir),
            profile("http://127.0.0.1:2", "p@s.example", true).cache(dir),
        );
    }

    #[test]
    fn a_profile_survives_the_program() {
        let folder = tempfile::tempdir().expect("a folder");
        let ana = profile("https://a.example", "ana@a.example", false);
        ana.write(folder.path()).expect("written");
        assert_eq!(Profile::read(folder.path()), Some(ana));
    }
}
