//! The command `timestamp`: tools that keep a code base under the time contract.

mod exit_code;
mod gate;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Tools that keep a code base under the time contract.
#[derive(Parser, Debug)]
#[command(name = "timestamp", version)]
struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    Gate(gate::Arguments),
}

fn main() -> ExitCode {
    let Arguments { verb } = Arguments::parse();
    let ended = match verb {
        Verb::Gate(arguments) => gate::run(&arguments),
    };
    ExitCode::from(ended)
}
