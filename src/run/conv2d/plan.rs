//! Plans of convolutions.

use std::sync::Arc;

use crate::choice::key::Key;
use crate::device::Backend;
use crate::gpu::runtime::shader::Shader;
use crate::gpu::{Context, Conv2dPlan, Operands, check_buffers};
use crate::ops::Conv2dProblem;
use crate::run::choose::choose;
use crate::run::warm_up::{warm_up, warm_up_async};
use crate::{Algorithm, Conv2d, DType, Device, Limits, Plan, Result, Shape};

/// The plan on a device.
pub(crate) fn plan(
    device: &Device,
    context: &Context,
    problem: &Conv2dProblem,
    operands: Operands,
    pinned: Option<Algorithm>,
) -> Result<Arc<Conv2dPlan>> {
    let limits = context.limits();
    device.plans().conv2d.get((*problem, operands, device.wish(pinned)), || {
        check(problem, operands.dtype, limits)?;
        // A tuning is measured in f32, where matrices have no part.
        if pinned.is_none() && operands.dtype == DType::F16 && limits.cooperative_matrices {
            let plan = Conv2dPlan::new(problem, operands, None, limits)?;
            if plan.algorithm() == Algorithm::Cooperative {
                return Ok(plan);
            }
        }
        choose(
            device,
            pinned,
            || Key::from(problem),
            |pinned| Conv2dPlan::new(problem, operands, pinned, limits),
        )
    })
}

/// That every tensor fits a buffer.
fn check(problem: &Conv2dProblem, dtype: DType, limits: &Limits) -> Result<()> {
    let shapes = [problem.input_shape(), problem.weight_shape(), problem.output_shape()];
    check_buffers("conv2d", &shapes, dtype, limits)
}

fn shown(problem: &Conv2dProblem, plan: &Conv2dPlan) -> Plan {
    let shaders = plan.shaders().iter().map(|shader| shader.label()).collect();
    Plan::new(problem.output_shape(), plan.algorithm(), shaders, plan.dispatches())
}

impl Conv2d {
    /// What [`forward`](Self::forward) with a bias does on a GPU with these
    /// limits, with tensors of f32.
    ///
    /// # Errors
    ///
    /// As [`forward`](Self::forward).
    pub fn plan(&self, input: impl Into<Shape>, limits: &Limits) -> Result<Plan> {
        self.plan_of(DType::F32, input, limits)
    }

    /// As [`plan`](Self::plan), with tensors of a type.
    ///
    /// # Errors
    ///
    /// As [`forward`](Self::forward).
    ///
    /// # Examples
    ///
    /// ```
    /// use filtro::{Algorithm, Conv2d, DType, Limits};
    ///
    /// let conv = Conv2d::new(64, 64, [3, 3]).padding([1, 1]);
    /// let limits = Limits::webgpu().with_subgroups(32, 32).with_shader_f16();
    /// let plan = conv.plan_of(DType::F16, [1, 64, 56, 56], &limits.with_cooperative_matrices())?;
    /// assert_eq!(plan.algorithm(), Algorithm::Cooperative);
    /// let plan = conv.plan_of(DType::F16, [1, 64, 56, 56], &limits)?;
    /// assert_ne!(plan.algorithm(), Algorithm::Cooperative);
    /// # Ok::<(), filtro::Error>(())
    /// ```
    pub fn plan_of(&self, dtype: DType, input: impl Into<Shape>, limits: &Limits) -> Result<Plan> {
        let problem = self.problem(input.into())?;
        if problem.output_shape().is_empty() {
            return Ok(Plan::of_nothing(problem.output_shape(), self.algorithm));
        }
        check(&problem, dtype, limits)?;
        let operands = Operands { bias: true, dtype };
        let plan = Conv2dPlan::new(&problem, operands, self.algorithm, limits)?;
        Ok(shown(&problem, &plan))
    }

    /// What [`forward`](Self::forward) with a bias does on this device, with its
    /// [tuning](crate::tuning) if it has one; `None` on the CPU, which has no plan.
    ///
    /// # Errors
    ///
    /// As [`forward`](Self::forward).
    pub fn plan_on(&self, input: impl Into<Shape>, device: &Device) -> Result<Option<Plan>> {
        self.plan_on_of(DType::F32, input, device)
    }

    /// As [`plan_on`](Self::plan_on), with tensors of a type.
    ///
    /// # Errors
    ///
    /// As [`forward`](Self::forward).
    pub fn plan_on_of(
        &self,
        dtype: DType,
        input: impl Into<Shape>,
        device: &Device,
    ) -> Result<Option<Plan>> {
        let problem = self.problem(input.into())?;
        let Backend::Gpu(context) = device.backend() else { return Ok(None) };
        if problem.output_shape().is_empty() {
            return Ok(Some(Plan::of_nothing(problem.output_shape(), self.algorithm)));
        }
        let operands = Operands { bias: true, dtype };
        let plan = plan(device, context, &problem, operands, self.algorithm)?;
        Ok(Some(shown(&problem, &plan)))
    }

    /// Compiles what [`forward`](Self::forward) with a bias will need on this device for an input
    /// of this shape and f32, so that the first call does not have to.
    ///
    /// # Errors
    ///
    /// As [`forward`](Self::forward).
    pub fn warm_up(&self, device: &Device, input: impl Into<Shape>) -> Result<()> {
        warm_up("conv2d", device, &self.shaders(device, input.into())?)
    }

    /// As [`warm_up`](Self::warm_up), without blocking, and in a browser too. The shaders are
    /// compiled on a thread of their own, from this call on; the future only waits. In a browser
    /// this call itself has them made.
    ///
    /// # Errors
    ///
    /// As [`forward`](Self::forward).
    pub fn warm_up_async<S: Into<Shape>>(
        &self,
        device: &Device,
        input: S,
    ) -> impl Future<Output = Result<()>> + use<S> {
        warm_up_async("conv2d", device, self.shaders(device, input.into()))
    }

    /// What a GPU has to compile.
    fn shaders(&self, device: &Device, input: Shape) -> Result<Vec<Shader>> {
        let problem = self.problem(input)?;
        match device.backend() {
            Backend::Gpu(context) if !problem.output_shape().is_empty() => {
                Ok(plan(device, context, &problem, true.into(), self.algorithm)?.shaders())
            }
            _ => Ok(Vec::new()),
        }
    }
}
