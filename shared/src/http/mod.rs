//! The HTTP boundary: who calls, what they sent, what they get.

pub mod billing_admin;
pub mod entitlements;
pub mod envelope;
pub mod error;
pub mod etag;
pub mod evaluation;
pub mod identity;
pub mod offer;
pub mod request;
pub mod response;
mod retry_after;
pub mod return_url;
pub mod schema;
