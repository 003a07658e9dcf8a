//! Latencies by percentile as a picture: the farther right, the rarer.

use std::fmt::Write;

use super::storm::{Latencies, at};

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 420.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 20.0;
const TOP: f64 = 40.0;
const BOTTOM: f64 = 50.0;
const COLOURS: [&str; 3] = ["#0f6cbd", "#7a7574", "#c50f1f"];
/// Percentiles with a line of the grid; each is ten times rarer than the one before.
const GRID: [f64; 5] = [0.0, 90.0, 99.0, 99.9, 99.99];

/// One curve for each storm, both axes logarithmic.
pub(super) fn svg(storms: &[Latencies]) -> String {
    let all = storms.iter().flat_map(|storm| [at(&storm.times, 0.0), at(&storm.times, 100.0)]);
    let all: Vec<f64> = all.map(|time| time.as_secs_f64() * 1e3).collect();
    let least = all.iter().copied().fold(f64::INFINITY, f64::min).max(0.01).log10().floor();
    let most = all.iter().copied().fold(0.0, f64::max).max(0.1).log10().ceil();
    let x = |percentile: f64| {
        let rare = -(1.0 - percentile / 100.0).max(1e-4).log10();
        LEFT + rare / 4.0 * (WIDTH - LEFT - RIGHT)
    };
    let y = |ms: f64| TOP + (most - ms.max(1e-3).log10()) / (most - least) * (HEIGHT - TOP - BOTTOM);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#fff\"/>\n"
    );
    let mut line = |text: std::fmt::Arguments<'_>| {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "{text}");
    };
    for percentile in GRID {
        let (x, low) = (x(percentile), HEIGHT - BOTTOM);
        line(format_args!("<path d=\"M{x:.1} {TOP}V{low}\" stroke=\"#ddd\"/>"));
        line(format_args!(
            "<text x=\"{x:.1}\" y=\"{}\" text-anchor=\"middle\">{percentile}</text>",
            low + 18.0
        ));
    }
    let mut decade = least;
    while decade <= most {
        let (y, ms) = (y(10_f64.powf(decade)), 10_f64.powf(decade));
        line(format_args!("<path d=\"M{LEFT} {y:.1}H{}\" stroke=\"#ddd\"/>", WIDTH - RIGHT));
        line(format_args!(
            "<text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{ms} ms</text>",
            LEFT - 6.0,
            y + 4.0
        ));
        decade += 1.0;
    }
    for (index, (storm, colour)) in storms.iter().zip(COLOURS).enumerate() {
        let points: Vec<String> = (0..=200)
            .map(|step| {
                let percentile = 100.0 - 100.0 * 10_f64.powf(-4.0 * f64::from(step) / 200.0);
                let ms = at(&storm.times, percentile).as_secs_f64() * 1e3;
                format!("{:.1},{:.1}", x(percentile), y(ms))
            })
            .collect();
        line(format_args!(
            "<polyline fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\" points=\"{}\"/>",
            points.join(" ")
        ));
        let x = LEFT + 10.0 + 150.0 * index as f64;
        line(format_args!("<text x=\"{x}\" y=\"24\" fill=\"{colour}\">{}</text>", storm.name));
    }
    line(format_args!(
        "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">percentile of users</text>",
        WIDTH - RIGHT,
        HEIGHT - 10.0
    ));
    out.push_str("</svg>\n");
    out
}
