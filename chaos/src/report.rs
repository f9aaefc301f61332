//! What a run prints at its end.

use crate::faults;
use crate::run::Verdict;

/// Examples of what speaks against a promise; the ledgers have the rest.
const EXAMPLES: usize = 5;

pub(crate) fn print(verdict: &Verdict) {
    let Verdict { engine, figures, findings, took, .. } = verdict;
    println!("\n{}: {} faults in {:.0} s", engine.name(), verdict.faults.len(), took.as_secs_f64());
    for (fault, count) in faults::count(&verdict.faults) {
        println!("{count:>8}  {fault}");
    }
    let ended_at: Vec<String> = verdict.ended_at.iter().map(|(point, count)| format!("{point} {count}")).collect();
    println!("          of those, ended at a named point: {}", ended_at.join(", "));
    println!(
        "\n{:>8}  events tried, {} stored, {} of them deleted by retention since",
        figures.attempted, figures.stored, figures.pruned
    );
    println!(
        "{:>8}  deliveries, {} of them again; {} refused by the sink at first",
        figures.deliveries, figures.duplicates, verdict.refused
    );
    let ends: Vec<String> = figures.ends.iter().map(|(end, count)| format!("{count} {end}")).collect();
    println!("          saves: {}\n", ends.join(", "));
    for finding in findings {
        let word = if finding.against.is_empty() { "held" } else { "BROKEN" };
        println!("{word:<8}{:<60}{} {}", finding.promise, finding.against.len(), finding.name);
        for example in finding.against.iter().take(EXAMPLES) {
            println!("          {example}");
        }
    }
}
