//! The commands `filtro bench --workloads` and `filtro shaders`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

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
