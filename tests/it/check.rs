//! Whether a runner gives what a case must give.

use filtro::Error;

use crate::compare::Check;
use crate::expected::{Backward, Forward};
use crate::runner::{GradientRunner, Runner};

/// What became of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It agrees with the reference.
    Passed,
    /// A partial runner does not serve it.
    NotServed,
}

fn text(error: Error) -> String {
    format!("an error: {error}")
}

impl Forward<'_> {
    /// Whether the runner gives it.
    ///
    /// # Errors
    ///
    /// What is wrong with its result.
    pub fn check(&self, runner: &dyn Runner) -> Result<Outcome, String> {
        match self.run(runner) {
            Ok(outputs) => self.compare(&outputs, runner.uses_matrices()).map(|()| Outcome::Passed),
            Err(Error::Unsupported { .. }) if runner.is_partial() => Ok(Outcome::NotServed),
            Err(error) => Err(text(error)),
        }
    }
}

impl Backward<'_> {
    /// Whether the runner gives it.
    ///
    /// # Errors
    ///
    /// What is wrong with its result.
    pub fn check(&self, runner: &dyn GradientRunner) -> Check {
        self.compare(&self.run(runner).map_err(text)?)
    }
}
