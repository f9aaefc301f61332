// A path that a macro puts together.
macro_rules! now {
    ($clock:ident) => {
        std::time::$clock::now() //~ rust/system-time
    };
    ($clock:ty) => {
        <$clock>::now() //~ rust/system-time
    };
}
