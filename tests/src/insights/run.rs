//! Runs a query over lines.

use std::cmp::Ordering;

use super::{Aggregate, Command, Condition, Expression, Row, Value};

/// The rows after all steps. Until `stats` a row keeps all fields of its line, which later steps may name; what `fields` lists
/// last is what is shown.
pub(super) fn run(commands: &[Command], lines: &[Row]) -> Vec<Row> {
    let mut rows = lines.to_vec();
    let mut shown: Option<Vec<String>> = None;
    for command in commands {
        match command {
            Command::Fields(columns) => {
                for row in &mut rows {
                    for column in columns {
                        if let Some(value) = column.value.of(row) {
                            row.insert(column.name.clone(), value);
                        }
                    }
                }
                shown = Some(columns.iter().map(|column| column.name.clone()).collect());
            }
            Command::Filter(condition) => rows.retain(|row| condition.holds(row)),
            Command::Stats(made, groups) => {
                let mut grouped: Vec<(Vec<Option<Value>>, Vec<Row>)> = Vec::new();
                for row in rows {
                    let key: Vec<Option<Value>> = groups.iter().map(|column| column.value.of(&row)).collect();
                    match grouped.iter_mut().find(|(known, _)| *known == key) {
                        Some((_, members)) => members.push(row),
                        None => grouped.push((key, vec![row])),
                    }
                }
                let row = |(key, members): (Vec<Option<Value>>, Vec<Row>)| {
                    let names = groups.iter().map(|column| column.name.clone());
                    let keys = names.zip(key).filter_map(|(name, value)| Some((name, value?)));
                    let values = made
                        .iter()
                        .filter_map(|(aggregate, name)| Some((name.clone(), aggregate.of(&members)?)));
                    keys.chain(values).collect()
                };
                rows = grouped.into_iter().map(row).collect();
                shown = None;
            }
            Command::Sort(keys) => rows.sort_by(|one, other| {
                let orders = keys.iter().map(|(name, down)| {
                    let order = one.get(name).partial_cmp(&other.get(name)).unwrap_or(Ordering::Equal);
                    if *down { order.reverse() } else { order }
                });
                orders.fold(Ordering::Equal, Ordering::then)
            }),
            Command::Limit(most) => rows.truncate(*most),
        }
    }
    if let Some(shown) = shown {
        rows.iter_mut()
            .for_each(|row| row.retain(|name, _| shown.contains(name)));
    }
    rows
}

impl Expression {
    fn of(&self, row: &Row) -> Option<Value> {
        match self {
            Self::Field(name) => row.get(name).cloned(),
            Self::Literal(value) => Some(value.clone()),
            Self::Minus(one, other) => Some(Value::Number(one.number(row)? - other.number(row)?)),
            Self::Bin(millis) => match row.get("@timestamp")? {
                Value::Number(at) => Some(Value::Number((at / millis).floor() * millis)),
                Value::Text(_) => None,
            },
        }
    }

    fn number(&self, row: &Row) -> Option<f64> {
        match self.of(row)? {
            Value::Number(number) => Some(number),
            Value::Text(_) => None,
        }
    }
}

impl Condition {
    fn holds(&self, row: &Row) -> bool {
        match self {
            Self::And(one, other) => one.holds(row) && other.holds(row),
            Self::Or(one, other) => one.holds(row) || other.holds(row),
            Self::Not(inner) => !inner.holds(row),
            Self::Present(name) => row.contains_key(name),
            Self::Like(value, part) => matches!(value.of(row), Some(Value::Text(text)) if text.contains(part)),
            // What is not there is neither equal nor unequal.
            Self::Compared(one, sign, other) => match (one.of(row), other.of(row)) {
                (Some(one), Some(other)) => one.partial_cmp(&other).is_some_and(|order| fits(sign, order)),
                _ => false,
            },
        }
    }
}

fn fits(sign: &str, order: Ordering) -> bool {
    match sign {
        "=" => order.is_eq(),
        "!=" => order.is_ne(),
        "<" => order.is_lt(),
        "<=" => order.is_le(),
        ">" => order.is_gt(),
        _ => order.is_ge(),
    }
}

impl Aggregate {
    fn of(&self, rows: &[Row]) -> Option<Value> {
        #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^53 lines")]
        let count = |length: usize| length as f64;
        let numbers = |value: &Expression| -> Vec<f64> {
            let mut numbers: Vec<f64> = rows.iter().filter_map(|row| value.number(row)).collect();
            numbers.sort_by(f64::total_cmp);
            numbers
        };
        let number = match self {
            Self::Count => count(rows.len()),
            Self::Sum(value) => numbers(value).iter().sum(),
            Self::Average(value) => {
                let numbers = numbers(value);
                numbers.first()?;
                numbers.iter().sum::<f64>() / count(numbers.len())
            }
            Self::Least(value) => *numbers(value).first()?,
            Self::Most(value) => *numbers(value).last()?,
            Self::Percentile(value, share) => {
                let numbers = numbers(value);
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "a place in the list"
                )]
                let place = (share / 100.0 * count(numbers.len())).ceil() as usize;
                *numbers.get(place.saturating_sub(1))?
            }
        };
        Some(Value::Number(number))
    }
}
