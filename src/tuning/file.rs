//! The text of a tuning.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use super::{Maker, Tuning};
use crate::choice::Choices;
use crate::choice::key::Key;
use crate::{Algorithm, Error, Result};

const FIRST_LINE: &str = "filtro-tuning 1";

/// The most characters of a line that an error repeats.
const SHOWN: usize = 160;

impl fmt::Display for Tuning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Maker { version, adapter, driver, backend } = &self.made_by;
        writeln!(f, "{FIRST_LINE}")?;
        for (name, value) in
            [("version", version), ("adapter", adapter), ("driver", driver), ("backend", backend)]
        {
            writeln!(f, "{}", format!("{name} {value}").trim_end())?;
        }
        for (key, algorithm) in &self.entries.0 {
            writeln!(f, "{key} algorithm={algorithm}")?;
        }
        Ok(())
    }
}

impl FromStr for Tuning {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let error = |line: usize, text: &str, rule: String| Error::TuningLine {
            line,
            text: text.chars().take(SHOWN).collect(),
            rule,
        };
        let mut lines = text
            .lines()
            .map(str::trim)
            .zip(1..)
            .filter(|(text, _)| !text.is_empty() && !text.starts_with('#'));
        let end = text.lines().count() + 1;
        let (first, line) = lines.next().unwrap_or(("", 1));
        if first != FIRST_LINE {
            return Err(error(line, first, format!("a tuning starts with `{FIRST_LINE}`")));
        }
        let mut header = |name: &str| {
            let (text, line) = lines.next().unwrap_or(("", end));
            match text.split_once(' ').unwrap_or((text, "")) {
                (word, value) if word == name => Ok(value.trim().to_owned()),
                _ => Err(error(line, text, format!("`{name}` and its value must stand here"))),
            }
        };
        let made_by = Maker {
            version: header("version")?,
            adapter: header("adapter")?,
            driver: header("driver")?,
            backend: header("backend")?,
        };
        let mut entries = BTreeMap::new();
        for (text, line) in lines {
            let (key, algorithm) = entry(text).map_err(|rule| error(line, text, rule))?;
            if entries.insert(key, algorithm).is_some() {
                return Err(error(line, text, "its problem has an entry above".into()));
            }
        }
        Ok(Self { made_by, entries: Choices(entries) })
    }
}

/// A problem and its algorithm, or the rule that the line breaks.
fn entry(text: &str) -> Result<(Key, Algorithm), String> {
    let (key, rest) = Key::parse(text)?;
    let algorithm = rest
        .and_then(|rest| rest.strip_prefix("algorithm="))
        .and_then(|name| Algorithm::ALL.iter().find(|algorithm| algorithm.name() == name));
    algorithm.map(|algorithm| (key, *algorithm)).ok_or_else(|| {
        let names: Vec<_> = Algorithm::ALL.iter().map(|algorithm| algorithm.name()).collect();
        format!("algorithm must come last, as algorithm={}", names.join("|"))
    })
}
