//! The reference for the test of the page: reads lines `{"shape", "values", "layers"}` and answers each with
//! a line `[[numbers of the first output], ...]`.

use std::error::Error;
use std::io::{BufRead as _, Write as _, stdin, stdout};

use explorer::layer::{Layer, Shape};
use ndarray::Array4;
use serde::Deserialize;

#[derive(Deserialize)]
struct Question {
    shape: Shape,
    values: Vec<f32>,
    layers: Vec<Layer>,
}

fn main() -> Result<(), Box<dyn Error>> {
    for line in stdin().lock().lines() {
        let Question { shape: [channels, height, width], values, layers } =
            serde_json::from_str(&line?)?;
        let mut tensor =
            Array4::from_shape_vec([1, channels, height, width], values)?.mapv(f64::from);
        let mut outputs = Vec::new();
        for layer in &layers {
            tensor = layer.reference(tensor.view())?;
            outputs.push(tensor.iter().copied().collect::<Vec<_>>());
        }
        let mut out = stdout().lock();
        serde_json::to_writer(&mut out, &outputs)?;
        writeln!(out)?;
        out.flush()?;
    }
    Ok(())
}
