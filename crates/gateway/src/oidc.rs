//! Signing in with an OpenID Connect provider (Core 1.0): discovery, authorization code with PKCE
//! S256 (RFC 7636), nonce and state. The secret, the verifier and the ID token never leave the
//! gateway; the desktop only carries the code.

use crate::config::Config;
use axum::http;
use chrono::TimeDelta;
use deskhand_domain::Instant;
use openidconnect::{
    AccessTokenHash, AdditionalClaims, AuthenticationFlow, AuthorizationCode,
    ClaimsVerificationError, Client, ClientId, ClientSecret, CsrfToken, EmptyExtraTokenFields,
    EndpointMaybeSet, EndpointNotSet, EndpointSet, HttpRequest, HttpResponse, IdTokenFields,
    IdTokenVerifier, IssuerUrl, Nonce, OAuth2TokenResponse as _, PkceCodeChallenge,
    PkceCodeVerifier, RedirectUrl, Scope, StandardErrorResponse, StandardTokenResponse,
    TokenResponse as _,
    core::{
        CoreAuthDisplay, CoreAuthPrompt, CoreErrorResponseType, CoreGenderClaim, CoreJsonWebKey,
        CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm, CoreProviderMetadata,
        CoreResponseType, CoreRevocableToken, CoreRevocationErrorResponse,
        CoreTokenIntrospectionResponse, CoreTokenType,
    },
};
use rustls_platform_verifier::BuilderVerifierExt as _;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::{sync::Arc, time::Duration};
use tokio::sync::Mutex;

