//! What stands between relay and consumer: the driver itself, or NATS.

use std::path::Path;

use crate::arrangement::Arrangement;
use crate::database::Failed;
use crate::finding::Charge;
use crate::jetstream::NatsServer;
use crate::sink::{Delivery, SinkServer};

/// Where the relays carry events to, as the driver sees it.
#[derive(Debug)]
pub(crate) enum Broker {
    Sink(SinkServer),
    Nats(Box<NatsServer>),
}

impl Broker {
    pub(crate) fn start(
        arrangement: Arrangement,
        folder: &Path,
        servers: Option<&Path>,
        seed: u64,
    ) -> Result<Self, Failed> {
        if arrangement.has_nats() {
            Ok(Self::Nats(Box::new(NatsServer::start(servers)?)))
        } else {
            Ok(Self::Sink(SinkServer::start(&folder.join("deliveries.tsv"), seed)?))
        }
    }

    /// Where a relay finds it.
    pub(crate) fn for_relays(&self) -> String {
        match self {
            Self::Sink(sink) => sink.address.clone(),
            Self::Nats(nats) => nats.url(),
        }
    }

    /// Where a consumer finds it, unless it reads what the sink has written down.
    pub(crate) fn for_consumers(&self) -> Option<String> {
        match self {
            Self::Sink(_) => None,
            Self::Nats(nats) => Some(nats.url()),
        }
    }

    /// What has arrived so far, in its order.
    pub(crate) fn deliveries(&self) -> Result<Vec<Delivery>, Failed> {
        match self {
            Self::Sink(sink) => Ok(sink.deliveries()),
            Self::Nats(nats) => nats.deliveries(),
        }
    }

    /// The relay that brought the last event.
    pub(crate) fn leader(&self) -> Result<Option<String>, Failed> {
        match self {
            Self::Sink(sink) => Ok(sink.leader()),
            Self::Nats(nats) => nats.leader(),
        }
    }

    /// What has arrived in all, and what speaks against the broker itself.
    pub(crate) fn at_last(&self, folder: &Path) -> Result<(Vec<Delivery>, Vec<Charge>), Failed> {
        match self {
            Self::Sink(sink) => Ok((sink.deliveries(), Vec::new())),
            Self::Nats(nats) => nats.at_last(folder),
        }
    }

    /// Keeps what is known beyond the ledgers.
    pub(crate) fn dump(&self, folder: &Path) -> Result<(), Failed> {
        match self {
            Self::Sink(_) => Ok(()),
            Self::Nats(nats) => nats.dump(folder),
        }
    }

    /// Events that the sink did not take at first.
    pub(crate) fn refused(&self) -> usize {
        match self {
            Self::Sink(sink) => sink.refused(),
            Self::Nats(_) => 0,
        }
    }
}
