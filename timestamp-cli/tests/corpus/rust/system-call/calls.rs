// The operating system, past the standard library.
use libc::{clock_gettime, time as now};
use nix::time::ClockId;
use windows_sys::Win32::System::SystemInformation::GetSystemTimeAsFileTime;

extern "C" {
    fn gettimeofday(at: *mut Timeval, zone: *mut u8) -> i32; //~ rust/system-call
}

mod declared {
    unsafe extern "C" {
        pub fn time(at: *mut i64) -> i64; //~ rust/system-call
    }
}

unsafe fn calls() {
    libc::time(std::ptr::null_mut()); //~ rust/system-call
    now(std::ptr::null_mut()); //~ rust/system-call
    libc::gettimeofday(&mut at, std::ptr::null_mut()); //~ rust/system-call
    libc::clock_gettime(libc::CLOCK_REALTIME, &mut at); //~ rust/system-call
    clock_gettime(libc::CLOCK_REALTIME_COARSE, &mut at); //~ rust/system-call
    rustix::time::clock_gettime(rustix::time::ClockId::Realtime); //~ rust/system-call
    nix::time::clock_gettime(ClockId::CLOCK_REALTIME); //~ rust/system-call
    ClockId::now(ClockId::CLOCK_REALTIME); //~ rust/system-call
    GetSystemTimeAsFileTime(&mut at); //~ rust/system-call
    cvt!(libc::gettimeofday(&mut at, null)); //~ rust/system-call
}
