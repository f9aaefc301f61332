//! What other programs do to a database, with `sqlite3` and `psql`.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::database::Failed;
use crate::outside::{Databases, Engine};

/// What the trigger says that refuses rows for a while. Writers know it.
pub(crate) const REFUSAL: &str = "chaos: not now";

impl Databases {
    /// Holds SQLite's write lock.
    pub(crate) fn hold_write_lock(&self, pause: Duration) -> Result<(), Failed> {
        // `sqlite3` has no sleep, so a long statement holds the lock; how long depends on the machine.
        let steps = pause.as_millis() * 4_000;
        aside(self.run_aside(&format!(
            "BEGIN IMMEDIATE; WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {steps}) SELECT \
             count(*) FROM n; COMMIT"
        ))?);
        Ok(())
    }

    /// Holds a transaction open that has a number and does nothing.
    pub(crate) fn hold_transaction(&self, pause: Duration) -> Result<(), Failed> {
        let seconds = pause.as_secs_f64();
        let sql = format!("BEGIN; SELECT pg_current_xact_id(); SELECT pg_sleep({seconds}); COMMIT");
        aside(self.run_aside(&sql)?);
        Ok(())
    }

    /// Locks the rows that were changed last.
    pub(crate) fn lock_rows(&self, count: usize, pause: Duration) -> Result<(), Failed> {
        let seconds = pause.as_secs_f64();
        let sql = format!(
            "BEGIN; SELECT FROM tasks ORDER BY updated_at_ms DESC LIMIT {count} FOR UPDATE; SELECT pg_sleep({seconds}); \
             COMMIT"
        );
        aside(self.run_aside(&sql)?);
        Ok(())
    }

    /// Ends the server's side of every connection.
    pub(crate) fn terminate_sessions(&self) -> Result<(), Failed> {
        let sql = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND \
                   backend_type = 'client backend'";
        self.query(&self.writers, sql).map(drop)
    }

    /// Has a trigger refuse one row in five for a while. On SQLite it ends the whole transaction by that, which may be a
    /// group of other saves.
    pub(crate) fn refuse_rows(&self, pause: Duration) -> Result<(), Failed> {
        let (begin, end) = match self.engine {
            Engine::Sqlite => (
                format!(
                    "CREATE TRIGGER chaos BEFORE UPDATE ON tasks WHEN NEW.touches % 5 = 0 BEGIN SELECT RAISE(ROLLBACK, \
                     '{REFUSAL}'); END"
                ),
                "DROP TRIGGER IF EXISTS chaos",
            ),
            Engine::Postgres => (
                format!(
                    "CREATE OR REPLACE FUNCTION chaos() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.touches % 5 = \
                     0 THEN RAISE '{REFUSAL}' USING ERRCODE = 'check_violation', CONSTRAINT = '{REFUSAL}'; END IF; RETURN \
                     NEW; END $$; CREATE TRIGGER chaos BEFORE UPDATE ON tasks FOR EACH ROW EXECUTE FUNCTION chaos()"
                ),
                "DROP TRIGGER IF EXISTS chaos ON tasks",
            ),
        };
        self.query(&self.writers, &begin)?;
        std::thread::sleep(pause);
        self.query(&self.writers, end).map(drop)
    }

    /// Fills the disk of the SQLite databases, and makes room again.
    pub(crate) fn fill_disk(&self, pause: Duration) -> Result<(), Failed> {
        let Some(disk) = &self.disk else { return Ok(()) };
        // The log keeps its length when it is begun anew, and then a program writes on for long without more room. So it
        // is made short, and what that frees is filled too. Room is made also where this process ends meanwhile; what is
        // left of the disk goes with it.
        let script = "shorten() { sqlite3 \"$3\" 'PRAGMA busy_timeout = 1000; PRAGMA wal_checkpoint(TRUNCATE)'; }; \
                      fill() { cat /dev/zero >>\"$1/filler\"; }; exec >/dev/null 2>&1; shorten \"$@\"; fill \"$@\"; \
                      shorten \"$@\"; fill \"$@\"; sleep \"$2\"; rm \"$1/filler\"";
        let mut command = disk.entrance().command("sh");
        command.args(["-c", script, "sh"]).arg(&disk.folder).arg(pause.as_secs_f64().to_string()).arg(&self.writers);
        if command.stdin(Stdio::null()).status()?.success() {
            Ok(())
        } else {
            Err("the disk could not be filled".into())
        }
    }
}

/// Lets a child work on, and collects it when it is done.
pub(crate) fn aside(mut child: Child) {
    std::thread::spawn(move || child.wait().is_ok());
}

/// Stops a process, and lets it go on after the pause.
pub(crate) fn stop_for(pid: u32, pause: Duration) -> Result<(), Failed> {
    // By a process of its own, so that nobody stays stopped if this one ends. Where the process was killed meanwhile, the
    // last signal reaches nobody; and who is not stopped does not notice.
    let script = "trap '' INT TERM HUP; kill -STOP $1; sleep $2; kill -CONT $1";
    let pause = pause.as_secs_f64().to_string();
    let mut command = Command::new("sh");
    command.args(["-c", script, "sh", &pid.to_string(), &pause]);
    aside(command.stdin(Stdio::null()).stderr(Stdio::null()).spawn()?);
    Ok(())
}
