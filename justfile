# Shorthands. Each is one command of cargo or `scripts/`; nothing needs `just`.

_list:
    @just --list --unsorted

# Format, lints and tests: run it before a commit.
check:
    cargo fmt --check
    cargo clippy --workspace --all-targets --all-features -- -D warnings
    scripts/test

# Every test; arguments go to the test runner.
test *args:
    scripts/test {{args}}

# Everything that must hold before a change lands.
ci:
    .ci/run

# Refuse code that asks for the time outside of the one clock; arguments such as `--format json`.
gate *args:
    cargo run --quiet -p timestamp-cli -- gate {{args}}

# Accept the compiler messages and snapshots as they are now; then read the diff as a user would.
bless:
    BLESS=1 TRYBUILD=overwrite cargo test -p timestamp-derive

# Measure; arguments go to Criterion, such as `--save-baseline main`.
bench *args:
    cargo bench -p timestamp-benches -- {{args}}

# Kill processes and servers at random, and judge whether the promises held; `--faults`, `--seed`.
chaos *args:
    scripts/chaos {{args}}

# Build the documentation and open it.
docs:
    cargo doc --no-deps --all-features -p timestamp-core -p timestamp-derive -p timestamp-repo -p timestamp-cli --open

# Run one example.
example name *args:
    cargo run -p examples --all-features --example {{name}} -- {{args}}

# Pack the crates as they would be published, and build them from what was packed.
package:
    cargo package --allow-dirty -p timestamp-core -p timestamp-derive -p timestamp-repo -p timestamp-cli

# Licences, duplicates, sources, and known vulnerabilities (needs the network).
deny:
    cargo deny --all-features check
