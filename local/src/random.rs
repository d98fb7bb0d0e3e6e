//! Random identifiers and secrets of one start, from the TLS library's source of randomness.

use std::fmt::Write;

use rustls::crypto::aws_lc_rs::default_provider;

/// `bytes` random bytes in lower-case hexadecimal.
///
/// If the source of randomness fails, the clock and the process id stand in: what is made here protects nothing
/// beyond one machine's tests.
pub(crate) fn hex(bytes: usize) -> String {
    let mut buffer = vec![0_u8; bytes];
    if default_provider().secure_random.fill(&mut buffer).is_err() {
        let seed = crate::clock::epoch_millis().rotate_left(20) ^ (u64::from(std::process::id()) << 32);
        for (at, byte) in buffer.iter_mut().enumerate() {
            *byte = (seed.rotate_left(u32::try_from(at).unwrap_or(0) * 7) & 0xff) as u8;
        }
    }
    let mut text = String::with_capacity(bytes * 2);
    for byte in buffer {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// A UUID of version 4 (RFC 9562 section 5.4), as Lambda writes request ids.
pub(crate) fn uuid() -> String {
    let raw = hex(16);
    let part = |from: usize, to: usize| raw.get(from..to).unwrap_or_default();
    format!(
        "{}-{}-4{}-a{}-{}",
        part(0, 8),
        part(8, 12),
        part(13, 16),
        part(17, 20),
        part(20, 32)
    )
}

/// The root of an X-Ray trace: `1-<seconds in hex>-<96 random bits>`.
pub(crate) fn trace_root() -> String {
    format!("1-{:08x}-{}", crate::clock::epoch_millis() / 1000, hex(12))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_have_their_shape_and_differ() {
        let id = uuid();
        assert_eq!(id.len(), 36);
        assert_eq!(id.split('-').map(str::len).collect::<Vec<_>>(), [8, 4, 4, 4, 12]);
        assert_ne!(id, uuid());
        assert_eq!(hex(7).len(), 14);
        assert_eq!(trace_root().len(), 35);
    }
}
