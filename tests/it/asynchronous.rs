//! What does not block: that it begins when called, wakes whoever waits, and leaves nothing behind.

use std::pin::{Pin, pin};
use std::sync::{Arc, Condvar, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::{Duration, Instant};

use filtro::{
    Activation, AdaptiveAvgPool2d, AdaptiveMaxPool2d, AvgPool2d, Conv2d, DType, Device,
    DeviceChoice, Error, MaxPool2d, Tensor, nn,
};
use ndarray::Array4;

use crate::devices::ramp;
use crate::tested::{has_f16, is_software, open_tested, tested, wgpu_device};

/// A future that hangs fails its test after so long.
pub const TOO_LONG: Duration = Duration::from_secs(30);

/// A thread's bell: a task is polled when it was rung, and at no other time.
#[derive(Default)]
struct Bell {
    rung: Mutex<bool>,
    rings: Condvar,
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        *self.rung.lock().unwrap() = true;
        self.rings.notify_one();
    }
}

impl Bell {
    fn wait(&self) {
        let rung = self.rung.lock().unwrap();
        let waited = self.rings.wait_timeout_while(rung, TOO_LONG, |rung| !*rung).unwrap();
        let (mut rung, timeout) = waited;
        assert!(!timeout.timed_out(), "nobody woke the task that waits");
        *rung = false;
    }
}

/// Runs a future on this thread. It is polled once, and then when it was woken.
pub fn run<T>(future: impl Future<Output = T>) -> T {
    let bell = Arc::<Bell>::default();
    let waker = bell.clone().into();
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(value) => return value,
            Poll::Pending => bell.wait(),
        }
    }
}

pub type Task<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Polls a future once, for a task that nobody wakes.
pub fn look<T>(future: &mut Task<T>) -> Poll<T> {
    future.as_mut().poll(&mut Context::from_waker(Waker::noop()))
}

pub fn constant(value: f32) -> Array4<f32> {
    Array4::from_elem([1, 2, 3, 5], value)
}

/// Records work that keeps a software adapter busy for some tenths of a second.
pub fn busy(device: &Device) -> Tensor {
    let mut x = device.upload(&ramp([1, 16, 192, 192])).unwrap();
    let weight = device.upload(&Array4::from_elem([16, 16, 5, 5], 1e-3)).unwrap();
    let conv = Conv2d::new(16, 16, [5, 5]).padding([2, 2]);
    for _ in 0..12 {
        x = conv.forward(&x, &weight, None).unwrap();
    }
    x
}

pub fn relu(device: &Device, value: f32) -> Tensor {
    Activation::Relu.forward(&device.upload(&constant(value)).unwrap()).unwrap()
}

#[test]
fn many_downloads_are_in_flight_and_are_awaited_in_any_order() {
    for device in [tested().clone(), Device::cpu()] {
        let begin = |value: u8| {
            let value = f32::from(value);
            (value, relu(&device, value).download_async())
        };
        let downloads: Vec<_> = (0..100).map(begin).collect();
        for (value, download) in downloads.into_iter().rev() {
            assert_eq!(run(download).unwrap(), constant(value));
        }
    }
}

#[test]
fn downloads_are_awaited_on_many_threads_while_others_are_recorded() {
    let device = tested();
    thread::scope(|scope| {
        for thread in 0..8 {
            scope.spawn(move || {
                for round in 0..25_u16 {
                    let values = [0, 1, 2].map(|index| f32::from(thread * 100 + round * 4 + index));
                    let [first, second, third] = values.map(|value| relu(device, value));
                    let downloads = [&first, &second].map(Tensor::download_async);
                    let away = downloads.map(|download| scope.spawn(|| run(download).unwrap()));
                    assert_eq!(third.download().unwrap(), constant(values[2]));
                    for (value, downloaded) in values.into_iter().zip(away) {
                        assert_eq!(downloaded.join().unwrap(), constant(value));
                    }
                }
            });
        }
    });
}

#[test]
fn a_download_begins_when_it_is_called() {
    let (raw, queue) = wgpu_device(&Default::default());
    let device = Device::from_wgpu(raw.clone(), queue);
    busy(&device);
    let y = relu(&device, 3.0);
    let mut download: Task<_> = Box::pin(y.download_async());
    // What the tensor's memory holds next does not matter.
    drop(y);
    let next = relu(&device, 4.0);
    raw.poll(wgpu::PollType::wait_indefinitely()).unwrap();
    match look(&mut download) {
        Poll::Ready(array) => assert_eq!(array.unwrap(), constant(3.0)),
        Poll::Pending => panic!("the device is idle, but the download is not there"),
    }
    assert_eq!(next.download().unwrap(), constant(4.0));
}

