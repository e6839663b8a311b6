//! The keys of the filter language.

/// What a filter can ask for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Key {
    /// Place of the spawn site.
    Site,
    /// Task name.
    Name,
    /// `task`, `local`, `blocking`, `block_on`.
    Kind,
    /// `running`, `scheduled`, `parked`.
    State,
    /// `proven`, `likely`, `watch`, `ok`, `unknown`.
    Verdict,
    /// A rule's id.
    Rule,
    /// What the tasks wait for.
    Waits,
    /// The line and function where they wait.
    Park,
    /// For how long they have been parked.
    Parked,
    /// For how long they have been alive.
    Age,
    /// Live tasks of the site.
    Live,
    /// Growth of the site per minute.
    Grow,
    /// Polls.
    Polls,
    /// Live wakers.
    Wakers,
    /// The runtime.
    Runtime,
    /// The spawning task or its site.
    Spawner,
    /// Task id.
    Id,
    /// Whether these are the agent's own.
    Own,
    /// A field of the request span.
    Field(String),
}

/// What kind of values a key has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Any text.
    Text,
    /// One of these words.
    Word(&'static [&'static str]),
    /// A number.
    Number,
    /// A duration.
    Span,
    /// Yes or no.
    Flag,
}

/// The keys that have one spelling, in the order of the documentation.
pub(super) const NAMED: [(&str, Key); 18] = [
    ("site", Key::Site),
    ("name", Key::Name),
    ("kind", Key::Kind),
    ("state", Key::State),
    ("verdict", Key::Verdict),
    ("rule", Key::Rule),
    ("waits", Key::Waits),
    ("park", Key::Park),
    ("parked", Key::Parked),
    ("age", Key::Age),
    ("live", Key::Live),
    ("grow", Key::Grow),
    ("polls", Key::Polls),
    ("wakers", Key::Wakers),
    ("runtime", Key::Runtime),
    ("spawner", Key::Spawner),
    ("id", Key::Id),
    ("self", Key::Own),
];

/// How a word alone is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Search {
    Within,
    Whole,
}

/// Where a word alone is looked for.
pub(super) const SEARCHED: [(Key, Search); 8] = [
    (Key::Site, Search::Within),
    (Key::Name, Search::Within),
    (Key::Waits, Search::Within),
    (Key::Park, Search::Within),
    (Key::Kind, Search::Whole),
    (Key::State, Search::Whole),
    (Key::Verdict, Search::Whole),
    (Key::Rule, Search::Whole),
];

impl Key {
    /// The key of that name.
    pub fn parse(name: &str) -> Option<Self> {
        if let Some(field) = name.strip_prefix("field.") {
            return (!field.is_empty()).then(|| Self::Field(field.to_owned()));
        }
        NAMED.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, key)| key.clone())
    }

    /// The names of all keys, for help and completion.
    pub fn names() -> impl Iterator<Item = &'static str> {
        NAMED.iter().map(|(name, _)| *name).chain(["field.NAME"])
    }

    /// What kind of values it has.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Site
            | Self::Name
            | Self::Rule
            | Self::Waits
            | Self::Park
            | Self::Runtime
            | Self::Spawner
            | Self::Field(_) => Kind::Text,
            Self::Kind => Kind::Word(&["task", "local", "blocking", "block_on", "unknown"]),
            Self::State => Kind::Word(&["running", "scheduled", "parked", "unknown"]),
            Self::Verdict => Kind::Word(&["proven", "likely", "watch", "ok", "unknown"]),
            Self::Parked | Self::Age => Kind::Span,
            Self::Live | Self::Grow | Self::Polls | Self::Wakers | Self::Id => Kind::Number,
            Self::Own => Kind::Flag,
        }
    }
}
