//! What a run is about: a database, and what stands between relay and consumer.

use serde::{Deserialize, Serialize};

use crate::outside::Engine;

/// One of the ways in which the parts are put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, Serialize, Deserialize)]
pub(crate) enum Arrangement {
    /// SQLite, and a sink that the driver is.
    Sqlite,
    /// PostgreSQL, and a sink that the driver is.
    Postgres,
    /// SQLite, and NATS JetStream.
    SqliteNats,
    /// PostgreSQL, and NATS JetStream.
    PostgresNats,
}

impl Arrangement {
    /// Each database with the driver's sink, and one of them with NATS, the other one in the next turn.
    pub(crate) fn of_turn(turn: u64) -> [Self; 3] {
        let with_nats = if turn.is_multiple_of(2) { Self::SqliteNats } else { Self::PostgresNats };
        [Self::Sqlite, Self::Postgres, with_nats]
    }

    pub(crate) fn engine(self) -> Engine {
        match self {
            Self::Sqlite | Self::SqliteNats => Engine::Sqlite,
            Self::Postgres | Self::PostgresNats => Engine::Postgres,
        }
    }

    pub(crate) fn has_nats(self) -> bool {
        match self {
            Self::Sqlite | Self::Postgres => false,
            Self::SqliteNats | Self::PostgresNats => true,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
            Self::SqliteNats => "SQLite and NATS",
            Self::PostgresNats => "PostgreSQL and NATS",
        }
    }
}
