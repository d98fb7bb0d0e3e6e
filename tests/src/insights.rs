//! CloudWatch Logs Insights as far as the operating guide's queries use it: `fields`, `filter`, `stats`, `sort` and `limit`
//! over JSON lines
//! (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax.html>).
//!
//! What it does not know it refuses, so that a query is never found good because half of it was skipped.

mod parse;
mod run;
mod word;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

/// What a field holds.
#[derive(Debug, Clone, PartialEq, PartialOrd)]
pub enum Value {
    /// A number; a boolean is 0 or 1.
    Number(f64),
    /// A text.
    Text(String),
}

/// A line, or a row of a result, by the names of its fields.
pub type Row = BTreeMap<String, Value>;

/// A query, read.
#[derive(Debug, Clone, PartialEq)]
pub struct Query(Vec<Command>);

/// One step of a query.
#[derive(Debug, Clone, PartialEq)]
enum Command {
    Fields(Vec<Column>),
    Filter(Condition),
    Stats(Vec<(Aggregate, String)>, Vec<Column>),
    Sort(Vec<(String, bool)>),
    Limit(usize),
}

/// A value with the name that it has from there on.
#[derive(Debug, Clone, PartialEq)]
struct Column {
    value: Expression,
    name: String,
}

/// What gives a value.
#[derive(Debug, Clone, PartialEq)]
enum Expression {
    Field(String),
    Literal(Value),
    /// The difference of two numbers.
    Minus(Box<Expression>, Box<Expression>),
    /// The time of the line, rounded down to so many milliseconds.
    Bin(f64),
}

/// What is true of a line or not.
#[derive(Debug, Clone, PartialEq)]
enum Condition {
    And(Box<Condition>, Box<Condition>),
    Or(Box<Condition>, Box<Condition>),
    Not(Box<Condition>),
    Present(String),
    Like(Expression, String),
    Compared(Expression, &'static str, Expression),
}

/// What is made of the lines of a group.
#[derive(Debug, Clone, PartialEq)]
enum Aggregate {
    Count,
    Sum(Expression),
    Average(Expression),
    Least(Expression),
    Most(Expression),
    Percentile(Expression, f64),
}

impl Query {
    /// Reads a query. What stands behind a `#` is a remark.
    ///
    /// # Errors
    /// What it does not know or expects in vain.
    pub fn parse(text: &str) -> Result<Self, String> {
        parse::query(text).map(Self)
    }

    /// The fields of lines that the query names.
    #[must_use]
    pub fn fields(&self) -> BTreeSet<String> {
        let (mut wanted, mut made) = (BTreeSet::new(), BTreeSet::new());
        for command in &self.0 {
            let mut names = BTreeSet::new();
            command.fields(&mut names);
            wanted.extend(names.difference(&made).cloned());
            match command {
                Command::Fields(columns) => made.extend(columns.iter().map(|column| column.name.clone())),
                Command::Stats(made_here, groups) => {
                    made.extend(made_here.iter().map(|(_, name)| name.clone()));
                    made.extend(groups.iter().map(|column| column.name.clone()));
                }
                Command::Filter(_) | Command::Sort(_) | Command::Limit(_) => {}
            }
        }
        wanted.retain(|name| !name.starts_with('@'));
        wanted
    }

    /// The rows that the query gives for lines.
    #[must_use]
    pub fn run(&self, lines: &[Row]) -> Vec<Row> {
        run::run(&self.0, lines)
    }
}

/// A line of the log as Logs Insights discovers it: the members of a JSON object at its top, `@message`, and `@timestamp`, in
/// milliseconds since 1970.
#[must_use]
pub fn line(text: &str, at_ms: f64) -> Row {
    let mut row = Row::new();
    if let Ok(Json::Object(members)) = serde_json::from_str(text) {
        for (name, member) in members {
            let value = match member {
                Json::Bool(flag) => Value::Number(f64::from(u8::from(flag))),
                Json::Number(number) => Value::Number(number.as_f64().unwrap_or_default()),
                Json::String(text) => Value::Text(text),
                Json::Null | Json::Array(_) | Json::Object(_) => continue,
            };
            row.insert(name, value);
        }
    }
    row.insert("@message".to_owned(), Value::Text(text.to_owned()));
    row.insert("@timestamp".to_owned(), Value::Number(at_ms));
    row
}

impl Command {
    fn fields(&self, names: &mut BTreeSet<String>) {
        match self {
            Self::Fields(columns) => columns.iter().for_each(|column| column.value.fields(names)),
            Self::Filter(condition) => condition.fields(names),
            Self::Stats(made, groups) => {
                made.iter().for_each(|(aggregate, _)| aggregate.fields(names));
                groups.iter().for_each(|column| column.value.fields(names));
            }
            Self::Sort(keys) => names.extend(keys.iter().map(|(name, _)| name.clone())),
            Self::Limit(_) => {}
        }
    }
}

impl Expression {
    fn fields(&self, names: &mut BTreeSet<String>) {
        match self {
            Self::Field(name) => {
                names.insert(name.clone());
            }
            Self::Minus(one, other) => {
                one.fields(names);
                other.fields(names);
            }
            Self::Literal(_) | Self::Bin(_) => {}
        }
    }
}

impl Condition {
    fn fields(&self, names: &mut BTreeSet<String>) {
        match self {
            Self::And(one, other) | Self::Or(one, other) => {
                one.fields(names);
                other.fields(names);
            }
            Self::Not(inner) => inner.fields(names),
            Self::Present(name) => {
                names.insert(name.clone());
            }
            Self::Like(value, _) => value.fields(names),
            Self::Compared(one, _, other) => {
                one.fields(names);
                other.fields(names);
            }
        }
    }
}

impl Aggregate {
    fn fields(&self, names: &mut BTreeSet<String>) {
        match self {
            Self::Count => {}
            Self::Sum(value)
            | Self::Average(value)
            | Self::Least(value)
            | Self::Most(value)
            | Self::Percentile(value, _) => {
                value.fields(names);
            }
        }
    }
}

#[cfg(test)]
mod tests;