/// How far the provider's clock may be off.
const SKEW: TimeDelta = TimeDelta::seconds(60);
/// How old an ID token may be: it was made a moment ago.
const OLDEST: TimeDelta = TimeDelta::minutes(10);
/// How long what the provider says of itself is taken for true.
const KNOWN_FOR: TimeDelta = TimeDelta::hours(1);
/// How long it may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Why nobody was signed in.
#[derive(Debug, thiserror::Error)]
pub enum OidcError {
    /// There is no provider.
    #[error("no provider is set up")]
    None,
    /// It does not answer, or not as one.
    #[error("the provider does not answer")]
    Unreachable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// It does not take the code.
    #[error("the provider refused the code")]
    Refused(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Its ID token is not what it must be.
    #[error("the provider's ID token is not valid")]
    BadToken(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// A sign-in that goes on in a browser.
pub struct Begun {
    /// Where the browser goes.
    pub url: String,
    /// What comes back with the code.
    pub state: String,
    /// What stands in the ID token.
    pub nonce: String,
    /// What shows that the code was asked for here.
    pub verifier: String,
}

/// Who the provider says that somebody is.
#[derive(Debug)]
pub struct Person {
    /// The provider's name for them; never changes.
    pub subject: String,
    /// The address, if the provider has verified it.
    pub email: Option<String>,
    /// The name.
    pub name: Option<String>,
    /// The groups.
    pub groups: Vec<String>,
}

/// Every claim that the library does not know, the groups among them.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct Others {
    #[serde(flatten)]
    claims: Map<String, Value>,
}

impl AdditionalClaims for Others {}

type Fields = IdTokenFields<
    Others,
    EmptyExtraTokenFields,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm,
>;

type Party = Client<
    Others,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    StandardTokenResponse<Fields, CoreTokenType>,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// What the provider says of itself, and since when that is known.
type Known = Arc<Mutex<Option<(Instant, CoreProviderMetadata)>>>;

/// The provider as the gateway knows it.
#[derive(Clone)]
pub struct Oidc {
    config: Arc<Config>,
    known: Known,
    http: Option<reqwest::Client>,
}

impl Oidc {
    /// As configured. The provider is asked when somebody signs in.
    pub fn new(config: Arc<Config>) -> Self {
        let http = config
            .oidc
            .is_used()
            .then(|| http_client(PATIENCE))
            .flatten();
        Self {
            config,
            known: Known::default(),
            http,
        }
    }

    /// Begins a sign-in whose code comes back to an address of the desktop's own machine.
    pub async fn begin(&self, redirect: &str, now: Instant) -> Result<Begun, OidcError> {
        let party = self.party(redirect, self.metadata(now, false).await?)?;
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let mut request = party.authorize_url(
            AuthenticationFlow::<CoreResponseType>::AuthorizationCode,
            CsrfToken::new_random,
            Nonce::new_random,
        );
        for scope in &self.config.oidc.scopes {
            request = request.add_scope(Scope::new(scope.clone()));
        }
        let (url, state, nonce) = request.set_pkce_challenge(challenge).url();
        Ok(Begun {
            url: url.to_string(),
            state: state.secret().clone(),
            nonce: nonce.secret().clone(),
            verifier: verifier.secret().clone(),
        })
    }

    /// Exchanges the code and reads who it is for.
    pub async fn finish(
        &self,
        code: &str,
        redirect: &str,
        nonce: &str,
        verifier: &str,
        now: Instant,
    ) -> Result<Person, OidcError> {
        let party = self.party(redirect, self.metadata(now, false).await?)?;
        let http = self.http.clone().ok_or(OidcError::None)?;
        let call = |request| call(http.clone(), request);
        let answer = party
            .exchange_code(AuthorizationCode::new(code.to_owned()))
            .map_err(|error| OidcError::Unreachable(error.into()))?
            .set_pkce_verifier(PkceCodeVerifier::new(verifier.to_owned()))
            .request_async(&call)
            .await
            .map_err(token_error)?;
        let token = answer
            .id_token()
            .ok_or_else(|| OidcError::BadToken("there is none".into()))?;
        let nonce = Nonce::new(nonce.to_owned());
        let claims = match token.claims(&verifier_at(&party, now), &nonce) {
            // It may have other keys by now.
            Err(ClaimsVerificationError::SignatureVerification(_)) => {
                let party = self.party(redirect, self.metadata(now, true).await?)?;
                token.claims(&verifier_at(&party, now), &nonce).cloned()
            }
            other => other.cloned(),
        };
        let claims = claims.map_err(|error| OidcError::BadToken(error.into()))?;
        if let Some(expected) = claims.access_token_hash() {
            let alg = token
                .signing_alg()
                .map_err(|e| OidcError::BadToken(e.into()))?;
            let party = self.party(redirect, self.metadata(now, false).await?)?;
            let verifier = verifier_at(&party, now);
            let key = token
                .signing_key(&verifier)
                .map_err(|error| OidcError::BadToken(error.into()))?;
            let actual = AccessTokenHash::from_token(answer.access_token(), alg, key)
                .map_err(|error| OidcError::BadToken(error.into()))?;
            if actual != *expected {
                return Err(OidcError::BadToken(
                    "its access token is another one".into(),
                ));
            }
        }
        let verified = claims.email_verified().unwrap_or(false);
        let email = claims.email().filter(|_| verified);
        let name = claims.name().and_then(|name| name.get(None));
        Ok(Person {
            subject: claims.subject().to_string(),
            email: email.map(|email| email.to_string()),
            name: name.map(|name| name.to_string()),
            groups: self.groups(&claims.additional_claims().claims),
        })
    }

    fn groups(&self, claims: &Map<String, Value>) -> Vec<String> {
        let groups = claims.get(&self.config.oidc.groups_claim);
        let groups = groups.and_then(Value::as_array).into_iter().flatten();
        groups
            .filter_map(|group| group.as_str().map(str::to_owned))
            .collect()
    }

    /// What the provider says of itself.
    async fn metadata(&self, now: Instant, anew: bool) -> Result<CoreProviderMetadata, OidcError> {
        let http = self.http.clone().ok_or(OidcError::None)?;
        let mut known = self.known.lock().await;
        if let Some((since, metadata)) = &*known
            && !anew
            && now - *since < KNOWN_FOR
        {
            return Ok(metadata.clone());
        }
        let issuer = IssuerUrl::new(self.config.oidc.issuer.clone());
        let issuer = issuer.map_err(|error| OidcError::Unreachable(error.into()))?;
        let call = |request| call(http.clone(), request);
        let found = CoreProviderMetadata::discover_async(issuer, &call).await;
        let found = found.map_err(|error| OidcError::Unreachable(error.to_string().into()))?;
        *known = Some((now, found.clone()));
        Ok(found)
    }

    fn party(&self, redirect: &str, metadata: CoreProviderMetadata) -> Result<Party, OidcError> {
        let config = &self.config.oidc;
        let secret = config.client_secret.as_ref();
        let secret = secret.map(|secret| ClientSecret::new(secret.reveal().to_owned()));
        let redirect = RedirectUrl::new(redirect.to_owned());
        let redirect = redirect.map_err(|error| OidcError::Refused(error.into()))?;
        let id = ClientId::new(config.client_id.clone());
        Ok(Client::from_provider_metadata(metadata, id, secret).set_redirect_uri(redirect))
    }
}

/// Reads ID tokens that were signed with a key of the provider's, for us, a moment ago.
fn verifier_at(party: &Party, now: Instant) -> IdTokenVerifier<'_, CoreJsonWebKey> {
    use CoreJwsSigningAlgorithm as Alg;
    party
        .id_token_verifier()
        .set_allowed_algs([
            Alg::RsaSsaPkcs1V15Sha256,
            Alg::RsaSsaPkcs1V15Sha384,
            Alg::RsaSsaPkcs1V15Sha512,
            Alg::RsaSsaPssSha256,
            Alg::RsaSsaPssSha384,
            Alg::RsaSsaPssSha512,
            Alg::EcdsaP256Sha256,
            Alg::EcdsaP384Sha384,
            Alg::EdDsa,
        ])
        .set_time_fn(move || now - SKEW)
        .set_issue_time_verifier_fn(move |issued| {
            if issued > now + SKEW {
                Err("it is of the future".to_owned())
            } else if issued < now - OLDEST - SKEW {
                Err("it is too old".to_owned())
            } else {
                Ok(())
            }
        })
}

type TokenError =
    openidconnect::RequestTokenError<HttpError, StandardErrorResponse<CoreErrorResponseType>>;

fn token_error(error: TokenError) -> OidcError {
    match error {
        openidconnect::RequestTokenError::Request(error) => OidcError::Unreachable(error.into()),
        // The answer may hold what nobody should read in a log.
        openidconnect::RequestTokenError::ServerResponse(answer) => {
            OidcError::Refused(format!("{:?}", answer.error()).into())
        }
        openidconnect::RequestTokenError::Parse(..)
        | openidconnect::RequestTokenError::Other(_) => {
            OidcError::BadToken("the answer cannot be read".into())
        }
    }
}

#[derive(Debug, thiserror::Error)]
enum HttpError {
    #[error("the request failed")]
    Request(#[from] reqwest::Error),
    #[error("the answer cannot be read")]
    Answer(#[from] http::Error),
}

async fn call(client: reqwest::Client, request: HttpRequest) -> Result<HttpResponse, HttpError> {
    let response = client.execute(request.try_into()?).await?;
    let mut answer = http::Response::builder().status(response.status());
    for (name, value) in response.headers() {
        answer = answer.header(name, value);
    }
    Ok(answer.body(response.bytes().await?.to_vec())?)
}

/// Follows no redirect: what a provider says may lead anywhere (SSRF).
pub(crate) fn http_client(patience: Duration) -> Option<reqwest::Client> {
    let tls = rustls::ClientConfig::builder_with_provider(Arc::new(
        rustls::crypto::ring::default_provider(),
    ));
    let tls = tls.with_safe_default_protocol_versions().ok()?;
    let tls = match tls.with_platform_verifier() {
        Ok(trusting) => trusting.with_no_client_auth(),
        Err(error) => {
            tracing::warn!(%error, "no certificates: only a provider on this machine can be used");
            let nobody = rustls::ClientConfig::builder_with_provider(Arc::new(
                rustls::crypto::ring::default_provider(),
            ));
            nobody
                .with_safe_default_protocol_versions()
                .ok()?
                .with_root_certificates(rustls::RootCertStore::empty())
                .with_no_client_auth()
        }
    };
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .timeout(patience)
        .tls_backend_preconfigured(tls)
        .build()
        .ok()
}
