//! Parameters and buffers in safetensors files, with PyTorch's names and layouts.

use std::collections::BTreeSet;
#[cfg(not(target_arch = "wasm32"))]
use std::path::Path;

use safetensors::tensor::{Dtype, SafeTensors, TensorView};

use super::layer::Layer;
use super::{Buffer, Parameter};
use crate::memory::collected;
use crate::{Error, Result, Tensor};

/// Parameters and buffers to and from safetensors files, with PyTorch's names and layouts: of every
/// [`Layer`], and of networks above all.
///
/// # Examples
///
/// ```
/// use filtro::nn::{self, Layer, Rng, Sequential, StateDict};
/// use filtro::{Conv2d, Device};
///
/// let device = Device::cpu();
/// let network = |seed| {
///     let conv = nn::Conv2d::new(&device, Conv2d::new(1, 2, [3, 3]), &mut Rng::new(seed))?;
///     Ok::<_, filtro::Error>(Sequential::new().push_named("conv1", conv))
/// };
/// let bytes = network(1)?.to_safetensors()?; // conv1.weight and conv1.bias
/// let mut other = network(2)?;
/// other.load_safetensors(&bytes)?;
/// assert_eq!(other.to_safetensors()?, bytes);
/// # Ok::<(), filtro::Error>(())
/// ```
///
/// Source: `torch.nn.Module.state_dict`, `load_state_dict`.
pub trait StateDict: Layer {
    /// The parameters and buffers as the bytes of a safetensors file: named as PyTorch names them,
    /// `layer1.0.conv1.weight`, and in its layouts.
    ///
    /// # Errors
    ///
    /// As [`Tensor::download`](crate::Tensor::download), and [`Error::InvalidArgument`] for two of
    /// one name.
    #[cfg(not(target_arch = "wasm32"))]
    fn to_safetensors(&self) -> Result<Vec<u8>> {
        let entries = named(self)?.into_iter().map(|(name, value)| {
            let data = match value {
                Value::Tensor(parameter) => bytes(&parameter.value().to_vec()?)?,
                Value::Count(count) => count.to_le_bytes().to_vec(),
            };
            Ok(Entry { name, dtype: value.dtype(), sizes: value.sizes().to_vec(), data })
        });
        serialize(&entries.collect::<Result<Vec<_>>>()?)
    }

    /// As [`to_safetensors`](Self::to_safetensors), without blocking, and in a browser too. All of
    /// it is on its way to the host when this call returns; the future only waits.
    ///
    /// # Errors
    ///
    /// As [`to_safetensors`](Self::to_safetensors).
    fn to_safetensors_async(&self) -> impl Future<Output = Result<Vec<u8>>> + use<Self>
    where
        Self: Sized,
    {
        let begun = named(self).map(|named| {
            let begin = |(name, value): (String, Value<'_>)| {
                let (dtype, sizes) = (value.dtype(), value.sizes().to_vec());
                let (download, data) = match value {
                    Value::Tensor(parameter) => (Some(parameter.value().to_vec_async()), vec![]),
                    Value::Count(count) => (None, count.to_le_bytes().to_vec()),
                };
                (download, Entry { name, dtype, sizes, data })
            };
            named.into_iter().map(begin).collect::<Vec<_>>()
        });
        async move {
            let mut entries = Vec::new();
            for (download, mut entry) in begun? {
                if let Some(download) = download {
                    entry.data = bytes(&download.await?)?;
                }
                entries.push(entry);
            }
            serialize(&entries)
        }
    }

    /// Sets all parameters and buffers to those of a safetensors file's bytes.
    ///
    /// The file must hold all that the network has and nothing else, in the same sizes, as float32.
    /// A number, such as `num_batches_tracked`, is an int64 and may be missing: then it stays as it
    /// is. If the file does not fit, the network is left as it was.
    ///
    /// # Errors
    ///
    /// [`Error::ParameterFile`] for bytes that are no safetensors file, [`Error::OtherParameters`]
    /// with all that differs, [`Error::InvalidArgument`] for two of one name, and what the device
    /// reports.
    fn load_safetensors(&mut self, bytes: &[u8]) -> Result<()> {
        let file = SafeTensors::deserialize(bytes).map_err(format)?;
        let named = named(self)?;
        check(&file, &named)?;
        let mut tensors = Vec::new();
        let mut counts = Vec::new();
        for (name, value) in &named {
            let view = file.tensor(name).ok();
            match (value, view) {
                (Value::Tensor(parameter), Some(view)) => tensors.push(upload(parameter, &view)?),
                (Value::Count(count), view) => {
                    let count = view
                        .and_then(|view| view.data().try_into().ok().map(i64::from_le_bytes))
                        .unwrap_or(*count);
                    counts.push(count);
                }
                (Value::Tensor(_), None) => {}
            }
        }
        let (mut tensors, mut counts) = (tensors.into_iter(), counts.into_iter());
        for (parameter, value) in self.parameters_mut().into_iter().zip(&mut tensors) {
            parameter.set_value(value)?;
        }
        for buffer in self.buffers_mut() {
            match buffer {
                Buffer::Values(values) => {
                    tensors.next().map_or(Ok(()), |it| values.set_value(it))?
                }
                Buffer::Count(count) => *count = counts.next().unwrap_or(*count),
            }
        }
        Ok(())
    }

