//! What happens between a URL and a store: the first session, the framework's tables, and whether they belong here.

use tokio_postgres::error::SqlState;

use super::failure::Failure;
use super::identity::{self, Home};
use super::migrations::{self, MigrationError};
use super::options::PostgresOptions;
use super::relay::rebase;
use super::session::Session;
use super::sessions::Sessions;
use super::url::Target;
use crate::error::{BackendError, ConnectError};

/// Makes the database one that a store can work on. With a session of its own, so that what is wrong is said as it is.
pub(super) async fn set_up(
    sessions: &Sessions,
    target: &Target,
    options: &PostgresOptions,
) -> Result<(), ConnectError> {
    let session = match sessions.open().await {
        Err(ConnectError::Pooler { .. }) if sessions.set_by_hand() => {
            let session = sessions.open().await?;
            keeps_its_process(&session, sessions, target).await?;
            session
        }
        session => session?,
    };
    migrate(&session, target, options).await?;
    let found = identity::home(&session).await;
    let unreadable = |failure| refused(target, "the framework tables can not be read", failure);
    let found = found.map_err(unreadable)?;
    let is_ahead = !options.read_only && rebase::is_ahead(&session).await.map_err(unreadable)?;
    let server = settle(&session, target, options, found, is_ahead).await?;
    server.into_iter().for_each(|server| sessions.stay_on(server));
    Ok(())
}

/// Refuses what gives a session's process to others between two transactions.
///
/// A process goes to whoever asks next, or each of those that are free in turn. So a second session takes one for a
/// transaction, between questions of the first. Others who use the pooler may hide it, so this is tried more than once.
async fn keeps_its_process(session: &Session, sessions: &Sessions, target: &Target) -> Result<(), ConnectError> {
    let failed = |failure| refused(target, "the sessions can not be told apart", failure);
    let pooler = || ConnectError::Pooler { server: target.server.to_string() };
    let own = Some(session.process().pid.to_string());
    let other = sessions.open().await?;
    for _ in 0..5 {
        for _ in 0..2 {
            if pid(session).await.map_err(failed)? != own {
                return Err(pooler());
            }
        }
        other.batch("BEGIN").await.map_err(failed)?;
        // The first one might have to wait for the second one's process, so it asks only where that is another.
        if pid(&other).await.map_err(failed)? == own || pid(session).await.map_err(failed)? != own {
            return Err(pooler());
        }
        other.batch("ROLLBACK").await.map_err(failed)?;
    }
    Ok(())
}

async fn pid(session: &Session) -> Result<Option<String>, Failure> {
    session.ask("SELECT pg_backend_pid()").await
}

async fn migrate(session: &Session, target: &Target, options: &PostgresOptions) -> Result<(), ConnectError> {
    let server = target.server.to_string();
    let checked = if options.read_only {
        match migrations::check(session).await {
            Ok(migrations::VERSION) => Ok(()),
            Ok(_) => {
                let expected = u32::try_from(migrations::VERSION).unwrap_or_default();
                return Err(ConnectError::NotMigrated { server, expected });
            }
            Err(error) => Err(error),
        }
    } else {
        migrations::apply(session, options.clock.now()).await
    };
    checked.map_err(|error| match error {
        MigrationError::Different(message) => ConnectError::Migration { server, message },
        MigrationError::Unreadable(failure) => refused(target, "the framework tables can not be read", failure),
        MigrationError::Sql(failure) if failure.has_code(&SqlState::INVALID_SCHEMA_NAME) => {
            let source = "`search_path` leads to no schema that is there and that the user may use";
            ConnectError::Backend { server, source: BackendError::new(source) }
        }
        MigrationError::Sql(failure) => refused(target, "the framework tables can not be migrated", failure),
    })
}

/// Decides whether to go on with a server, and returns its identifier if it is known.
async fn settle(
    session: &Session,
    target: &Target,
    options: &PostgresOptions,
    found: Home,
    is_ahead: bool,
) -> Result<Option<i64>, ConnectError> {
    let server = &target.server;
    // Who only reads moves nothing, and copies are made to be read.
    let rebase = options.rebase && !options.read_only;
    match found {
        Home::Here(identifier) if !is_ahead => Ok(Some(identifier)),
        Home::Here(identifier) | Home::Elsewhere(identifier) | Home::NotStored(identifier) if rebase => {
            let done = identity::rebase(session).await;
            done.map_err(|failure| refused(target, "the framework tables can not be rebased", failure))?;
            Ok(Some(identifier))
        }
        Home::Here(_) => Err(ConnectError::OtherServer { server: server.to_string() }),
        Home::NotStored(_) | Home::NotTold if is_ahead && !rebase => {
            Err(ConnectError::OtherServer { server: server.to_string() })
        }
        Home::Elsewhere(_) if !options.read_only => Err(ConnectError::OtherServer { server: server.to_string() }),
        Home::Elsewhere(identifier) => Ok(Some(identifier)),
        Home::NotStored(identifier) => {
            tracing::warn!(
                %server,
                "the framework tables do not say which server they were made on, so that a copy of them is not noticed: \
                 connect once with `Postgres::options().rebase()`"
            );
            Ok(Some(identifier))
        }
        Home::NotTold if rebase => {
            let source =
                BackendError::new("it may not call `pg_control_system()`, by which a server is told from others");
            Err(ConnectError::Privilege { server: server.to_string(), user: target.user(), source })
        }
        Home::NotTold => {
            tracing::warn!(
                %server,
                user = target.user(),
                "the user may not call `pg_control_system()`, so that a copy of the framework tables on another server is \
                 not noticed: grant EXECUTE on it"
            );
            Ok(None)
        }
    }
}

fn refused(target: &Target, doing: &'static str, failure: Failure) -> ConnectError {
    let server = target.server.to_string();
    let denied = failure.has_code(&SqlState::INSUFFICIENT_PRIVILEGE);
    let source = BackendError::because(doing, failure.into_backend());
    if denied {
        ConnectError::Privilege { server, user: target.user(), source }
    } else {
        ConnectError::Backend { server, source }
    }
}
