//! The emulator as its callers see it.

mod portal;
mod restart;
mod rooms;
mod schedules;
mod stories;
