-- One row: whether live payments count, and test payments grant nothing to anybody: as soon as one
-- organization is a customer or has something in live mode. For whoever sees every row; `livemode` is for
-- everybody.
create or replace function billing_private.live_modes() returns setof boolean
language sql stable
begin atomic
  select exists (select from billing.customers c where c.livemode)
    or exists (select from billing.entitlements e where e.livemode);
end;
revoke all on function billing_private.live_modes() from public;
