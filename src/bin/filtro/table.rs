//! Tables on stdout.

use std::io::{self, Write};

use clap::builder::styling::{AnsiColor, Style};
use comfy_table::{CellAlignment, ContentArrangement, Table, presets};

const HEADER: Style = Style::new().bold();
const RULE: Style = AnsiColor::BrightBlack.on_default();

/// Prints rows under headers: the first `text_columns` to the left, numbers to the right.
pub(crate) fn print(
    out: &mut dyn Write,
    headers: &[&str],
    text_columns: usize,
    rows: Vec<Vec<String>>,
) -> io::Result<()> {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Disabled)
        .set_header(headers.iter().copied())
        .add_rows(rows);
    for (index, column) in table.column_iter_mut().enumerate() {
        let right = index >= text_columns;
        column.set_cell_alignment(if right { CellAlignment::Right } else { CellAlignment::Left });
    }
    let text = table.to_string();
    let width = text.lines().map(|line| line.trim_end().chars().count()).max().unwrap_or(0);
    for (index, line) in text.lines().enumerate() {
        let line = line.trim_end();
        if index + 1 == headers_height(headers) {
            writeln!(out, "{HEADER}{line}{HEADER:#}")?;
            writeln!(out, "{RULE} {}{RULE:#}", "─".repeat(width.saturating_sub(1)))?;
        } else if index < headers_height(headers) {
            writeln!(out, "{HEADER}{line}{HEADER:#}")?;
        } else {
            writeln!(out, "{line}")?;
        }
    }
    Ok(())
}

fn headers_height(headers: &[&str]) -> usize {
    headers.iter().map(|header| header.lines().count()).max().unwrap_or(1)
}

/// Prints a bold line.
pub(crate) fn heading(out: &mut dyn Write, text: &str) -> io::Result<()> {
    writeln!(out, "{HEADER}{text}{HEADER:#}")
}

/// A number with its thousands apart: `1 234 567`.
pub(crate) fn count(number: impl ToString) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(' ');
        }
        grouped.push(digit);
    }
    grouped
}

/// Milliseconds with three digits that say something.
pub(crate) fn milliseconds(time: std::time::Duration) -> String {
    let time = time.as_secs_f64() * 1e3;
    let decimals = if time >= 100.0 {
        0
    } else if time >= 10.0 {
        1
    } else if time >= 1.0 {
        2
    } else {
        3
    };
    format!("{time:.decimals$}")
}
