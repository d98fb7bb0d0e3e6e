//! HipChat's emoticons and smileys, as Slack's emoji.

use std::collections::HashMap;

use super::markup::escape;

/// What stands for emoticons: HipChat's own, and those that the operator adds or changes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Emoticons(HashMap<String, String>);

impl Emoticons {
    /// Makes `(name)` show `shown`: an emoji of the workspace such as `:jenkins:`, or a short text.
    ///
    /// # Errors
    /// Which of the two is not fit, and why.
    pub fn add(&mut self, name: &str, shown: &str) -> Result<(), &'static str> {
        const LONGEST: usize = 100;
        let name = name.trim().trim_start_matches('(').trim_end_matches(')');
        if name.is_empty() || !name.chars().all(is_of_word) {
            return Err("the name of an emoticon must be lower-case letters and digits");
        }
        let shown = shown.trim();
        if shown.is_empty() || shown.chars().count() > LONGEST || shown.contains(char::is_control) {
            return Err("what an emoticon shows must be one line of 1 to 100 characters");
        }
        self.0.insert(name.to_owned(), escape(shown, false));
        Ok(())
    }

    /// The emoticon that `text`, which begins with `(`, holds: its length in bytes and what stands for it, escaped.
    pub(super) fn word_at(&self, text: &str) -> Option<(usize, &str)> {
        let rest = text.strip_prefix('(')?;
        let end = rest.find(|letter: char| !is_of_word(letter))?;
        let word = rest.get(..end)?;
        if !rest.get(end..)?.starts_with(')') {
            return None;
        }
        let own = self.0.get(word).map(String::as_str);
        own.or_else(|| known(word)).map(|shown| (word.len() + 2, shown))
    }
}

fn is_of_word(letter: char) -> bool {
    letter.is_ascii_lowercase() || letter.is_ascii_digit()
}

fn known(word: &str) -> Option<&'static str> {
    let at = WORDS.binary_search_by_key(&word, |(known, _)| known).ok()?;
    WORDS.get(at).map(|(_, shown)| *shown)
}

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
            let text = format!("({word}) x");
            assert_eq!(Emoticons::default().word_at(&text), Some((word.len() + 2, *emoji)));
        }
    }

    #[test]
    fn unknown_words_stay() {
        for text in ["(jenkins)", "(Success)", "(success", "( success)", "()", "(success )"] {
            assert_eq!(Emoticons::default().word_at(text), None, "{text}");
        }
    }

    #[test]
    fn an_operator_adds_and_changes_words() {
        let mut emoticons = Emoticons::default();
        for (name, shown) in [
            ("jenkins", ":jenkins:"),
            ("(beer)", ":beers:"),
            ("odd", " <!channel> & "),
        ] {
            assert_eq!(emoticons.add(name, shown), Ok(()));
        }
        assert_eq!(emoticons.word_at("(jenkins)"), Some((9, ":jenkins:")));
        assert_eq!(emoticons.word_at("(beer)(beer)"), Some((6, ":beers:")));
        assert_eq!(emoticons.word_at("(odd)"), Some((5, "&lt;!channel&gt; &amp;")));
        assert_eq!(emoticons.word_at("(cake)"), Some((6, ":cake:")));
        for (name, shown) in [
            ("", ":a:"),
            ("A", ":a:"),
            ("a b", ":a:"),
            ("a", ""),
            ("a", "b\nc"),
            ("a", &"x".repeat(101)),
        ] {
            assert!(emoticons.add(name, shown).is_err(), "{name} {shown}");
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
