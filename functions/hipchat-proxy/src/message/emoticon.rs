//! HipChat's emoticons and smileys, as Slack's emoji.

/// Words in brackets, sorted, and what stands for them.
const WORDS: &[(&str, &str)] = &[
    ("allthethings", ":raised_hands:"),
    ("awesome", ":sunglasses:"),
    ("awyeah", ":sunglasses:"),
    ("badass", ":muscle:"),
    ("beer", ":beer:"),
    ("boom", ":boom:"),
    ("cake", ":cake:"),
    ("clap", ":clap:"),
    ("coffee", ":coffee:"),
    ("cry", ":cry:"),
    ("dance", ":dancer:"),
    ("dealwithit", ":sunglasses:"),
    ("facepalm", ":face_palm:"),
    ("fail", ":x:"),
    ("failed", ":x:"),
    ("fire", ":fire:"),
    ("gangnamstyle", ":sunglasses:"),
    ("heart", ":heart:"),
    ("highfive", ":raised_hands:"),
    ("hodor", ":sunglasses:"),
    ("info", ":information_source:"),
    ("lol", ":joy:"),
    ("ninja", ":ninja:"),
    ("pokerface", ":neutral_face:"),
    ("poo", ":poop:"),
    ("rofl", ":joy:"),
    ("sadpanda", ":panda_face:"),
    ("shrug", "¯\\_(ツ)_/¯"),
    ("slowclap", ":clap:"),
    ("star", ":star:"),
    ("success", ":white_check_mark:"),
    ("successful", ":white_check_mark:"),
    ("tableflip", "(╯°□°)╯︵ ┻━┻"),
    ("thumbsdown", ":thumbsdown:"),
    ("thumbsup", ":thumbsup:"),
    ("troll", ":smiling_imp:"),
    ("warning", ":warning:"),
    ("wtf", ":interrobang:"),
    ("yey", ":thumbsup:"),
];

/// Smileys, the longer ones first.
const SMILEYS: &[(&str, &str)] = &[
    (":-)", ":slightly_smiling_face:"),
    (":'(", ":cry:"),
    (":)", ":slightly_smiling_face:"),
    (":(", ":disappointed:"),
    (";)", ":wink:"),
    (":D", ":smile:"),
    (":P", ":stuck_out_tongue:"),
    (":p", ":stuck_out_tongue:"),
    (":o", ":open_mouth:"),
    (":O", ":open_mouth:"),
    ("<3", ":heart:"),
];

/// The emoticon that `text`, which begins with `(`, holds: its length in bytes and what stands for it.
pub(super) fn word_at(text: &str) -> Option<(usize, &'static str)> {
    let rest = text.strip_prefix('(')?;
    let end = rest.find(|letter: char| !(letter.is_ascii_lowercase() || letter.is_ascii_digit()))?;
    let word = rest.get(..end)?;
    if !rest.get(end..)?.starts_with(')') {
        return None;
    }
    let at = WORDS.binary_search_by_key(&word, |(known, _)| known).ok()?;
    WORDS.get(at).map(|(word, emoji)| (word.len() + 2, *emoji))
}

/// The smiley that `text` begins with, if it stands alone: `before` it and after it there is white space, the
/// message's edge or, after it, a punctuation mark.
pub(super) fn smiley_at(text: &str, before: Option<char>) -> Option<(usize, &'static str)> {
    if before.is_some_and(|letter| !letter.is_whitespace()) {
        return None;
    }
    let (smiley, emoji) = SMILEYS.iter().find(|(smiley, _)| text.starts_with(smiley))?;
    let after = text.get(smiley.len()..)?.chars().next();
    let alone = after.is_none_or(|letter| letter.is_whitespace() || matches!(letter, '.' | ',' | '!' | '?' | ';'));
    alone.then_some((smiley.len(), *emoji))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_sorted_for_the_search() {
        assert!(WORDS.is_sorted_by_key(|(word, _)| *word));
        for (word, emoji) in WORDS {
            assert_eq!(word_at(&format!("({word}) x")), Some((word.len() + 2, *emoji)));
        }
    }

    #[test]
    fn unknown_words_stay() {
        for text in ["(jenkins)", "(Success)", "(success", "( success)", "()", "(success )"] {
            assert_eq!(word_at(text), None, "{text}");
        }
    }

    #[test]
    fn smileys_stand_alone() {
        assert_eq!(smiley_at(":) x", None), Some((2, ":slightly_smiling_face:")));
        assert_eq!(smiley_at(":-).", Some(' ')), Some((3, ":slightly_smiling_face:")));
        assert_eq!(smiley_at("<3", Some('\n')), Some((2, ":heart:")));
        assert_eq!(smiley_at(":Dx", Some(' ')), None);
        assert_eq!(smiley_at(":p", Some('8')), None);
        assert_eq!(smiley_at("<30", Some(' ')), None);
    }
}
