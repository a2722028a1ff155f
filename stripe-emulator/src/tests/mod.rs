//! The emulator as its callers see it.

mod checkout;
mod clocks;
mod destinations;
mod discounts;
mod links;
mod payments;
mod portal;
mod restart;
mod rooms;
mod schedules;
mod stories;
mod thin;
mod upgrades;
