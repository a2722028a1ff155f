//! The pages against what they describe: what the code says once, no page says differently.

mod commands;
mod names;
mod page;
mod tables;
