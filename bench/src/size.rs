//! What a package weighs: the binary as it is, and deflated as in a zip file under the name `bootstrap`.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use flate2::Compression;
use flate2::write::DeflateEncoder;
use serde::Serialize;

/// A zip file's own bytes around one entry named `bootstrap`: local header, central directory, end record.
const ZIP_BYTES: usize = (30 + 9) + (46 + 9) + 22;

/// The size of one binary, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Size {
    /// The binary's file name.
    pub binary: &'static str,
    /// As it stands on disk.
    pub plain: usize,
    /// As a zip file at the best compression.
    pub zipped: usize,
}

/// Weighs one binary.
///
/// # Errors
/// It cannot be read.
pub fn weigh(directory: &Path, binary: &'static str) -> io::Result<Size> {
    let bytes = fs::read(directory.join(binary))?;
    Ok(Size {
        binary,
        plain: bytes.len(),
        zipped: deflated(&bytes)? + ZIP_BYTES,
    })
}

fn deflated(bytes: &[u8]) -> io::Result<usize> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repetition_deflates_and_noise_does_not() {
        assert!(deflated(&[b'x'; 100_000]).unwrap() < 1_000);
        let mut state = 1_u32;
        let noise: Vec<u8> = std::iter::repeat_with(|| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state.to_be_bytes()[0]
        })
        .take(100_000)
        .collect();
        assert!(deflated(&noise).unwrap() > 99_000);
        assert!(weigh(Path::new("/no/such/directory"), "bootstrap").is_err());
    }
}
