//! What `filtro bench --json` writes, read back: the times of one run.

use std::time::Duration;

use serde_json::Value;

/// The times of one run, and what they hang on besides the code.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Document {
    /// The 20 shapes, or else a sweep over sizes.
    pub(crate) workloads: bool,
    /// Whether the device is a hardware GPU, whose own clock is the better one.
    pub(crate) gpu: bool,
    /// What can differ between two runs, each with its name.
    pub(crate) circumstances: Vec<(&'static str, String)>,
    pub(crate) rows: Vec<Row>,
}

/// One shape, or one operation at one size.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Row {
    pub(crate) name: String,
    /// None where the device is the CPU.
    pub(crate) device: Option<OnDevice>,
    /// None where the CPU was not timed.
    pub(crate) cpu: Option<Duration>,
}

/// A row on the device.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct OnDevice {
    pub(crate) algorithm: Option<String>,
    pub(crate) warm: Duration,
    /// On the device's clock.
    pub(crate) clock: Option<Duration>,
}

impl Document {
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let value = serde_json::from_str(text).map_err(|error| format!("is no JSON: {error}"))?;
        Self::read(&value)
    }

    /// The error says what is wrong with the document, without its name.
    pub(crate) fn read(value: &Value) -> Result<Self, String> {
        let workloads = value.get("rows").is_some();
        if !workloads && value.get("sweeps").is_none() {
            return Err("is no result of `filtro bench --json`: it has neither `rows` nor \
                        `sweeps`"
                .into());
        }
        let document = At { value, path: String::new() };
        let device = document.get("device")?;
        let mut adapter = device.get("name")?.text()?;
        for more in ["backend", "driver"] {
            adapter = format!("{adapter}, {}", device.get(more)?.text_or("none")?);
        }
        let circumstances = vec![
            ("adapter", adapter),
            ("CPU", document.get("cpu")?.text()?),
            ("version of filtro", document.get("filtro")?.text()?),
            ("version of wgpu", document.get("wgpu")?.text_or("not said")?),
            ("tuning", document.get("tuning")?.text_or("none")?),
            ("batch", document.get("batch")?.number_or(1)?),
            ("number of calls between two stamps", document.get("calls")?.number_or(1)?),
        ];
        let kind = device.get("kind")?.text()?;
        let on_cpu = kind == filtro::DeviceKind::Cpu.to_string();
        let mut rows = Vec::new();
        if workloads {
            for row in document.get("rows")?.list()? {
                rows.push(row.workload()?);
            }
        } else {
            for sweep in document.get("sweeps")?.list()? {
                let operation = sweep.get("operation")?.text()?;
                for row in sweep.get("rows")?.list()? {
                    rows.push(row.size(&operation, on_cpu)?);
                }
            }
        }
        let gpu = kind == filtro::DeviceKind::Gpu.to_string();
        Ok(Self { workloads, gpu, circumstances, rows })
    }
}

/// How the rows of a sweep are called.
pub(crate) fn name_at(operation: &str, size: impl std::fmt::Display) -> String {
    format!("{operation}, {size} x {size}")
}

/// A value and where it stands, for messages.
struct At<'a> {
    value: &'a Value,
    path: String,
}

impl<'a> At<'a> {
    /// The value of a key; null where it has none.
    fn get(&self, key: &str) -> Result<At<'a>, String> {
        if !self.value.is_object() {
            return Err(self.wrong("an object"));
        }
        let path = if self.path.is_empty() { key.into() } else { format!("{}.{key}", self.path) };
        Ok(At { value: self.value.get(key).unwrap_or(&Value::Null), path })
    }

    fn list(&self) -> Result<Vec<At<'a>>, String> {
        let values = self.value.as_array().ok_or_else(|| self.wrong("a list"))?;
        let at = |(index, value)| At { value, path: format!("{}[{index}]", self.path) };
        Ok(values.iter().enumerate().map(at).collect())
    }

    fn text(&self) -> Result<String, String> {
        self.value.as_str().map(str::to_owned).ok_or_else(|| self.wrong("a text"))
    }

    fn text_or(&self, none: &str) -> Result<String, String> {
        if self.value.is_null() { Ok(none.into()) } else { self.text() }
    }

    fn number_or(&self, none: u64) -> Result<String, String> {
        let number = if self.value.is_null() { Some(none) } else { self.value.as_u64() };
        number.map(|number| number.to_string()).ok_or_else(|| self.wrong("a whole number"))
    }

    fn time(&self) -> Result<Duration, String> {
        let time = self.value.as_f64().and_then(|ms| Duration::try_from_secs_f64(ms * 1e-3).ok());
        time.filter(|time| !time.is_zero()).ok_or_else(|| self.wrong("milliseconds above 0"))
    }

    fn workload(&self) -> Result<Row, String> {
        let (device, cpu) = (self.get("device")?, self.get("cpu")?);
        Ok(Row {
            name: self.get("name")?.text()?,
            device: if device.value.is_null() { None } else { Some(device.on_device()?) },
            cpu: if cpu.value.is_null() { None } else { Some(cpu.get("warm_ms")?.time()?) },
        })
    }

    fn on_device(&self) -> Result<OnDevice, String> {
        let algorithm = self.get("algorithm")?;
        let clock = self.get("device_clock_ms")?;
        let no_clock = clock.value.is_null() || clock.value.as_f64() == Some(0.0);
        Ok(OnDevice {
            algorithm: if algorithm.value.is_null() { None } else { Some(algorithm.text()?) },
            warm: self.get("warm_ms")?.time()?,
            clock: if no_clock { None } else { Some(clock.time()?) },
        })
    }

    fn size(&self, operation: &str, on_cpu: bool) -> Result<Row, String> {
        let size = self.get("size")?;
        let number = size.value.as_u64().ok_or_else(|| size.wrong("a whole number"))?;
        let warm = self.get("device_ms")?.time()?;
        Ok(Row {
            name: name_at(operation, number),
            device: (!on_cpu).then_some(OnDevice { algorithm: None, warm, clock: None }),
            cpu: Some(self.get("cpu_ms")?.time()?),
        })
    }

    fn wrong(&self, wanted: &str) -> String {
        let path = if self.path.is_empty() { "the document" } else { &self.path };
        let found = match self.value {
            Value::Null => "is missing".into(),
            Value::Array(_) => "is a list".into(),
            Value::Object(_) => "is an object".into(),
            value => format!("is {value}"),
        };
        format!("is no result of `filtro bench --json`: {path} {found}, but must be {wanted}")
    }
}
