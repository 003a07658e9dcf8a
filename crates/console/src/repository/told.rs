//! What is noted of machines that ask for their plans. Thousands come at the same moment when a plan changes, and each note
//! that is flushed to the disk takes its time: so one transaction writes for all that came while the one before was under way.

use std::sync::{Mutex, PoisonError};

use mp_protocol::MachineId;
use tokio::sync::oneshot;

use super::{Database, column, number};
use crate::domain::{Refusal, UnixMillis};

/// What shall be noted of a machine.
#[derive(Debug)]
struct Note {
    machine: MachineId,
    /// When it came, unless that need not be noted.
    seen: Option<UnixMillis>,
    /// The hash of the plan that it is told.
    hash: String,
    /// Gets the plan's number.
    answer: oneshot::Sender<u64>,
}

/// Notes that wait, and the turn to write them.
#[derive(Debug, Default)]
pub(super) struct Notes {
    waiting: Mutex<Vec<Note>>,
    turn: tokio::sync::Mutex<()>,
}

impl Notes {
    fn add(&self, note: Note) {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).push(note);
    }

    fn take(&self) -> Vec<Note> {
        std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Database {
    /// Notes that a machine came, unless that was noted since `unless_since`, and which plan it is told. Gives the plan's number:
    /// one more than the last when its hash is another.
    pub(crate) async fn came(
        &self,
        machine: &MachineId,
        hash: &str,
        now: UnixMillis,
        unless_since: UnixMillis,
    ) -> Result<u64, Refusal> {
        // Reading first: most come again before there is anything to note.
        let row = sqlx::query("SELECT last_seen_at, plan_hash, plan_revision FROM machines WHERE id = $1")
            .bind(machine.as_str())
            .fetch_one(&self.pool)
            .await?;
        let last = column::<Option<i64>>(&row, "last_seen_at")?;
        let seen = last.is_none_or(|seen| seen < unless_since.0).then_some(now);
        if seen.is_none() && column::<String>(&row, "plan_hash")? == hash {
            return Ok(number(&row, "plan_revision")?);
        }
        self.note_plan(machine, seen, hash).await
    }

    /// Notes which plan a machine is told that waited for another one; gives its number as [`Database::came`] does.
    pub(crate) async fn told(&self, machine: &MachineId, hash: &str) -> Result<u64, Refusal> {
        self.note_plan(machine, None, hash).await
    }

    async fn note_plan(
        &self,
        machine: &MachineId,
        seen: Option<UnixMillis>,
        hash: &str,
    ) -> Result<u64, Refusal> {
        loop {
            let (answer, mut answered) = oneshot::channel();
            self.notes.add(Note { machine: machine.clone(), seen, hash: hash.to_owned(), answer });
            let written = tokio::select! {
                biased;
                written = &mut answered => written,
                _turn = self.notes.turn.lock() => {
                    // All that came until now, most times this one among them.
                    self.write_notes(self.notes.take()).await?;
                    answered.await
                }
            };
            // Who had the turn may have failed, or gone in the midst of it.
            if let Ok(number) = written {
                return Ok(number);
            }
        }
    }

    async fn write_notes(&self, mut notes: Vec<Note>) -> Result<(), Refusal> {
        if notes.is_empty() {
            return Ok(());
        }
        // In one order by all consoles, so that none waits for one that waits for it.
        notes.sort_by(|a, b| a.machine.cmp(&b.machine));
        let mut transaction = self.begin_write().await?;
        let mut numbers = Vec::new();
        for note in &notes {
            let row = sqlx::query(
                "UPDATE machines SET last_seen_at = COALESCE($1, last_seen_at), plan_hash = $2, \
                 plan_revision = CASE WHEN plan_hash = $2 THEN plan_revision ELSE plan_revision + 1 END \
                 WHERE id = $3 RETURNING plan_revision",
            )
            .bind(note.seen.map(|seen| seen.0))
            .bind(&note.hash)
            .bind(note.machine.as_str())
            .fetch_one(&mut **transaction.connection())
            .await?;
            numbers.push(number(&row, "plan_revision")?);
        }
        transaction.commit().await?;
        for (note, number) in notes.into_iter().zip(numbers) {
            // Nobody waits for it any more when the machine has gone.
            let _ = note.answer.send(number);
        }
        Ok(())
    }
}