    /// Writes the parameters and buffers to a safetensors file, which PyTorch reads by
    /// `network.load_state_dict(safetensors.torch.load_file(path))`.
    ///
    /// # Errors
    ///
    /// [`Error::ParameterFile`] for a file that cannot be written; otherwise as
    /// [`to_safetensors`](Self::to_safetensors).
    #[cfg(not(target_arch = "wasm32"))]
    fn save<P: AsRef<Path>>(&self, path: P) -> Result<()>
    where
        Self: Sized,
    {
        let bytes = self.to_safetensors()?;
        std::fs::write(&path, bytes).map_err(|error| at(path.as_ref(), error))
    }

    /// Sets all parameters and buffers to those of a safetensors file, such as one that PyTorch
    /// wrote by `safetensors.torch.save_file(network.state_dict(), path)`.
    ///
    /// # Errors
    ///
    /// [`Error::ParameterFile`] for a file that cannot be read; otherwise as
    /// [`load_safetensors`](Self::load_safetensors).
    #[cfg(not(target_arch = "wasm32"))]
    fn load<P: AsRef<Path>>(&mut self, path: P) -> Result<()>
    where
        Self: Sized,
    {
        let bytes = std::fs::read(&path).map_err(|error| at(path.as_ref(), error))?;
        self.load_safetensors(&bytes)
    }
}

impl<L: Layer + ?Sized> StateDict for L {}

/// What a file holds under a name.
#[derive(Debug, Clone, Copy)]
enum Value<'a> {
    Tensor(&'a Parameter),
    Count(i64),
}

impl<'a> Value<'a> {
    const fn dtype(self) -> Dtype {
        match self {
            Self::Tensor(_) => Dtype::F32,
            Self::Count(_) => Dtype::I64,
        }
    }

    fn sizes(self) -> &'a [usize] {
        match self {
            Self::Tensor(parameter) => parameter.sizes(),
            Self::Count(_) => &[],
        }
    }
}

/// The parameters and then the buffers.
fn named<L: Layer + ?Sized>(network: &L) -> Result<Vec<(String, Value<'_>)>> {
    let parameters = network.named_parameters().into_iter();
    let mut named: Vec<_> = parameters.map(|(name, it)| (name, Value::Tensor(it))).collect();
    named.extend(network.named_buffers().into_iter().map(|(name, buffer)| match buffer {
        Buffer::Values(values) => (name, Value::Tensor(values)),
        Buffer::Count(count) => (name, Value::Count(*count)),
    }));
    let mut names = BTreeSet::new();
    if let Some((name, _)) = named.iter().find(|(name, _)| !names.insert(name)) {
        let rule = "every parameter and buffer needs a name of its own";
        return Err(Error::argument("parameters", "the name of two", name, rule));
    }
    Ok(named)
}

/// That a file holds these and no others.
fn check(file: &SafeTensors<'_>, named: &[(String, Value<'_>)]) -> Result<()> {
    let (mut missing, mut different) = (Vec::new(), Vec::new());
    for (name, value) in named {
        match (file.tensor(name), value) {
            (Ok(view), _) if view.dtype() == value.dtype() && view.shape() == value.sizes() => {}
            (Ok(view), _) => different.push(format!(
                "{name} is {} {:?} in the file, but {} {:?} in the network",
                view.dtype(),
                view.shape(),
                value.dtype(),
                value.sizes(),
            )),
            (Err(_), Value::Count(_)) => {}
            (Err(_), Value::Tensor(_)) => missing.push(name.clone()),
        }
    }
    let known: BTreeSet<_> = named.iter().map(|(name, _)| name.as_str()).collect();
    let left_over = file.names().into_iter().filter(|name| !known.contains(name));
    let mut left_over: Vec<_> = left_over.map(String::from).collect();
    left_over.sort_unstable();
    if missing.is_empty() && left_over.is_empty() && different.is_empty() {
        return Ok(());
    }
    Err(Error::OtherParameters { missing, left_over, different })
}

fn upload(parameter: &Parameter, view: &TensorView<'_>) -> Result<Tensor> {
    let (words, _) = view.data().as_chunks();
    let elements = collected(words.iter().map(|&word| f32::from_le_bytes(word)))
        .map_err(|missing| missing.during("parameters"))?;
    let value = parameter.value();
    value.device().upload_vec(elements, value.shape())
}

fn bytes(elements: &[f32]) -> Result<Vec<u8>> {
    collected(elements.iter().flat_map(|element| element.to_le_bytes()))
        .map_err(|missing| missing.during("parameters"))
}

/// What a file gets under a name.
struct Entry {
    name: String,
    dtype: Dtype,
    sizes: Vec<usize>,
    data: Vec<u8>,
}

fn serialize(entries: &[Entry]) -> Result<Vec<u8>> {
    let views = entries.iter().map(|Entry { name, dtype, sizes, data }| {
        Ok((name, TensorView::new(*dtype, sizes.clone(), data).map_err(format)?))
    });
    safetensors::serialize(views.collect::<Result<Vec<_>>>()?, None).map_err(format)
}

fn format(error: safetensors::SafeTensorError) -> Error {
    Error::ParameterFile { file: "safetensors".into(), message: error.to_string() }
}

#[cfg(not(target_arch = "wasm32"))]
fn at(path: &Path, error: std::io::Error) -> Error {
    Error::ParameterFile { file: path.display().to_string(), message: error.to_string() }
}
