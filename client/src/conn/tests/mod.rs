mod logins;
mod server;
mod tls;
mod token_endpoint;

use std::time::Duration;

use protocol::api::messages::{MetadataRequest, SaslAuthenticateResponse};

use super::*;

const LIMIT: Duration = Duration::from_secs(20);

/// Everybody is let in, for ever.
fn welcome(_: usize, _: &[u8]) -> SaslAuthenticateResponse {
    SaslAuthenticateResponse::default()
}

async fn open(address: &str, security: &Security) -> Result<Connection, ClientError> {
    Connection::open_secured(address, "test", security, deadline_in(LIMIT)).await
}

/// Asks something, and gets an answer.
async fn is_of_use(connection: &Connection) -> bool {
    let request = MetadataRequest::default().with_topics(Some(vec![]));
    connection.send(&request, deadline_in(LIMIT)).await.is_ok()
}
