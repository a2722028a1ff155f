//! The gate of the routes that change what an organization pays for.

use crate::db::Db;
use crate::db::organizations::{self, BillingAccount};
use crate::domain::ids::{OrgId, UserId};
use crate::http::error::ApiError;

/// The organization's account in a mode, if the user is an owner or admin of it.
///
/// # Errors
/// [`ApiError::NotAMember`], also where there is no such organization; [`ApiError::NotABillingAdmin`]; if the
/// database fails.
pub async fn require(db: &Db, user: UserId, org: OrgId, livemode: bool) -> Result<BillingAccount, ApiError> {
    check(organizations::billing_account(db, user, org, livemode).await?)
}

/// The account that was read, if it was read for an owner or admin.
///
/// # Errors
/// [`ApiError::NotAMember`], if there is none; [`ApiError::NotABillingAdmin`].
pub fn check(account: Option<BillingAccount>) -> Result<BillingAccount, ApiError> {
    let account = account.ok_or(ApiError::NotAMember)?;
    if !account.role.may_change_billing() {
        return Err(ApiError::NotABillingAdmin);
    }
    Ok(account)
}
