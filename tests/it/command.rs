//! The command `filtro`: files in, files out, messages and exit codes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use filtro::picture::{self, Scale};
use filtro::{Conv2d, Device, MaxPool2d, Padding, PaddingMode, filters};
use ndarray::{Array, Array1, Array3, Array4, Dimension, s};
use ndarray_npy::{read_npy, write_npy};

/// An empty folder of a test's own.
pub fn folder(test: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("command").join(test);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

pub fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_filtro"));
    command.args(arguments).current_dir(folder).env_remove("FILTRO_DEVICE").env_remove("RUST_LOG");
    command.stdin(Stdio::null());
    command
}

pub fn run(folder: &Path, arguments: &[&str]) -> Output {
    command(folder, arguments).output().unwrap()
}

/// What a command that must succeed prints.
pub fn stdout(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// Numbers with a pattern that no symmetry hides.
pub fn numbers<D: Dimension>(shape: impl ndarray::ShapeBuilder<Dim = D>) -> Array<f32, D> {
    let mut next = 0_u32;
    Array::from_shape_simple_fn(shape, || {
        next = (next * 37 + 11) % 101;
        next as f32 / 50.0 - 1.0
    })
}

pub fn chelsea() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/data/chelsea.png")
}

pub fn files(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn the_demo_checks_a_software_adapter_and_writes_maps_and_a_sheet() {
    let folder = folder("demo");
    let text = stdout(&run(&folder, &["--device", "software", "--out", "pictures"]));
    assert!(text.contains("software adapter") && text.contains("is not a GPU"), "{text}");
    for word in ["conv2d 3x3", "[1, 6, 300, 451]", "7 306 200", "max_pool2d", "avg_pool2d"] {
        assert!(text.contains(word), "{word} is missing:\n{text}");
    }
    assert!(!text.contains('\u{1b}'), "escape sequences in a file:\n{text}");
    assert_eq!(files(&folder.join("pictures")).len(), 19);
    let sheet = picture::load(folder.join("pictures/feature-maps.png")).unwrap();
    assert!(sheet.dim().3 > 1000);
}

#[test]
fn without_a_vulkan_driver_the_demo_runs_on_the_cpu_and_says_in_one_line_how_to_get_one() {
    let folder = folder("no_driver");
    let output = command(&folder, &[])
        .env("VK_ICD_FILENAMES", "/nowhere")
        .env("VK_DRIVER_FILES", "/nowhere")
        .output()
        .unwrap();
    let text = stdout(&output);
    assert!(text.starts_with("Device: ") && text.contains("(CPU"), "{text}");
    if cfg!(target_os = "linux") {
        let help = text.lines().find(|line| line.contains("apt-get install")).unwrap();
        assert!(help.contains("mesa-vulkan-drivers"), "{help}");
    }
    assert_eq!(files(&folder.join("out")).len(), 19);
}

#[test]
fn conv2d_of_files_is_conv2d_of_the_library() {
    let folder = folder("conv2d");
    let (input, weight) = (numbers((2, 4, 9, 11)), numbers((6, 2, 2, 3)));
    let bias: Array1<f32> = numbers(6);
    for (name, array) in [("x", &input), ("w", &weight)] {
        write_npy(folder.join(format!("{name}.npy")), array).unwrap();
    }
    write_npy(folder.join("b.npy"), &bias).unwrap();
    let device = Device::cpu();
    let conv = Conv2d::new(4, 6, [2, 3])
        .stride([2, 1])
        .padding(Padding::sides(1, 2, 3, 4))
        .padding_mode(PaddingMode::Circular)
        .dilation([1, 2])
        .groups(2)
        .activation(filtro::Activation::LeakyRelu { negative_slope: 0.2 });
    let upload = |array: &Array4<f32>| device.upload(array).unwrap();
    let bias = device.upload(&bias).unwrap();
    let expected = conv.forward(&upload(&input), &upload(&weight), Some(&bias)).unwrap();
    let expected = expected.download().unwrap();

    let arguments = "conv2d x.npy w.npy --bias b.npy --stride 2,1 --padding 1,2,3,4 --padding-mode \
                     circular --dilation 1,2 --groups 2 --activation leaky_relu:0.2 --device cpu";
    let mut arguments: Vec<_> = arguments.split(' ').collect();
    arguments.extend(["--out", "y.npy"]);
    assert!(stdout(&run(&folder, &arguments)).starts_with("y.npy in "));
    assert_eq!(read_npy::<_, Array4<f32>>(folder.join("y.npy")).unwrap(), expected);

    // To stdout: the bytes of the file, and nothing else.
    *arguments.last_mut().unwrap() = "-";
    let output = run(&folder, &arguments);
    assert!(output.status.success());
    assert_eq!(output.stdout, fs::read(folder.join("y.npy")).unwrap());
}

#[test]
fn an_input_without_a_batch_gives_an_output_without_one() {
    let folder = folder("no_batch");
    write_npy(folder.join("x.npy"), &numbers((4, 9, 11))).unwrap();
    stdout(&run(&folder, &["avg-pool2d", "x.npy", "-k", "2,3", "-o", "y.npy"]));
    let output: Array3<f32> = read_npy(folder.join("y.npy")).unwrap();
    assert_eq!(output.dim(), (4, 4, 3));
}

#[test]
fn max_pool2d_writes_indices_as_pytorch_does_and_minus_one_for_an_empty_window() {
    let folder = folder("max_pool2d");
    let input = numbers((1, 2, 7, 5));
    write_npy(folder.join("x.npy"), &input).unwrap();
    let arguments = "max-pool2d x.npy -k 3,2 --stride 2,1 --padding 1 --ceil-mode -o y.npy \
                     --indices i.npy";
    stdout(&run(&folder, &arguments.split(' ').collect::<Vec<_>>()));
    let pool = MaxPool2d::new([3, 2]).stride([2, 1]).padding([1, 1]).ceil_mode(true);
    let tensor = Device::cpu().upload(&input).unwrap();
    let (values, indices) = pool.forward_with_indices(&tensor).unwrap();
    assert_eq!(
        read_npy::<_, Array4<f32>>(folder.join("y.npy")).unwrap(),
        values.download().unwrap()
    );
    let expected = indices.download().unwrap().mapv(i64::from);
    assert_eq!(read_npy::<_, Array4<i64>>(folder.join("i.npy")).unwrap(), expected);

    write_npy(folder.join("one.npy"), &numbers((1, 1, 1, 1))).unwrap();
    let arguments = "max-pool2d one.npy -k 2 --dilation 2 --padding 1 -o y.npy --indices i.npy";
    stdout(&run(&folder, &arguments.split(' ').collect::<Vec<_>>()));
    assert_eq!(read_npy::<_, Array4<i64>>(folder.join("i.npy")).unwrap()[[0, 0, 0, 0]], -1);
}

#[test]
fn apply_writes_the_maps_of_the_library_and_a_sheet() {
    let folder = folder("apply");
    let path = chelsea();
    let arguments = [
        "apply",
        path.to_str().unwrap(),
        "--filter",
        "sobel-x,gaussian-5",
        "--pool",
        "max:3x2:2:1",
    ];
    let more = ["--stride", "1,2", "--device", "cpu", "--out", "maps", "--npy", "maps/f.npy"];
    stdout(&run(&folder, &[&arguments[..], &more[..]].concat()));
    let written =
        ["chelsea.png-gaussian-5.png", "chelsea.png-sheet.png", "chelsea.png-sobel-x.png", "f.npy"];
    assert_eq!(files(&folder.join("maps")), written);

    let device = Device::cpu();
    let input = device.upload(&picture::grey(&picture::load(&path).unwrap())).unwrap();
    let weight = device.upload(&filters::bank(&[filters::SOBEL_X, filters::GAUSSIAN_5])).unwrap();
    let conv = Conv2d::new(1, 2, [5, 5])
        .stride([1, 2])
        .padding([2, 2])
        .padding_mode(PaddingMode::Replicate);
    let maps = conv.forward(&input, &weight, None).unwrap();
    let pool = MaxPool2d::new([3, 2]).stride([2, 2]).padding([1, 1]);
    let maps = pool.forward(&maps).unwrap().download().unwrap();
    assert_eq!(read_npy::<_, Array4<f32>>(folder.join("maps/f.npy")).unwrap(), maps);

    let edges = maps.slice(s![0, 0, .., ..]);
    let painted = picture::paint(edges, &Scale::signed(edges));
    let png = picture::encode_png(&painted).unwrap();
    assert_eq!(
        picture::load(folder.join("maps/chelsea.png-sobel-x.png")).unwrap(),
        picture::decode(&png).unwrap()
    );
}

#[test]
fn apply_takes_a_jpeg_a_size_and_weights_from_a_file() {
    let folder = folder("weights");
    let photo = image::RgbImage::from_fn(60, 40, |x, y| image::Rgb([x as u8 * 4, y as u8 * 6, 90]));
    photo.save(folder.join("photo.jpg")).unwrap();
    write_npy(folder.join("w.npy"), &numbers((5, 3, 3, 3))).unwrap();
    write_npy(folder.join("b.npy"), &numbers(5)).unwrap();
    let arguments = "apply photo.jpg --weight w.npy --bias b.npy --resize 20 --activation relu \
                     --device cpu --npy f.npy";
    stdout(&run(&folder, &arguments.split(' ').collect::<Vec<_>>()));
    let maps: Array4<f32> = read_npy(folder.join("f.npy")).unwrap();
    assert_eq!(maps.dim(), (1, 5, 20, 30));
    assert!(maps.iter().all(|&value| value >= 0.0));
    assert_eq!(files(&folder.join("out")).len(), 6);
}

#[test]
fn what_is_wrong_with_files_and_options_is_said_with_exit_code_2_and_nothing_is_written() {
    let folder = folder("wrong");
    write_npy(folder.join("x.npy"), &numbers((1, 3, 9, 11))).unwrap();
    write_npy(folder.join("w.npy"), &numbers((4, 3, 3, 3))).unwrap();
    write_npy(folder.join("flat.npy"), &numbers((9, 11))).unwrap();
    write_npy(folder.join("three.npy"), &numbers((3, 3, 3))).unwrap();
    let mut bytes = fs::read(folder.join("x.npy")).unwrap();
    fs::write(folder.join("short.npy"), &bytes[..200]).unwrap();
    let descr = bytes.windows(3).position(|part| part == b"<f4").unwrap();
    bytes[descr..descr + 3].copy_from_slice(b"<c8");
    fs::write(folder.join("complex.npy"), &bytes).unwrap();
    bytes[descr..descr + 3].copy_from_slice(b"<f4");
    let at = bytes.windows(12).position(|part| part == b"(1, 3, 9, 11").unwrap();
    bytes[at..at + 12].copy_from_slice(b"(99999999999");
    fs::write(folder.join("endless.npy"), &bytes).unwrap();
    fs::write(folder.join("text.png"), "no picture").unwrap();
    let png = fs::read(chelsea()).unwrap();
    fs::write(folder.join("broken.png"), &png[..3000]).unwrap();
    fs::write(folder.join("cat.png"), &png).unwrap();
    let before = files(&folder);

    for (arguments, message) in [
        ("conv2d nowhere.npy w.npy", "nowhere.npy: No such file"),
        ("conv2d x.npy nowhere.npy", "nowhere.npy: No such file"),
        ("conv2d flat.npy w.npy", "flat.npy: has 2 axes, [9, 11], but an input has 4 or 3"),
        ("conv2d x.npy three.npy", "three.npy: has 3 axes, [3, 3, 3], but a weight has 4 or 2"),
        ("conv2d x.npy w.npy --bias w.npy", "w.npy: has 4 axes, [4, 3, 3, 3], but a bias has 1"),
        ("conv2d complex.npy w.npy", "complex.npy: holds \"<c8\", but it must hold floating point"),
        ("conv2d short.npy w.npy", "short.npy: not a .npy file that can be read"),
        (
            "conv2d endless.npy w.npy",
            "endless.npy: not a .npy file that can be read: it is shorter",
        ),
        ("conv2d text.png w.npy", "text.png: not a .npy file that can be read"),
        ("conv2d x.npy w.npy --padding -1", "-1 is negative, but it must be 0 or more"),
        ("conv2d x.npy w.npy --padding 1,2,3", "3 numbers, but it is `same`"),
        ("conv2d x.npy w.npy --stride 0", "conv2d: stride is 0, but must be at least 1"),
        ("conv2d x.npy w.npy --groups 3", "conv2d: out_channels is 4, but must be a multiple"),
        ("conv2d x.npy w.npy --padding-mode mirror", "possible values: zeros, reflect"),
        ("conv2d x.npy w.npy --activation gelu", "there are relu, relu6, leaky_relu"),
        ("conv2d x.npy w.npy --algorithm magic", "algorithm"),
        ("conv2d x.npy w.npy --device Voodoo", "no adapter for device Voodoo; found: "),
        ("max-pool2d x.npy -k 3 --padding 2", "padding is 2, but must be at most 1"),
        ("avg-pool2d x.npy -k 3 --padding 0,2,1,1", "padding is 2, but must be at most 1"),
        ("avg-pool2d x.npy -k 2 --padding same", "padding same needs stride 1 along both axes"),
        ("max-pool2d x.npy -k 12", "no window fits along the height"),
        ("avg-pool2d x.npy -k 2 --divisor-override 0", "divisor_override is 0"),
        ("adaptive-avg-pool2d x.npy --output-size 0", "output_size is 0"),
    ] {
        let arguments: Vec<_> = arguments.split(' ').chain(["-o", "y.npy"]).collect();
        fails(&folder, &arguments, message);
    }
    for (arguments, message) in [
        ("apply nowhere.png", "nowhere.png: No such file"),
        ("apply text.png", "text.png: not a picture that can be read"),
        ("apply broken.png", "broken.png: not a picture that can be read"),
        ("apply cat.png --filter sobel", "there are identity, sobel-x"),
        ("apply cat.png --weight x.npy --groups 2", "takes 6 channels, but a picture has 3"),
        ("apply cat.png --pool min:2", "it is max:KERNEL"),
        ("apply cat.png --pool max:3:1:2", "padding is 2, but must be at most 1"),
        ("apply cat.png --resize 0", "--resize makes a picture of 0 x 0"),
        ("apply cat.png --resize 9999999", "but it must have 1 to"),
        ("apply cat.png --padding 500 --padding-mode reflect", "reflect needs less than"),
        ("apply cat.png --out x.npy", "x.npy: no folder there"),
        ("bench --sizes 0", "0 is not in 1..=4096"),
        ("frobnicate", "unrecognized subcommand"),
    ] {
        fails(&folder, &arguments.split(' ').collect::<Vec<_>>(), message);
    }
    assert_eq!(files(&folder), before);
}

pub fn fails(folder: &Path, arguments: &[&str], message: &str) {
    let output = run(folder, arguments);
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {error}");
    assert!(error.contains(message), "{arguments:?}: {error}");
    assert!(output.stdout.is_empty(), "{arguments:?}: {output:?}");
    assert!(!error.contains("panicked"), "{arguments:?}: {error}");
}

#[test]
fn a_closed_pipe_is_no_failure() {
    let folder = folder("pipe");
    let mut child = command(&folder, &["filters"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
}

#[test]
fn devices_and_bench_print_json() {
    let folder = folder("json");
    let devices: serde_json::Value =
        serde_json::from_str(&stdout(&run(&folder, &["devices", "--json"]))).unwrap();
    assert!(devices.as_array().unwrap().iter().any(|device| device["kind"] == "CPU"));

    let arguments = "bench --json --sizes 9,4 --budget 1 --op conv2d,max-pool2d --device software";
    let bench = stdout(&run(&folder, &arguments.split(' ').collect::<Vec<_>>()));
    let bench: serde_json::Value = serde_json::from_str(&bench).unwrap();
    assert_eq!(bench["device"]["kind"], "software adapter");
    let rows = &bench["sweeps"][0]["rows"];
    assert_eq!((&rows[0]["size"], &rows[1]["size"]), (&4.into(), &9.into()));
    assert_eq!(rows[0]["multiply_adds"], 32 * 32 * 9 * 16);
    assert!(rows[1]["cpu_ms"].as_f64().unwrap() > 0.0);

    let arguments = "bench --sizes 4 --budget 1 --op depthwise --device software";
    let text = stdout(&run(&folder, &arguments.split(' ').collect::<Vec<_>>()));
    assert!(text.contains("software") && text.contains("With transfers"), "{text}");
}

/// `--help` at the end keeps a command from running, but what stands before it is parsed.
#[test]
fn the_commands_of_the_readme_are_ones_that_there_are() {
    let folder = folder("readme");
    let lines: Vec<_> = include_str!("../../README.md")
        .lines()
        .filter(|line| line.starts_with("filtro "))
        .collect();
    assert!(lines.len() >= 5, "{lines:?}");
    for line in lines {
        let command = line.split('#').next().unwrap_or(line);
        let arguments = command.split_whitespace().skip(1).chain(["--help"]);
        stdout(&run(&folder, &arguments.collect::<Vec<_>>()));
    }
}
