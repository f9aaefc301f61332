//! Who is told that events were stored, so that relays need not ask all the time.
//!
//! Relays of this program wait for a counter in memory. Those of other programs listen to the server: it is told after the
//! commit, by a task of its own, at most every 20 milliseconds. A `NOTIFY` inside of a saving transaction would make all
//! commits of the database wait for each other. Where no relay is at work but those of this program, the server is asked for
//! one once a second, and told nothing. Whoever relays here listens on a connection of its own, for as long as
//! there is somebody to wake.
//!
//! A signal that is lost delays an event until the relay looks by itself, and no more.

use std::collections::HashMap;
use std::future::{Future as _, poll_fn};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::Duration;

use deadpool::managed::WeakPool;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio_postgres::error::SqlState;
use tokio_postgres::{AsyncMessage, Client, Row, SimpleQueryMessage};
use uuid::Uuid;

use super::failure::Failure;
use super::row::Parameter;
use super::session::Session;
use super::sessions::{self, Line, Sessions};

/// How long others are told nothing after they were told something.
const PAUSE: Duration = Duration::from_millis(20);

/// The same where no relay of this database is at work, which could be told. One that begins reads everything anyway.
const UNHEARD: Duration = Duration::from_secs(1);

/// How long a connection that listens may be silent until it is asked for a sign of life, and may take to give one.
const SILENCE: Duration = Duration::from_secs(15);
const PATIENCE: Duration = Duration::from_secs(10);

/// Between two attempts to listen.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// The channel belongs to one outbox: others of the same database, in other schemas, have their own.
const CHANNEL: &str = "'timestamp_outbox_' || 'timestamp_outbox'::regclass::oid::text";

pub(super) struct Signals {
    /// How often something was stored, as far as it is known here.
    stored: watch::Sender<u64>,
    /// By which the connection that listens knows what came from here.
    own: String,
    /// Something was stored that others were not told of.
    untold: AtomicBool,
    /// A task is about to tell them.
    telling: AtomicBool,
    /// A task listens.
    listening: AtomicBool,
    /// Who has led each relay last from here. They need not be told by the server.
    leaders: Mutex<HashMap<String, Uuid>>,
}

impl Signals {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            stored: watch::Sender::new(0),
            own: Uuid::new_v4().simple().to_string(),
            untold: AtomicBool::new(false),
            telling: AtomicBool::new(false),
            listening: AtomicBool::new(false),
            leaders: Mutex::default(),
        })
    }

    /// From here on, this relay is led from here by this holder of its lease, until its row names another.
    pub(super) fn leads(&self, relay: &str, holder: Uuid) {
        self.leaders.lock().unwrap_or_else(PoisonError::into_inner).insert(relay.to_owned(), holder);
    }

    fn leaders(&self) -> Vec<Uuid> {
        self.leaders.lock().unwrap_or_else(PoisonError::into_inner).values().copied().collect()
    }

    /// Something was stored by this program, and others are to be told over a session of this pool.
    pub(super) fn stored(self: &Arc<Self>, pool: impl FnOnce() -> WeakPool<Sessions>) {
        self.wake();
        self.untold.store(true, Ordering::SeqCst);
        if self.telling.swap(true, Ordering::SeqCst) {
            return;
        }
        let telling = AtWork::new(self, |signals| &signals.telling);
        // Without a runtime nobody is told, and finds out by asking.
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(tell(telling, pool()));
        }
    }

    /// Returns what changes whenever events may have been stored, here or elsewhere.
    pub(super) fn listen(self: &Arc<Self>, line: impl FnOnce() -> Line) -> watch::Receiver<u64> {
        let receiver = self.stored.subscribe();
        if !self.listening.swap(true, Ordering::SeqCst) {
            let listening = AtWork::new(self, |signals| &signals.listening);
            if let Ok(runtime) = Handle::try_current() {
                runtime.spawn(listen(listening, line()));
            }
        }
        receiver
    }

    fn wake(&self) {
        // Whoever begins to wait after this reads the outbox after this, too.
        if self.stored.receiver_count() == 0 {
            return;
        }
        self.stored.send_modify(|count| *count = count.wrapping_add(1));
    }
}

/// A task that is at work until it ends, or its runtime does.
struct AtWork {
    signals: Arc<Signals>,
    flag: fn(&Signals) -> &AtomicBool,
    is_over: bool,
}

impl AtWork {
    fn new(signals: &Arc<Signals>, flag: fn(&Signals) -> &AtomicBool) -> Self {
        Self { signals: Arc::clone(signals), flag, is_over: false }
    }

    /// Ends the work, unless there is more. Whoever brought more a moment ago has seen that a task is at work, and has not
    /// begun one.
    fn end_unless(&mut self, more: impl FnOnce() -> bool) -> bool {
        let flag = (self.flag)(&self.signals);
        flag.store(false, Ordering::SeqCst);
        self.is_over = !more() || flag.swap(true, Ordering::SeqCst);
        self.is_over
    }
}

