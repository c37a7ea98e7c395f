//! Parameters in safetensors files, with PyTorch's names and layouts.

use std::path::Path;

use safetensors::tensor::{Dtype, SafeTensors, TensorView};

use super::Sequential;
use super::layer::Layer;
use crate::memory::collected;
use crate::{Error, Result};

impl Sequential {
    /// The parameters as the bytes of a safetensors file: named as PyTorch names them, `0.weight`,
    /// and in its layouts.
    ///
    /// # Errors
    ///
    /// As [`Tensor::download`](crate::Tensor::download).
    #[cfg(not(target_arch = "wasm32"))]
    pub fn to_safetensors(&self) -> Result<Vec<u8>> {
        let parameters = self.named_parameters().into_iter().map(|(name, parameter)| {
            Ok((name, parameter.sizes().to_vec(), bytes(&parameter.value().to_vec()?)?))
        });
        serialize(&parameters.collect::<Result<Vec<_>>>()?)
    }

    /// As [`to_safetensors`](Self::to_safetensors), without blocking, and in a browser too. All
    /// parameters are on their way to the host when this call returns; the future only waits.
    ///
    /// # Errors
    ///
    /// As [`Tensor::download`](crate::Tensor::download).
    pub fn to_safetensors_async(&self) -> impl Future<Output = Result<Vec<u8>>> + use<> {
        let parameters = self.named_parameters().into_iter().map(|(name, parameter)| {
            (name, parameter.sizes().to_vec(), parameter.value().to_vec_async())
        });
        let downloads: Vec<_> = parameters.collect();
        async move {
            let mut parameters = Vec::new();
            for (name, sizes, elements) in downloads {
                parameters.push((name, sizes, bytes(&elements.await?)?));
            }
            serialize(&parameters)
        }
    }

    /// Sets all parameters to those of a safetensors file's bytes.
    ///
    /// The file must hold the network's parameters, all of them and no others, as f32 and in their
    /// sizes. If it does not, the network is left as it was.
    ///
    /// # Errors
    ///
    /// [`Error::ParameterFile`] for bytes that are no safetensors file,
    /// [`Error::MissingParameter`], [`Error::UnexpectedParameter`],
    /// [`Error::ParameterMismatch`], and what the device reports.
    pub fn load_safetensors(&mut self, bytes: &[u8]) -> Result<()> {
        let file = SafeTensors::deserialize(bytes).map_err(format)?;
        let mut names = file.names();
        names.sort_unstable();
        let mut values = Vec::new();
        let mut expected_names = Vec::new();
        for (name, parameter) in self.named_parameters() {
            let Ok(view) = file.tensor(&name) else {
                return Err(Error::MissingParameter { name, found: names.join(", ") });
            };
            if view.dtype() != Dtype::F32 || view.shape() != parameter.sizes() {
                return Err(Error::ParameterMismatch {
                    name,
                    actual: format!("{} {:?}", view.dtype(), view.shape()),
                    expected: format!("{} {:?}", Dtype::F32, parameter.sizes()),
                });
            }
            let (words, _) = view.data().as_chunks();
            let elements = collected(words.iter().map(|&word| f32::from_le_bytes(word)))
                .map_err(|missing| missing.during("parameters"))?;
            let value = parameter.value();
            values.push(value.device().upload_vec(elements, value.shape())?);
            expected_names.push(name);
        }
        if let Some(name) = names.iter().find(|name| !expected_names.iter().any(|it| it == *name)) {
            let (name, expected) = ((*name).to_string(), expected_names.join(", "));
            return Err(Error::UnexpectedParameter { name, expected });
        }
        for (parameter, value) in self.parameters_mut().into_iter().zip(values) {
            parameter.set_value(value)?;
        }
        Ok(())
    }

    /// Writes the parameters to a safetensors file, which PyTorch reads by
    /// `safetensors.torch.load_file`.
    ///
    /// # Errors
    ///
    /// [`Error::ParameterFile`] for a file that cannot be written; otherwise as
    /// [`to_safetensors`](Self::to_safetensors).
    #[cfg(not(target_arch = "wasm32"))]
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        let bytes = self.to_safetensors()?;
        std::fs::write(&path, bytes).map_err(|error| at(path.as_ref(), error))
    }

    /// Sets all parameters to those of a safetensors file, such as one that PyTorch wrote by
    /// `safetensors.torch.save_file(network.state_dict(), path)`.
    ///
    /// # Errors
    ///
    /// [`Error::ParameterFile`] for a file that cannot be read; otherwise as
    /// [`load_safetensors`](Self::load_safetensors).
    pub fn load(&mut self, path: impl AsRef<Path>) -> Result<()> {
        let bytes = std::fs::read(&path).map_err(|error| at(path.as_ref(), error))?;
        self.load_safetensors(&bytes)
    }
}

fn bytes(elements: &[f32]) -> Result<Vec<u8>> {
    collected(elements.iter().flat_map(|element| element.to_le_bytes()))
        .map_err(|missing| missing.during("parameters"))
}

/// The file of parameters: their names, sizes and bytes.
fn serialize(parameters: &[(String, Vec<usize>, Vec<u8>)]) -> Result<Vec<u8>> {
    let views = parameters
        .iter()
        .map(|(name, sizes, bytes)| {
            Ok((name, TensorView::new(Dtype::F32, sizes.clone(), bytes).map_err(format)?))
        })
        .collect::<Result<Vec<_>>>()?;
    safetensors::serialize(views, None).map_err(format)
}

fn format(error: safetensors::SafeTensorError) -> Error {
    Error::ParameterFile { file: "safetensors".into(), message: error.to_string() }
}

fn at(path: &Path, error: std::io::Error) -> Error {
    Error::ParameterFile { file: path.display().to_string(), message: error.to_string() }
}
