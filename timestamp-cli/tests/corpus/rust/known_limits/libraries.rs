// A clock of a library that nobody has put on the list; a project bans it by itself.
fn read() {
    some_library::Clock::unix_millis(); //~ rust/other-clock
}
