//! A run against an earlier one: times before and after, and their ratios.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::document::{Document, Row};
use crate::failure::Failure;
use crate::table;

/// The earlier run.
#[derive(Debug)]
pub(crate) struct Before {
    file: PathBuf,
    document: Document,
}

impl Before {
    /// Reads a file of `filtro bench --json`, which must share a name with what will be timed.
    pub(crate) fn load(file: &Path, workloads: bool, names: &[String]) -> Result<Self, Failure> {
        let name = file.display();
        let text = fs::read_to_string(file)
            .map_err(|error| Failure::input(format!("{name}: it cannot be read: {error}")))?;
        let document = Document::parse(&text)
            .map_err(|error| Failure::input(format!("{name}: it {error}")))?;
        match (document.workloads, workloads) {
            (true, false) => {
                return Err(Failure::input(format!(
                    "{name}: it is a run with --workloads, but this one is a sweep: add \
                     --workloads"
                )));
            }
            (false, true) => {
                return Err(Failure::input(format!(
                    "{name}: it is a sweep, but this run has --workloads: leave that out"
                )));
            }
            _ => {}
        }
        let shared = |row: &Row| names.contains(&row.name);
        if !document.rows.iter().any(shared) {
            let rows: Vec<_> = document.rows.iter().map(|row| row.name.as_str()).collect();
            let rows = if rows.is_empty() { "nothing".into() } else { rows.join("; ") };
            return Err(Failure::input(format!(
                "{name}: it has nothing of what is timed now: it has {rows}"
            )));
        }
        Ok(Self { file: file.to_owned(), document })
    }

    /// Prints this run beside the earlier one.
    pub(crate) fn print(
        &self,
        out: &mut dyn Write,
        device: &str,
        after: &Document,
    ) -> Result<(), Failure> {
        writeln!(out)?;
        for ((what, before), (_, now)) in
            self.document.circumstances.iter().zip(&after.circumstances)
        {
            if before != now {
                writeln!(out, "Another {what}: before {before}, now {now}.")?;
            }
        }
        let of = |rows: &[Row], name: &str| rows.iter().find(|row| row.name == name).cloned();
        let pairs: Vec<_> = after
            .rows
            .iter()
            .filter_map(|now| Some((of(&self.document.rows, &now.name)?, now.clone())))
            .collect();
        let clock = has_clock(&self.document, after, &pairs);
        let file = self.file.display();
        table::heading(out, &format!("Before ({file}) and after (this run)"))?;
        let mut columns = Columns { clock, on_device: Vec::new(), on_cpu: Vec::new() };
        let mut rows: Vec<_> =
            pairs.iter().map(|(before, after)| columns.cells(before, after)).collect();
        rows.push(vec![
            "geometric mean".into(),
            String::new(),
            String::new(),
            String::new(),
            mean(&columns.on_device),
            String::new(),
            String::new(),
            mean(&columns.on_cpu),
        ]);
        let headers = [
            "",
            "algorithm",
            &format!("{device}\nbefore, ms"),
            "\nafter, ms",
            "after /\nbefore",
            "CPU\nbefore, ms",
            "\nafter, ms",
            "after /\nbefore",
        ];
        table::print(out, &headers, 2, rows)?;
        writeln!(out)?;
        for (rows, others, place) in [
            (&self.document.rows, &after.rows, format!("in {file}")),
            (&after.rows, &self.document.rows, "in this run".into()),
        ] {
            let only: Vec<_> = rows
                .iter()
                .filter(|row| of(others, &row.name).is_none())
                .map(|row| row.name.as_str())
                .collect();
            if !only.is_empty() {
                writeln!(out, "Only {place}: {}.", only.join("; "))?;
            }
        }
        let times = if clock { "Medians on the device's clock" } else { "Medians" };
        writeln!(
            out,
            "{times}; a ratio below 1 is faster. Where only shaders changed, the CPU's ratio shows \
             the noise of the machine."
        )?;
        Ok(())
    }
}

/// Whether all times of the device are to be had on its own clock, and that is a GPU's.
fn has_clock(before: &Document, after: &Document, pairs: &[(Row, Row)]) -> bool {
    let clock = |row: &Row| row.device.as_ref().is_some_and(|device| device.clock.is_some());
    before.gpu && after.gpu && pairs.iter().all(|(before, after)| clock(before) && clock(after))
}

/// The rows as cells; keeps the ratios.
struct Columns {
    clock: bool,
    on_device: Vec<f64>,
    on_cpu: Vec<f64>,
}

