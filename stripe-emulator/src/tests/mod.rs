//! The emulator as its callers see it.

mod destinations;
mod portal;
mod restart;
mod rooms;
mod schedules;
mod stories;
mod thin;
