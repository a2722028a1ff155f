//! The pages against what they describe: what the code says once, no page says differently. And no line
//! of either is too wide.

mod commands;
mod names;
mod page;
mod tables;
mod width;
