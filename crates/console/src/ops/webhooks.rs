//! Where failures are told: set up by administrators, and told by whichever console comes first.

use std::{collections::BTreeSet, sync::Arc};

use tokio::sync::Mutex;

use super::{Administrator, Core, Expected, Tagged, overview::SILENT_AFTER};
use crate::{
    domain::{Refusal, Signal, UnixMillis, Webhook},
    repository::{Attempted, Claimed, LastTold, StoredWebhook},
    secret::{Secret, new_id},
    webhook::{Told, new_secret, send},
};

/// Most webhooks of a farm.
const MAX_WEBHOOKS: i64 = 50;
/// What is told to one webhook before others are looked at.
const AT_ONCE: i64 = 10;
/// How long a console may take for what it has claimed. After that another one tells it.
const CLAIM: i64 = 3 * 60 * UnixMillis::SECOND;
/// Pauses after an attempt that failed, in seconds; after as many attempts and one it is given up.
const PAUSES: [i64; 7] = [10, 60, 5 * 60, 15 * 60, 60 * 60, 3 * 60 * 60, 6 * 60 * 60];
/// How long it is remembered what was told, and what was given up.
const REMEMBERED: i64 = 7 * UnixMillis::DAY;

/// The webhooks that this console is telling something now.
#[derive(Debug, Default)]
pub(crate) struct Tellers(Mutex<BTreeSet<String>>);

impl Core {
    /// All webhooks, by name.
    pub(crate) async fn webhooks(&self, _: &Administrator) -> Result<Vec<StoredWebhook>, Refusal> {
        self.database.webhooks().await
    }

    /// One of them.
    pub(crate) async fn webhook(
        &self,
        _: &Administrator,
        name: &str,
    ) -> Result<Tagged<StoredWebhook>, Refusal> {
        let found = self.database.webhook(name).await?.ok_or_else(|| no_webhook(name))?;
        Ok(tagged(found))
    }

    /// Sets one up. Its secret is told now and never again.
    pub(crate) async fn create_webhook(
        &self,
        caller: &Administrator,
        webhook: Webhook,
    ) -> Result<(Tagged<StoredWebhook>, Secret), Refusal> {
        webhook.check()?;
        let (id, secret) = (new_id()?, new_secret()?);
        let sealed = self.authority.sealer.seal(&place(&id), &secret)?;
        let mut write = self.write().await?;
        if write.webhook(&webhook.name).await?.is_some() {
            return Err(Refusal::Webhook(format!("there is a webhook \"{}\" already", webhook.name)));
        }
        if write.count_webhooks().await? >= MAX_WEBHOOKS {
            return Err(Refusal::Webhook(format!("there are {MAX_WEBHOOKS} webhooks already")));
        }
        write.put_webhook(&id, &webhook, &sealed).await?;
        write.commit(caller.did("created", subject(&webhook), webhook.told())).await?;
        Ok((self.webhook(caller, &webhook.name).await?, secret))
    }

    /// Sets it up otherwise. Its secret stays.
    pub(crate) async fn replace_webhook(
        &self,
        caller: &Administrator,
        expected: &Expected,
        name: &str,
        webhook: Webhook,
    ) -> Result<Tagged<StoredWebhook>, Refusal> {
        webhook.check()?;
        let mut write = self.write().await?;
        let before = write.webhook(name).await?.ok_or_else(|| no_webhook(name))?;
        expected.require(&before.version.to_string())?;
        if write.webhook(&webhook.name).await?.is_some_and(|other| other.id != before.id) {
            return Err(Refusal::Webhook(format!("there is a webhook \"{}\" already", webhook.name)));
        }
        write.put_webhook(&before.id, &webhook, &before.secret).await?;
        let mut entry = caller.changed(subject(&webhook), before.webhook.told(), webhook.told());
        if before.webhook.url != webhook.url {
            entry.details = "with another address".to_owned();
        }
        write.commit(entry).await?;
        self.webhook(caller, &webhook.name).await
    }

    /// Gives it a new secret, which is told now and never again. The former one counts no more.
    pub(crate) async fn renew_webhook_secret(
        &self,
        caller: &Administrator,
        expected: &Expected,
        name: &str,
    ) -> Result<(Tagged<StoredWebhook>, Secret), Refusal> {
        let secret = new_secret()?;
        let mut write = self.write().await?;
        let found = write.webhook(name).await?.ok_or_else(|| no_webhook(name))?;
        expected.require(&found.version.to_string())?;
        let sealed = self.authority.sealer.seal(&place(&found.id), &secret)?;
        write.put_webhook(&found.id, &found.webhook, &sealed).await?;
        write.commit(caller.did("renewed the secret of", subject(&found.webhook), String::new())).await?;
        Ok((self.webhook(caller, &found.webhook.name).await?, secret))
    }

