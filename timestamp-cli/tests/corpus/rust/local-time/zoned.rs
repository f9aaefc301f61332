// The name that jiff's time with a zone has since 1.0.
use jiff::ZonedDateTime;

fn calls() {
    ZonedDateTime::now(); //~ rust/local-time
    jiff::ZonedDateTime::now(); //~ rust/local-time
}
