//! Which server the framework's tables belong to.
//!
//! What they say of transactions is true on one server alone: on another one, the same numbers are given to other
//! transactions. A restored dump, a logical copy and what `pg_upgrade` leaves behind have the tables and another
//! identifier; a physical replica, and what `pg_basebackup` makes, has the same.

use super::failure::Failure;
use super::migrations::alone;
use super::relay::rebase;
use super::session::Session;

/// What the server and the tables say of where they belong.
pub(super) enum Home {
    Here(i64),
    Elsewhere(i64),
    /// The tables do not say: whoever made them was not allowed to ask.
    NotStored(i64),
    /// The user may not ask the server, or it is one that has no answer.
    NotTold,
}

pub(super) async fn home(session: &Session) -> Result<Home, Failure> {
    // Every user may ask, unless that was revoked.
    let allowed = "SELECT has_function_privilege(to_regprocedure('pg_catalog.pg_control_system()'), 'EXECUTE')";
    if session.ask(allowed).await?.as_deref() != Some("t") {
        return Ok(Home::NotTold);
    }
    let number = |text: Option<String>| text.and_then(|text| text.parse::<i64>().ok());
    let server = number(session.ask("SELECT system_identifier FROM pg_catalog.pg_control_system()").await?);
    let stored = number(session.ask("SELECT system_identifier FROM timestamp_store").await?);
    Ok(match (server, stored) {
        (None, _) => Home::NotTold,
        (Some(server), None) => Home::NotStored(server),
        (Some(server), Some(stored)) if server == stored => Home::Here(server),
        (Some(server), Some(_)) => Home::Elsewhere(server),
    })
}

/// Makes this server the one that the tables belong to, in one transaction, in which nobody else does the same.
///
/// Whatever else is stored in terms of this server's transactions is moved here, in the same transaction.
pub(super) async fn rebase(session: &Session) -> Result<(), Failure> {
    let accept = "INSERT INTO timestamp_store (system_identifier) SELECT system_identifier FROM \
                  pg_catalog.pg_control_system() ON CONFLICT (one_row) DO UPDATE SET system_identifier = \
                  excluded.system_identifier";
    alone(session, async {
        // First: it needs a transaction that has written nothing.
        rebase::rebase(session).await?;
        session.batch(accept).await
    })
    .await
}
