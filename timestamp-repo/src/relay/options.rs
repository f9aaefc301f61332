//! What a relay is told.

use std::sync::Arc;
use std::time::Duration;

#[derive(Clone, Debug)]
pub(super) struct RelayOptions {
    pub(super) name: String,
    /// Entity types; empty: all.
    pub(super) only: Arc<[&'static str]>,
    pub(super) window: usize,
    pub(super) attempts: u32,
    pub(super) lease: Duration,
    pub(super) delivery_timeout: Duration,
    pub(super) poll_every: Duration,
    pub(super) retention: Option<Duration>,
    pub(super) stuck_after: Duration,
}

impl Default for RelayOptions {
    fn default() -> Self {
        Self {
            name: "default".to_owned(),
            only: Arc::new([]),
            window: 256,
            attempts: 5,
            lease: Duration::from_secs(6),
            delivery_timeout: Duration::from_secs(30),
            poll_every: Duration::from_millis(100),
            retention: None,
            stuck_after: Duration::from_secs(60),
        }
    }
}
