//! Delegation tokens (KIP-48): created, described, renewed and expired.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use protocol::api::StrBytes;
use protocol::api::messages::create_delegation_token_request::CreatableRenewers;
use protocol::api::messages::describe_delegation_token_response::DescribedDelegationToken;
use protocol::api::messages::{
    CreateDelegationTokenRequest, DescribeDelegationTokenRequest, ExpireDelegationTokenRequest,
    RenewDelegationTokenRequest,
};

use crate::cluster::Client;
use crate::error::ClientError;
use crate::security::Secret;

/// The brokers' own choice.
const DEFAULT: i64 = -1;

/// Somebody, as in User:alice.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Principal {
    /// Kind, User as a rule.
    pub kind: String,
    /// Name.
    pub name: String,
}

impl std::fmt::Display for Principal {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}:{}", self.kind, self.name)
    }
}

impl std::str::FromStr for Principal {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            Some((kind, name)) if !kind.is_empty() && !name.is_empty() => Ok(Self {
                kind: kind.to_owned(),
                name: name.to_owned(),
            }),
            _ => Err(format!("\"{text}\" is no principal such as User:alice")),
        }
    }
}

/// A token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DelegationToken {
    /// Its id, which is the name to log in with.
    pub id: String,
    /// In whose name one is logged in with it.
    pub owner: Principal,
    /// Who asked for it; brokers before KIP-373 do not say.
    pub requester: Option<Principal>,
    /// Who else may renew it.
    pub renewers: Vec<Principal>,
    /// Milliseconds since 1970.
    pub issued_ms: i64,
    /// When it ends unless it is renewed.
    pub expires_ms: i64,
    /// When it ends in any case.
    pub ends_ms: i64,
    /// In base64: the password to log in with.
    pub hmac: Secret,
}

fn requester(kind: &str, name: &str) -> Option<Principal> {
    (!name.is_empty()).then(|| Principal {
        kind: kind.to_owned(),
        name: name.to_owned(),
    })
}

fn described(token: &DescribedDelegationToken) -> DelegationToken {
    let renewers = token.renewers.iter().map(|renewer| Principal {
        kind: renewer.principal_type.to_string(),
        name: renewer.principal_name.to_string(),
    });
    DelegationToken {
        id: token.token_id.to_string(),
        owner: Principal {
            kind: token.principal_type.to_string(),
            name: token.principal_name.to_string(),
        },
        requester: requester(
            &token.token_requester_principal_type,
            &token.token_requester_principal_name,
        ),
        renewers: renewers.collect(),
        issued_ms: token.issue_timestamp,
        expires_ms: token.expiry_timestamp,
        ends_ms: token.max_timestamp,
        hmac: Secret::new(STANDARD.encode(&token.hmac)),
    }
}

impl DelegationToken {
    fn hmac_bytes(&self) -> Result<Bytes, ClientError> {
        let bytes = STANDARD.decode(self.hmac.reveal());
        bytes.map(Bytes::from).map_err(|_| ClientError::Malformed {
            address: format!("token {}", self.id),
            reason: "its HMAC is no base64".to_owned(),
        })
    }
}

impl Client {
    /// All tokens that we may see, in the order of their ids.
    pub async fn tokens(&self) -> Result<Vec<DelegationToken>, ClientError> {
        let request = DescribeDelegationTokenRequest::default().with_owners(None);
        let response = self.send_any(&request).await?;
        if response.error_code != 0 {
            return Err(ClientError::rejected("tokens", response.error_code, None));
        }
        let mut tokens: Vec<DelegationToken> = response.tokens.iter().map(described).collect();
        tokens.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(tokens)
    }

    /// Creates a token, for ourselves unless there is an owner; its longest life is the brokers' choice if none is given.
    pub async fn create_token(
        &self,
        owner: Option<&Principal>,
        renewers: &[Principal],
        max_lifetime_ms: Option<i64>,
    ) -> Result<DelegationToken, ClientError> {
        let text = |text: &String| StrBytes::from_string(text.clone());
        let renewer = |renewer: &Principal| {
            CreatableRenewers::default()
                .with_principal_type(text(&renewer.kind))
                .with_principal_name(text(&renewer.name))
        };
        let request = CreateDelegationTokenRequest::default()
            .with_owner_principal_type(owner.map(|owner| text(&owner.kind)))
            .with_owner_principal_name(owner.map(|owner| text(&owner.name)))
            .with_renewers(renewers.iter().map(renewer).collect())
            .with_max_lifetime_ms(max_lifetime_ms.unwrap_or(DEFAULT));
        let response = self.send_active(&request, |response| response.error_code).await?;
        if response.error_code != 0 {
            return Err(ClientError::rejected("a token", response.error_code, None));
        }
        Ok(DelegationToken {
            id: response.token_id.to_string(),
            owner: Principal {
                kind: response.principal_type.to_string(),
                name: response.principal_name.to_string(),
            },
            requester: requester(
                &response.token_requester_principal_type,
                &response.token_requester_principal_name,
            ),
            renewers: renewers.to_vec(),
            issued_ms: response.issue_timestamp_ms,
            expires_ms: response.expiry_timestamp_ms,
            ends_ms: response.max_timestamp_ms,
            hmac: Secret::new(STANDARD.encode(&response.hmac)),
        })
    }

    /// Lets a token live on for so long from now, or as long as brokers choose; when it ends by then.
    pub async fn renew_token(&self, token: &DelegationToken, period_ms: Option<i64>) -> Result<i64, ClientError> {
        let request = RenewDelegationTokenRequest::default()
            .with_hmac(token.hmac_bytes()?)
            .with_renew_period_ms(period_ms.unwrap_or(DEFAULT));
        let response = self.send_active(&request, |response| response.error_code).await?;
        changed(token, response.error_code, response.expiry_timestamp_ms)
    }

    /// Ends a token after so long from now, or at once; when it ends by then.
    pub async fn expire_token(&self, token: &DelegationToken, period_ms: Option<i64>) -> Result<i64, ClientError> {
        let request = ExpireDelegationTokenRequest::default()
            .with_hmac(token.hmac_bytes()?)
            .with_expiry_time_period_ms(period_ms.unwrap_or(DEFAULT));
        let response = self.send_active(&request, |response| response.error_code).await?;
        changed(token, response.error_code, response.expiry_timestamp_ms)
    }
}

fn changed(token: &DelegationToken, code: i16, expires_ms: i64) -> Result<i64, ClientError> {
    match code {
        0 => Ok(expires_ms),
        code => Err(ClientError::rejected(format!("token {}", token.id), code, None)),
    }
}
