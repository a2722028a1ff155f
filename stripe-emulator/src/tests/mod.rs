//! The emulator as its callers see it.

mod clocks;
mod links;
mod payments;
mod portal;
mod restart;
mod rooms;
mod schedules;
mod stories;
mod upgrades;
