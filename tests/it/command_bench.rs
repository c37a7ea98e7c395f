//! The commands `filtro bench --workloads` and `filtro tune`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::Duration;

fn folder(test: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("command_bench").join(test);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_filtro"));
    command.args(arguments).current_dir(folder).env_remove("FILTRO_DEVICE").env_remove("RUST_LOG");
    command.output().unwrap()
}

fn stdout(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn a_workload_is_checked_timed_and_drawn_under_its_ceilings() {
    let folder = folder("workloads");
    let arguments = "bench --workloads --device software --only global_avg --budget 1 --json \
                     bench.json --svg bench.svg";
    let text = stdout(&run(&folder, &arguments.split_whitespace().collect::<Vec<_>>()));
    for word in ["global_avg_7", "64 accumulators", "wgpu 30", "threads", "is not a GPU", "GB/s"] {
        assert!(text.contains(word), "{word} is missing:\n{text}");
    }
    let json = fs::read(folder.join("bench.json")).unwrap();
    let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
    for ceiling in ["gflops_64_accumulators", "gflops_12_accumulators", "copy_gbytes_per_second"] {
        assert!(json["ceilings"][ceiling].as_f64().unwrap() > 0.0, "{json:#}");
        assert!(json["cpu_ceilings"][ceiling].as_f64().unwrap() > 0.0, "{json:#}");
    }
    let rows = json["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 1);
    for time in ["cold_ms", "warm_ms", "with_transfer_ms", "recording_us"] {
        assert!(rows[0]["device"][time].as_f64().unwrap() > 0.0, "{json:#}");
    }
    let svg = fs::read_to_string(folder.join("bench.svg")).unwrap();
    assert!(svg.starts_with("<svg") && svg.matches("global_avg_7").count() == 2, "{svg}");
}

/// The document that is written shape by shape, if there is one yet.
fn rows_until_now(file: &Path) -> Option<usize> {
    let json: serde_json::Value = serde_json::from_slice(&fs::read(file).ok()?).unwrap();
    json["rows"].as_array().map(Vec::len)
}

#[test]
fn a_run_that_is_cut_off_has_the_shapes_until_then() {
    let folder = folder("cut_off");
    let arguments = "bench --workloads --device cpu --budget 100 --json bench.json";
    let mut command = Command::new(env!("CARGO_BIN_EXE_filtro"));
    command.args(arguments.split(' ')).current_dir(&folder).stdout(Stdio::null());
    let mut run = command.spawn().unwrap();
    let file = folder.join("bench.json");
    while rows_until_now(&file).is_none() {
        assert!(run.try_wait().unwrap().is_none(), "it ended without a file");
        thread::sleep(Duration::from_millis(5));
    }
    run.kill().unwrap();
    run.wait().unwrap();
    let rows = rows_until_now(&file).unwrap();
    assert!((1..20).contains(&rows), "{rows}");
}

#[test]
fn a_shape_in_f16_has_a_row_beside_that_in_f32() {
    let folder = folder("f16");
    fs::write(
        folder.join("shapes.json"),
        r#"[{"name": "mine", "op": "conv2d", "in_channels": 16, "in_height": 9, "in_width": 8,
            "out_channels": 40, "kernel_size": [3, 2]}]"#,
    )
    .unwrap();
    let arguments =
        "bench --workloads --shapes shapes.json --f16 --budget 1 --device software --json";
    let mut arguments: Vec<_> = arguments.split(' ').collect();
    let output = run(&folder, &arguments);
    if !output.status.success() {
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(text.contains("has no shaders with f16"), "{text}");
        return crate::tested::tell("the software adapter has no f16");
    }
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let row = |index: usize| {
        let row = &json["rows"][index];
        (
            row["name"].as_str().unwrap(),
            row["dtype"].as_str().unwrap(),
            row["bytes"].as_f64().unwrap(),
        )
    };
    assert_eq!(json["rows"].as_array().unwrap().len(), 2);
    let (full, half) = (row(0), row(1));
    assert_eq!([full.0, full.1, half.0, half.1], ["mine", "f32", "mine/f16", "f16"]);
    assert_eq!(half.2, full.2 / 2.0);
    assert!(json["rows"][1]["device"]["algorithm"].is_string(), "{json:#}");

    arguments.push("--cooperative");
    arguments.swap(9, 10);
    let text = stderr_of_failure(&folder, &arguments, 2);
    assert!(text.contains("has no matrices of f16 with sums of f32"), "{text}");
}

