// Clocks that only measure, and functions of the project that are called alike.
use libc::{CLOCK_MONOTONIC, clock_gettime};

mod own {
    fn time() -> u64 {
        0
    }

    fn f() {
        time();
        let time = 1;
        g(time);
    }
}

unsafe fn calls() {
    libc::clock_gettime(libc::CLOCK_MONOTONIC, &mut at);
    clock_gettime(CLOCK_MONOTONIC, &mut at);
    libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &mut at);
    rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    let at: libc::time_t = 0;
    libc::nanosleep(&at, std::ptr::null_mut());
}
