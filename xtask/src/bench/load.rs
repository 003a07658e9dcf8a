use std::path::Path;

use anyhow::Result;

use super::{figures::Bench, measured, programs::Programs};
use crate::{root, tools};

const NGINX: tools::Tool = tools::Tool { probe: "/usr/sbin/nginx", package: "nginx-light" };
/// Where the storms' latencies are drawn, below the checkout.
const PLOT: &str = "docs/benchmarks/storms.svg";

/// Runs it; without nginx, which cannot be installed everywhere, the other peer is left.
pub(super) fn run(programs: &Programs) -> Result<Bench> {
    let mut bench = programs.bench("load");
    bench.arg("--folder").arg(programs.scratch()?);
    if let Err(error) = tools::ensure(&[NGINX]) {
        eprintln!("    nginx is left out: {error:#}");
    }
    if Path::new(NGINX.probe).exists() {
        bench.arg("--nginx").arg(NGINX.probe);
    }
    let plot = root().join(PLOT);
    std::fs::create_dir_all(plot.parent().unwrap_or(&plot))?;
    measured("load", bench.arg("--plot").arg(plot))
}
