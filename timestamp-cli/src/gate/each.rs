//! Does one thing to each of many files, on all cores.
//!
//! Threads that take the next file from a counter are all it takes, since files do not wait for each other; a pool that
//! divides work further (rayon) would bring a dozen crates, and stacks too small for a parser that calls itself.

use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Room for the deepest nesting that is read, also in builds that are not optimised. Taken only as far as it is used.
const STACK: usize = 256 * 1024 * 1024;

/// Returns what `work` makes of each item, in the order of the items.
pub(crate) fn each<T: Sync, R: Send>(
    items: &[T],
    threads: Option<NonZero<usize>>,
    work: impl Fn(&T) -> R + Sync,
) -> Vec<R> {
    let threads = threads.or_else(|| thread::available_parallelism().ok()).map_or(1, NonZero::get).min(items.len());
    let next = AtomicUsize::new(0);
    let share = || {
        let mut done = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(index) else { return done };
            done.push((index, work(item)));
        }
    };
    let mut done = thread::scope(|scope| {
        let started: Vec<_> = (0..threads)
            .filter_map(|_| thread::Builder::new().stack_size(STACK).spawn_scoped(scope, share).ok())
            .collect();
        // Where no thread can be had, this one does the work.
        let mut done = if started.is_empty() { share() } else { Vec::new() };
        for thread in started {
            match thread.join() {
                Ok(mut share) => done.append(&mut share),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        done
    });
    done.sort_unstable_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_keep_the_order_of_the_items() {
        let items: Vec<usize> = (0..1_000).collect();
        for threads in [1, 2, 7] {
            assert_eq!(
                each(&items, NonZero::new(threads), |item| item * 2),
                items.iter().map(|i| i * 2).collect::<Vec<_>>()
            );
        }
        assert!(each(&[] as &[usize], None, |item| *item).is_empty());
    }
}
