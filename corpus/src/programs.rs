//! The programs, one a module. A new one is its file, its `mod` and its place in [`ALL`].

mod audit_log;
mod bank_transfer;
mod batch_tracker;
mod bulk_import;
mod bulk_update;
mod cache_warmup;
mod chat_rooms;
mod connection_pool;
mod document_editor;
mod event_bus;
mod event_hub;
mod event_stream;
mod export_api;
mod feature_config;
mod inventory;
mod job_signal;
mod job_supervisor;
mod lazy_tenants;
mod lease_pool;
mod ledger;
mod ledger_report;
mod live_feed;
mod optional_export;
mod order_saga;
mod pdf_converter;
mod peer_sync;
mod plugin_hooks;
mod price_merge;
mod quorum_vote;
mod rate_limiter;
mod report_renderer;
mod rpc_client;
mod scatter_gather;
mod script_engine;
mod search_replicas;
mod seat_booking;
mod session_heartbeat;
mod session_refresh;
mod shopping_cart;
mod stock_hold;
mod temp_uploads;
mod tenant_servers;
mod thumbnails;
mod tls_dialer;
mod upload_server;
mod webhook_retry;

use crate::harness::Program;

/// Every program.
pub const ALL: &[Program] = &[
    audit_log::PROGRAM,
    bank_transfer::PROGRAM,
    batch_tracker::PROGRAM,
    bulk_import::PROGRAM,
    bulk_update::PROGRAM,
    cache_warmup::PROGRAM,
    chat_rooms::PROGRAM,
    connection_pool::PROGRAM,
    document_editor::PROGRAM,
    event_bus::PROGRAM,
    event_hub::PROGRAM,
    event_stream::PROGRAM,
    export_api::PROGRAM,
    feature_config::PROGRAM,
    inventory::PROGRAM,
    job_signal::PROGRAM,
    job_supervisor::PROGRAM,
    lazy_tenants::PROGRAM,
    lease_pool::PROGRAM,
    ledger::PROGRAM,
    ledger_report::PROGRAM,
    live_feed::PROGRAM,
    optional_export::PROGRAM,
    order_saga::PROGRAM,
    pdf_converter::PROGRAM,
    peer_sync::PROGRAM,
    plugin_hooks::PROGRAM,
    price_merge::PROGRAM,
    quorum_vote::PROGRAM,
    rate_limiter::PROGRAM,
    report_renderer::PROGRAM,
    rpc_client::PROGRAM,
    scatter_gather::PROGRAM,
    script_engine::PROGRAM,
    search_replicas::PROGRAM,
    seat_booking::PROGRAM,
    session_heartbeat::PROGRAM,
    session_refresh::PROGRAM,
    shopping_cart::PROGRAM,
    stock_hold::PROGRAM,
    temp_uploads::PROGRAM,
    tenant_servers::PROGRAM,
    thumbnails::PROGRAM,
    tls_dialer::PROGRAM,
    upload_server::PROGRAM,
    webhook_retry::PROGRAM,
];

/// The program with that name.
pub fn by_name(name: &str) -> Option<&'static Program> {
    ALL.iter().find(|program| program.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_sorted() {
        let names: Vec<_> = ALL.iter().map(|program| program.name).collect();
        assert!(names.is_sorted_by(|left, right| left < right), "{names:?}");
    }
}
