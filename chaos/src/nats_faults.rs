//! The faults that meet NATS.

use std::time::Duration;

use crate::database::Failed;
use crate::faults::Fault;
use crate::fleet::{Fleet, Role};
use crate::jetstream::{NatsServer, WINDOW};
use crate::random::Random;
use crate::relay::{LEASE, PUBLISHED_WITHIN};

/// After this time on a dead connection, events arrive over another one: what a publish waits for, and patience for a busy
/// machine. The client alone takes about a minute.
const NOTICED: Duration = Duration::from_secs(20);

/// Does it, and returns whether it came about.
pub(crate) fn inject(
    fault: Fault,
    nats: &NatsServer,
    fleet: &mut Fleet,
    leader: &str,
    random: &mut Random,
) -> Result<bool, Failed> {
    let pause = Duration::from_millis(random.between(200, 1_500));
    match fault {
        Fault::NatsKilled => nats.crash()?,
        Fault::NatsFrozen => {
            nats.freeze()?;
            std::thread::sleep(pause);
            nats.thaw()?;
        }
        Fault::StreamFull => return nats.fill(pause),
        Fault::NatsCut => nats.proxy.cut(pause),
        Fault::NatsHalfOpen => {
            // Longer than anybody may need to notice it.
            nats.proxy.freeze(Duration::from_secs(60));
            let before = nats.deliveries()?.len();
            return nats.waits_for_more(before, NOTICED);
        }
        Fault::StreamDeleted => {
            let listens = random.once_in(2).then_some(2 * PUBLISHED_WITHIN);
            return nats.delete_stream(listens);
        }
        Fault::WindowExpired => {
            let before = nats.duplicates()?;
            // It has published, and not noted it.
            if !fleet.end_at(Role::Relay, leader, "publish/after", random.between(20, 60))? {
                return Ok(false);
            }
            // The next one leads after the lease, which is longer than the window.
            return nats.waits_for_duplicates(before, WINDOW + 6 * LEASE);
        }
        _ => return Ok(false),
    }
    Ok(true)
}
