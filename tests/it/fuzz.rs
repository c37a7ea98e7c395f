//! Random problems for as long as one likes: `FILTRO_FUZZ_SECONDS` is the time of each test here
//! and in `fuzz_bytes`, a few seconds without it.

use std::cell::{Cell, RefCell};
use std::fmt::Debug;
use std::fs::File;
use std::io::{Seek, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use filtro::DType;
use proptest::prelude::*;
use proptest::strategy::BoxedStrategy;
use proptest::test_runner::{TestCaseError, TestError, TestRunner};

use crate::case::Case;
use crate::hostile_devices;
use crate::properties::{backward, forward, forward_of};
use crate::strategies;

/// How many cases are drawn before another strategy has its turn.
const ROUND: u32 = 16;

/// After how long a case counts as one that never ends.
const NEVER: Duration = Duration::from_secs(120);

/// Of a case that takes longer the end of the run tells.
const SLOW: Duration = Duration::from_secs(2);

/// How long a test of this kind runs.
pub fn time() -> Duration {
    let seconds = std::env::var("FILTRO_FUZZ_SECONDS").ok();
    let seconds = seconds.map(|text| text.parse().expect("FILTRO_FUZZ_SECONDS is a whole number"));
    Duration::from_secs(seconds.unwrap_or(5))
}

/// Cases of one kind, and what must hold of each.
pub struct Fuzz<T> {
    cases: BoxedStrategy<T>,
    check: fn(&T) -> Result<(), TestCaseError>,
}

impl<T: Debug> Fuzz<T> {
    pub fn new(
        cases: impl Strategy<Value = T> + 'static,
        check: fn(&T) -> Result<(), TestCaseError>,
    ) -> Self {
        Self { cases: cases.boxed(), check }
    }
}

/// Tries all kinds in turns until the time is over. A case that never ends stops the process, and
/// of one that takes the process down a file tells which it was.
pub fn fuzz<T: Debug>(name: &str, kinds: &[Fuzz<T>]) {
    let watch = Watch::start(name);
    let start = Instant::now();
    let config = ProptestConfig {
        cases: ROUND,
        failure_persistence: None,
        max_shrink_iters: 4096,
        max_shrink_time: 60_000,
        ..ProptestConfig::default()
    };
    let count = Cell::new(0_u64);
    let slowest = RefCell::new((Duration::ZERO, String::new()));
    // Where the time is short, another kind is the first each time.
    let first = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().subsec_micros() as usize;
    for Fuzz { cases, check } in kinds.iter().cycle().skip(first % kinds.len()) {
        if start.elapsed() >= time() {
            break;
        }
        // A runner that has passed its cases runs no more.
        let ran = TestRunner::new(config.clone()).run(cases, |case| {
            count.set(count.get() + 1);
            let begun = watch.begin(&case);
            let result = check(&case);
            let took = begun.elapsed();
            watch.end();
            if took > SLOW && took > slowest.borrow().0 {
                *slowest.borrow_mut() = (took, format!("{case:?}"));
            }
            result
        });
        match ran {
            Ok(()) => {}
            Err(TestError::Fail(reason, case)) => panic!("{name}: {reason}\n{case:#?}"),
            Err(error) => panic!("{name}: {error}"),
        }
    }
    let count = count.get();
    println!("{name}: {count} cases in {:?}", start.elapsed());
    let (took, case) = slowest.into_inner();
    if !case.is_empty() {
        println!("{name}: the slowest took {took:?}: {case}");
    }
}

/// Notes every case in a file before it is tried, and ends the process if one takes too long.
struct Watch {
    file: File,
    running: Arc<Mutex<Option<Instant>>>,
}

impl Watch {
    fn start(name: &str) -> Self {
        let folder = Some(PathBuf::from(env!("CARGO_TARGET_TMPDIR"))).filter(|it| it.is_dir());
        // A binary may run where it was not built.
        let folder = folder.unwrap_or_else(std::env::temp_dir);
        let path = folder.join(format!("fuzz-{name}.txt"));
        let file = File::create(&path).unwrap();
        let running = Arc::new(Mutex::new(None::<Instant>));
        let seen = Arc::downgrade(&running);
        std::thread::spawn(move || {
            while let Some(running) = seen.upgrade() {
                let begun = *running.lock().unwrap();
                if begun.is_some_and(|begun| begun.elapsed() > NEVER) {
                    eprintln!("a case never ends: {}", path.display());
                    std::process::abort();
                }
                drop(running);
                std::thread::sleep(Duration::from_secs(1));
            }
        });
        Self { file, running }
    }

    fn begin(&self, case: &impl Debug) -> Instant {
        let text = format!("{case:?}\n");
        let mut file = &self.file;
        file.rewind().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        file.set_len(text.len() as u64).unwrap();
        let now = Instant::now();
        *self.running.lock().unwrap() = Some(now);
        now
    }

    fn end(&self) {
        *self.running.lock().unwrap() = None;
    }
}

fn half(case: &Case) -> Result<(), TestCaseError> {
    forward_of(DType::F16, case)
}

#[test]
fn any_problem_is_that_of_the_reference_for_a_while() {
    fuzz(
        "problems",
        &[
            Fuzz::new(strategies::conv2d(), forward),
            Fuzz::new(strategies::conv2d(), backward),
            Fuzz::new(strategies::conv2d(), half),
            Fuzz::new(strategies::conv_transpose2d(), forward),
            Fuzz::new(strategies::conv_transpose2d(), backward),
            Fuzz::new(strategies::max_pool2d(), forward),
            Fuzz::new(strategies::max_pool2d(), backward),
            Fuzz::new(strategies::max_pool2d(), half),
            Fuzz::new(strategies::avg_pool2d(), forward),
            Fuzz::new(strategies::avg_pool2d(), backward),
            Fuzz::new(strategies::avg_pool2d(), half),
            Fuzz::new(strategies::adaptive_avg_pool2d(), forward),
            Fuzz::new(strategies::adaptive_avg_pool2d(), backward),
            Fuzz::new(strategies::adaptive_avg_pool2d(), half),
            Fuzz::new(strategies::adaptive_max_pool2d(), forward),
            Fuzz::new(strategies::adaptive_max_pool2d(), backward),
            Fuzz::new(strategies::adaptive_max_pool2d(), half),
            Fuzz::new(strategies::activation(), forward),
            Fuzz::new(strategies::activation(), backward),
            Fuzz::new(strategies::activation(), half),
        ],
    );
}

#[test]
fn hostile_sizes_and_options_give_the_same_on_every_device_or_an_error_for_a_while() {
    fuzz("hostile", &[Fuzz::new(strategies::hostile(), hostile_devices::check)]);
}
