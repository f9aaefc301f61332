//! What every public type promises to threads, to `Pin` and to memory; checked by the compiler.
//!
//! A type that stops being `Send` breaks every caller with an async runtime, so each line here is part of the API.
#![cfg(feature = "derive")]

use timestamp_core::hybrid::{HybridOptions, MergeError, RememberError, StampError, StampParseError};
use timestamp_core::{
    Assume, Causality, Clock, ClockJumps, ColumnDefinition, ColumnError, ColumnType, Drain, EpochMs, EpochMsText,
    EpochUnit, Event, EventKind, HybridClock, HybridStamp, Implausible, ManualClock, NodeId, Offset, OutOfRange,
    ParseError, PayloadError, PendingEvents, PlausibleRange, RowError, Suffix, TimeAgo, Timestamped, Timestamps,
    UnknownEventKind, ValidationError, Value, VersionVector, WatchedClock,
};

#[derive(Clone, Timestamped)]
struct Task {
    #[timestamped(id)]
    id: u64,
    timestamps: Timestamps,
}

macro_rules! send_sync_unpin {
    ($($type:ty),* $(,)?) => {
        const _: () = {
            const fn holds<T: Send + Sync + Unpin>() {}
            $(holds::<$type>();)*
        };
    };
}

send_sync_unpin! {
    Assume,
    Causality,
    Clock,
    ClockJumps,
    ColumnDefinition,
    ColumnError,
    ColumnType,
    Drain<'static, Task>,
    EpochMs,
    EpochMsText,
    EpochUnit,
    Event<'static>,
    EventKind,
    HybridClock,
    HybridOptions,
    HybridStamp,
    Implausible,
    ManualClock,
    MergeError,
    NodeId,
    Offset,
    OutOfRange,
    ParseError,
    PayloadError,
    PendingEvents<'static>,
    PlausibleRange,
    RememberError,
    RowError,
    StampError,
    StampParseError,
    Suffix,
    Task,
    TimeAgo,
    Timestamps,
    UnknownEventKind,
    ValidationError,
    Value<'static>,
    VersionVector,
    WatchedClock,
}

macro_rules! errors {
    ($($type:ty),* $(,)?) => {
        const _: () = {
            const fn holds<T: std::error::Error + Send + Sync + 'static>() {}
            $(holds::<$type>();)*
        };
    };
}

errors!(
    ColumnError,
    Implausible,
    MergeError,
    OutOfRange,
    ParseError,
    PayloadError,
    RememberError,
    RowError,
    StampError,
    StampParseError,
    UnknownEventKind,
    ValidationError,
);

const _: () = {
    assert!(size_of::<EpochMs>() == 8);
    assert!(size_of::<Clock>() == 8);
    assert!(size_of::<Option<Clock>>() <= 16);
    assert!(size_of::<HybridClock>() == 8 && size_of::<ManualClock>() == 8 && size_of::<WatchedClock>() == 8);
    assert!(size_of::<HybridStamp>() == 16);
    assert!(size_of::<EpochMsText>() == 32);
    assert!(size_of::<Result<EpochMs, ParseError>>() == 16);
    assert!(size_of::<Timestamps>() <= 64);
};

/// The names of the bounds above are only worth something if what is sent can also be used there.
#[test]
fn entity_and_its_events_go_to_another_thread() {
    let mut task = Task::create(|timestamps| Task { id: 1, timestamps }).unwrap();
    task.touch("started");
    std::thread::scope(|scope| {
        let events = task.pending_events();
        let kinds = scope.spawn(move || events.map(|event| event.kind()).collect::<Vec<_>>()).join().unwrap();
        assert_eq!(kinds, [EventKind::Created, EventKind::Updated]);
    });
    let task = std::thread::spawn(move || {
        task.touch("done");
        task
    });
    assert_eq!(task.join().unwrap().version(), 3);
}
