//! What is ordered, if it is sold like that.

use crate::db::plans::Offer;
use crate::http::error::ApiError;

/// The offer that was read, if the plan exists and is sold by the interval.
///
/// # Errors
/// [`ApiError::InvalidPlan`], [`ApiError::InvalidInterval`].
pub fn check(offer: Option<Offer>) -> Result<Offer, ApiError> {
    let offer = offer.ok_or(ApiError::InvalidPlan)?;
    if offer.price.is_none() {
        return Err(ApiError::InvalidInterval);
    }
    Ok(offer)
}

/// How many of the plan to buy for this many seats. None: nobody said how many seats.
///
/// # Errors
/// [`ApiError::InvalidSeats`].
pub fn quantity(offer: &Offer, seats: Option<u32>) -> Result<Option<u32>, ApiError> {
    seats.map(|seats| offer.quantity(seats).ok_or(ApiError::InvalidSeats)).transpose()
}

/// How many of the plan a subscription is to have. None: as many as it has, because nobody said how many
/// seats, and it `stays` the plan; of another plan one.
///
/// # Errors
/// [`ApiError::InvalidSeats`].
pub fn quantity_after(offer: &Offer, seats: Option<u32>, stays: bool) -> Result<Option<u32>, ApiError> {
    Ok(quantity(offer, seats)?.or((!stays).then_some(1)))
}