    /// Removes it, and what waits for it.
    pub(crate) async fn remove_webhook(
        &self,
        caller: &Administrator,
        expected: &Expected,
        name: &str,
    ) -> Result<(), Refusal> {
        let mut write = self.write().await?;
        let found = write.webhook(name).await?.ok_or_else(|| no_webhook(name))?;
        expected.require(&found.version.to_string())?;
        write.remove_webhook(&found.id).await?;
        write.commit(caller.did("removed", subject(&found.webhook), String::new())).await
    }

    /// Tells it something of no meaning, now, and gives what came of it.
    pub(crate) async fn try_webhook(&self, caller: &Administrator, name: &str) -> Result<LastTold, Refusal> {
        let found = self.database.webhook(name).await?.ok_or_else(|| no_webhook(name))?;
        let now = self.now();
        self.database.note(now, &caller.did("tried", subject(&found.webhook), String::new())).await?;
        let told = self.tell(&found, &new_id()?, Signal::trial(now).to_string()).await?;
        let last = LastTold { at: now, status: told.status, error: told.error };
        self.database.note_told(&found.id, &last).await?;
        Ok(last)
    }

    /// Tells what is due, each webhook apart from the others, so that a slow one holds up none. Gives how many are told now.
    pub(crate) async fn tell_webhooks(self: &Arc<Self>) -> Result<usize, Refusal> {
        let due = self.database.due_webhooks(self.now()).await?;
        let mut begun = 0;
        for id in due {
            if self.tellers.0.lock().await.insert(id.clone()) {
                begun += 1;
                let core = Arc::clone(self);
                tokio::spawn(async move {
                    if let Err(error) = core.tell_one(&id).await {
                        tracing::error!(%error, "Cannot tell a webhook what waits for it");
                    }
                    core.tellers.0.lock().await.remove(&id);
                });
            }
        }
        Ok(begun)
    }

    /// Signals which machines are away, and which are back.
    pub(crate) async fn watch_machines(&self) -> Result<(), Refusal> {
        let now = self.now();
        // Nobody is missed who had no time to come yet.
        if now < self.started.plus(SILENT_AFTER) {
            return Ok(());
        }
        self.database.watch_machines(now, now.plus(-SILENT_AFTER)).await
    }

    /// Forgets what was told some days ago.
    pub(super) async fn trim_deliveries(&self) -> Result<(), Refusal> {
        let before = self.now().plus(-REMEMBERED);
        while self.database.trim_deliveries(before).await? > 0 {}
        Ok(())
    }

    async fn tell_one(&self, id: &str) -> Result<(), Refusal> {
        let Some(found) = self.database.webhook_of(id).await? else { return Ok(()) };
        let now = self.now();
        for claimed in self.database.claim_deliveries(id, now, now.plus(CLAIM), AT_ONCE).await? {
            let Claimed { id: delivery, payload, attempts } = claimed;
            if !found.webhook.enabled {
                self.database.attempted(&delivery, Attempted::GivenUp).await?;
                continue;
            }
            let told = self.tell(&found, &delivery, payload).await?;
            let at = self.now();
            let attempted = match (&told.error, pause(attempts)) {
                (None, _) => Attempted::Delivered,
                (Some(_), Some(pause)) => Attempted::Again(at.plus(pause)),
                (Some(_), None) => Attempted::GivenUp,
            };
            if let Some(error) = &told.error {
                tracing::warn!(
                    webhook = found.webhook.name,
                    attempts,
                    error,
                    "MP-CON-141 A webhook was not told"
                );
            }
            self.metrics.delivered(attempted.word());
            self.database.attempted(&delivery, attempted).await?;
            let last = LastTold { at, status: told.status, error: told.error };
            self.database.note_told(id, &last).await?;
        }
        Ok(())
    }

    /// One request, on a thread of its own.
    async fn tell(&self, found: &StoredWebhook, id: &str, payload: String) -> Result<Told, Refusal> {
        let secret = self.authority.sealer.open(&place(&found.id), &found.secret)?;
        let (webhook, id, now) = (found.webhook.clone(), id.to_owned(), self.now());
        let told = tokio::task::spawn_blocking(move || send(&webhook, &secret, &id, &payload, now)).await;
        told.map_err(Refusal::internal)
    }
}

/// The pause after so many attempts, in milliseconds; `None` when there are no more.
fn pause(attempts: u32) -> Option<i64> {
    let index = usize::try_from(attempts.saturating_sub(1)).unwrap_or(usize::MAX);
    PAUSES.get(index).map(|seconds| seconds * UnixMillis::SECOND)
}

/// For what the secret of a webhook is sealed.
fn place(id: &str) -> String {
    format!("secret of webhook {id}")
}

fn subject(webhook: &Webhook) -> String {
    format!("webhook \"{}\"", webhook.name)
}

fn no_webhook(name: &str) -> Refusal {
    Refusal::NoWebhook(name.chars().take(100).collect())
}

fn tagged(found: StoredWebhook) -> Tagged<StoredWebhook> {
    Tagged { tag: found.version.to_string(), item: found }
}
