//! l
#![allow(missing_docs)]
pub mod stripe;
