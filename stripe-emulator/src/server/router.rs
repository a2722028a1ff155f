//! Which part of the server answers which path.

use axum::Router;
use axum::extract::DefaultBodyLimit;

use super::calls::api;
use super::control;
use crate::emulator::Emulator;
use crate::pages::{checkout_page, html, panel, payment_link_page, portal_page};

/// Everything the emulator answers.
pub(crate) fn router(emulator: Emulator) -> Router {
    Router::new()
        .nest("/_emulator", control::router())
        .merge(checkout_page::router())
        .merge(payment_link_page::router())
        .merge(portal_page::router())
        .merge(panel::router())
        .merge(html::router())
        .fallback(api)
        .layer(DefaultBodyLimit::max(1 << 20))
        .with_state(emulator)
}
