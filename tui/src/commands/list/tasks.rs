//! Tasks in rows, as the target selected and ordered them.

use serde_json::json;
use stranded_analysis::words::{count, duration};

use super::sites::verdict;
use crate::app::{Picture, tasks};
use crate::commands::{census, json};
use crate::link::event::Problem;
use crate::output::{Align, Table};

/// The rows of the target's window.
pub(super) fn list(picture: &Picture, as_json: bool) -> Result<String, Problem> {
    let window = picture.model.window();
    if let Some(error) = &window.query_error {
        return Err(Problem {
            what: format!("The target refuses the filter: {error}"),
            hint: "it may be of another version; `stranded doctor` shows both versions".to_owned(),
        });
    }
    if as_json {
        let rows: Vec<_> = window
            .rows
            .iter()
            .filter_map(|id| picture.model.task(*id))
            .map(|task| json::task(task, picture))
            .collect();
        let content = json!({ "matched": window.matched, "rows": rows });
        return Ok(json::document("stranded.list.v1", picture, "tasks", &content));
    }
    let rows = tasks::rows(picture, None);
    let mut table = Table::new([
        ("VERDICT", Align::Left),
        ("TASK", Align::Right),
        ("STATE", Align::Left),
        ("AGE", Align::Right),
        ("POLLS", Align::Right),
        ("WAKERS", Align::Right),
        ("SPAWN SITE", Align::Left),
        ("WAITS ON", Align::Left),
    ]);
    for row in &rows {
        table.row([
            verdict(row.standing),
            row.id.0.to_string(),
            row.state.clone(),
            duration(row.age),
            count(row.polls),
            row.wakers.map_or_else(|| "unknown".to_owned(), count),
            row.site.clone(),
            row.waits.clone(),
        ]);
    }
    let total = picture.model.gauges().map_or(window.matched, |gauges| gauges.tracked);
    let footer = super::footer(rows.len() as u64, window.matched, total, "task");
    Ok(table.text() + &footer + &census::reasons(picture))
}
