//! What a person sees in a browser: the hosted checkout, the customer portal, the panel.

pub(crate) mod checkout_page;
pub(crate) mod format;
pub(crate) mod html;
pub(crate) mod panel;
mod panel_payments;
pub(crate) mod payment_link_page;
mod portal_act;
pub(crate) mod portal_card;
mod portal_confirm;
mod portal_flow;
mod portal_invoices;
pub(crate) mod portal_page;
mod portal_plans;
mod portal_preview;
pub(crate) mod portal_view;
