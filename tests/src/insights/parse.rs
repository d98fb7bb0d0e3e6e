//! Reads a query.

use super::word::{Word, words};
use super::{Aggregate, Column, Command, Condition, Expression, Value};

const COMPARISONS: [&str; 6] = ["=", "!=", "<=", ">=", "<", ">"];

/// Reads a whole query.
///
/// # Errors
/// What it does not know or expects in vain.
pub(super) fn query(text: &str) -> Result<Vec<Command>, String> {
    let words = words(text)?;
    let mut reader = Reader { words: &words };
    let mut commands = vec![reader.command()?];
    while reader.takes_sign("|") {
        commands.push(reader.command()?);
    }
    match reader.words {
        [] => Ok(commands),
        [word, ..] => Err(format!("what is {word:?} for?")),
    }
}

struct Reader<'w> {
    words: &'w [Word],
}

impl Reader<'_> {
    fn next(&mut self) -> Result<&Word, String> {
        let (first, rest) = self.words.split_first().ok_or("the query ends too early")?;
        self.words = rest;
        Ok(first)
    }

    fn takes(&mut self, wanted: &Word) -> bool {
        let Some((_, rest)) = self.words.split_first().filter(|(word, _)| *word == wanted) else {
            return false;
        };
        self.words = rest;
        true
    }

    fn takes_sign(&mut self, sign: &'static str) -> bool {
        self.takes(&Word::Sign(sign))
    }

    fn takes_name(&mut self, name: &str) -> bool {
        self.takes(&Word::Name(name.to_owned()))
    }

    fn sign(&mut self, sign: &'static str) -> Result<(), String> {
        match self.takes_sign(sign) {
            true => Ok(()),
            false => Err(format!("no {sign} before {:?}", self.words.first())),
        }
    }

    fn name(&mut self) -> Result<String, String> {
        match self.next()? {
            Word::Name(name) => Ok(name.clone()),
            other => Err(format!("{other:?} is no name")),
        }
    }

    /// One or more of something, separated by commas.
    fn list<T>(&mut self, one: impl Fn(&mut Self) -> Result<T, String>) -> Result<Vec<T>, String> {
        let mut list = vec![one(self)?];
        while self.takes_sign(",") {
            list.push(one(self)?);
        }
        Ok(list)
    }

    fn command(&mut self) -> Result<Command, String> {
        match self.name()?.as_str() {
            "fields" => Ok(Command::Fields(self.list(Self::column)?)),
            "filter" => Ok(Command::Filter(self.condition()?)),
            "stats" => {
                let made = self.list(Self::aggregate)?;
                let groups = if self.takes_name("by") {
                    self.list(Self::column)?
                } else {
                    Vec::new()
                };
                Ok(Command::Stats(made, groups))
            }
            "sort" => Ok(Command::Sort(self.list(Self::key)?)),
            "limit" => match self.next()? {
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "a whole number of rows"
                )]
                Word::Number(number) => Ok(Command::Limit(*number as usize)),
                other => Err(format!("limit {other:?}")),
            },
            other => Err(format!("no command is called {other}")),
        }
    }

    fn key(&mut self) -> Result<(String, bool), String> {
        let name = self.name()?;
        let down = self.takes_name("desc");
        if !down {
            self.takes_name("asc");
        }
        Ok((name, down))
    }

    fn column(&mut self) -> Result<Column, String> {
        let value = self.expression()?;
        let name = if self.takes_name("as") {
            self.name()?
        } else {
            match &value {
                Expression::Field(name) => name.clone(),
                Expression::Bin(_) => "bin".to_owned(),
                other => return Err(format!("{other:?} needs a name")),
            }
        };
        Ok(Column { value, name })
    }

    fn expression(&mut self) -> Result<Expression, String> {
        let mut value = self.operand()?;
        while self.takes_sign("-") {
            value = Expression::Minus(Box::new(value), Box::new(self.operand()?));
        }
        Ok(value)
    }

    fn operand(&mut self) -> Result<Expression, String> {
        let name = match self.next()? {
            Word::Number(number) => return Ok(Expression::Literal(Value::Number(*number))),
            Word::Text(text) => return Ok(Expression::Literal(Value::Text(text.clone()))),
            Word::Name(name) => name.clone(),
            other => return Err(format!("{other:?} is no value")),
        };
        if name != "bin" {
            return Ok(Expression::Field(name));
        }
        self.sign("(")?;
        let time = match self.next()? {
            Word::Time(millis) => *millis,
            other => return Err(format!("bin({other:?})")),
        };
        self.sign(")")?;
        Ok(Expression::Bin(time))
    }

    fn aggregate(&mut self) -> Result<(Aggregate, String), String> {
        let function = self.name()?;
        self.sign("(")?;
        let aggregate = match function.as_str() {
            "count" => {
                self.sign("*")?;
                Aggregate::Count
            }
            "sum" => Aggregate::Sum(self.expression()?),
            "avg" => Aggregate::Average(self.expression()?),
            "min" => Aggregate::Least(self.expression()?),
            "max" => Aggregate::Most(self.expression()?),
            "pct" => {
                let value = self.expression()?;
                self.sign(",")?;
                match self.next()? {
                    Word::Number(share) => Aggregate::Percentile(value, *share),
                    other => return Err(format!("pct of {other:?}")),
                }
            }
            other => return Err(format!("no function is called {other}")),
        };
        self.sign(")")?;
        if !self.takes_name("as") {
            return Err(format!("{function}(...) needs a name"));
        }
        Ok((aggregate, self.name()?))
    }

    fn condition(&mut self) -> Result<Condition, String> {
        let mut all = self.both()?;
        while self.takes_name("or") {
            all = Condition::Or(Box::new(all), Box::new(self.both()?));
        }
        Ok(all)
    }

    fn both(&mut self) -> Result<Condition, String> {
        let mut all = self.single()?;
        while self.takes_name("and") {
            all = Condition::And(Box::new(all), Box::new(self.single()?));
        }
        Ok(all)
    }

    fn single(&mut self) -> Result<Condition, String> {
        if self.takes_name("not") {
            return Ok(Condition::Not(Box::new(self.single()?)));
        }
        if self.takes_sign("(") {
            let inner = self.condition()?;
            self.sign(")")?;
            return Ok(inner);
        }
        if self.takes_name("ispresent") {
            self.sign("(")?;
            let name = self.name()?;
            self.sign(")")?;
            return Ok(Condition::Present(name));
        }
        let value = self.expression()?;
        if self.takes_name("like") {
            return match self.next()? {
                Word::Text(text) => Ok(Condition::Like(value, text.clone())),
                other => Err(format!("like {other:?}")),
            };
        }
        let sign = COMPARISONS.into_iter().find(|sign| self.takes_sign(sign));
        let sign = sign.ok_or_else(|| format!("{value:?} is compared with nothing"))?;
        Ok(Condition::Compared(value, sign, self.expression()?))
    }
}
