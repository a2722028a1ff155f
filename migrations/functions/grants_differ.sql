-- Whether what is written down for an organization is something else than its subscriptions grant. What has
-- expired meanwhile grants nothing, and is no difference.
create or replace function billing_private.grants_differ(org uuid, mode boolean) returns boolean
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
  return (
    with wanted as (
      select g.source, g.plan_code, g.feature, g.units, g.extra_seats, g.expires_at
      from unnest(billing_private.granted(org, mode)) g),
    stored as (
      select w.source, w.plan_code, w.feature, w.units, w.extra_seats, w.expires_at
      from unnest(billing_private.written(org, mode)) w
      where w.livemode is not null and (w.expires_at is null or w.expires_at > now())
        and (w.source <> 'plan' or w.units + w.extra_seats > 0))
    select exists (table wanted except all table stored) or exists (table stored except all table wanted));
end $$;
revoke all on function billing_private.grants_differ(uuid, boolean) from public;