impl Columns {
    fn cells(&mut self, before: &Row, after: &Row) -> Vec<String> {
        let time = |row: &Row| {
            let device = row.device.as_ref()?;
            if self.clock { device.clock } else { Some(device.warm) }
        };
        let algorithm = |row: &Row| row.device.as_ref()?.algorithm.clone();
        let algorithm = match (algorithm(before), algorithm(after)) {
            (Some(before), Some(after)) if before != after => format!("{before} -> {after}"),
            (_, after) => after.unwrap_or_else(|| "-".into()),
        };
        let mut cells = vec![after.name.clone(), algorithm];
        let on_device = (time(before), time(after));
        cells.extend(times(on_device, &mut self.on_device));
        cells.extend(times((before.cpu, after.cpu), &mut self.on_cpu));
        cells
    }
}

fn times(of: (Option<Duration>, Option<Duration>), ratios: &mut Vec<f64>) -> [String; 3] {
    let milliseconds = |time: Option<Duration>| time.map_or("-".into(), table::milliseconds);
    let ratio = match of {
        (Some(before), Some(after)) => {
            let ratio = after.as_secs_f64() / before.as_secs_f64();
            ratios.push(ratio);
            format!("{ratio:.3}")
        }
        _ => "-".into(),
    };
    [milliseconds(of.0), milliseconds(of.1), ratio]
}

#[allow(clippy::cast_precision_loss, reason = "a number of rows")]
fn mean(ratios: &[f64]) -> String {
    if ratios.is_empty() {
        return "-".into();
    }
    let sum: f64 = ratios.iter().map(|ratio| ratio.ln()).sum();
    format!("{:.3}", (sum / ratios.len() as f64).exp())
}

#[cfg(test)]
mod tests {
    use super::super::document::OnDevice;
    use super::*;

    fn row(name: &str, algorithm: &str, warm: u64, clock: Option<u64>, cpu: u64) -> Row {
        let device = OnDevice {
            algorithm: Some(algorithm.into()),
            warm: Duration::from_millis(warm),
            clock: clock.map(Duration::from_millis),
        };
        Row { name: name.into(), device: Some(device), cpu: Some(Duration::from_millis(cpu)) }
    }

    fn document(gpu: bool, adapter: &str, rows: Vec<Row>) -> Document {
        Document { workloads: true, gpu, circumstances: vec![("adapter", adapter.into())], rows }
    }

    /// The words of every line.
    fn printed(before: Document, after: &Document) -> Result<Vec<String>, Failure> {
        let before = Before { file: "old.json".into(), document: before };
        let mut text = Vec::new();
        before.print(&mut text, "GPU", after)?;
        let text = String::from_utf8_lossy(&text);
        let plain = anstream::adapter::strip_str(&text).to_string();
        Ok(plain
            .lines()
            .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
            .collect())
    }

    fn assert_line(lines: &[String], line: &str) {
        assert!(lines.iter().any(|found| found == line), "no line {line}: {lines:#?}");
    }

    #[test]
    fn rows_of_one_name_are_compared_and_others_are_said() -> Result<(), Failure> {
        let rows = vec![row("gone", "tiled", 5, None, 5), row("b", "tiled", 8, None, 3)];
        let before = document(true, "one", [rows, vec![row("a", "tiled", 4, None, 2)]].concat());
        let rows = [row("a", "texel", 2, None, 2), row("b", "tiled", 16, None, 6)];
        let after = [&rows[..], &[row("new", "tiled", 1, None, 1)]].concat();
        let lines = printed(before, &document(true, "two", after))?;
        assert_line(&lines, "Another adapter: before one, now two.");
        assert_line(&lines, "a tiled -> texel 4.00 2.00 0.500 2.00 2.00 1.000");
        assert_line(&lines, "b tiled 8.00 16.0 2.000 3.00 6.00 2.000");
        assert_line(&lines, "geometric mean 1.000 1.414");
        assert_line(&lines, "Only in old.json: gone.");
        assert_line(&lines, "Only in this run: new.");
        assert!(lines.iter().any(|line| line.starts_with("Medians; ")), "{lines:#?}");
        Ok(())
    }

    #[test]
    fn a_gpus_clock_is_taken_where_every_row_has_it() -> Result<(), Failure> {
        let of = |gpu, clock, half| {
            let rows = vec![row("a", "tiled", 100, clock, 1), row("b", "tiled", 100, half, 1)];
            document(gpu, "one", rows)
        };
        for (gpu, clock, half, line) in [
            (true, Some(10), Some(30), "a tiled 10.0 10.0 1.000 1.00 1.00 1.000"),
            (true, Some(10), None, "a tiled 100 100 1.000 1.00 1.00 1.000"),
            (false, Some(10), Some(30), "a tiled 100 100 1.000 1.00 1.00 1.000"),
        ] {
            let lines = printed(of(true, Some(10), Some(30)), &of(gpu, clock, half))?;
            assert_line(&lines, line);
            assert!(lines.iter().all(|line| !line.starts_with("Another")), "{lines:#?}");
        }
        Ok(())
    }
}
