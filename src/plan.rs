//! Plans: what an operation will do on a GPU, made without one.

use crate::device::Backend;
use crate::gpu::{Conv2dPlan, Pool2dPlan, check_buffers};
use crate::ops::Conv2dProblem;
use crate::ops::pool2d::Pool2dProblem;
use crate::{
    AdaptiveAvgPool2d, AdaptiveMaxPool2d, Algorithm, AvgPool2d, Conv2d, DType, Device, Limits,
    MaxPool2d, Result, Shape,
};

/// What an operation does on a device with certain limits.
///
/// # Examples
///
/// ```
/// use filtro::{Conv2d, Limits};
///
/// let conv = Conv2d::new(3, 8, [3, 3]).padding([1, 1]);
/// let plan = conv.plan([1, 3, 224, 224], &Limits::webgpu())?;
/// println!("{} in {} dispatches", plan.algorithm(), plan.dispatches());
/// # Ok::<(), filtro::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    output_shape: Shape,
    algorithm: Algorithm,
    shaders: Vec<String>,
    dispatches: usize,
}

impl Plan {
    /// The shape of the output.
    #[must_use]
    pub fn output_shape(&self) -> Shape {
        self.output_shape
    }

    /// The algorithm that was picked or pinned.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The shader variants, by name.
    #[must_use]
    pub fn shaders(&self) -> &[String] {
        &self.shaders
    }

    /// The number of dispatches: more than one where a tensor exceeds one binding.
    #[must_use]
    pub fn dispatches(&self) -> usize {
        self.dispatches
    }

    /// An output without elements needs no dispatch, and any algorithm serves it.
    fn of_nothing(output_shape: Shape, pinned: Option<Algorithm>) -> Self {
        let algorithm = pinned.unwrap_or(Algorithm::General);
        Self { output_shape, algorithm, shaders: Vec::new(), dispatches: 0 }
    }

    fn of_conv2d(problem: &Conv2dProblem, plan: &Conv2dPlan) -> Self {
        Self {
            output_shape: problem.output_shape(),
            algorithm: plan.algorithm(),
            shaders: plan.shaders().iter().map(|shader| shader.label()).collect(),
            dispatches: plan.dispatches(),
        }
    }

    fn of_pool2d(problem: &Pool2dProblem, plan: &Pool2dPlan) -> Self {
        Self {
            output_shape: problem.output,
            algorithm: plan.algorithm(),
            shaders: plan.shaders().iter().map(|shader| shader.label()).collect(),
            dispatches: plan.dispatches(),
        }
    }
}

impl Conv2d {
    /// What [`forward`](Self::forward) with a bias does on a GPU with these
    /// limits, with tensors of f32.
    ///
    /// # Errors
    ///
    /// As [`forward`](Self::forward).
    pub fn plan(&self, input: impl Into<Shape>, limits: &Limits) -> Result<Plan> {
        let problem = self.problem(input.into())?;
        if problem.output_shape().is_empty() {
            return Ok(Plan::of_nothing(problem.output_shape(), self.algorithm));
        }
        let shapes = [problem.input_shape(), problem.weight_shape(), problem.output_shape()];
        check_buffers("conv2d", &shapes, DType::F32, limits)?;
        let plan = Conv2dPlan::new(&problem, true, self.algorithm, limits)?;
        Ok(Plan::of_conv2d(&problem, &plan))
    }

    /// What [`forward`](Self::forward) with a bias does on this device, with its
    /// [tuning](crate::tuning) if it has one; `None` on the CPU, which has no plan.
    ///
    /// # Errors
    ///
    /// As [`forward`](Self::forward).
    pub fn plan_on(&self, input: impl Into<Shape>, device: &Device) -> Result<Option<Plan>> {
        let problem = self.problem(input.into())?;
        let Backend::Gpu(context) = device.backend() else { return Ok(None) };
        if problem.output_shape().is_empty() {
            return Ok(Some(Plan::of_nothing(problem.output_shape(), self.algorithm)));
        }
        let plan = context.plan_conv2d(&problem, true.into(), self.algorithm)?;
        Ok(Some(Plan::of_conv2d(&problem, &plan)))
    }

    /// Compiles what [`forward`](Self::forward) with a bias will need on this device for an input
    /// of this shape and f32, so that the first call does not have to.
    ///
    /// # Errors
    ///
    /// As [`forward`](Self::forward).
    pub fn warm_up(&self, device: &Device, input: impl Into<Shape>) -> Result<()> {
        let problem = self.problem(input.into())?;
        let Backend::Gpu(context) = device.backend() else { return Ok(()) };
        if problem.output_shape().is_empty() {
            return Ok(());
        }
        let plan = context.plan_conv2d(&problem, true.into(), self.algorithm)?;
        context.warm_up("conv2d", &plan.shaders())
    }
}

macro_rules! pool_plan {
    ($name:ident, $problem:expr) => {
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
                let shapes = [problem.input, problem.output];
                check_buffers(problem.operation, &shapes, DType::F32, limits)?;
                let plan = Pool2dPlan::new(&problem, self.algorithm, limits)?;
                Ok(Plan::of_pool2d(&problem, &plan))
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
                let plan = context.plan_pool2d(&problem, self.algorithm)?;
                Ok(Some(Plan::of_pool2d(&problem, &plan)))
            }

            /// Compiles what [`forward`](Self::forward) will need on this device for an input of
            /// this shape and f32, so that the first call does not have to.
            ///
            /// # Errors
            ///
            /// As [`forward`](Self::forward).
            pub fn warm_up(&self, device: &Device, input: impl Into<Shape>) -> Result<()> {
                let problem = $problem(&self.problem(input.into())?);
                let Backend::Gpu(context) = device.backend() else { return Ok(()) };
                if problem.output.is_empty() {
                    return Ok(());
                }
                let plan = context.plan_pool2d(&problem, self.algorithm)?;
                context.warm_up(problem.operation, &plan.shaders())
            }
        }
    };
}

pool_plan!(MaxPool2d, |problem| Pool2dProblem::max(problem, false));
pool_plan!(AvgPool2d, Pool2dProblem::average);
pool_plan!(AdaptiveMaxPool2d, |problem| Pool2dProblem::adaptive_max(problem, false));
pool_plan!(AdaptiveAvgPool2d, Pool2dProblem::adaptive_average);
