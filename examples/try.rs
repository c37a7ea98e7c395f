use filtro::*;
use ndarray::Array4;
fn main() -> Result<()> {
    for d in Device::available() {
        println!("{d}");
    }
    let device = Device::software()?;
    println!("{device} {:?}", device.limits());
    let x = Array4::from_shape_fn((2, 4, 9, 11), |(n, c, y, x)| {
        ((n * 7 + c * 5 + y * 3 + x * 2) % 11) as f32 - 5.0
    });
    let w = Array4::from_shape_fn((6, 2, 3, 2), |(n, c, y, x)| {
        ((n * 3 + c * 5 + y * 2 + x * 7) % 9) as f32 - 4.0
    });
    let (tx, tw) = (device.upload(&x)?, device.upload(&w)?);
    for mode in PaddingMode::ALL {
        let conv = Conv2d::new(4, 6, [3, 2])
            .groups(2)
            .stride([2, 1])
            .padding([2, 3])
            .dilation([2, 3])
            .padding_mode(mode);
        let y = conv.forward(&tx, &tw, None)?.download()?;
        let r = reference::conv2d(&conv, x.mapv(f64::from).view(), w.mapv(f64::from).view(), None)?;
        println!("{mode} {:?} {}", y.shape(), y.mapv(f64::from) == r);
    }
    let pool = MaxPool2d::new([3, 2]).stride([2, 3]).padding([1, 1]).ceil_mode(true);
    let (y, i) = pool.forward_with_indices(&tx)?;
    let (r, ri) = reference::max_pool2d(&pool, x.mapv(f64::from).view())?;
    println!("{} {}", y.download()?.mapv(f64::from) == r, i.download()? == ri);
    let pool = AvgPool2d::new([2, 2]).stride([2, 3]).padding([1, 1]).ceil_mode(true);
    println!(
        "{}",
        pool.forward(&tx)?
            .download()?
            .mapv(f64::from)
            .abs_diff_eq(&reference::avg_pool2d(&pool, x.mapv(f64::from).view())?, 1e-6)
    );
    let t = std::time::Instant::now();
    let big = device.upload(&Array4::<f32>::ones((1, 1, 4096, 4096)))?;
    let k = device.upload(&Array4::<f32>::ones((1, 1, 3, 3)))?;
    let y = Conv2d::new(1, 1, [3, 3]).padding([1, 1]).forward(&big, &k, None)?.download()?;
    println!("big {} {:?}", y.sum(), t.elapsed());
    // chain
    let k = device.upload(&Array4::<f32>::ones((4, 4, 3, 3)))?;
    let conv = Conv2d::new(4, 4, [3, 3]).padding([1, 1]);
    let x = device.upload(&Array4::<f32>::ones((1, 4, 16, 16)))?;
    for rep in 0..4 {
        let t = std::time::Instant::now();
        let mut y = x.clone();
        for _ in 0..50 {
            y = conv.forward(&y, &k, None)?;
        }
        let r = t.elapsed();
        y.download()?;
        println!(
            "{rep} record {:?} per op, total {:?} {:?}",
            r / 50,
            t.elapsed(),
            device.memory_use()
        );
    }
    let t = std::time::Instant::now();
    let a = Array4::<f32>::ones((1, 16, 1024, 1024));
    println!("alloc {:?}", t.elapsed());
    for _ in 0..3 {
        let t = std::time::Instant::now();
        let b = a.as_slice().unwrap().to_vec();
        let m = t.elapsed();
        drop(b);
        let t = std::time::Instant::now();
        let x = device.upload(&a)?;
        let u = t.elapsed();
        let t = std::time::Instant::now();
        let _d = x.download()?;
        println!("memcpy {m:?} upload {u:?} download {:?}", t.elapsed());
    }
    Ok(())
}
