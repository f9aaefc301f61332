//! What the roles have in common: the driver stops them by closing their standard input, or is dead then.

use tokio::io::AsyncReadExt as _;
use tokio::sync::watch;

/// True from when the role is to come to its end.
pub(crate) fn stopped() -> watch::Receiver<bool> {
    let (stop, stopped) = watch::channel(false);
    tokio::spawn(async move {
        let mut nothing = [0];
        while matches!(tokio::io::stdin().read(&mut nothing).await, Ok(1)) {}
        let _ = stop.send(true);
        stop.closed().await;
    });
    stopped
}