#[test]
fn a_sweep_is_drawn_with_a_panel_per_operation() {
    let folder = folder("sweep");
    let arguments = "bench --device software --op conv2d,depthwise --sizes 4,9 --budget 1 --svg \
                     bench.svg";
    stdout(&run(&folder, &arguments.split_whitespace().collect::<Vec<_>>()));
    let svg = fs::read_to_string(folder.join("bench.svg")).unwrap();
    assert!(svg.starts_with("<svg"), "{svg}");
    for text in ["depthwise, 32 channels", "software, with transfer", "milliseconds"] {
        assert!(svg.contains(text), "{text} is missing:\n{svg}");
    }
    // Two sizes on three lines in two panels, besides what the legends draw.
    assert_eq!(svg.matches("<circle").count(), 12, "{svg}");
}

#[test]
fn a_shape_that_is_not_there_is_told_with_those_that_are() {
    let output = run(&folder("no_shape"), &["bench", "--workloads", "--only", "nothing"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("resnet_stem"), "{output:?}");
}

#[test]
fn every_composed_shader_becomes_a_file() {
    let folder = folder("shaders");
    let text = stdout(&run(&folder, &["shaders", "--out", "wgsl"]));
    let files: Vec<_> =
        fs::read_dir(folder.join("wgsl")).unwrap().map(|file| file.unwrap().path()).collect();
    assert!(text.contains(&format!("Wrote {} shaders to wgsl", files.len())), "{text}");
    for template in ["conv2d_general", "conv2d_tiled", "max_pool2d_strip", "adam"] {
        let starts =
            |file: &PathBuf| file.file_name().unwrap().to_string_lossy().starts_with(template);
        let file = files.iter().find(|file| starts(file)).unwrap();
        assert!(fs::read_to_string(file).unwrap().contains("fn main("), "{file:?}");
    }
    let output = run(&folder, &["shaders", "--out", "wgsl/sum.wgsl"]);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
}

fn stderr_of_failure(folder: &Path, arguments: &[&str], code: i32) -> String {
    let output = run(folder, arguments);
    assert_eq!(output.status.code(), Some(code), "{output:?}");
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn tune_writes_a_file_that_bench_and_the_library_load() {
    let folder = folder("tune");
    let arguments = "tune --only global_avg --budget 1 --device software --out t.txt";
    let text = stdout(&run(&folder, &arguments.split(' ').collect::<Vec<_>>()));
    for word in ["global_avg_7", "planned", "chosen", "general", "strip", "global", "1 problem"] {
        assert!(text.contains(word), "{word} is missing:\n{text}");
    }
    let tuning = filtro::tuning::Tuning::read(folder.join("t.txt")).unwrap();
    let pool = filtro::AvgPool2d::new([7, 7]).stride([1, 1]);
    assert!(tuning.get(pool, [1, 512, 7, 7]).unwrap().is_some(), "{tuning}");
    filtro::Device::software().unwrap().set_tuning(tuning.clone()).unwrap();

    // Bench shows what the file says.
    let text = tuning.to_string();
    let chosen = text.trim_end().rsplit_once('=').unwrap().1;
    let general = text.replace(&format!("algorithm={chosen}"), "algorithm=general");
    fs::write(folder.join("t.txt"), general).unwrap();
    let arguments = "bench --workloads --only global_avg --budget 1 --device software --tuning \
                     t.txt --json";
    let json = stdout(&run(&folder, &arguments.split_whitespace().collect::<Vec<_>>()));
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["rows"][0]["device"]["algorithm"], "general", "{json:#}");
    assert_eq!(json["tuning"], "t.txt");
}

#[test]
fn tune_takes_convolutions_in_the_words_of_conv2d() {
    let folder = folder("tune_conv2d");
    let depthwise = "1x4x9x11 4 3x2 --stride 2,1 --padding 1 --padding-mode reflect --groups 4";
    let arguments = ["tune", "--budget", "1", "--device", "software", "--conv2d", depthwise];
    let text = stdout(&run(&folder, &[&arguments[..], &["--conv2d", "2x3x8x8 5 3"]].concat()));
    assert!(text.contains("conv2d 1x4x9x11 4 3,2") && text.contains("2 problems"), "{text}");
    let file = fs::read_to_string(folder.join("filtro-tuning.txt")).unwrap();
    let line = "conv2d input=1x4x9x11 out_channels=4 kernel_size=3x2 stride=2x1 padding=1x1x1x1 \
                padding_mode=reflect dilation=1x1 groups=4 algorithm=";
    assert!(file.contains(line), "{file}");
    assert_eq!(file.lines().filter(|line| line.starts_with("conv2d ")).count(), 2, "{file}");
}

#[test]
fn tune_and_bench_tell_wrong_shapes_files_and_devices() {
    let folder = folder("tune_mistakes");
    let tune = |shape| stderr_of_failure(&folder, &["tune", "--conv2d", shape], 2);
    for (shape, word) in [
        ("", "KERNEL_SIZE"),
        ("1x3x8 4 3", "3 numbers, but it is BATCHxCHANNELSxHEIGHTxWIDTH"),
        ("1x3x8x8 4 3 --strides 2", "--strides"),
        ("1x3x8x8 4 9", "conv2d: no window fits"),
        ("1x3x8x8 4 3 --groups 2", "a multiple of groups 2"),
    ] {
        let text = tune(shape);
        assert!(text.contains(word), "{word} is missing: {text}");
    }
    let text = stderr_of_failure(&folder, &["tune", "--device", "cpu"], 2);
    assert!(text.contains("the CPU has no algorithms to choose from"), "{text}");

    let bench = || {
        let arguments = "bench --workloads --only global_avg --device software --tuning t.txt";
        stderr_of_failure(&folder, &arguments.split(' ').collect::<Vec<_>>(), 2)
    };
    assert!(bench().contains("t.txt: it cannot be read: "), "{}", bench());
    fs::write(folder.join("t.txt"), "a shopping list\n").unwrap();
    let line = "t.txt: tuning: line 1 is `a shopping list`, but a tuning starts with";
    assert!(bench().contains(line), "{}", bench());
    let header = "filtro-tuning 1\nversion 0.0.9\nadapter A\ndriver\nbackend metal\n";
    fs::write(folder.join("t.txt"), header).unwrap();
    let line = "t.txt: tuning: it was made by filtro 0.0.9 on A (metal), but this is filtro ";
    assert!(bench().contains(line), "{}", bench());
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
}

/// A grouped convolution whose groups have several channels, and a pooling.
const SHAPES: &str = r#"[
  {"name": "mine", "op": "conv2d", "batch": 2, "in_channels": 4, "in_height": 9, "in_width": 7,
   "out_channels": 6, "kernel_size": [3, 2], "padding": [1, 0], "stride": [2, 1], "groups": 2},
  {"name": "pool", "op": "max_pool2d", "in_channels": 3, "in_height": 8, "in_width": 6,
   "kernel_size": [2, 3]}
]"#;

