//! The `client_msg_id` of a message: the same for every attempt to post it, and for no other message.

use std::fmt::Write;

use sha2::{Digest, Sha256};

/// A UUID (RFC 9562, version 8: made by a rule of our own) of what makes the message unique.
pub(super) fn of(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    let digest = hash.finalize();
    let mut id = String::with_capacity(36);
    for (at, byte) in digest.iter().take(16).enumerate() {
        let byte = match at {
            6 => 0x80 | (byte & 0x0f),
            8 => 0x80 | (byte & 0x3f),
            _ => *byte,
        };
        if matches!(at, 4 | 6 | 8 | 10) {
            id.push('-');
        }
        // Writing to a String cannot fail.
        let _ = write!(id, "{byte:02x}");
    }
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_a_uuid_that_only_the_same_parts_give() {
        let id = of(&["request-1", "text"]);
        assert_eq!((id.len(), of(&["request-1", "text"])), (36, id.clone()));
        let groups: Vec<usize> = id.split('-').map(str::len).collect();
        assert_eq!(groups, [8, 4, 4, 4, 12]);
        assert_eq!(&id[14..15], "8");
        assert!("89ab".contains(&id[19..20]));
        assert_ne!(of(&["request-1t", "ext"]), id);
    }
}
