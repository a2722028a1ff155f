//! Events on their way to webhook endpoints.

mod letter;
pub(crate) mod mode;
pub(crate) mod post_office;
pub(crate) mod signature;
