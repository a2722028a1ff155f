//! What a person sees in a browser: the hosted checkout, the customer portal, the panel.

pub(crate) mod checkout_page;
pub(crate) mod format;
pub(crate) mod html;
pub(crate) mod panel;
mod panel_payments;
pub(crate) mod payment_link_page;
pub(crate) mod portal_card;
pub(crate) mod portal_offer;
pub(crate) mod portal_page;
pub(crate) mod portal_view;
