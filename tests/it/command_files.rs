//! The command `filtro` on the files that people have: of other types, sizes and names, links,
//! permissions, and what stands on stdout.

use std::fs;
use std::process::Stdio;

use filtro::picture;
use filtro::{
    Activation, AdaptiveMaxPool2d, AvgPool2d, ConvTranspose2d, Device, MaxPool2d, Padding,
};
use ndarray::{Array1, Array2, Array4};
use ndarray_npy::{read_npy, write_npy};

use crate::command::{chelsea, command, fails, files, folder, numbers, run, stdout};

fn words(arguments: &str) -> Vec<&str> {
    arguments.split(' ').collect()
}

fn photo(width: u32, height: u32) -> image::RgbImage {
    image::RgbImage::from_fn(width, height, |x, y| image::Rgb([x as u8, y as u8, (x ^ y) as u8]))
}

#[test]
fn a_picture_is_resized_to_both_sizes_or_by_its_shorter_side_as_torchvision_does() {
    let folder = folder("resize");
    fs::copy(chelsea(), folder.join("cat.png")).unwrap();
    for (size, shape) in [("224x224", [224, 224]), ("224", [224, 336]), ("50x70", [50, 70])] {
        let arguments = format!("apply cat.png --filter identity --resize {size} --npy f.npy");
        stdout(&run(&folder, &words(&arguments)));
        let maps: Array4<f32> = read_npy(folder.join("f.npy")).unwrap();
        assert_eq!(maps.shape()[2..], shape, "{size}");
    }
    fails(&folder, &words("apply cat.png --resize -3"), "-3 is negative, but it must be 0 or more");
}

#[test]
fn a_pooling_is_padded_on_four_sides_or_as_its_windows_need() {
    let folder = folder("padding");
    let input = numbers((1, 2, 8, 11));
    write_npy(folder.join("x.npy"), &input).unwrap();
    let x = Device::cpu().upload(&input).unwrap();
    for (text, padding) in [
        ("1,0,0,1", Padding::sides(1, 0, 0, 1)),
        ("1,0", Padding::from([1, 0])),
        ("valid", Padding::Valid),
        ("same_upper", Padding::SameUpper),
        ("SAME_LOWER", Padding::SameLower),
    ] {
        let options = format!("x.npy -k 3 --stride 2,3 --padding {text} --device cpu -o y.npy");
        let written = |command: &str| -> Array4<f32> {
            stdout(&run(&folder, &words(&format!("{command} {options}"))));
            read_npy(folder.join("y.npy")).unwrap()
        };
        let max = MaxPool2d::new([3, 3]).stride([2, 3]).padding(padding);
        assert_eq!(written("max-pool2d"), max.forward(&x).unwrap().download().unwrap(), "{text}");
        let avg = AvgPool2d::new([3, 3]).stride([2, 3]).padding(padding);
        assert_eq!(written("avg-pool2d"), avg.forward(&x).unwrap().download().unwrap(), "{text}");
    }
}

#[test]
fn every_map_that_is_named_is_written_under_a_name_of_its_own() {
    let folder = folder("names");
    photo(30, 20).save(folder.join("a.png")).unwrap();
    photo(40, 25).save(folder.join("a.bmp")).unwrap();
    let filters = "Sobel-X,sobel-x,laplacian,laplacian,SOBEL-X";
    for name in ["a.png", "a.bmp"] {
        let text = stdout(&run(&folder, &["apply", name, "--filter", filters]));
        assert!(text.contains("5 feature maps"), "{text}");
    }
    let maps = ["laplacian-2", "laplacian", "sheet", "sobel-x-2", "sobel-x-3", "sobel-x"];
    let expected = ["a.bmp", "a.png"].iter().flat_map(|name| maps.map(|map| (name, map)));
    let expected: Vec<_> = expected.map(|(name, map)| format!("{name}-{map}.png")).collect();
    assert_eq!(files(&folder.join("out")), expected);
    let map = picture::load(folder.join("out/a.png-sobel-x.png")).unwrap();
    assert_eq!(map.dim(), (1, 3, 20, 30));
}

