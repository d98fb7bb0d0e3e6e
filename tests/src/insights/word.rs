//! The words of a query.

/// A word of a query.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Word {
    /// A name of a command, a function or a field.
    Name(String),
    /// A number.
    Number(f64),
    /// A length of time in milliseconds, such as `5m`.
    Time(f64),
    /// A text in quotes.
    Text(String),
    /// An operator or a bracket.
    Sign(&'static str),
}

/// Two-letter signs come first.
const SIGNS: [&str; 12] = ["!=", "<=", ">=", "=", "<", ">", "(", ")", ",", "|", "*", "-"];

/// Units of time by their letters.
const UNITS: [(&str, f64); 4] = [("s", 1e3), ("m", 6e4), ("h", 3.6e6), ("d", 8.64e7)];

/// Takes a query apart.
///
/// # Errors
/// The first letter that begins no word.
pub(super) fn words(text: &str) -> Result<Vec<Word>, String> {
    let mut words = Vec::new();
    for line in text.lines() {
        let mut rest = line.trim_start();
        while let Some(first) = rest.chars().next() {
            if first == '#' {
                break;
            }
            let (word, length) = word(rest, first)?;
            words.push(word);
            rest = rest.get(length..).unwrap_or_default().trim_start();
        }
    }
    Ok(words)
}

fn word(rest: &str, first: char) -> Result<(Word, usize), String> {
    if first == '"' {
        let body = rest.get(1..).unwrap_or_default();
        let end = body.find('"').ok_or_else(|| format!("no end of {rest}"))?;
        return Ok((Word::Text(body.get(..end).unwrap_or_default().to_owned()), end + 2));
    }
    if first.is_ascii_digit() {
        let length = length(rest, |c| c.is_ascii_digit() || c == '.');
        let number: f64 = rest
            .get(..length)
            .unwrap_or_default()
            .parse()
            .map_err(|_| format!("no number: {rest}"))?;
        let after = rest.get(length..).unwrap_or_default();
        let letters = self::length(after, |c| c.is_ascii_alphabetic());
        let unit = after.get(..letters).unwrap_or_default();
        return match UNITS.iter().find(|(letters, _)| *letters == unit) {
            Some((_, millis)) => Ok((Word::Time(number * millis), length + letters)),
            None if unit.is_empty() => Ok((Word::Number(number), length)),
            None => Err(format!("no unit of time: {unit}")),
        };
    }
    if first.is_ascii_alphabetic() || first == '_' || first == '@' {
        let length = length(rest, |c| c.is_ascii_alphanumeric() || "_@.".contains(c));
        return Ok((Word::Name(rest.get(..length).unwrap_or_default().to_owned()), length));
    }
    let sign = SIGNS.into_iter().find(|sign| rest.starts_with(sign));
    sign.map(|sign| (Word::Sign(sign), sign.len()))
        .ok_or_else(|| format!("no word begins with {rest}"))
}

fn length(text: &str, belongs: impl Fn(char) -> bool) -> usize {
    text.find(|c| !belongs(c)).unwrap_or(text.len())
}
