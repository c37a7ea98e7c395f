//! Plans of poolings.

use std::sync::Arc;

use crate::choice::key::Key;
use crate::device::Backend;
use crate::gpu::runtime::shader::Shader;
use crate::gpu::{Context, Pool2dPlan, check_buffers};
use crate::ops::pool2d::Pool2dProblem;
use crate::run::choose::choose;
use crate::run::warm_up::{warm_up, warm_up_async};
use crate::{
    AdaptiveAvgPool2d, AdaptiveMaxPool2d, Algorithm, AvgPool2d, Device, Limits, MaxPool2d, Plan,
    Result, Shape,
};

/// The plan on a device.
pub(crate) fn plan(
    device: &Device,
    context: &Context,
    problem: &Pool2dProblem,
    pinned: Option<Algorithm>,
) -> Result<Arc<Pool2dPlan>> {
    let limits = context.limits();
    device.plans().pool2d.get((*problem, device.wish(pinned)), || {
        check(problem, limits)?;
        choose(
            device,
            pinned,
            || Key::from(problem),
            |pinned| Pool2dPlan::new(problem, pinned, limits),
        )
    })
}

/// That every tensor fits a buffer.
fn check(problem: &Pool2dProblem, limits: &Limits) -> Result<()> {
    check_buffers(problem.operation, &[problem.input, problem.output], problem.dtype, limits)
}

fn shown(problem: &Pool2dProblem, plan: &Pool2dPlan) -> Plan {
    let shaders = plan.shaders().iter().map(|shader| shader.label()).collect();
    Plan::new(problem.output, plan.algorithm(), shaders, plan.dispatches())
}

macro_rules! pool_plan {
    ($name:ident, $operation:literal, $problem:expr) => {
        impl $name {
            /// What [`forward`](Self::forward) does on a GPU with these limits, with tensors
            /// of f32.
            ///
            /// # Errors
            ///
            /// As [`forward`](Self::forward).
            pub fn plan(&self, input: impl Into<Shape>, limits: &Limits) -> Result<Plan> {
                let problem = $problem(&self.problem(input.into())?);
                if problem.output.is_empty() {
                    return Ok(Plan::of_nothing(problem.output, self.algorithm));
                }
                check(&problem, limits)?;
                let plan = Pool2dPlan::new(&problem, self.algorithm, limits)?;
                Ok(shown(&problem, &plan))
            }

            /// What [`forward`](Self::forward) does on this device, with its
            /// [tuning](crate::tuning) if it has one; `None` on the CPU, which has no plan.
            ///
            /// # Errors
            ///
            /// As [`forward`](Self::forward).
            pub fn plan_on(
                &self,
                input: impl Into<Shape>,
                device: &Device,
            ) -> Result<Option<Plan>> {
                let problem = $problem(&self.problem(input.into())?);
                let Backend::Gpu(context) = device.backend() else { return Ok(None) };
                if problem.output.is_empty() {
                    return Ok(Some(Plan::of_nothing(problem.output, self.algorithm)));
                }
                let plan = plan(device, context, &problem, self.algorithm)?;
                Ok(Some(shown(&problem, &plan)))
            }

            /// Compiles what [`forward`](Self::forward) will need on this device for an input of
            /// this shape and f32, so that the first call does not have to.
            ///
            /// # Errors
            ///
            /// As [`forward`](Self::forward).
            pub fn warm_up(&self, device: &Device, input: impl Into<Shape>) -> Result<()> {
                warm_up($operation, device, &self.shaders(device, input.into())?)
            }

            /// As [`warm_up`](Self::warm_up), without blocking, and in a browser too. The shaders
            /// are compiled on a thread of their own, from this call on; the future only waits. In
            /// a browser this call itself has them made.
            ///
            /// # Errors
            ///
            /// As [`forward`](Self::forward).
            pub fn warm_up_async<S: Into<Shape>>(
                &self,
                device: &Device,
                input: S,
            ) -> impl Future<Output = Result<()>> + use<S> {
                warm_up_async($operation, device, self.shaders(device, input.into()))
            }

            /// What a GPU has to compile.
            fn shaders(&self, device: &Device, input: Shape) -> Result<Vec<Shader>> {
                let problem = $problem(&self.problem(input)?);
                match device.backend() {
                    Backend::Gpu(context) if !problem.output.is_empty() => {
                        Ok(plan(device, context, &problem, self.algorithm)?.shaders())
                    }
                    _ => Ok(Vec::new()),
                }
            }
        }
    };
}

pool_plan!(MaxPool2d, "max_pool2d", |problem| Pool2dProblem::max(problem, false));
pool_plan!(AvgPool2d, "avg_pool2d", Pool2dProblem::average);
pool_plan!(AdaptiveMaxPool2d, "adaptive_max_pool2d", |problem| Pool2dProblem::adaptive_max(
    problem, false
));
pool_plan!(AdaptiveAvgPool2d, "adaptive_avg_pool2d", Pool2dProblem::adaptive_average);