#[test]
fn a_picture_beyond_the_bound_or_broken_is_said_with_exit_code_2() {
    let folder = folder("pictures");
    photo(30, 20).save(folder.join("a.jpg")).unwrap();
    let jpeg = fs::read(folder.join("a.jpg")).unwrap();
    fs::write(folder.join("cut.jpg"), &jpeg[..jpeg.len() / 2]).unwrap();
    let gif = b"GIF89a\xff\xff\xff\xff\x80\0\0\0\0\0\xff\xff\xff,\0\0\0\0\xff\xff\xff\xff\0\x02\0;";
    fs::write(folder.join("huge.gif"), gif).unwrap();
    fs::write(folder.join("b.heic"), b"\0\0\0\x18ftypheic\0\0\0\0mif1heic").unwrap();
    photo(1, 1).save(folder.join("dot.png")).unwrap();
    for (arguments, message) in [
        ("apply a.jpg --max-pixels 599", "a.jpg: the picture is 20 x 30, but at most 599 pixels"),
        ("apply cut.jpg", "cut.jpg: not a picture that can be read: the JPEG is truncated"),
        ("apply huge.gif", "huge.gif: the picture is 65535 x 65535, but at most 268435456"),
        ("apply b.heic", "but HEIC; PNG, JPEG, GIF, BMP, WebP and TIFF can be"),
        (
            "apply dot.png --padding-mode reflect",
            "the picture is 1 x 1, too small for --padding-mode reflect and a filter of 3 x 3, which looks 1 x 1 beyond it",
        ),
        (
            "apply dot.png --padding-mode circular --filter gaussian-5",
            "the picture is 1 x 1, too small",
        ),
        ("apply dot.png --weight none.npy --groups 0", "it is 0, but must be at least 1"),
    ] {
        fails(&folder, &words(arguments), message);
    }
    assert!(!folder.join("out").exists());
    stdout(&run(&folder, &words("apply a.jpg --max-pixels 600 --padding-mode REFLECT")));
}

#[test]
fn a_matrix_is_the_weight_of_one_filter() {
    let folder = folder("matrix");
    let kernel: Array2<f32> = numbers((3, 2));
    write_npy(folder.join("k.npy"), &kernel).unwrap();
    let four = kernel.into_shape_with_order((1, 1, 3, 2)).unwrap();
    write_npy(folder.join("w.npy"), &four).unwrap();
    write_npy(folder.join("x.npy"), &numbers((2, 1, 9, 11))).unwrap();
    photo(30, 20).save(folder.join("a.png")).unwrap();
    for weight in ["k", "w"] {
        for operation in ["conv2d", "conv-transpose2d"] {
            let arguments = format!("{operation} x.npy {weight}.npy -o {weight}-{operation}.npy");
            stdout(&run(&folder, &words(&arguments)));
        }
        let apply = format!("apply a.png --weight {weight}.npy --npy {weight}-apply.npy");
        stdout(&run(&folder, &words(&apply)));
    }
    for output in ["conv2d", "conv-transpose2d", "apply"] {
        let [matrix, weight] =
            ["k", "w"].map(|name| fs::read(folder.join(format!("{name}-{output}.npy"))).unwrap());
        assert!(matrix == weight, "{output}");
    }
}

#[test]
fn every_operation_of_the_library_is_a_command() {
    let folder = folder("operations");
    let (input, weight) = (numbers((2, 4, 5, 6)), numbers((4, 3, 2, 3)));
    let bias: Array1<f32> = numbers(6);
    write_npy(folder.join("x.npy"), &input).unwrap();
    write_npy(folder.join("w.npy"), &weight).unwrap();
    write_npy(folder.join("b.npy"), &bias).unwrap();
    let device = Device::cpu();
    let x = device.upload(&input).unwrap();
    let written = |name: &str| read_npy::<_, Array4<f32>>(folder.join(name)).unwrap();

    let arguments = "conv-transpose2d x.npy w.npy --bias b.npy --stride 2,3 --padding 1,0 \
                     --output-padding 1 --dilation 1,2 --groups 2 -o y.npy";
    stdout(&run(&folder, &words(arguments)));
    let conv = ConvTranspose2d::new(4, 6, [2, 3])
        .stride([2, 3])
        .padding([1, 0])
        .output_padding([1, 1])
        .dilation([1, 2])
        .groups(2);
    let (weight, bias) = (device.upload(&weight).unwrap(), device.upload(&bias).unwrap());
    let expected = conv.forward(&x, &weight, Some(&bias)).unwrap().download().unwrap();
    assert_eq!(written("y.npy"), expected);

    let arguments = "activation x.npy Leaky-ReLU:0.2 -o y.npy";
    stdout(&run(&folder, &words(arguments)));
    let leaky = Activation::LeakyRelu { negative_slope: 0.2 };
    assert_eq!(written("y.npy"), leaky.forward(&x).unwrap().download().unwrap());

    let arguments = "adaptive-max-pool2d x.npy --output-size 2,3 -o y.npy --indices i.npy";
    stdout(&run(&folder, &words(arguments)));
    let (values, indices) = AdaptiveMaxPool2d::new([2, 3]).forward_with_indices(&x).unwrap();
    assert_eq!(written("y.npy"), values.download().unwrap());
    let expected = indices.download().unwrap().mapv(i64::from);
    assert_eq!(read_npy::<_, Array4<i64>>(folder.join("i.npy")).unwrap(), expected);

    for operation in ["conv2d", "conv-transpose2d"] {
        let arguments = format!("{operation} x.npy w.npy --groups 0 -o y.npy");
        fails(&folder, &words(&arguments), "--groups <N>': it is 0, but must be at least 1");
    }
}

