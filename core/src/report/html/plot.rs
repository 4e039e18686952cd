//! Plots as inline SVG.

use super::writer::Writer;

/// Size of a plot in its own units; the page scales it to its width.
const WIDTH: f64 = 960.0;
const HEIGHT: f64 = 240.0;
/// Room for the labels of the axes.
const LEFT: f64 = 64.0;
const BOTTOM: f64 = 24.0;
const TOP: f64 = 8.0;

/// Labels below a plot: more would run into each other.
const LABELS: usize = 8;

/// Colours of series, which the style sheet has by number.
pub(super) const COLOURS: usize = 7;

/// One column of a plot: its label, and a count for each series.
pub(super) struct Bar<'a> {
    pub(super) label: &'a str,
    pub(super) counts: Vec<u64>,
}

/// Columns whose parts stand on each other.
pub(super) fn columns(out: &mut Writer, title: &'static str, series: &[&str], bars: &[Bar<'_>]) {
    let tallest = bars.iter().map(|bar| bar.counts.iter().sum()).max().unwrap_or(0u64);
    let top = ceiling(tallest);
    begin(out, title);
    axis(out, top);
    let step = (WIDTH - LEFT) / as_f64(bars.len().max(1) as u64);
    // A gap where there is room for one.
    let width = if step > 4.0 { step * 0.82 } else { step };
    for (i, bar) in bars.iter().enumerate() {
        let x = LEFT + as_f64(i as u64) * step + (step - width) / 2.0;
        let mut below = 0;
        for (of, count) in bar.counts.iter().enumerate().filter(|(_, count)| **count > 0) {
            let (y0, y1) = (height_of(below + count, top), height_of(below, top));
            out.raw("<rect class=\"c").text(of % COLOURS).raw("\" x=\"").text(fixed(x)).raw("\" y=\"").text(fixed(y0));
            out.raw("\" width=\"").text(fixed(width)).raw("\" height=\"").text(fixed(y1 - y0)).raw("\"><title>");
            out.text(bar.label).raw(" ").text(series.get(of).copied().unwrap_or_default()).raw(": ").count(*count);
            out.raw("</title></rect>");
            below += count;
        }
    }
    labels(out, bars, step);
    out.raw("</svg></div>");
}

/// A filled line.
pub(super) fn area(out: &mut Writer, title: &'static str, points: &[Bar<'_>]) {
    let counts: Vec<u64> = points.iter().map(|point| point.counts.iter().sum()).collect();
    let top = ceiling(counts.iter().copied().max().unwrap_or(0));
    let step = (WIDTH - LEFT) / as_f64(counts.len().max(1) as u64);
    begin(out, title);
    axis(out, top);
    out.raw("<path class=\"area\" d=\"M").text(fixed(LEFT)).raw(",").text(fixed(height_of(0, top)));
    for (i, count) in counts.iter().enumerate() {
        // Steps, as counts hold for the whole of their hour.
        for end in [0.0, step] {
            let x = LEFT + as_f64(i as u64) * step + end;
            out.raw(" L").text(fixed(x)).raw(",").text(fixed(height_of(*count, top)));
        }
    }
    out.raw(" L").text(fixed(WIDTH)).raw(",").text(fixed(height_of(0, top))).raw(" Z\"/>");
    labels(out, points, step);
    out.raw("</svg></div>");
}

/// A bar of a table's cell, as a share of the largest.
pub(super) fn share(out: &mut Writer, count: u64, largest: u64) {
    let percent = if largest == 0 { 0.0 } else { as_f64(count) / as_f64(largest) * 100.0 };
    out.raw("<svg class=\"share\" viewBox=\"0 0 100 8\" preserveAspectRatio=\"none\" aria-hidden=\"true\"><rect class=\"c0\" ");
    out.raw("width=\"").text(fixed(percent)).raw("\" height=\"8\"/></svg>");
}

/// Where the quantiles of a field stand between its least and greatest value: a line, a box from the median to the
/// 95th percentile, and a mark at the 99th.
pub(super) fn spread(out: &mut Writer, [min, p50, p95, p99, max]: [f64; 5]) {
    let range = max - min;
    let at = |value: f64| if range > 0.0 { ((value - min) / range * 100.0).clamp(0.0, 100.0) } else { 50.0 };
    out.raw("<svg class=\"share\" viewBox=\"0 0 100 8\" preserveAspectRatio=\"none\" aria-hidden=\"true\">");
    out.raw("<rect class=\"line\" y=\"3.5\" width=\"100\" height=\"1\"/><rect class=\"c0\" x=\"").text(fixed(at(p50)));
    out.raw("\" width=\"").text(fixed((at(p95) - at(p50)).max(1.0))).raw("\" height=\"8\"/><rect class=\"c1\" x=\"");
    out.text(fixed(at(p99).min(98.5))).raw("\" width=\"1.5\" height=\"8\"/></svg>");
}

// On a phone a plot scrolls in itself: scaled to its width nobody could read the labels.
fn begin(out: &mut Writer, title: &'static str) {
    out.raw("<div class=\"scroll\"><svg class=\"plot\" role=\"img\" viewBox=\"0 0 960 240\" aria-label=\"")
        .text(title)
        .raw("\">");
}

fn axis(out: &mut Writer, top: u64) {
    for part in [0, 1, 2] {
        let count = top / 2 * part;
        let y = height_of(count, top);
        out.raw("<line class=\"grid\" x1=\"").text(LEFT).raw("\" x2=\"").text(WIDTH);
        out.raw("\" y1=\"").text(fixed(y)).raw("\" y2=\"").text(fixed(y)).raw("\"/><text class=\"axis end\" x=\"");
        out.text(LEFT - 6.0).raw("\" y=\"").text(fixed(y + 4.0)).raw("\">").count(count).raw("</text>");
    }
}

fn labels(out: &mut Writer, bars: &[Bar<'_>], step: f64) {
    let every = bars.len().div_ceil(LABELS).max(1);
    for (i, bar) in bars.iter().enumerate().step_by(every) {
        let x = LEFT + (as_f64(i as u64) + 0.5) * step;
        let anchor = if x > WIDTH - 60.0 { "axis end" } else { "axis middle" };
        let x = if x > WIDTH - 60.0 { WIDTH } else { x };
        out.raw("<text class=\"")
            .text(anchor)
            .raw("\" x=\"")
            .text(fixed(x))
            .raw("\" y=\"")
            .text(HEIGHT - 6.0)
            .raw("\">");
        out.text(bar.label).raw("</text>");
    }
}

fn height_of(count: u64, top: u64) -> f64 {
    let share = as_f64(count) / as_f64(top.max(1));
    TOP + (1.0 - share) * (HEIGHT - BOTTOM - TOP)
}

/// The next even number that reads well.
fn ceiling(count: u64) -> u64 {
    let mut power = 1u64;
    while power.saturating_mul(10) <= count {
        power = power.saturating_mul(10);
    }
    let steps = [2, 4, 6, 8, 10].map(|step: u64| power.saturating_mul(step));
    steps.into_iter().find(|step| *step >= count).unwrap_or(u64::MAX / 2)
}

/// Two digits of a unit are below a pixel.
fn fixed(number: f64) -> String {
    format!("{number:.2}")
}

#[allow(clippy::cast_precision_loss, reason = "a plot has a thousand pixels")]
const fn as_f64(count: u64) -> f64 {
    count as f64
}
