//! Waiting for the device's work, and how long it takes.

use std::time::Duration;

use crate::device::Backend;
use crate::gpu::{Instant, TimedRun};
use crate::{Device, Result};

/// What [`Device::time`] measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Timed<T> {
    /// What the work gave.
    pub value: T,
    /// From recording to the end of the work, on the host's clock.
    pub wall: Duration,
    /// From the begin to the end of the work, on the device's clock.
    pub device: Option<Duration>,
}

impl Device {
    /// Submits what was recorded and waits until it has run.
    ///
    /// # Errors
    ///
    /// As [`flush`](Self::flush).
    #[cfg(not(target_arch = "wasm32"))]
    pub fn synchronize(&self) -> Result<()> {
        match self.backend() {
            Backend::Cpu => Ok(()),
            Backend::Gpu(context) => {
                context.flush("synchronize")?;
                context.wait("synchronize")
            }
        }
    }

    /// As [`synchronize`](Self::synchronize), without blocking, and in a browser too. What was
    /// recorded is submitted by this call; the future waits until it has run, and all before it.
    ///
    /// # Errors
    ///
    /// As [`flush`](Self::flush).
    pub fn synchronize_async(&self) -> impl Future<Output = Result<()>> + use<> {
        let end = match self.backend() {
            Backend::Cpu => Ok(None),
            Backend::Gpu(context) => context.flush_to_end("synchronize").map(Some),
        };
        async move {
            match end? {
                Some(end) => end.reached().await.map(drop),
                None => Ok(()),
            }
        }
    }

    /// Runs `work` and waits for what it recorded: what it gave, the time that passed on the host,
    /// and on the device's own clock where it has one (the CPU and some GPUs have none).
    ///
    /// # Errors
    ///
    /// Those of `work`, and as [`flush`](Self::flush).
    ///
    /// # Examples
    ///
    /// ```
    /// use filtro::{Device, MaxPool2d};
    ///
    /// let device = Device::cpu();
    /// let x = device.upload(&ndarray::Array4::<f32>::zeros((1, 64, 32, 32)))?;
    /// let timed = device.time(|| MaxPool2d::new([2, 2]).forward(&x))?;
    /// println!("{:?} for {}", timed.wall, timed.value.shape());
    /// # Ok::<(), filtro::Error>(())
    /// ```
    #[cfg(not(target_arch = "wasm32"))]
    pub fn time<T>(&self, work: impl FnOnce() -> Result<T>) -> Result<Timed<T>> {
        self.synchronize()?;
        let begun = Begun::new(self, work)?;
        if let Backend::Gpu(context) = self.backend() {
            context.wait(OPERATION)?;
        }
        pollster::block_on(begun.timed())
    }

    /// As [`time`](Self::time), without blocking, and in a browser too.
    ///
    /// This call submits what was recorded before. `work` runs when the future is polled and the
    /// device has nothing else to do. The time on the host ends when the device reports the end of
    /// the work, and not when somebody looks.
    ///
    /// # Errors
    ///
    /// As [`time`](Self::time).
    ///
    /// # Examples
    ///
    /// ```
    /// use filtro::{Device, MaxPool2d};
    ///
    /// # fn main() -> filtro::Result<()> {
    /// # pollster::block_on(async {
    /// let device = Device::cpu();
    /// let x = device.upload(&ndarray::Array4::<f32>::zeros((1, 64, 32, 32)))?;
    /// let timed = device.time_async(|| MaxPool2d::new([2, 2]).forward(&x)).await?;
    /// println!("{:?} for {}", timed.wall, timed.value.shape());
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn time_async<T, W: FnOnce() -> Result<T>>(
        &self,
        work: W,
    ) -> impl Future<Output = Result<Timed<T>>> + use<T, W> {
        let (device, idle) = (self.clone(), self.synchronize_async());
        async move {
            idle.await?;
            Begun::new(&device, work)?.timed().await
        }
    }
}

const OPERATION: &str = "time";

/// Work that was submitted, or has run on the CPU.
struct Begun<T> {
    value: T,
    begin: Instant,
    /// When it ended on the CPU, or the run that ends.
    end: std::result::Result<Instant, TimedRun>,
}

impl<T> Begun<T> {
    fn new(device: &Device, work: impl FnOnce() -> Result<T>) -> Result<Self> {
        let Backend::Gpu(context) = device.backend() else {
            let begin = Instant::now();
            let value = work()?;
            return Ok(Self { value, begin, end: Ok(Instant::now()) });
        };
        let timer = context.timer(OPERATION)?;
        let begin = Instant::now();
        let value = work()?;
        Ok(Self { value, begin, end: Err(context.submit_timed(OPERATION, timer)?) })
    }

    async fn timed(self) -> Result<Timed<T>> {
        let (end, device) = match self.end {
            Ok(end) => (end, None),
            Err(run) => run.times().await?,
        };
        Ok(Timed { value: self.value, wall: end.duration_since(self.begin), device })
    }
}
