//! What a run prints at its end.

use crate::arrangement::Arrangement;
use crate::finding::promise;
use crate::tally::{Counts, Tally};

pub(crate) fn print(arrangement: Arrangement, tally: &Tally) {
    let Tally { rounds, faults, ended_at, against, figures, seconds } = tally;
    println!("\n{}: {} faults in {rounds} rounds, {seconds:.0} s", arrangement.name(), tally.faults());
    for (fault, count) in faults {
        println!("{count:>8}  {fault}");
    }
    println!("          of those, ended at a named point: {}", list(ended_at));
    println!(
        "\n{:>8}  events tried, {} stored, {} of them deleted by retention since",
        figures.attempted, figures.stored, figures.pruned
    );
    println!(
        "{:>8}  deliveries, {} of them again; {} refused by the sink at first",
        figures.deliveries, figures.duplicates, figures.refused
    );
    println!("          saves: {}", list(&figures.ends));
    println!("          errors that said: {}\n", list(&figures.said));
    for (name, count) in against {
        let word = if *count == 0 { "held" } else { "BROKEN" };
        println!("{word:<8}{:<60}{count} {name}", promise(name));
    }
}

fn list(counts: &Counts) -> String {
    let words: Vec<String> = counts.iter().map(|(name, count)| format!("{name} {count}")).collect();
    words.join(", ")
}
