//! The emulator as its callers see it.

mod portal;
mod restart;
mod schedules;
mod stories;