#[test]
fn what_is_done_is_there_before_what_comes_after_it_is_done() {
    if !is_software() {
        return;
    }
    let device = open_tested();
    run(busy(&device).download_async()).unwrap();
    let early = (0..5).any(|_| {
        let start = Instant::now();
        let first = relu(&device, 1.0).download_async();
        let last = busy(&device).to_vec_async();
        run(first).unwrap();
        let first = start.elapsed();
        run(last).unwrap();
        first < start.elapsed() / 2
    });
    assert!(early, "the first of two downloads is always as late as the second");
}

#[test]
fn a_future_may_move_to_another_thread_between_polls() {
    let device = tested();
    let download = busy(device).to_vec_async();
    let end = device.synchronize_async();
    let mut tasks: Vec<Task<()>> = vec![
        Box::pin(async move { drop(download.await.unwrap()) }),
        Box::pin(async move { end.await.unwrap() }),
    ];
    for task in &mut tasks {
        let looked = look(task);
        assert!(!is_software() || looked.is_pending());
    }
    for task in tasks {
        thread::spawn(|| run(task)).join().unwrap();
    }
}

/// Every call, on one device.
async fn everything(device: &Device) -> filtro::Result<()> {
    let x = device.upload(&ramp([2, 4, 8, 8]))?;
    let (y, indices) = MaxPool2d::new([2, 2]).forward_with_indices(&x)?;
    let (a, b) = (y.download_async(), y.to_vec_async());
    let (c, d) = (indices.download_async(), indices.to_vec_async());
    let numbers = device.upload_numbers(&[3, 1, 4], [3, 1, 1, 1])?;
    let (e, f) = (numbers.download_async(), numbers.to_vec_async());
    assert_eq!(f.await?, numbers.to_vec()?);
    assert_eq!(e.await?, numbers.download()?);
    assert_eq!(d.await?, indices.to_vec()?);
    assert_eq!(c.await?, indices.download()?);
    assert_eq!(b.await?, y.to_vec()?);
    assert_eq!(a.await?, y.download()?);
    let empty = device.upload_slice(&[], [0, 1, 2, 3])?;
    assert_eq!(empty.download_async().await?, Array4::<f32>::zeros([0, 1, 2, 3]));
    let loss = nn::mse(&x, &x.select(&device.upload_numbers(&[1, 0], [2, 1, 1, 1])?)?)?;
    assert_eq!(loss.item_async().await?, loss.item()?);
    if device.info().kind == filtro::DeviceKind::Cpu || has_f16() {
        let half = x.to_dtype(DType::F16)?;
        assert_eq!(half.download_async().await?, half.download()?);
    }
    Activation::Tanh.forward(&x)?;
    device.synchronize_async().await?;
    device.synchronize_async().await?;
    let timed = device.time_async(|| Activation::Tanh.forward(&x)).await?;
    assert_eq!(timed.value.shape(), x.shape());
    Conv2d::new(4, 4, [3, 3]).warm_up_async(device, [1, 4, 8, 8]).await?;
    MaxPool2d::new([2, 2]).warm_up_async(device, x.shape()).await?;
    AvgPool2d::new([2, 2]).warm_up_async(device, x.shape()).await?;
    AdaptiveAvgPool2d::new([2, 2]).warm_up_async(device, x.shape()).await?;
    AdaptiveMaxPool2d::new([2, 2]).warm_up_async(device, x.shape()).await?;
    assert_eq!(device.pipeline_cache_async().await.is_some(), device.pipeline_cache().is_some());
    Ok(())
}

#[test]
fn every_future_wakes_an_executor_that_polls_only_then() {
    for device in [open_tested(), Device::cpu()] {
        run(everything(&device)).unwrap();
        pollster::block_on(everything(&device)).unwrap();
    }
}

#[test]
fn futures_need_no_borrow_and_go_to_other_threads() {
    fn is_free<T: Send + 'static>(future: impl Future<Output = T> + Send + 'static) -> T {
        thread::spawn(|| run(future)).join().unwrap()
    }
    let device = is_free(Device::open_async(&DeviceChoice::Cpu)).unwrap();
    let device = [device, tested().clone()];
    for device in device {
        let x = device.upload(&ramp([1, 2, 4, 4])).unwrap();
        let numbers = device.upload_numbers(&[7], [1, 1, 1, 1]).unwrap();
        is_free(x.download_async()).unwrap();
        is_free(x.to_vec_async()).unwrap();
        is_free(numbers.to_vec_async()).unwrap();
        is_free(device.synchronize_async()).unwrap();
        is_free(device.time_async(|| Ok(()))).unwrap();
        is_free(MaxPool2d::new([2, 2]).warm_up_async(&device, [1, 2, 4, 4])).unwrap();
        is_free(device.pipeline_cache_async());
    }
    assert_eq!(is_free(Device::available_async()), Device::available());
}

