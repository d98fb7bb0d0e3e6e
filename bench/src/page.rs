//! The parts of a page that are generated: each stands between two marks, which name it.

/// A part with its marks.
#[must_use]
pub fn block(name: &str, body: &str) -> String {
    format!("{}\n{}\n{}\n", begin(name), body.trim(), end(name))
}

/// The page with a part put in place of what stands between its marks.
///
/// # Errors
/// The page has no such marks, or has them twice.
pub fn put(page: &str, name: &str, body: &str) -> Result<String, String> {
    let told = || {
        format!(
            "the page must have {} and {} once each, in this order",
            begin(name),
            end(name)
        )
    };
    let (before, rest) = page.split_once(&begin(name)).ok_or_else(told)?;
    let (old, after) = rest.split_once(&format!("{}\n", end(name))).ok_or_else(told)?;
    if old.contains("<!-- bench:") || after.contains(&begin(name)) {
        return Err(told());
    }
    Ok(format!("{before}{}{after}", block(name, body)))
}

/// The names of all parts that a page has marks for, in their order.
#[must_use]
pub fn names(page: &str) -> Vec<&str> {
    page.split("<!-- bench:")
        .skip(1)
        .filter_map(|rest| rest.split_once(" -->").map(|(name, _)| name))
        .collect()
}

fn begin(name: &str) -> String {
    format!("<!-- bench:{name} -->")
}

fn end(name: &str) -> String {
    format!("<!-- /bench:{name} -->")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_replaced_and_all_else_stays() {
        let page = format!("# Page\n\n{}\nbetween\n{}end\n", block("a", "old"), block("b", "kept"));
        assert_eq!(names(&page), ["a", "b"]);
        let new = put(&page, "a", "new\nlines\n").unwrap();
        assert_eq!(
            new,
            format!(
                "# Page\n\n{}\nbetween\n{}end\n",
                block("a", "new\nlines"),
                block("b", "kept")
            )
        );
        assert_eq!(put(&new, "a", "old"), Ok(page));
    }

    #[test]
    fn missing_and_doubled_marks_are_told() {
        assert!(put("# Page\n", "a", "x").is_err());
        let twice = format!("{}{}", block("a", "x"), block("a", "y"));
        assert!(put(&twice, "a", "z").is_err());
        assert!(put("<!-- bench:a -->\nno end\n", "a", "z").is_err());
    }
}
