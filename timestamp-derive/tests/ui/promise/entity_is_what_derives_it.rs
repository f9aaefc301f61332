//! Law: a function over entities takes only what derives `Timestamped`.
//! Instead: add `#[derive(Timestamped)]` to `Receipt`, with an id and `timestamps: Timestamps`.

use timestamp_core::Timestamped;

struct Receipt {
    id: u64,
}

fn archive(entity: &mut impl Timestamped) {
    entity.touch("archived");
}

fn main() {
    archive(&mut Receipt { id: 7 });
}
