//! Spawn sites in rows.

use serde_json::json;
use stranded_analysis::query::Query;
use stranded_analysis::words::{count, duration};

use super::order::Order;
use crate::app::{Picture, SiteColumn, Standing, sites};
use crate::commands::{census, json};
use crate::output::{Align, Table};

/// What the target's sites look like now.
pub(super) fn list(
    picture: &Picture,
    query: Option<&Query>,
    order: Order<SiteColumn>,
    limit: usize,
    as_json: bool,
) -> String {
    let mut rows = sites::rows(picture, None, order.column, order.descending);
    let total = rows.len();
    rows.retain(|row| {
        let site = picture.model.site(row.id);
        let report = picture.report.as_ref();
        query.is_none_or(|query| {
            site.is_some_and(|site| query.matches_site(site, &picture.model, report))
        })
    });
    let matched = rows.len();
    let shown = &rows[..matched.min(limit)];
    if as_json {
        let sites: Vec<_> = shown
            .iter()
            .filter_map(|row| picture.model.site(row.id))
            .map(|site| json::site(site, picture))
            .collect();
        let content = json!({ "matched": matched, "rows": sites });
        return json::document("stranded.list.v1", picture, "sites", &content);
    }
    let mut table = Table::new([
        ("VERDICT", Align::Left),
        ("LIVE", Align::Right),
        ("GROWTH", Align::Right),
        ("OLDEST", Align::Right),
        ("P99", Align::Right),
        ("SPAWN SITE", Align::Left),
        ("WAITS ON", Align::Left),
    ]);
    for row in shown {
        table.row([
            verdict(row.standing),
            count(row.live),
            row.growth.map_or_else(unknown, |growth| format!("{growth:+}")),
            row.oldest.map_or_else(|| "none".to_owned(), duration),
            row.p99.map_or_else(|| "none".to_owned(), duration),
            row.place.clone(),
            row.waits.clone(),
        ]);
    }
    let footer = super::footer(shown.len() as u64, matched as u64, total as u64, "site");
    table.text() + &footer + &census::reasons(picture)
}

/// The verdict as one look allows it: what is not confirmed yet says so.
pub(super) fn verdict(standing: Standing) -> String {
    match standing {
        Standing::Accused { class, confirms_in: None, .. } => class.name().to_owned(),
        Standing::Accused { class, .. } => format!("{}?", class.name()),
        Standing::Unknown => unknown(),
        Standing::Accepted => "accepted".to_owned(),
        Standing::Fine => "ok".to_owned(),
    }
}

fn unknown() -> String {
    "unknown".to_owned()
}
