//! The emulator as its callers see it.

mod checkout;
mod clocks;
mod destinations;
mod discounts;
mod guard;
mod links;
mod payments;
mod portal;
mod portal_flow;
mod restart;
mod rooms;
mod schedules;
mod stories;
mod thin;
mod upgrades;
