//! The Agent's program as it is installed: how large it is, and what its being small costs.

use anyhow::Result;

use super::{
    Bench, Programs,
    figures::Figure,
    measured,
    programs::Profile,
    wine::{Pinned, SID, prefix},
};
use crate::package::LARGEST_PROGRAM;

pub(super) fn run(programs: &Programs) -> Result<Bench> {
    let _pinned = Pinned::to_one_core()?;
    let (wine, prefix) = prefix("builds")?;
    let mut bench = programs.bench("builds");
    bench.arg("--loader").arg(wine.loader()).arg("--regloop").arg(programs.regloop());
    bench.arg("--release").arg(programs.registry(Profile::Release));
    bench.arg("--installed").arg(programs.registry(Profile::Agent));
    bench.args(["--sid", SID, "--drive-c"]).arg(prefix.drive_c());
    let mut bench = measured("size", bench.envs(prefix.cargo_environment()))?;
    let mut fact = |name: &str, bytes: u64| -> Result<()> {
        // No program has so many bytes that a double could not count them.
        let bytes: f64 = bytes.to_string().parse()?;
        bench.figures.push(Figure::new(name, "bytes", vec![bytes])?);
        Ok(())
    };
    fact("size.installed", programs.agent(Profile::Agent).metadata()?.len())?;
    fact("size.release", programs.agent(Profile::Release).metadata()?.len())?;
    fact("size.limit", LARGEST_PROGRAM)?;
    bench.ratio("size.installed-to-release", "size.installed", "size.release")?;
    bench.ratio("size.installed-to-limit", "size.installed", "size.limit")?;
    bench.aim(
        "size.installed-to-limit",
        1.0,
        "of the 6,000,000 bytes that the installed program may have",
    )?;
    Ok(bench)
}