#[test]
fn own_shapes_are_timed_in_larger_batches_with_their_gradients() {
    let folder = folder("shapes");
    fs::write(folder.join("mine.json"), SHAPES).unwrap();
    let arguments = "bench --workloads --shapes mine.json --batch 3 --gradients --calls 4 --inputs 2 \
                     --skip-cpu --budget 1 --device software --json new.json";
    let text = stdout(&run(&folder, &arguments.split_whitespace().collect::<Vec<_>>()));
    for words in ["times 3", "one of 4 calls between two stamps", "several inputs in turn"] {
        assert!(text.contains(words), "{words} is missing:\n{text}");
    }
    assert!(!text.contains("CPU: multiply-adds"), "{text}");
    let json = fs::read(folder.join("new.json")).unwrap();
    let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
    assert_eq!((&json["batch"], &json["calls"]), (&3.into(), &4.into()), "{json:#}");
    let rows = json["rows"].as_array().unwrap();
    let names: Vec<_> = rows.iter().map(|row| row["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["mine", "mine/grad_input", "mine/grad_weight", "pool"]);
    for (row, images) in rows.iter().zip([6, 6, 6, 3]) {
        assert_eq!((&row["images"], &row["device"]["inputs"]), (&images.into(), &2.into()));
        assert!(row["cpu"].is_null() && row["device"]["warm_ms"].as_f64().unwrap() > 0.0);
    }
    // Two multiply-adds for each of 2 channels, 3 x 2 taps and 6 filters' 5 x 6 outputs.
    assert_eq!(rows[0]["operations"], 2.0 * 6.0 * 2.0 * 6.0 * 6.0 * 30.0);
    let arguments = "bench --workloads --shapes mine.json --batch 3 --only pool --skip-cpu --budget \
                     1 --device software --compare new.json";
    let text = stdout(&run(&folder, &arguments.split_whitespace().collect::<Vec<_>>()));
    assert!(
        text.contains("Another number of calls between two stamps: before 4, now 1."),
        "{text}"
    );
}

#[test]
fn what_is_wrong_with_shapes_is_said_with_exit_code_2() {
    let folder = folder("wrong_shapes");
    fs::write(folder.join("wrong.json"), SHAPES.replace("\"groups\": 2", "\"groups\": 5")).unwrap();
    for (arguments, message) in [
        ("--workloads --shapes wrong.json", "wrong.json: mine: conv2d: in_channels is 4, but must"),
        ("--workloads --shapes none.json", "none.json: it cannot be read: "),
        ("--shapes wrong.json", "--workloads"),
        ("--batch 2", "--workloads"),
        ("--workloads --batch 0", "0 is not in 1.."),
        ("--workloads --skip-cpu --device cpu", "--skip-cpu leaves nothing to time on the CPU"),
    ] {
        let all: Vec<_> = ["bench"].into_iter().chain(arguments.split_whitespace()).collect();
        let output = run(&folder, &all);
        assert_eq!(output.status.code(), Some(2), "{arguments}: {output:?}");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains(message), "{message} is missing: {said}");
    }
}
