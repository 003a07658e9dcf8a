use chrono::DateTime;
use openidconnect::{
    AccessTokenHash, AdditionalClaims, AuthType, AuthenticationFlow, AuthorizationCode,
    ClaimsVerificationError, Client, ClientId, ClientSecret, CsrfToken, EmptyExtraTokenFields,
    EndpointMaybeSet, EndpointNotSet, EndpointSet, IdTokenFields, IdTokenVerifier, IssuerUrl, Nonce,
    OAuth2TokenResponse, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RequestTokenError, Scope,
    SignatureVerificationError, StandardErrorResponse, StandardTokenResponse, TokenResponse, UserInfoClaims,
    core::{
        CoreAuthDisplay, CoreAuthPrompt, CoreClientAuthMethod, CoreErrorResponseType, CoreGenderClaim,
        CoreJsonWebKey, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm, CoreProviderMetadata,
        CoreResponseType, CoreRevocableToken, CoreRevocationErrorResponse, CoreTokenIntrospectionResponse,
        CoreTokenType,
    },
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    OpenidSettings, Person,
    claims::{text, texts},
    http::Http,
};
use crate::{domain::UnixMillis, error::chain, secret::Secret};

/// How far the provider's clock may be from the console's.
const SKEW: i64 = 2 * 60 * UnixMillis::SECOND;
/// Oldest token that is taken: it was made for a sign-in that lives no longer than this.
const MAX_AGE: i64 = 15 * 60 * UnixMillis::SECOND;

/// Most characters of a subject (OpenID Connect Core 1.0, 2).
const MAX_SUBJECT: usize = 255;

/// How tokens may be signed: with a key of which the provider shows the public half.
const ALGORITHMS: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];

/// Why the provider does not let somebody in, or was not understood.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenidError {
    #[error("it cannot be asked: {0}")]
    Away(String),
    #[error("it does not take the console's client identifier or secret: {0}")]
    Client(String),
    #[error("the certificates are no certificates in PEM")]
    Certificates,
    #[error("its answer is not what OpenID Connect wants: {0}")]
    Answer(String),
    #[error("it does not take the code: {0}")]
    Code(String),
    #[error("its token is signed with a key that it does not show")]
    Key,
    #[error("its token proves nothing: {0}")]
    Token(String),
    #[error("it does not say what claim {0:?} names")]
    Name(String),
}

/// A sign-in under way: what its end has to match. Whoever holds it can end it, so it is kept sealed.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct SignInAsked {
    pub(crate) state: String,
    nonce: String,
    verifier: String,
}

/// All claims beside those that the specification names.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Others(serde_json::Map<String, Value>);

impl AdditionalClaims for Others {}

type Fields = IdTokenFields<
    Others,
    EmptyExtraTokenFields,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm,
>;
type Tokens = StandardTokenResponse<Fields, CoreTokenType>;
type ProviderClient = Client<
    Others,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    Tokens,
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

/// A provider as it has told of itself.
#[derive(Debug)]
pub(crate) struct Provider {
    settings: OpenidSettings,
    metadata: CoreProviderMetadata,
    http: Http,
}

impl Provider {
    /// Asks the provider what it is, and for its keys.
    pub(crate) async fn discover(settings: OpenidSettings) -> Result<Self, OpenidError> {
        let http = Http::new(&settings.certificates)?;
        let issuer = IssuerUrl::new(settings.issuer.clone())
            .map_err(|error| OpenidError::Answer(format!("its issuer is no address: {error}")))?;
        let metadata = CoreProviderMetadata::discover_async(issuer, &http)
            .await
            .map_err(|error| OpenidError::Away(chain(&error)))?;
        let provider = Self { settings, metadata, http };
        let wrong = |text: &str| Err(OpenidError::Answer(text.to_owned()));
        if provider.metadata.authorization_endpoint().url().scheme() != "https" {
            return wrong("people would be sent to an address that is not https");
        }
        if provider.metadata.token_endpoint().is_none() {
            return wrong("it has no address for tokens");
        }
        if provider.metadata.jwks().keys().is_empty() {
            return wrong("it shows no keys");
        }
        Ok(provider)
    }

    /// How many keys it shows.
    pub(crate) fn keys(&self) -> usize {
        self.metadata.jwks().keys().len()
    }

    /// Where somebody proves who he is, and what the proof has to match.
    pub(crate) fn ask(&self) -> Result<(String, SignInAsked), OpenidError> {
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let client = self.client(None)?;
        let asked = client
            .authorize_url(
                AuthenticationFlow::<CoreResponseType>::AuthorizationCode,
                CsrfToken::new_random,
                Nonce::new_random,
            )
            .add_scopes(self.settings.scopes.iter().cloned().map(Scope::new))
            .set_pkce_challenge(challenge);
        let (address, state, nonce) = asked.url();
        let asked = SignInAsked {
            state: state.into_secret(),
            nonce: nonce.secret().clone(),
            verifier: verifier.into_secret(),
        };
        Ok((address.into(), asked))
    }

