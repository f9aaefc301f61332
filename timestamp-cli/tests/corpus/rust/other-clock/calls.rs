// Clocks of other libraries.
use bson::DateTime;
use filetime::FileTime;
use js_sys::Date;

fn calls() {
    js_sys::Date::now(); //~ rust/other-clock
    Date::new_0(); //~ rust/other-clock
    DateTime::now(); //~ rust/other-clock
    mongodb::bson::DateTime::now(); //~ rust/other-clock
    hifitime::Epoch::now(); //~ rust/other-clock
    coarsetime::Clock::now_since_epoch(); //~ rust/other-clock
    FileTime::now(); //~ rust/other-clock
}
