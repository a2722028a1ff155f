-- Serializes the work on these organizations until the commit, and on the one whose subscription this is. All
-- are locked in one order, so that two callers at once never wait for each other. Row locks of a table that
-- only its owner may change: no login can hold one by itself. At a level above READ COMMITTED nobody who
-- waited would see what the one before committed: so it is refused, unless the caller says that it does no
-- harm (`at_any_level`). Answers `orgs`.
drop function if exists billing_private.lock_organizations(uuid[]);
drop function if exists billing_private.lock_organizations(uuid[], text);
create or replace function billing_private.lock_organizations(
  orgs uuid[], subscription text default null, at_any_level boolean default false
) returns uuid[] language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  if current_setting('transaction_isolation') <> 'read committed' and not at_any_level then
    raise exception 'billing is changed at the isolation level read committed, and this transaction has %: '
      'begin it so, or alter role % set default_transaction_isolation = ''read committed'' ',
      current_setting('transaction_isolation'), quote_ident(session_user)
      using errcode = 'invalid_transaction_state';
  end if;
  perform from billing_private.organization_locks l
  where l.slot = any (array(
    select (hashtextextended(one::text, 0) & 16383)::integer
    from (
      select unnest(orgs)
      union all
      select s.org_id from billing.subscriptions s where s.stripe_subscription_id = subscription) as o (one)
    where one is not null))
  order by l.slot
  for update;
  return orgs;
end $$;
revoke all on function billing_private.lock_organizations(uuid[], text, boolean) from public;