    /// Gives the code for a token, and says whom the token is about.
    pub(crate) async fn redeem(
        &self,
        secret: Option<Secret>,
        code: String,
        asked: SignInAsked,
        now: UnixMillis,
    ) -> Result<Proof, OpenidError> {
        let client = self.client(secret)?;
        let tokens = client
            .exchange_code(AuthorizationCode::new(code))
            .map_err(|error| OpenidError::Answer(error.to_string()))?
            .set_pkce_verifier(PkceCodeVerifier::new(asked.verifier))
            .request_async(&self.http)
            .await
            .map_err(|error| match error {
                RequestTokenError::ServerResponse(told) => match told.error() {
                    CoreErrorResponseType::InvalidClient | CoreErrorResponseType::UnauthorizedClient => {
                        OpenidError::Client(told.to_string())
                    }
                    _ => OpenidError::Code(told.to_string()),
                },
                RequestTokenError::Request(error) => OpenidError::Away(chain(&error)),
                other => OpenidError::Answer(chain(&other)),
            })?;
        Ok(Proof { tokens, nonce: Nonce::new(asked.nonce), now })
    }

    /// Checks a proof with the keys that are known.
    pub(crate) async fn person(&self, proof: &Proof) -> Result<Person, OpenidError> {
        let token =
            proof.tokens.id_token().ok_or_else(|| OpenidError::Answer("there is no token".to_owned()))?;
        let verifier = self.verifier(proof.now);
        let claims = token.claims(&verifier, &proof.nonce).map_err(refused)?;
        if let Some(expected) = claims.access_token_hash() {
            let signed = || {
                let (algorithm, key) = (token.signing_alg().ok()?, token.signing_key(&verifier).ok()?);
                AccessTokenHash::from_token(proof.tokens.access_token(), algorithm, key).ok()
            };
            if signed().as_ref() != Some(expected) {
                return Err(OpenidError::Token("it belongs to another access token".to_owned()));
            }
        }
        let subject = claims.subject().clone();
        if subject.len() > MAX_SUBJECT || subject.chars().any(char::is_control) {
            return Err(OpenidError::Answer("its subject is no identifier".to_owned()));
        }
        let mut told = serde_json::to_value(claims).map_err(answer)?;
        let settings = &self.settings;
        let complete = |told: &Value| {
            texts(told, &settings.groups_claim).is_some() && text(told, &settings.name_claim).is_some()
        };
        if !complete(&told) && self.metadata.userinfo_endpoint().is_some() {
            // Many providers keep tokens small and tell the rest to whoever asks with the token.
            let more: UserInfoClaims<Others, CoreGenderClaim> = self
                .client(None)?
                .user_info(proof.tokens.access_token().clone(), Some(subject.clone()))
                .map_err(answer)?
                .request_async(&self.http)
                .await
                .map_err(|error| OpenidError::Answer(chain(&error)))?;
            merge(&mut told, serde_json::to_value(more).map_err(answer)?);
        }
        let name = text(&told, &settings.name_claim)
            .ok_or_else(|| OpenidError::Name(settings.name_claim.clone()))?;
        let groups = texts(&told, &settings.groups_claim).unwrap_or_default();
        Ok(Person { subject: subject.to_string(), name, groups })
    }

    fn verifier(&self, now: UnixMillis) -> IdTokenVerifier<'static, CoreJsonWebKey> {
        let at = |time: UnixMillis| DateTime::from_timestamp_millis(time.0).unwrap_or_default();
        let (earliest, latest) = (at(now.plus(-MAX_AGE - SKEW)), at(now.plus(SKEW)));
        let expired = at(now.plus(-SKEW));
        IdTokenVerifier::new_public_client(
            ClientId::new(self.settings.client_id.clone()),
            self.metadata.issuer().clone(),
            self.metadata.jwks().clone(),
        )
        .set_allowed_algs(ALGORITHMS)
        .set_time_fn(move || expired)
        .set_issue_time_verifier_fn(move |issued| {
            if issued > latest {
                return Err("it is of the future; do the clocks agree?".to_owned());
            }
            if issued < earliest {
                return Err("it is too old; do the clocks agree?".to_owned());
            }
            Ok(())
        })
    }

    fn client(&self, secret: Option<Secret>) -> Result<ProviderClient, OpenidError> {
        let redirect = RedirectUrl::new(self.settings.return_address())
            .map_err(|error| OpenidError::Answer(format!("the console's address is none: {error}")))?;
        let client = ProviderClient::from_provider_metadata(
            self.metadata.clone(),
            ClientId::new(self.settings.client_id.clone()),
            secret.map(|secret| ClientSecret::new(secret.reveal().to_owned())),
        );
        // What a provider says nothing about is `client_secret_basic` (OpenID Connect Discovery 1.0, 3).
        let methods = self.metadata.token_endpoint_auth_methods_supported();
        let basic = methods.is_none_or(|known| known.contains(&CoreClientAuthMethod::ClientSecretBasic));
        let how = if basic { AuthType::BasicAuth } else { AuthType::RequestBody };
        Ok(client.set_redirect_uri(redirect).set_auth_type(how))
    }
}

/// What the provider gave for a code, not looked at yet.
#[derive(Debug)]
pub(crate) struct Proof {
    tokens: Tokens,
    nonce: Nonce,
    now: UnixMillis,
}

fn refused(error: ClaimsVerificationError) -> OpenidError {
    match error {
        ClaimsVerificationError::SignatureVerification(SignatureVerificationError::NoMatchingKey) => {
            OpenidError::Key
        }
        other => OpenidError::Token(chain(&other)),
    }
}

fn answer(error: impl std::error::Error) -> OpenidError {
    OpenidError::Answer(error.to_string())
}

/// Adds what is missing.
fn merge(told: &mut Value, more: Value) {
    if let (Value::Object(told), Value::Object(more)) = (told, more) {
        for (name, value) in more {
            let known = told.entry(name).or_insert(Value::Null);
            if known.is_null() {
                *known = value;
            }
        }
    }
}
