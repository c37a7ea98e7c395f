//! What the layers of a network do to an input of a shape.

use std::fmt;

use super::layer::Layer;
use crate::{ReceptiveField, Result, Shape};

/// What every layer of a network does to an input of one shape. Printing it gives a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// The shape of the network's input.
    pub input: Shape,
    /// One row per layer.
    pub rows: Vec<SummaryRow>,
}

/// A layer in a [`Summary`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SummaryRow {
    /// The layer's name in the network, such as `layer1.0.conv1`.
    pub name: String,
    /// The layer and its options, and what it works on if that is not the row before.
    pub layer: String,
    /// The shape of its output.
    pub output: Shape,
    /// The number of values that training changes.
    pub parameters: usize,
    /// The number of multiply-adds.
    pub multiply_adds: u128,
    /// How many cells of the network's input one output sees; `None` for the whole image.
    pub receptive_field: Option<[usize; 2]>,
}

impl Summary {
    /// What the layers of a network do, or a layer alone.
    ///
    /// # Errors
    ///
    /// What the layers report of shapes that do not fit.
    pub fn new<L: Layer + ?Sized>(network: &L, input: impl Into<Shape>) -> Result<Self> {
        let input = input.into();
        let rows = network.summary_rows(input, Some(ReceptiveField::new()))?;
        Ok(Self { input, rows })
    }

    /// The number of values that training changes, in all layers.
    #[must_use]
    pub fn parameters(&self) -> usize {
        self.rows.iter().fold(0, |sum, row| sum.saturating_add(row.parameters))
    }

    /// The number of multiply-adds in all layers.
    #[must_use]
    pub fn multiply_adds(&self) -> u128 {
        self.rows.iter().fold(0, |sum, row| sum.saturating_add(row.multiply_adds))
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let header =
            ["", "layer", "output", "parameters", "multiply-adds", "sees"].map(String::from);
        let mut table = vec![header];
        for row in &self.rows {
            let field = match row.receptive_field {
                Some([height, width]) => format!("{height} x {width}"),
                None => "all".into(),
            };
            table.push([
                row.name.clone(),
                row.layer.clone(),
                row.output.to_string(),
                grouped(row.parameters as u128),
                grouped(row.multiply_adds),
                field,
            ]);
        }
        table.push([
            String::new(),
            format!("for input {}", self.input),
            String::new(),
            grouped(self.parameters() as u128),
            grouped(self.multiply_adds()),
            String::new(),
        ]);
        let width = |column: usize| table.iter().map(|row| row[column].len()).max().unwrap_or(0);
        let widths: [usize; 6] = std::array::from_fn(width);
        for (index, row) in table.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            let [name, layer, output, parameters, multiply_adds, sees] = row;
            write!(
                f,
                "{name:<0$}  {layer:<1$}  {output:<2$}  {parameters:>3$}  {multiply_adds:>4$}  \
                 {sees:>5$}",
                widths[0], widths[1], widths[2], widths[3], widths[4], widths[5],
            )?;
        }
        Ok(())
    }
}

/// A number with a comma before every three digits.
fn grouped(number: u128) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::grouped;

    #[test]
    fn digits_are_grouped_by_three() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1_000), "1,000");
        assert_eq!(grouped(1_234_567), "1,234,567");
    }
}
