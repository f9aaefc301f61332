// Every way to name the clock of the standard library.
use std::time;
use std::time::SystemTime;
use std::time::SystemTime as Wall;
use std::time::{self as t, SystemTime as _, UNIX_EPOCH};
use std::{fmt, time::UNIX_EPOCH as START};

type Stamp = std::time::SystemTime;
type Again = Stamp;

mod clock {
    pub use std::time::SystemTime as Moment;
    pub mod inner {
        pub use super::Moment as Deep;
    }
}

mod globs {
    use std::time::*;

    fn now() -> SystemTime {
        SystemTime::now() //~ rust/system-time
    }

    mod below {
        use super::*;

        fn now() -> SystemTime {
            SystemTime::now() //~ rust/system-time
        }
    }
}

fn calls() {
    SystemTime::now(); //~ rust/system-time
    std::time::SystemTime::now(); //~ rust/system-time
    ::std::time::SystemTime::now(); //~ rust/system-time
    time::SystemTime::now(); //~ rust/system-time
    t::SystemTime::now(); //~ rust/system-time
    Wall::now(); //~ rust/system-time
    Stamp::now(); //~ rust/system-time
    Again::now(); //~ rust/system-time
    clock::Moment::now(); //~ rust/system-time
    clock::inner::Deep::now(); //~ rust/system-time
    self::clock::Moment::now(); //~ rust/system-time
    self::clock::inner::Deep::now(); //~ rust/system-time
    <SystemTime>::now(); //~ rust/system-time
    <std::time::SystemTime>::now(); //~ rust/system-time
    std :: time :: SystemTime :: now (); //~ rust/system-time
    r#std::time::SystemTime::now(); //~ rust/system-time
    SystemTime // over
        ::now(); //~^ rust/system-time
}

fn pointers() {
    let f = SystemTime::now; //~ rust/system-time
    let g: fn() -> SystemTime = Wall::now; //~ rust/system-time
    let at = None.unwrap_or_else(SystemTime::now); //~ rust/system-time
    let clocks = [SystemTime::now, || START]; //~ rust/system-time
    run(move || std::time::SystemTime::now()); //~ rust/system-time
}

#[allow(clippy::disallowed_methods)]
fn allowed_elsewhere() {
    #[allow(clippy::all, reason = "no reason for the gate")]
    let now = SystemTime::now(); //~ rust/system-time
}

#[cfg(target_os = "redox")]
fn compiled_elsewhere() {
    SystemTime::now(); //~ rust/system-time
}

fn in_a_block() {
    use std::time::SystemTime as Inner;
    let now = Inner::now(); //~ rust/system-time
    {
        use std::time::*;
        SystemTime::now(); //~ rust/system-time
    }
}

struct Owner;

impl From<Owner> for SystemTime {
    fn from(_: Owner) -> Self {
        Self::now() //~ rust/system-time
    }
}

const CLOCK: fn() -> SystemTime = SystemTime::now; //~ rust/system-time
static READ: std::sync::LazyLock<SystemTime> = std::sync::LazyLock::new(SystemTime::now); //~ rust/system-time

trait Now {
    fn now(&self) -> SystemTime {
        SystemTime::now() //~ rust/system-time
    }
}

async fn asynchronous() {
    let now = async { SystemTime::now() }.await; //~ rust/system-time
}
