//! HipChat's colors and what they look like beside a Slack attachment.

use sha2::{Digest, Sha256};

/// The color of a notification.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Color {
    /// The default.
    #[default]
    Yellow,
    /// Good news.
    Green,
    /// Bad news.
    Red,
    /// Purple.
    Purple,
    /// Gray, or grey.
    Gray,
    /// Any of the five.
    Random,
}

const FIVE: [Color; 5] = [Color::Yellow, Color::Green, Color::Red, Color::Purple, Color::Gray];

impl Color {
    /// Reads a color's name in any case; an empty one is yellow. `None` for what HipChat did not have.
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name.trim().to_ascii_lowercase().as_str() {
            "" | "yellow" => Self::Yellow,
            "green" => Self::Green,
            "red" => Self::Red,
            "purple" => Self::Purple,
            "gray" | "grey" => Self::Gray,
            "random" => Self::Random,
            _ => return None,
        })
    }

    /// The color as `#RRGGBB`. A random one is chosen by the message's text, so that a message sent again looks the
    /// same.
    pub fn hex(self, text: &str) -> &'static str {
        match self {
            Self::Yellow => "#F2C744",
            Self::Green => "#2EB67D",
            Self::Red => "#E01E5A",
            Self::Purple => "#8E5EA2",
            Self::Gray => "#9DA5AB",
            Self::Random => {
                let digest = Sha256::digest(text.as_bytes());
                let first = digest.first().copied().unwrap_or_default();
                let chosen = FIVE.get(usize::from(first) % FIVE.len()).copied().unwrap_or_default();
                chosen.hex(text)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fold_case() {
        for (name, hex) in [
            ("", "#F2C744"),
            ("YELLOW", "#F2C744"),
            ("Green", "#2EB67D"),
            ("RED", "#E01E5A"),
            (" purple ", "#8E5EA2"),
            ("grey", "#9DA5AB"),
            ("gray", "#9DA5AB"),
        ] {
            assert_eq!(Color::parse(name).map(|color| color.hex("")), Some(hex), "{name}");
        }
        assert_eq!(Color::parse("blue"), None);
    }

    #[test]
    fn random_is_the_same_for_the_same_text_and_uses_all_five() {
        let all: std::collections::BTreeSet<_> = (0..64).map(|n| Color::Random.hex(&n.to_string())).collect();
        assert_eq!(all.len(), 5);
        assert_eq!(Color::Random.hex("x"), Color::Random.hex("x"));
    }
}
