//! What a stored event says: one row of the outbox, and its JSON payload.

use timestamp_core::__private::Deletion;
use timestamp_core::{EpochMs, Event, EventKind};
use uuid::Uuid;

use crate::save::Change;

/// One row of the outbox, without what all events of a save have in common.
#[derive(Debug)]
pub(crate) struct EventRow {
    pub(crate) id: Uuid,
    pub(crate) kind: EventKind,
    pub(crate) version: u64,
    pub(crate) at: EpochMs,
    pub(crate) reason: Option<String>,
    pub(crate) payload: String,
}

impl EventRow {
    pub(crate) fn of(event: &Event<'_>, id: Uuid, state: Option<&str>) -> Self {
        let said = Said {
            kind: event.kind(),
            version: event.version(),
            reason: event.reason(),
            at: event.at(),
            previous: event.previous_updated_at(),
            data: event.payload(),
            state,
        };
        Self {
            id,
            kind: said.kind,
            version: said.version,
            at: said.at,
            reason: said.reason.map(str::to_owned),
            payload: said.json(),
        }
    }

    pub(crate) fn deleted(change: &Change, deletion: &Deletion, previous: EpochMs) -> Self {
        let said = Said {
            kind: EventKind::Deleted,
            version: change.version,
            reason: Some(&deletion.reason),
            at: deletion.at,
            previous: Some(previous),
            data: None,
            state: None,
        };
        Self {
            id: deletion.id,
            kind: said.kind,
            version: said.version,
            at: said.at,
            reason: said.reason.map(str::to_owned),
            payload: said.json(),
        }
    }
}

/// What the payload of an event says; `None` is left out.
pub(crate) struct Said<'a> {
    pub(crate) kind: EventKind,
    pub(crate) version: u64,
    pub(crate) reason: Option<&'a str>,
    pub(crate) at: EpochMs,
    pub(crate) previous: Option<EpochMs>,
    /// JSON text.
    pub(crate) data: Option<&'a str>,
    /// The entity after the change, as JSON text.
    pub(crate) state: Option<&'a str>,
}

impl Said<'_> {
    /// Returns the payload, an object with fixed keys in a fixed order.
    pub(crate) fn json(&self) -> String {
        use std::fmt::Write as _;

        let mut json = String::with_capacity(160);
        // Writing to a string does not fail.
        let _ = write!(json, r#"{{"kind":"{}","version":{}"#, self.kind.as_str(), self.version);
        if let Some(reason) = self.reason {
            json.push_str(r#","reason":"#);
            push_escaped(&mut json, reason);
        }
        let _ = write!(json, r#","at":"{}""#, self.at);
        if let Some(previous) = self.previous {
            let _ = write!(json, r#","previous_updated_at":"{previous}""#);
        }
        if let Some(data) = self.data {
            json.push_str(r#","data":"#);
            json.push_str(data);
        }
        if let Some(state) = self.state {
            json.push_str(r#","state":"#);
            json.push_str(state);
        }
        json.push('}');
        json
    }
}

pub(crate) fn push_escaped(json: &mut String, text: &str) {
    let plain = text.bytes().all(|byte| byte >= 0x20 && byte != b'"' && byte != b'\\');
    if plain {
        json.push('"');
        json.push_str(text);
        json.push('"');
    } else {
        json.push_str(&serde_json::Value::from(text).to_string());
    }
}
