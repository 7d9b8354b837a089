//! Quotas of users, client ids and addresses (KIP-546).

use std::collections::BTreeMap;

use protocol::api::StrBytes;
use protocol::api::messages::alter_client_quotas_request::{EntityData, EntryData, OpData};
use protocol::api::messages::alter_client_quotas_response::EntryData as AlteredEntry;
use protocol::api::messages::{AlterClientQuotasRequest, AlterClientQuotasResponse, DescribeClientQuotasRequest};

use crate::cluster::Client;
use crate::error::ClientError;

/// Whose quota: names by types of entity, user, client-id or ip; no name is whoever has no quota of its own.
pub type QuotaEntity = BTreeMap<String, Option<String>>;

/// Values by their keys.
pub type QuotaValues = BTreeMap<String, f64>;

impl Client {
    /// All quotas there are, by whose they are.
    pub async fn client_quotas(&self) -> Result<BTreeMap<QuotaEntity, QuotaValues>, ClientError> {
        let request = DescribeClientQuotasRequest::default()
            .with_components(Vec::new())
            .with_strict(false);
        let response = self.send_any(&request).await?;
        if response.error_code != 0 {
            let message = response.error_message.as_deref();
            return Err(ClientError::rejected("quotas", response.error_code, message));
        }
        let mut found = BTreeMap::new();
        for entry in response.entries.unwrap_or_default() {
            let entity = entry.entity.into_iter().map(|part| {
                let name = part.entity_name.map(|name| name.to_string());
                (part.entity_type.to_string(), name)
            });
            let values = entry.values.into_iter();
            let values = values.map(|value| (value.key.to_string(), value.value));
            found.insert(entity.collect(), values.collect());
        }
        Ok(found)
    }

    /// Changes quotas of one entity: a key with a value is set, one without is taken away. All of them, or none.
    pub async fn alter_client_quotas(
        &self,
        entity: &QuotaEntity,
        changes: &BTreeMap<String, Option<f64>>,
    ) -> Result<(), ClientError> {
        let text = |text: &String| StrBytes::from_string(text.clone());
        let parts = entity.iter().map(|(kind, name)| {
            EntityData::default()
                .with_entity_type(text(kind))
                .with_entity_name(name.as_ref().map(text))
        });
        let changes = changes.iter().map(|(key, value)| {
            OpData::default()
                .with_key(text(key))
                .with_value(value.unwrap_or_default())
                .with_remove(value.is_none())
        });
        let entry = EntryData::default()
            .with_entity(parts.collect())
            .with_ops(changes.collect());
        let request = AlterClientQuotasRequest::default().with_entries(vec![entry]);
        let first = |response: &AlterClientQuotasResponse| {
            let code = |entry: &AlteredEntry| entry.error_code;
            response.entries.first().map_or(0, code)
        };
        let response = self.send_active(&request, first).await?;
        let failed = response.entries.iter().find(|entry| entry.error_code != 0);
        failed.map_or(Ok(()), |entry| {
            let message = entry.error_message.as_deref();
            Err(ClientError::rejected("quotas", entry.error_code, message))
        })
    }
}
