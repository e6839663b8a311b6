//! Why a message was refused.

/// A message that cannot be a fact: which field of it, and what is wrong there.
///
/// It reads "`sites[3].clusters[0].ages`: bucket 300 does not exist; the last is 251".
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{field}`: {fault}")]
pub struct DecodeError {
    /// The path of the field from the message that was read.
    pub field: String,
    /// What is wrong with it.
    pub fault: Fault,
}

impl DecodeError {
    /// The error of `field` itself.
    pub(super) fn new(field: impl Into<String>, fault: Fault) -> Self {
        Self { field: field.into(), fault }
    }

    /// The same error seen from the message that holds this one in `field`.
    pub(super) fn inside(self, field: &str) -> Self {
        Self { field: format!("{field}.{}", self.field), fault: self.fault }
    }

    /// The same error seen from the message that holds this one in the list `field` at `index`.
    pub(super) fn inside_list(self, field: &str, index: usize) -> Self {
        Self { field: format!("{field}[{index}].{}", self.field), fault: self.fault }
    }
}

/// What is wrong with a field.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A mandatory sub-message or field is absent.
    #[error("is missing")]
    Missing,
    /// A string exceeds its bound.
    #[error("is {bytes} bytes long; at most {max} are allowed")]
    TooLong {
        /// Its length.
        bytes: usize,
        /// The bound.
        max: usize,
    },
    /// A list exceeds its bound.
    #[error("has {items} entries; at most {max} are allowed")]
    TooMany {
        /// Its length.
        items: usize,
        /// The bound.
        max: usize,
    },
    /// A number exceeds its bound.
    #[error("is {value}; at most {max} is allowed")]
    TooLarge {
        /// The number.
        value: u64,
        /// The bound.
        max: u64,
    },
    /// A part is larger than its whole.
    #[error("is {part}, more than `{whole}`, which is {of}")]
    MoreThan {
        /// The number.
        part: u64,
        /// The field that bounds it.
        whole: &'static str,
        /// That field's number.
        of: u64,
    },
    /// Two columns of one table differ in length.
    #[error("has {items} entries where `{other}` has {expected}")]
    Uneven {
        /// Its length.
        items: usize,
        /// The other column.
        other: &'static str,
        /// That column's length.
        expected: usize,
    },
    /// A histogram bucket that does not exist.
    #[error("bucket {bucket} does not exist; the last is {last}")]
    NoSuchBucket {
        /// The bucket.
        bucket: u32,
        /// The largest that exists.
        last: u32,
    },
    /// Histogram buckets that do not ascend.
    #[error("bucket {bucket} does not follow the one before it")]
    Unordered {
        /// The bucket.
        bucket: u32,
    },
    /// A number that must not be 0.
    #[error("is 0")]
    Zero,
    /// Time bins that end beyond the clock's range.
    #[error("ends beyond the range of the clock")]
    PastTheEnd,
    /// An index that points at nothing.
    #[error("is {index}, but `{list}` has {items} entries")]
    OutOfRange {
        /// The index.
        index: u64,
        /// The list it points into.
        list: &'static str,
        /// The length of that list.
        items: usize,
    },
    /// A number of times per second that cannot be one.
    #[error("is not a finite number from 0 up")]
    NotARate,
    /// A share that is not one.
    #[error("is not a share from 0 to 1")]
    NotAShare,
    /// A value that a request must not leave to interpretation.
    #[error("{value} means nothing to this version; a newer viewer needs a newer agent")]
    UnknownValue {
        /// The value.
        value: i32,
    },
}
