-- Notes whose answer changed since this was last called though no row of theirs was written, and says how
-- many organizations that are:
--   time   what is shown until a moment was over then: what is granted (grace, add-ons, trials, overrides), a
--          discount, a change that waited. What ended more than a week ago is told no more: no row waits for
--          longer. Of a test clock's time an event tells.
--   catalogue  an organization changed while the catalogue did: neither saw what the other one wrote
--   mode   live payments began to count, or count no more, so test payments grant nothing any more, or again
create or replace function billing.pf_note_ends() returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp set lock_timeout = '5s' as $$
declare
  was billing_private.notifier;
  since timestamptz;
  live constant boolean := (select m.live from billing_private.live_modes() m (live));
  noted bigint;
  changed record;
begin
  select n.* into was from billing_private.notifier n for update;
  since := greatest(was.told_through, now() - interval '7 days');
  perform set_config('billing.cause', 'time', true);
  noted := billing_private.note_changes(array(
    select e.org_id from billing.entitlements e
    where e.expires_at > since and e.expires_at <= now()
    union
    select s.org_id from billing.subscriptions s
    -- As the index subscriptions_change_by_themselves has it.
    where (s.schedule #>> '{next,at}' is not null or s.discounts @? '$[*].terms.ends_at ? (@ != null)')
      and s.test_clock is null and not billing_private.is_ended(s.status)
      and exists (
        select from (
          select s.schedule #>> '{next,at}'
          union all
          select d.one #>> '{terms,ends_at}' from jsonb_array_elements(s.discounts) d (one)) ends (at)
        where ends.at::timestamptz > since and ends.at::timestamptz <= now())));
  select max(r.id) as newest, min(r.created_at) as since into changed
  from billing.runs r
  where r.org_id is null and r.kind = 'catalogue_changed' and r.id > was.told_catalogue;
  if changed.newest is not null then
    perform set_config('billing.cause', 'catalogue', true);
    noted := noted + billing_private.note_changes(array(
      select distinct n.org_id from billing.notifications n where n.created_at >= changed.since));
  end if;
  if live <> was.told_livemode then
    perform set_config('billing.cause', 'mode', true);
    noted := noted + billing_private.note_changes(array(
      select distinct e.org_id from billing.entitlements e where not e.livemode));
  end if;
  -- It may be later there, if the server's clock was wrong once: what ends until then is told all the same.
  update billing_private.notifier n
  set told_through = now(), told_livemode = live,
    told_catalogue = coalesce(changed.newest, was.told_catalogue);
  return noted;
end $$;
revoke all on function billing.pf_note_ends() from public;
grant execute on function billing.pf_note_ends() to service_role, billing_operator;