#[test]
fn arrays_of_numpys_default_type_are_read_and_the_rounding_is_said() {
    let folder = folder("types");
    let input = Array4::from_shape_fn((1, 2, 3, 4), |(_, c, y, x)| (c * 12 + y * 4 + x) as f64);
    write_npy(folder.join("whole.npy"), &input).unwrap();
    write_npy(folder.join("tenths.npy"), &(&input / 10.0)).unwrap();
    write_npy(folder.join("i64.npy"), &input.mapv(|value| value as i64)).unwrap();
    let turned = input.view().permuted_axes([3, 2, 1, 0]).to_owned();
    write_npy(folder.join("fortran.npy"), &turned.permuted_axes([3, 2, 1, 0])).unwrap();
    for (name, warning) in [("whole", false), ("i64", false), ("fortran", false), ("tenths", true)]
    {
        let arguments = format!("activation {name}.npy relu -o y.npy");
        let output = run(&folder, &words(&arguments));
        stdout(&output);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let words = "tenths.npy: holds float64, rounded to the nearest float32";
        assert_eq!(said.contains(words), warning, "{name}: {said}");
        let scale = if warning { 10.0 } else { 1.0 };
        let read: Array4<f32> = read_npy(folder.join("y.npy")).unwrap();
        assert_eq!(read, input.mapv(|value| (value / scale) as f32), "{name}");
    }
}

#[test]
fn a_backend_that_devices_lists_can_be_asked_for() {
    let folder = folder("backend");
    let text = stdout(&run(&folder, &["devices", "--json"]));
    let devices: serde_json::Value = serde_json::from_str(&text).unwrap();
    write_npy(folder.join("x.npy"), &numbers((1, 1, 3, 4))).unwrap();
    for device in devices.as_array().unwrap() {
        let backend = device["backend"].as_str().unwrap();
        for name in [backend.to_owned(), backend.to_uppercase()] {
            let arguments = ["activation", "x.npy", "relu", "-o", "y.npy", "--device", &name];
            let text = stdout(&run(&folder, &arguments));
            assert!(text.contains(backend), "{text}");
        }
    }
}

#[cfg(unix)]
#[test]
fn an_output_of_any_valid_name_is_written_where_its_links_lead_and_keeps_its_mode() {
    use std::os::unix::fs::{PermissionsExt, symlink};

    let folder = folder("output");
    write_npy(folder.join("x.npy"), &numbers((1, 1, 3, 4))).unwrap();
    let write = |name: &str| {
        stdout(&run(&folder, &["activation", "x.npy", "relu", "-o", name]));
        read_npy::<_, Array4<f32>>(folder.join(name)).unwrap()
    };
    let long = "y".repeat(255);
    let expected = write(&long);

    fs::create_dir(folder.join("kept")).unwrap();
    fs::write(folder.join("kept/old.npy"), "old").unwrap();
    for (link, leads_to) in [("a", "kept/old.npy"), ("b", "a"), ("c", "kept/new.npy")] {
        symlink(leads_to, folder.join(link)).unwrap();
        assert_eq!(write(link), expected);
        assert!(folder.join(link).is_symlink(), "{link}");
    }
    assert_eq!(files(&folder.join("kept")), ["new.npy", "old.npy"]);
    symlink("round", folder.join("round")).unwrap();
    fails(&folder, &["activation", "x.npy", "relu", "-o", "round"], "round: cannot be written");

    for mode in [0o600, 0o644, 0o664] {
        let path = folder.join("private.npy");
        fs::write(&path, "old").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        write("private.npy");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, mode);
    }
    assert!(files(&folder).iter().all(|name| !name.ends_with(".part")));
}

#[cfg(unix)]
#[test]
fn an_array_that_nobody_takes_from_stdout_is_a_failure() {
    let folder = folder("no_stdout");
    write_npy(folder.join("x.npy"), &numbers((1, 1, 300, 400))).unwrap();
    let arguments = ["activation", "x.npy", "relu", "-o", "-"];
    if cfg!(target_os = "linux") {
        // A shell starts the command with its stdout closed.
        let output = std::process::Command::new("sh")
            .args(["-c", "exec \"$0\" activation x.npy relu -o - >&-"])
            .arg(env!("CARGO_BIN_EXE_filtro"))
            .current_dir(&folder)
            .env_remove("FILTRO_DEVICE")
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(error.contains("stdout is closed"), "{error}");
    }
    let mut child =
        command(&folder, &arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(error.contains("the array was not written to its end"), "{error}");
    let output = command(&folder, &arguments).stdout(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{output:?}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_machine_without_a_display_hears_no_word_of_it() {
    let folder = folder("display");
    for value in [None, Some(""), Some("relative")] {
        let mut command = command(&folder, &["devices"]);
        match value {
            None => command.env_remove("XDG_RUNTIME_DIR"),
            Some(value) => command.env("XDG_RUNTIME_DIR", value),
        };
        let output = command.env_remove("WAYLAND_DISPLAY").output().unwrap();
        assert!(stdout(&output).contains("vulkan"));
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{value:?}");
    }
}
