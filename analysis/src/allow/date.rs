//! Days of the calendar.

use std::fmt;

/// A day. Earlier days order first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

impl Date {
    /// The day `day` of `month`, both from 1; `None` where there is no such day.
    pub fn new(year: u16, month: u8, day: u8) -> Option<Self> {
        let leap =
            year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let days = match month {
            1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
            4 | 6 | 9 | 11 => 30,
            2 if leap => 29,
            2 => 28,
            _ => return None,
        };
        (1..=days).contains(&day).then_some(Self { year, month, day })
    }

    /// The day written as `2027-06-30`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('-').map(|part| part.parse().ok());
        let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
        let date = Self::new(year, month.try_into().ok()?, day.try_into().ok()?)?;
        // One form only: `2027-6-30` and `+2027-06-30` are slips.
        (parts.next().is_none() && date.to_string() == text).then_some(date)
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_that_exist_are_read() {
        for text in ["2027-06-30", "2028-02-29", "2000-02-29", "0001-01-01"] {
            assert_eq!(Date::parse(text).unwrap().to_string(), text);
        }
        for text in [
            "",
            "2027",
            "2027-06",
            "2027-6-30",
            "2027-06-31",
            "2027-02-29",
            "1900-02-29",
            "2027-13-01",
            "2027-00-01",
            "2027-01-00",
            "+2027-01-01",
            "2027-01-01-01",
            "99999-01-01",
            "30.6.2027",
        ] {
            assert_eq!(Date::parse(text), None, "{text}");
        }
    }

    #[test]
    fn earlier_days_order_first() {
        let days = ["2026-12-31", "2027-01-01", "2027-01-02", "2027-02-01"];
        let days = days.map(|text| Date::parse(text).unwrap());
        assert!(days.is_sorted());
    }
}