#[test]
fn devices_are_opened_and_listed_without_blocking() {
    let choice = DeviceChoice::Named(tested().info().name.clone());
    let device = run(Device::open_async(&choice)).unwrap();
    assert_eq!(device.info(), tested().info());
    assert_eq!(run(relu(&device, 2.0).download_async()).unwrap(), constant(2.0));
    let none = run(Device::open_async(&DeviceChoice::Named("no such adapter".into())));
    assert!(matches!(none, Err(Error::NoAdapter { .. })), "{none:?}");
    assert_eq!(run(Device::available_async()), Device::available());
}

#[cfg(feature = "safetensors")]
#[test]
fn parameters_are_saved_without_blocking() {
    use filtro::nn::StateDict;

    for device in [tested().clone(), Device::cpu()] {
        let mut rng = nn::Rng::new(3);
        let network = nn::Sequential::new()
            .push(nn::Conv2d::new(&device, Conv2d::new(2, 3, [3, 3]), &mut rng).unwrap())
            .push(nn::Linear::new(&device, 3, 5, &mut rng).unwrap());
        let saved = run(network.to_safetensors_async()).unwrap();
        assert_eq!(saved, network.to_safetensors().unwrap());
        assert!(saved.len() > 4 * (2 * 3 * 9 + 3 + 3 * 5 + 5));
    }
}

#[test]
fn time_without_blocking_is_that_of_the_work() {
    let device = open_tested();
    let x = device.upload(&ramp([1, 8, 64, 64])).unwrap();
    let work = || MaxPool2d::new([3, 3]).forward(&x);
    for round in 0..20 {
        // What was recorded before is no part of it.
        let before = (round == 0).then(|| busy(&device));
        let start = Instant::now();
        let timed = run(device.time_async(work)).unwrap();
        let on_device = timed.device.expect("timestamps");
        assert!(on_device > Duration::ZERO && on_device <= timed.wall, "{timed:?}");
        assert!(timed.wall <= start.elapsed());
        drop(before);
    }
    let nothing = run(device.time_async(|| Ok("nothing"))).unwrap();
    assert_eq!((nothing.value, nothing.device), ("nothing", Some(Duration::ZERO)));
    let error = run(device.time_async(|| MaxPool2d::new([0, 3]).forward(&x))).unwrap_err();
    assert!(matches!(error, Error::InvalidArgument { .. }), "{error}");
    let cpu = Device::cpu();
    let x = cpu.upload(&ramp([1, 8, 64, 64])).unwrap();
    let timed = run(cpu.time_async(|| MaxPool2d::new([3, 3]).forward(&x))).unwrap();
    assert!(timed.device.is_none() && timed.wall > Duration::ZERO, "{timed:?}");
}

#[test]
fn work_is_timed_when_the_future_is_polled() {
    let device = open_tested();
    let mut has_run = false;
    drop(device.time_async(|| {
        has_run = true;
        Ok(())
    }));
    assert!(!has_run);
}

#[test]
fn warm_up_without_blocking_compiles_ahead() {
    let device = open_tested();
    let (conv, pool) = (Conv2d::new(4, 4, [3, 3]).padding([1, 1]), MaxPool2d::new([2, 2]));
    let warm = [
        Box::pin(conv.warm_up_async(&device, [1, 4, 16, 16])) as Task<filtro::Result<()>>,
        Box::pin(pool.warm_up_async(&device, [1, 4, 16, 16])),
    ];
    for future in warm.into_iter().rev() {
        run(future).unwrap();
    }
    let compiled = device.compiled_shaders();
    assert!(compiled >= 2, "{compiled}");
    let [x, w] = [[1, 4, 16, 16], [4, 4, 3, 3]].map(|shape| device.upload(&ramp(shape)).unwrap());
    let b = device.upload(&ndarray::Array1::zeros(4)).unwrap();
    run(pool.forward(&conv.forward(&x, &w, Some(&b)).unwrap()).unwrap().download_async()).unwrap();
    assert_eq!(device.compiled_shaders(), compiled);
    for device in [device, Device::cpu()] {
        let wrong = run(MaxPool2d::new([0, 2]).warm_up_async(&device, [1, 4, 16, 16]));
        assert!(matches!(wrong, Err(Error::InvalidArgument { .. })), "{wrong:?}");
        run(MaxPool2d::new([2, 2]).warm_up_async(&device, [0, 4, 16, 16])).unwrap();
    }
}

#[test]
fn a_warm_up_that_nobody_awaits_is_done_all_the_same() {
    let device = open_tested();
    drop(MaxPool2d::new([2, 2]).warm_up_async(&device, [1, 4, 16, 16]));
    let start = Instant::now();
    while device.compiled_shaders() == 0 {
        assert!(start.elapsed() < TOO_LONG, "nothing was compiled");
        thread::sleep(Duration::from_millis(1));
    }
}
