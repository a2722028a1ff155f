//! Everything that is answered over HTTP.

pub(crate) mod calls;
pub(crate) mod control;
