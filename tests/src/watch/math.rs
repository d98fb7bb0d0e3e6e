//! The part of CloudWatch's metric math that the template uses
//! (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html>): numbers, the four
//! operations, comparisons, `IF` and `FILL`, on the value of one period.

use std::collections::BTreeMap;

/// The value of an expression in a period. Where a value is missing, so is what is computed from it.
///
/// # Errors
/// What is wrong with the expression.
pub fn evaluate(expression: &str, values: &BTreeMap<String, Option<f64>>) -> Result<Option<f64>, String> {
    let mut reader = Reader {
        rest: expression,
        values,
    };
    let value = reader.comparison()?;
    match reader.rest.trim_start() {
        "" => Ok(value),
        rest => Err(format!("{expression:?}: what is {rest:?}?")),
    }
}

struct Reader<'a> {
    rest: &'a str,
    values: &'a BTreeMap<String, Option<f64>>,
}

type Read = Result<Option<f64>, String>;

impl<'a> Reader<'a> {
    fn comparison(&mut self) -> Read {
        let left = self.sum()?;
        for (sign, holds) in [
            (">=", (|a, b| a >= b) as fn(f64, f64) -> bool),
            ("<=", |a, b| a <= b),
            (">", |a, b| a > b),
            ("<", |a, b| a < b),
        ] {
            if self.takes(sign) {
                let right = self.sum()?;
                return Ok(both(left, right, |a, b| f64::from(u8::from(holds(a, b)))));
            }
        }
        Ok(left)
    }

    fn sum(&mut self) -> Read {
        let mut value = self.product()?;
        loop {
            if self.takes("+") {
                value = both(value, self.product()?, |a, b| a + b);
            } else if self.takes("-") {
                value = both(value, self.product()?, |a, b| a - b);
            } else {
                return Ok(value);
            }
        }
    }

    fn product(&mut self) -> Read {
        let mut value = self.term()?;
        loop {
            if self.takes("*") {
                value = both(value, self.term()?, |a, b| a * b);
            } else if self.takes("/") {
                // CloudWatch has no value where it would divide by zero.
                value = both(value, self.term()?, |a, b| a / b).filter(|value| value.is_finite());
            } else {
                return Ok(value);
            }
        }
    }

    fn term(&mut self) -> Read {
        if self.takes("(") {
            let value = self.comparison()?;
            self.expect(")")?;
            return Ok(value);
        }
        let word = self.word();
        if let Ok(number) = word.parse::<f64>() {
            return Ok(Some(number));
        }
        match word {
            "IF" => {
                let [condition, then, otherwise] = self.arguments()?;
                Ok(condition.and_then(|condition| if condition == 0.0 { otherwise } else { then }))
            }
            "FILL" => {
                let [value, instead] = self.arguments()?;
                Ok(value.or(instead))
            }
            id => {
                let value = self.values.get(id).copied();
                value.ok_or_else(|| format!("no metric has the id {id:?}"))
            }
        }
    }

    fn arguments<const N: usize>(&mut self) -> Result<[Option<f64>; N], String> {
        let mut all = [None; N];
        self.expect("(")?;
        for (at, argument) in all.iter_mut().enumerate() {
            if at > 0 {
                self.expect(",")?;
            }
            *argument = self.comparison()?;
        }
        self.expect(")")?;
        Ok(all)
    }

    fn word(&mut self) -> &'a str {
        self.rest = self.rest.trim_start();
        let is_end = |letter: char| !(letter.is_ascii_alphanumeric() || letter == '_' || letter == '.');
        let (word, rest) = self.rest.split_at(self.rest.find(is_end).unwrap_or(self.rest.len()));
        self.rest = rest;
        word
    }

    fn takes(&mut self, sign: &str) -> bool {
        let rest = self.rest.trim_start().strip_prefix(sign);
        if let Some(rest) = rest {
            self.rest = rest;
        }
        rest.is_some()
    }

    fn expect(&mut self, sign: &str) -> Result<(), String> {
        let rest = self.rest;
        if self.takes(sign) {
            Ok(())
        } else {
            Err(format!("{sign:?} is wanted before {rest:?}"))
        }
    }
}

fn both(left: Option<f64>, right: Option<f64>, with: impl Fn(f64, f64) -> f64) -> Option<f64> {
    Some(with(left?, right?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions() {
        let values = BTreeMap::from([
            ("a".to_owned(), Some(6.0)),
            ("b".to_owned(), Some(2.0)),
            ("none".to_owned(), None),
        ]);
        for (expression, value) in [
            ("a", Some(6.0)),
            ("1 + a * b - 3", Some(10.0)),
            ("100 * (a + b) / (a - b)", Some(200.0)),
            ("a + none", None),
            ("FILL(none, 0) + a", Some(6.0)),
            ("a / 0", None),
            ("IF(a >= 6, a / b, 0)", Some(3.0)),
            ("IF(a > 6, a, FILL(none, 7))", Some(7.0)),
            ("IF(none > 1, 1, 2)", None),
            ("a < b", Some(0.0)),
            ("a <= 6", Some(1.0)),
        ] {
            assert_eq!(evaluate(expression, &values), Ok(value), "{expression}");
        }
        for broken in ["", "c", "a b", "(a", "IF(a, b)", "FILL(a)", "MAX(a)"] {
            assert!(evaluate(broken, &values).is_err(), "{broken}");
        }
    }
}
