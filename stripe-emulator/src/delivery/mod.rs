//! Events on their way to webhook endpoints.

pub(crate) mod post_office;
pub(crate) mod signature;
