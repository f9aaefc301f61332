// jiff.
use jiff as j;
use jiff::Timestamp;

mod handed_on {
    pub use jiff::Timestamp as Moment;
    pub use jiff;
}

mod by_glob {
    use jiff::*;

    fn f() {
        Timestamp::now(); //~ rust/jiff-now
    }
}

fn calls() {
    Timestamp::now(); //~ rust/jiff-now
    jiff::Timestamp::now(); //~ rust/jiff-now
    j::Timestamp::now(); //~ rust/jiff-now
    handed_on::Moment::now(); //~ rust/jiff-now
    handed_on::jiff::Timestamp::now(); //~ rust/jiff-now
    let at = given.unwrap_or_else(Timestamp::now); //~ rust/jiff-now
    let text = format!("{}", Timestamp::now()); //~ rust/jiff-now
}
