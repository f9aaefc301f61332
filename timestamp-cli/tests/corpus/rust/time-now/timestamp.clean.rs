// Instants that were handed in, and somebody else's type of this name.
use other::Timestamp as At;

fn calls(clock: &Clock) -> time::Timestamp {
    At::now();
    clock.now().into()
}
