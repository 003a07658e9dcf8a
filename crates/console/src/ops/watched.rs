//! What those see who watch the console.

use std::time::Instant;

use mp_monitor::Watched;
use serde_json::{Value, json};

use super::{Core, overview::SILENT_AFTER};
use crate::{
    domain::{DamageFilter, Refusal},
    metrics::Looked,
};

impl Core {
    async fn looked(&self) -> Result<Looked, Refusal> {
        let begun = Instant::now();
        let silent_since = self.now().plus(-SILENT_AFTER);
        let agents = self.database.machine_counts("agent", silent_since, None).await?;
        let storage = self.database.machine_counts("storage", silent_since, None).await?;
        let open_damage = self.database.open_damage(&DamageFilter::default()).await?;
        let stores = self.database.storage_status().await?;
        let waiting_deliveries = self.database.waiting_deliveries().await?;
        let revision = self.database.revision().await?;
        let (connections, took) = (self.database.connections(), begun.elapsed());
        Ok(Looked { agents, storage, open_damage, stores, waiting_deliveries, revision, connections, took })
    }
}

impl Watched for Core {
    async fn ready(&self) -> (bool, Value) {
        let found = self.database.revision().await;
        let check = match &found {
            Ok(_) => json!({"name": "database", "ok": true, "text": "the database answers"}),
            Err(error) => {
                tracing::error!(error = %error, "The database does not answer");
                json!({"name": "database", "ok": false, "text": "the database does not answer; the log says why"})
            }
        };
        let report = json!({
            "ready": found.is_ok(), "version": env!("CARGO_PKG_VERSION"), "farm-revision": found.as_ref().ok(),
            "checks": [check],
        });
        (found.is_ok(), report)
    }

    async fn metrics(&self) -> String {
        match self.looked().await {
            Ok(looked) => self.metrics.looked(&looked),
            Err(error) => tracing::warn!(error = %error, "Figures for the metrics cannot be looked up"),
        }
        self.metrics.text()
    }
}
