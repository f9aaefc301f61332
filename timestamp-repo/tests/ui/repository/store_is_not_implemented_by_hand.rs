//! Law: a store keeps the laws of saving, so only this library's stores are stores.
//! Instead: use `Sqlite`, and write code for any store as `fn f<S: Store>(store: &S)`.

use timestamp_repo::Store;

#[derive(Clone)]
struct MyStore;

impl Store for MyStore {}

fn main() {}
