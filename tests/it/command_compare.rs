//! The command `filtro bench --compare`: a run against the JSON of an earlier one.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::command::{folder, run, stdout};

fn bench(folder: &Path, arguments: &str) -> String {
    let arguments = format!("bench --budget 1 {arguments}");
    stdout(&run(folder, &arguments.split_whitespace().collect::<Vec<_>>()))
}

fn read(folder: &Path, file: &str) -> Value {
    serde_json::from_slice(&fs::read(folder.join(file)).unwrap()).unwrap()
}

fn write(folder: &Path, file: &str, json: &Value) {
    fs::write(folder.join(file), json.to_string()).unwrap();
}

/// Of the line that starts with these words the number in the last column but so many.
fn last_but(text: &str, words: &str, columns: &[usize]) -> Vec<f64> {
    let line = text.lines().find(|line| line.trim_start().starts_with(words));
    let cells: Vec<_> = line.expect(words).split_whitespace().rev().collect();
    columns.iter().map(|&column| cells[column].parse().unwrap()).collect()
}

#[test]
fn workloads_are_compared_with_an_earlier_run_by_name() {
    let folder = folder("compare_workloads");
    let arguments = "--workloads --device software --only global_avg --json new.json";
    bench(&folder, arguments);
    // Other times, names and a row besides.
    let mut old = read(&folder, "new.json");
    old["filtro"] = json!("0.0.9");
    old["device"]["name"] = json!("another adapter");
    let row = &mut old["rows"][0];
    for device in ["device", "cpu"] {
        row[device]["warm_ms"] = json!(0.05);
    }
    row["device"]["algorithm"] = json!("guessed");
    let mut gone = row.clone();
    gone["name"] = json!("gone_3x3");
    old["rows"].as_array_mut().unwrap().insert(0, gone);
    write(&folder, "old.json", &old);
    let text = bench(&folder, &format!("{arguments} --compare old.json"));
    for words in [
        "Another adapter: before another adapter, ",
        "Another version of filtro: before 0.0.9, now ",
        "guessed -> ",
        "Only in old.json: gone_3x3.",
        "Medians; a ratio below 1 is faster.",
    ] {
        assert!(text.contains(words), "{words} is missing:\n{text}");
    }
    assert!(!text.contains("Another CPU") && !text.contains("Only in this run"), "{text}");
    for columns in [[5, 4, 3], [2, 1, 0]] {
        let numbers = last_but(&text, "global_avg_7", &columns);
        let (before, after, ratio) = (numbers[0], numbers[1], numbers[2]);
        assert_eq!(before, 0.05, "{text}");
        // The time is printed to a thousandth of a millisecond, or three digits.
        let tolerance = 0.0105 + 0.006 * ratio;
        assert!((ratio - after / before).abs() <= tolerance, "{text}");
    }
    let of_row = last_but(&text, "global_avg_7", &[3, 0]);
    for (mean, ratio) in last_but(&text, "geometric mean", &[1, 0]).into_iter().zip(of_row) {
        // A ratio that lies between two printed ones may be rounded to the other side.
        assert!((mean - ratio).abs() < 0.0011 * ratio.max(1.0), "{text}");
    }
    // The JSON beside the table is that of this run.
    assert_eq!(read(&folder, "new.json")["rows"].as_array().unwrap().len(), 1);
}

#[test]
fn a_sweep_is_compared_with_an_earlier_one_on_the_cpu_too() {
    let folder = folder("compare_sweep");
    bench(&folder, "--device cpu --op depthwise --sizes 4,9 --json old.json");
    let text = bench(&folder, "--device cpu --op depthwise --sizes 9,5 --compare old.json");
    let name = |size| format!("conv2d 3x3 depthwise, 32 channels, padding 1, {size} x {size}");
    assert!(text.contains(&format!("Only in old.json: {}.", name(4))), "{text}");
    assert!(text.contains(&format!("Only in this run: {}.", name(5))), "{text}");
    assert!(!text.contains("Another"), "{text}");
    assert!(last_but(&text, &name(9), &[0])[0] > 0.0, "{text}");
    let line = text.lines().find(|line| line.trim_start().starts_with(&name(9))).unwrap();
    assert!(line.contains("- "), "the device is the CPU: {line}");
}

#[test]
fn a_file_that_cannot_be_compared_is_told_before_anything_is_timed() {
    let folder = folder("compare_mistakes");
    let sweep = json!({
        "filtro": "0.1.0", "cpu": "1 thread",
        "device": {"name": "A", "kind": "GPU", "backend": "vulkan", "driver": "d"},
        "sweeps": [{"operation": "conv2d", "rows": [{"size": 4, "device_ms": 1.0, "cpu_ms": 2.0}]}],
    });
    let mut workloads = sweep.clone();
    workloads.as_object_mut().unwrap().remove("sweeps");
    let times = json!({"warm_ms": 1.5, "device_clock_ms": null, "algorithm": "tiled"});
    workloads["rows"] = json!([{"name": "global_avg_7", "device": times, "cpu": times}]);
    let changed = |path: &str, value: Value| {
        let mut document = workloads.clone();
        *document.pointer_mut(path).unwrap() = value;
        document.to_string()
    };
    for (text, message) in [
        ("a shopping list".into(), "old.json: it is no JSON: expected value at line 1"),
        ("[1, 2]".into(), "it has neither `rows` nor `sweeps`"),
        (sweep.to_string(), "it is a sweep, but this run has --workloads"),
        (changed("/rows", json!({})), "rows is an object, but must be a list"),
        (changed("/rows", json!([])), "nothing of what is timed now: it has nothing"),
        (changed("/rows/0/name", json!("other_7")), "of what is timed now: it has other_7"),
        (changed("/rows/0/name", json!(7)), "rows[0].name is 7, but must be a text"),
        (changed("/rows/0/cpu", json!({})), "rows[0].cpu.warm_ms is missing, but must be milli"),
        (changed("/rows/0/cpu/warm_ms", json!(0.0)), "is 0.0, but must be milliseconds above 0"),
        (changed("/rows/0/device/warm_ms", json!(1e300)), "rows[0].device.warm_ms is 1e+300"),
        (changed("/rows/0/device/algorithm", json!([])), "algorithm is a list, but must be a text"),
        (changed("/device", json!("A")), "device is \"A\", but must be an object"),
        (changed("/cpu", json!(null)), "cpu is missing, but must be a text"),
    ] {
        fs::write(folder.join("old.json"), &text).unwrap();
        let arguments = "bench --workloads --only global_avg --compare old.json --device software";
        fails(&folder, arguments, message);
    }
    write(&folder, "old.json", &workloads);
    fails(&folder, "bench --compare old.json", "it is a run with --workloads, but this one is a");
    fails(&folder, "bench --workloads --compare old.json --json", "give --json a file");
    fails(&folder, "bench --compare none.json", "none.json: it cannot be read: ");
    fails(&folder, "bench --compare .", ".: it cannot be read: ");
    fs::write(folder.join("old.json"), b"\xff\xfe").unwrap();
    fails(&folder, "bench --compare old.json", "old.json: it cannot be read: ");
}

fn fails(folder: &Path, arguments: &str, message: &str) {
    let output = run(folder, &arguments.split_whitespace().collect::<Vec<_>>());
    assert_eq!(output.status.code(), Some(2), "{arguments}: {output:?}");
    assert!(output.stdout.is_empty(), "{output:?}");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains(message), "{message} is missing: {said}");
}
