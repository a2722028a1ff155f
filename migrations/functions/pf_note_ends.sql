-- Notes whose entitlements time alone changed since this was last called: what is granted until a moment was
-- over then (grace, add-ons, trials, overrides). Answers how many organizations. What ended more than a week
-- ago is told no more: no row waits for longer.
create or replace function billing.pf_note_ends() returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp set lock_timeout = '5s' as $$
declare
  since timestamptz;
  noted bigint;
begin
  select n.told_through into since from billing_private.notifier n for update;
  perform set_config('billing.cause', 'time', true);
  noted := billing_private.note_changes(array(
    select distinct e.org_id from billing.entitlements e
    where e.expires_at > greatest(since, now() - interval '7 days') and e.expires_at <= now()));
  update billing_private.notifier n set told_through = greatest(since, now());
  return noted;
end $$;
revoke all on function billing.pf_note_ends() from public;
grant execute on function billing.pf_note_ends() to service_role, billing_operator;
