//! Kills, stops and cuts off writers, relays, consumers and databases, and judges by ledgers outside of them whether the
//! promises held. `scripts/chaos` builds and starts it.

mod consumer;
mod database;
mod entities;
mod faults;
mod fleet;
mod judge;
mod ledger;
mod outside;
mod random;
mod relay;
mod report;
mod role;
mod run;
mod sheet;
mod sink;
mod writer;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use timestamp_repo::{Postgres, Sqlite};
use uuid::Uuid;

use crate::database::Failed;
use crate::outside::{Databases, Engine};

/// Tries to break the promises of saves, relays and inboxes, and judges whether they held.
#[derive(Parser, Debug)]
#[command(name = "scripts/chaos", args_conflicts_with_subcommands = true)]
struct Arguments {
    /// Faults in all; each database gets the same share
    #[arg(long, default_value_t = 100)]
    faults: usize,
    /// What the faults are drawn from; a new one each time unless given
    #[arg(long)]
    seed: Option<u64>,
    /// The databases; both unless given
    #[arg(long, value_enum)]
    only: Option<Engine>,
    /// Where `scripts/services` keeps its server; a new folder unless given
    #[arg(long, hide = true)]
    servers: Option<PathBuf>,
    /// Where ledgers, databases and logs go; kept if given, and after a failure
    #[arg(long)]
    folder: Option<PathBuf>,
    /// Writes the guarantee sheet here, if every promise held on both databases
    #[arg(long, conflicts_with = "only")]
    sheet: Option<PathBuf>,
    #[command(subcommand)]
    role: Option<Role>,
}

#[derive(Subcommand, Debug)]
enum Role {
    #[command(hide = true)]
    Writer(Of<writer::Writer>),
    #[command(hide = true)]
    Relay(Of<relay::Relay>),
    #[command(hide = true)]
    Consumer(Of<consumer::Consumer>),
}

#[derive(Args, Debug)]
struct Of<R: Args> {
    #[arg(long, value_enum)]
    engine: Engine,
    #[command(flatten)]
    role: R,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = match arguments.role {
        Some(role) => play(role).map(|()| true),
        None => drive(&arguments),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("chaos: {error}");
            ExitCode::from(2)
        }
    }
}

/// Runs this process as one of those under test.
#[tokio::main(worker_threads = 2)]
async fn play(role: Role) -> Result<(), Failed> {
    match role {
        Role::Writer(Of { engine: Engine::Sqlite, role }) => role.run::<Sqlite>().await,
        Role::Writer(Of { engine: Engine::Postgres, role }) => role.run::<Postgres>().await,
        Role::Relay(Of { engine: Engine::Sqlite, role }) => role.run::<Sqlite>().await,
        Role::Relay(Of { engine: Engine::Postgres, role }) => role.run::<Postgres>().await,
        Role::Consumer(Of { engine: Engine::Sqlite, role }) => role.run::<Sqlite>().await,
        Role::Consumer(Of { engine: Engine::Postgres, role }) => role.run::<Postgres>().await,
    }
}

/// Returns whether every promise held.
fn drive(arguments: &Arguments) -> Result<bool, Failed> {
    // The last digits of a new id are random.
    let seed = arguments.seed.unwrap_or_else(|| Uuid::now_v7().as_u64_pair().1 >> 32);
    let engines: &[Engine] = match &arguments.only {
        Some(engine) => std::slice::from_ref(engine),
        None => &[Engine::Sqlite, Engine::Postgres],
    };
    let folder = match &arguments.folder {
        Some(folder) => folder.clone(),
        None => tempfile::Builder::new().prefix("chaos-run-").tempdir()?.keep(),
    };
    println!("seed {seed}; ledgers, databases and logs are in {}", folder.display());
    let (mut is_green, mut verdicts) = (true, Vec::new());
    for engine in engines {
        let of_engine = folder.join(engine.name());
        let failed = |error: Failed| format!("{error}; see {}", of_engine.display());
        let databases = Databases::start(*engine, &of_engine, arguments.servers.as_deref()).map_err(failed)?;
        let verdict = run::run(&databases, arguments.faults.div_ceil(engines.len()), seed, &of_engine);
        if !verdict.as_ref().is_ok_and(run::Verdict::is_green) {
            databases.dump(&of_engine)?;
        }
        let verdict = verdict.map_err(failed)?;
        report::print(&verdict);
        is_green &= verdict.is_green();
        verdicts.push(verdict);
    }
    if let Some(sheet) = arguments.sheet.as_ref().filter(|_| is_green) {
        std::fs::write(sheet, sheet::page(seed, &verdicts))?;
    }
    if !is_green {
        println!("\nRED, seed {seed}: the ledgers, the databases and the logs are kept in {}", folder.display());
    } else if arguments.folder.is_none() {
        std::fs::remove_dir_all(&folder)?;
    }
    Ok(is_green)
}