impl Drop for AtWork {
    fn drop(&mut self) {
        if !self.is_over {
            (self.flag)(&self.signals).store(false, Ordering::SeqCst);
        }
    }
}

/// Tells others for as long as there is something to tell, and no longer.
async fn tell(mut work: AtWork, pool: WeakPool<Sessions>) {
    let signals = Arc::clone(&work.signals);
    // A role that only saves need not be able to see relays.
    let mut sees_relays = true;
    loop {
        while signals.untold.swap(false, Ordering::SeqCst) {
            // The store is gone, and with it whoever could send.
            let Some(pool) = pool.upgrade() else { return };
            let mut pause = PAUSE;
            match sessions::take(&pool).await {
                Ok(session) => match send(&session, &signals, sees_relays).await {
                    Ok(sent) if sent.is_empty() => pause = UNHEARD,
                    Ok(_) => {}
                    Err(failure) => {
                        if failure.has_code(&SqlState::INSUFFICIENT_PRIVILEGE) {
                            sees_relays = false;
                        }
                        tracing::debug!(error = %failure.into_backend(), "others are not told that events were stored");
                    }
                },
                Err(error) => tracing::debug!(%error, "others are not told that events were stored"),
            }
            drop(pool);
            tokio::time::sleep(pause).await;
        }
        if work.end_unless(|| signals.untold.load(Ordering::SeqCst)) {
            return;
        }
    }
}

/// Tells everybody, or, where relays can be seen, only if one is at work that is not led from here. Returns a row if it did.
async fn send(session: &Session, signals: &Signals, sees_relays: bool) -> Result<Vec<Row>, Failure> {
    let mut sql = format!("SELECT pg_notify({CHANNEL}, $1)");
    let mut values = vec![Parameter::Text(&signals.own)];
    if sees_relays {
        sql.push_str(
            " WHERE EXISTS (SELECT FROM timestamp_relay WHERE lease_until > clock_timestamp() AND holder <> ALL \
             ($2::uuid[]))",
        );
        values.push(Parameter::List(signals.leaders().into_iter().map(Parameter::Uuid).collect()));
    }
    session.prepare_and_query(&sql, &values).await
}

/// Listens while somebody waits for a signal.
async fn listen(mut work: AtWork, line: Line) {
    let signals = Arc::clone(&work.signals);
    let mut pause = FIRST_PAUSE;
    loop {
        while signals.stored.receiver_count() > 0 {
            let ended = {
                let mut nobody = pin!(signals.stored.closed());
                let mut session = pin!(listen_once(&signals, &line, &mut pause));
                poll_fn(|context| match nobody.as_mut().poll(context) {
                    Poll::Ready(()) => Poll::Ready(None),
                    Poll::Pending => session.as_mut().poll(context).map(Some),
                })
                .await
            };
            let Some(error) = ended else { break };
            tracing::debug!(error, "the connection that listens for stored events ended");
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
        if work.end_unless(|| signals.stored.receiver_count() > 0) {
            return;
        }
    }
}

/// Listens until the connection ends, and says why it did.
async fn listen_once(signals: &Signals, line: &Line, pause: &mut Duration) -> String {
    let (client, mut connection) = match line.config.connect(line.tls.clone()).await {
        Ok(connected) => connected,
        Err(error) => return error.to_string(),
    };
    let mut received = pin!(async {
        loop {
            match poll_fn(|context| connection.poll_message(context)).await {
                Some(Ok(AsyncMessage::Notification(told))) if told.payload() != signals.own => signals.wake(),
                Some(Ok(_)) => {}
                Some(Err(error)) => return error.to_string(),
                None => return "the server has closed it".to_owned(),
            }
        }
    });
    let mut asked = pin!(async {
        if let Err(error) = begin(&client, line).await {
            return error.to_string();
        }
        *pause = FIRST_PAUSE;
        // What was stored before is not told again.
        signals.wake();
        loop {
            tokio::time::sleep(SILENCE).await;
            match tokio::time::timeout(PATIENCE, client.simple_query("")).await {
                Ok(Ok(_)) => {}
                Ok(Err(error)) => return error.to_string(),
                Err(_) => return "it gives no sign of life".to_owned(),
            }
        }
    });
    poll_fn(|context| match received.as_mut().poll(context) {
        Poll::Pending => asked.as_mut().poll(context),
        ended @ Poll::Ready(_) => ended,
    })
    .await
}

async fn begin(client: &Client, line: &Line) -> Result<(), tokio_postgres::Error> {
    if let Some(settings) = &line.by_hand {
        client.batch_execute(settings).await?;
    }
    let messages = client.simple_query(&format!("SELECT {CHANNEL}")).await?;
    let channel = messages.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0),
        _ => None,
    });
    // A name and a number, which need no quotes.
    client.batch_execute(&format!("LISTEN {}", channel.unwrap_or_default())).await
}
