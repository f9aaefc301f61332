// A clock behind a generic parameter: nobody says which, before types are known.
trait Now {
    fn now() -> Self;
}

impl Now for std::time::SystemTime {
    fn now() -> Self {
        todo()
    }
}

fn read<T: Now>() -> T {
    T::now() //~ rust/system-time
}
