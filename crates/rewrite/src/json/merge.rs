//! What a script made of a document, written back so that whatever it left alone keeps its bytes.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

use super::JsonError;
use super::scan::{self, Kind, Member};
use super::splice::{Splices, quoted, removed};

/// When two numbers are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Numbers {
    /// When they are the same 64-bit float: the script saw no more of them (JavaScript).
    Double,
    /// When they are the same decimal number.
    Exact,
}

/// `before`, changed to say what `after` says. Values that are equal keep the bytes, and members the order, of
/// `before`; values that differ come from `after`, and so do new members, behind the others.
///
/// # Errors
/// When one of them is not one JSON value.
pub fn merge(before: &[u8], after: &[u8], numbers: Numbers) -> Result<Option<Vec<u8>>, JsonError> {
    let mut merge = Merge { before, after, numbers, splices: Splices::new(before) };
    merge.value(&scan::check(before)?, &scan::check(after)?)?;
    Ok(merge.splices.finish())
}

struct Merge<'a> {
    before: &'a [u8],
    after: &'a [u8],
    numbers: Numbers,
    splices: Splices<'a>,
}

impl Merge<'_> {
    fn value(&mut self, old: &Range<usize>, new: &Range<usize>) -> Result<(), JsonError> {
        let new_text = self.after.get(new.clone()).unwrap_or_default();
        // Also what can't be compared otherwise: half of a surrogate pair.
        if self.before.get(old.clone()) == Some(new_text) {
            return Ok(());
        }
        match (scan::kind(self.before, old), scan::kind(self.after, new)) {
            (Kind::Object, Kind::Object) => return self.object(old, new),
            (Kind::Array, Kind::Array) => {
                let (olds, news) = (scan::elements(self.before, old)?, scan::elements(self.after, new)?);
                if olds.len() == news.len() {
                    return olds.iter().zip(&news).try_for_each(|(old, new)| self.value(old, new));
                }
            }
            (Kind::String, Kind::String)
                if scan::string(self.before, old).is_some_and(|text| scan::is(self.after, new, &text)) =>
            {
                return Ok(());
            }
            (Kind::Scalar, Kind::Scalar) if self.same_scalar(old, new_text) => return Ok(()),
            _ => {}
        }
        self.splices.replace(old.clone(), new_text);
        Ok(())
    }

    fn object(&mut self, old: &Range<usize>, new: &Range<usize>) -> Result<(), JsonError> {
        let (olds, news) = (scan::members(self.before, old)?, scan::members(self.after, new)?);
        let (old_values, new_values) = (by_name(self.before, &olds), by_name(self.after, &news));
        let gone = |member: &Member| {
            scan::string(self.before, &member.key).is_none_or(|name| !new_values.contains_key(&name))
        };
        let all_gone = olds.iter().all(gone);
        let cuts = removed(&olds, gone);
        let mut added = Vec::new();
        for member in &news {
            let Some(name) = scan::string(self.after, &member.key) else { continue };
            if new_values.get(&name) != Some(&&member.value) {
                // A later one of that name counts.
                continue;
            }
            match old_values.get(&name) {
                Some(value) => self.value(value, &member.value)?,
                None => {
                    let value = self.after.get(member.value.clone()).unwrap_or_default();
                    added.push([quoted(&name).as_slice(), b":", value].concat());
                }
            }
        }
        self.splices.remove(cuts);
        if !added.is_empty() {
            let added = added.join(b",".as_slice());
            match olds.last().filter(|_| !all_gone) {
                // Behind what may be cut out at the end of the object.
                Some(last) => {
                    self.splices.replace(last.value.end..last.value.end, [b",", added.as_slice()].concat())
                }
                None => {
                    let end = olds.last().map_or(old.start + 1, |last| last.value.end);
                    self.splices.replace(end..end, added);
                }
            }
        }
        Ok(())
    }

    fn same_scalar(&self, old: &Range<usize>, new: &[u8]) -> bool {
        let old = self.before.get(old.clone()).unwrap_or_default();
        let is_number = |text: &[u8]| matches!(text.first(), Some(b'-' | b'0'..=b'9'));
        if old == new || !is_number(old) || !is_number(new) {
            return old == new;
        }
        let text = |bytes| std::str::from_utf8(bytes).unwrap_or_default();
        match self.numbers {
            Numbers::Double => text(old).parse::<f64>() == text(new).parse::<f64>(),
            Numbers::Exact => decimal(text(old)) == decimal(text(new)),
        }
    }
}

/// The values that count, by name.
fn by_name<'a, 'm>(text: &'a [u8], members: &'m [Member]) -> HashMap<Cow<'a, str>, &'m Range<usize>> {
    let named = |member: &'m Member| Some((scan::string(text, &member.key)?, &member.value));
    members.iter().filter_map(named).collect()
}

/// A number's sign, digits without outer zeros, and the power of ten behind them; one form for each number.
fn decimal(text: &str) -> Option<(bool, String, i64)> {
    let (negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let significant = digits.trim_end_matches('0');
    if significant.trim_start_matches('0').is_empty() {
        return Some((negative, String::new(), 0));
    }
    let exponent: i64 = exponent.parse().ok()?;
    let scale = exponent.checked_sub(i64::try_from(fraction.len()).ok()?)?;
    let scale = scale.checked_add(i64::try_from(digits.len() - significant.len()).ok()?)?;
    Some((negative, significant.trim_start_matches('0').to_owned(), scale))
}
