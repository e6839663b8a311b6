//! The routes of the service. Each request runs in a span named after its route.

use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::routing::{get, post};
use tracing::{Instrument as _, info, info_span};

use super::leaks::{
    audit, connections, events, exports, imports, invoices, payments, prices, quotes, reports,
    sessions, transfers, webhooks,
};
use super::orders;
use super::shop::Shop;

/// A middleware that runs a request in a span of that name, and logs its end.
macro_rules! span {
    ($name:literal) => {
        from_fn(|request: Request, next: Next| {
            async {
                let response = next.run(request).await;
                info!(status = response.status().as_u16(), "served");
                response
            }
            .instrument(info_span!($name))
        })
    };
}

/// All routes.
pub(super) fn router(shop: Shop) -> Router {
    Router::new()
        .route("/orders/{id}", get(orders::order).layer(span!("GET /orders/{id}")))
        .route("/orders", post(webhooks::place).layer(span!("POST /orders")))
        .route("/logout", post(orders::log_out).layer(span!("POST /logout")))
        .route("/export", get(exports::export).layer(span!("GET /export")))
        .route("/payments", post(payments::pay).layer(span!("POST /payments")))
        .route("/report", get(reports::report).layer(span!("GET /report")))
        .route("/stock", get(connections::stock).layer(span!("GET /stock")))
        .route("/refund", post(audit::refund).layer(span!("POST /refund")))
        .route("/prices", post(prices::upload).layer(span!("POST /prices")))
        .route("/import", post(imports::import).layer(span!("POST /import")))
        .route("/events", get(events::events).layer(span!("GET /events")))
        .route("/login", post(sessions::login).layer(span!("POST /login")))
        .route("/invoice", get(invoices::invoice).layer(span!("GET /invoice")))
        .route("/quote", get(quotes::quote).layer(span!("GET /quote")))
        .route("/transfer", post(transfers::transfer).layer(span!("POST /transfer")))
        .with_state(shop)
}
