//! The filter of a table: live while typing, and never worse than its last good text.

use stranded_analysis::query::{Key, Query, QueryError};
use tui_input::{Input, InputRequest};

/// A filter and the line in which it is edited.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filter {
    input: Input,
    /// The text from before editing began, while it is edited.
    before: Option<String>,
    /// The last text that made sense, and its meaning: this is what filters.
    good: String,
    query: Option<Query>,
    /// Why the present text makes no sense.
    error: Option<QueryError>,
    /// Whether it is the target that selects the rows.
    by_target: bool,
}

impl Filter {
    /// A filter of tasks.
    pub(crate) fn of_tasks() -> Self {
        Self { by_target: true, ..Self::default() }
    }

    /// The filter in force; `None` selects everything.
    pub(crate) fn query(&self) -> Option<&Query> {
        self.query.as_ref()
    }

    /// The text of the filter in force.
    pub(crate) fn good(&self) -> &str {
        &self.good
    }

    /// The text as edited.
    pub(crate) fn text(&self) -> &str {
        self.input.value()
    }

    /// The cursor's column in the text.
    pub(crate) fn cursor(&self) -> usize {
        self.input.visual_cursor()
    }

    pub(crate) fn error(&self) -> Option<&QueryError> {
        self.error.as_ref()
    }

    pub(crate) fn is_editing(&self) -> bool {
        self.before.is_some()
    }

    pub(crate) fn is_set(&self) -> bool {
        !self.good.is_empty()
    }

    pub(crate) fn begin(&mut self) {
        self.before = Some(self.good.clone());
        self.input = Input::new(self.good.clone());
    }

    /// Changes the text; it filters from now on if it makes sense.
    pub(crate) fn edit(&mut self, request: InputRequest) {
        self.input.handle(request);
        self.parse();
    }

    /// Ends editing with the last text that made sense.
    pub(crate) fn accept(&mut self) {
        self.before = None;
        self.error = None;
        self.input = Input::new(self.good.clone());
    }

    /// Ends editing with the text from before.
    pub(crate) fn cancel(&mut self) {
        if let Some(before) = self.before.take() {
            self.set(before);
        }
    }

    pub(crate) fn clear(&mut self) {
        self.before = None;
        self.set(String::new());
    }

    fn set(&mut self, text: String) {
        self.input = Input::new(text);
        self.parse();
    }

    fn parse(&mut self) {
        let text = self.input.value().trim_end();
        self.error = None;
        if text.is_empty() {
            self.query = None;
            self.good.clear();
            return;
        }
        let parsed = if self.by_target { parse_for_tasks(text) } else { Query::parse(text) };
        match parsed {
            Ok(query) => {
                text.clone_into(&mut self.good);
                self.query = Some(query);
            }
            Err(error) => self.error = Some(error),
        }
    }
}

/// Reads a filter of tasks. It refuses what only a judge could answer: the target selects the rows, and it does not
/// judge.
pub(crate) fn parse_for_tasks(text: &str) -> Result<Query, QueryError> {
    let query = Query::parse(text)?;
    for (name, key) in [("verdict", Key::Verdict), ("rule", Key::Rule)] {
        if let Some(span) = query.place_of(&key) {
            let message = format!(
                "tasks cannot be filtered by `{name}`: the target selects them, and it does not judge; filter the \
                 sites by it, then look at the tasks of one"
            );
            return Err(QueryError { span, message });
        }
    }
    Ok(query)
}
