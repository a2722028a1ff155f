//! Between Stripe's wire and JSON values: forms in, objects out in any API version, refusals as Stripe words
//! them.

pub(crate) mod errors;
pub(crate) mod form;
pub(crate) mod list;
pub(crate) mod params;
pub(crate) mod time;
pub(crate) mod v2;
pub(crate) mod value;
pub(crate) mod versions;
