// The instant that `time` has since 0.3.55.
use time::Timestamp as At;

fn calls() {
    At::now(); //~ rust/time-now
    time::Timestamp::now(); //~ rust/time-now
    rows.map(time::Timestamp::now); //~ rust/time-now
}
