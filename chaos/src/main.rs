//! Kills, stops and cuts off writers, relays, consumers and databases, and judges by ledgers outside of them whether the
//! promises held. `scripts/chaos` builds and starts it.

mod account;
mod arrangement;
mod broker;
mod clock;
mod consumer;
mod database;
mod database_faults;
mod disk;
mod entities;
mod faults;
mod feed;
mod finding;
mod fleet;
mod jetstream;
mod judge;
mod ledger;
mod nats_faults;
mod outside;
mod progress;
mod proxy;
mod random;
mod relay;
mod report;
mod restore;
mod reversed;
mod role;
mod run;
mod series;
mod sheet;
mod sink;
mod stored;
mod tally;
mod writer;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use timestamp_repo::{Postgres, Sqlite};
use uuid::Uuid;

use crate::arrangement::Arrangement;
use crate::broker::Broker;
use crate::database::Failed;
use crate::outside::{Databases, Engine};
use crate::progress::Progress;
use crate::run::Verdict;
use crate::series::Series;

/// Tries to break the promises of saves, relays and inboxes, and judges whether they held.
#[derive(Parser, Debug)]
#[command(name = "scripts/chaos", args_conflicts_with_subcommands = true)]
struct Arguments {
    /// Faults in all; each arrangement gets the same share
    #[arg(long, default_value_t = 100)]
    faults: usize,
    /// What the faults are drawn from; a new one each time unless given
    #[arg(long)]
    seed: Option<u64>,
    /// One arrangement; each database, and one of them with NATS, by turns, unless given
    #[arg(long, value_enum)]
    only: Option<Arrangement>,
    /// Where `scripts/services` keeps its server; a new folder unless given
    #[arg(long, hide = true)]
    servers: Option<PathBuf>,
    /// Where ledgers, databases and logs go; a new folder unless given
    #[arg(long)]
    folder: Option<PathBuf>,
    /// Goes on with the run that has its rounds in this folder, after those that are done
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["faults", "seed", "only", "round", "folder", "like"])]
    resume: Option<PathBuf>,
    /// Faults after which it is judged, and begun anew on other databases
    #[arg(long, value_name = "FAULTS", default_value_t = 50)]
    round: usize,
    /// Only faults whose words, as they are printed, contain this; or named points, such as `keep/after`
    #[arg(long, value_name = "WORDS", conflicts_with = "sheet")]
    like: Option<String>,
    /// Writes the guarantee sheet here, if every promise held in every arrangement
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
    #[command(hide = true)]
    Reversed(Of<reversed::Reversed>),
    #[command(hide = true)]
    Restore(Of<restore::Restore>),
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
        Role::Reversed(Of { engine: Engine::Sqlite, role }) => role.run::<Sqlite>().await,
        Role::Reversed(Of { engine: Engine::Postgres, role }) => role.run::<Postgres>().await,
        Role::Restore(Of { engine, role }) => role.run(engine).await,
    }
}

/// Returns whether every promise held.
fn drive(arguments: &Arguments) -> Result<bool, Failed> {
    let (folder, mut series) = match &arguments.resume {
        Some(folder) => (folder.clone(), Series::resume(folder)?),
        None => begin(arguments)?,
    };
    // Processes that enter a namespace are elsewhere.
    let folder = std::path::absolute(folder)?;
    println!("seed {}; ledgers, databases and logs are in {}", series.seed, folder.display());
    let servers = arguments.servers.as_deref();
    let mut progress = Progress::new(series.faults(), series.faults_done());
    while let Some(index) = series.rounds.iter().position(|round| !round.is_done()) {
        let of_round = series.folder(&folder, index);
        let failed = |error: Failed| format!("{error}; see {}", of_round.display());
        let Some(round) = series.rounds.get_mut(index) else { break };
        let mut databases = Databases::start(round.arrangement.engine(), &of_round, servers).map_err(failed)?;
        let broker = Broker::start(round.arrangement, &of_round, servers, round.seed ^ 1).map_err(failed)?;
        let verdict = run::run(&mut databases, &broker, round, series.like.as_deref(), &of_round, &mut progress);
        let is_green = verdict.as_ref().is_ok_and(|verdict| verdict.tally.is_green());
        if !is_green {
            databases.dump(&of_round)?;
            broker.dump(&of_round)?;
        }
        let Verdict { tally, account } = verdict.map_err(failed)?;
        let words = format!("round {}: {} faults on {}", index + 1, tally.faults(), round.arrangement.name());
        round.tallies.push(tally);
        series.keep(&folder)?;
        if !is_green {
            drop(progress);
            print(&series);
            println!("{account}\nRED in {words}; seed {}", series.seed);
            println!("the ledgers, the databases and the logs are kept in {}", of_round.display());
            return Ok(false);
        }
        progress.say(&format!("{words}: every promise held"));
        std::fs::remove_dir_all(&of_round)?;
    }
    drop(progress);
    print(&series);
    match &arguments.sheet {
        Some(_) if series.was_red() => {
            println!(
                "no sheet: a round of this run was red before it was resumed; a sheet comes from a run without one"
            );
        }
        Some(sheet) => std::fs::write(sheet, sheet::page(series.seed, &series.tallies()))?,
        None => {}
    }
    if arguments.folder.is_none() && arguments.resume.is_none() {
        std::fs::remove_dir_all(&folder)?;
    }
    Ok(true)
}

/// Plans a run, and makes its folder.
fn begin(arguments: &Arguments) -> Result<(PathBuf, Series), Failed> {
    // The last digits of a new id are random.
    let seed = arguments.seed.unwrap_or_else(|| Uuid::now_v7().as_u64_pair().1 >> 32);
    let folder = match &arguments.folder {
        Some(folder) => folder.clone(),
        None => tempfile::Builder::new().prefix("chaos-run-").tempdir()?.keep(),
    };
    std::fs::create_dir_all(&folder)?;
    let series = Series::plan(seed, arguments.faults, arguments.only, arguments.round, arguments.like.clone());
    series.keep(&folder)?;
    Ok((folder, series))
}

fn print(series: &Series) {
    for (arrangement, tally) in series.tallies() {
        report::print(arrangement, &tally);
    }
}
