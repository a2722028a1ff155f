-- Brings the catalogue to what `wanted` says, in the form of billing_private.catalogue, and answers {changes,
-- effects, organizations, before}: in what it differs, what every organization gains and loses by it, how
-- many there are, and the catalogue as it was. A dry run does the same and rolls it back. `show`: with the
-- organizations' ids. `for_new`: who has bought a plan keeps the flags and seats that it had.
--
-- What an organization has is read from the tables, before the change and after it. It follows from the
-- catalogue and from its rows of `entitlements`; so of those with the same rows one is read for all. What a
-- price sells changes these rows: whoever pays one that is named anew is read alone. So it is also known whom
-- the application has to be told about.
drop function if exists billing.pf_apply_catalogue(jsonb, text, boolean, boolean);
create or replace function billing.pf_apply_catalogue(
  wanted jsonb, by_whom text, dry_run boolean, show boolean, for_new boolean default false
) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp set lock_timeout = '5s' as $$
declare
  mode boolean;
  before jsonb;
  after jsonb;
  classes jsonb[];
  orgs uuid[];
  was jsonb[];
  plans billing.plans[];
  is_now jsonb[];
  changes jsonb := '[]';
  effects jsonb := '[]';
  noted bigint;
  change record;
begin
  perform set_config('billing.cause', by_whom, true);
  -- One at a time. Whoever reads these tables does not wait.
  lock table billing.plans in share row exclusive mode;
  mode := billing_private.livemode();
  before := billing_private.catalogue();
  plans := array(select p from billing.plans p);
  select array_agg(jsonb_build_object('org', class.org, 'many', class.many, 'all', class.ids,
      'ids', case when show then class.ids end)),
    array_agg(class.org)
  into classes, orgs
  from (
    select (array_agg(o.id))[1] as org, count(*) as many,
      case when show or not dry_run then jsonb_agg(o.id) end as ids
    from billing_private.all_organizations() as o (id)
    left join (
      select e.org_id, string_agg(concat_ws(' ', e.source, e.plan_code, e.feature, e.enabled, e.units,
        e.extra_seats, billing_private.kept(p, s) ->> 'until', s.first_seen_at is null), ', '
        order by e.source, e.plan_code, e.feature, e.enabled, e.units, e.extra_seats) as rows
      from billing.entitlements e
      -- Which version of the plan it keeps, and whether it was bought at all.
      left join billing.plans p
        on p.plan_code = e.plan_code and (p.versions <> '[]' or pf_apply_catalogue.for_new)
      left join billing.subscriptions s
        on s.stripe_subscription_id = e.source_id and p.plan_code is not null
      where (e.livemode is null or e.livemode = mode) and (e.expires_at is null or e.expires_at > now())
      group by e.org_id) held on held.org_id = o.id
    left join billing_private.repriced(wanted) as alone (org_id) on alone.org_id = o.id
    group by held.rows, alone.org_id) class;
  was := billing_private.standings(orgs, mode);
  begin
    perform billing_private.write_catalogue(wanted);
    perform billing_private.keep_versions(plans, for_new);
    perform billing_private.list_prices(wanted, by_whom);
    after := billing_private.catalogue();
    select coalesce(jsonb_agg(to_jsonb(c)), '[]') into changes
    from billing_private.catalogue_changes(before, after) c;
    if changes <> '[]' then
      is_now := billing_private.standings(orgs, mode);
      effects := billing_private.catalogue_effects(classes, was, is_now, before, after, mode);
      if not dry_run then
        noted := billing_private.note_changes(array(
          select id::uuid from unnest(classes, was, is_now) as c (class, was, is_now)
          cross join jsonb_array_elements_text(c.class -> 'all') as id
          where c.was <> c.is_now));
      end if;
    end if;
    for change in select * from billing_private.catalogue_changes(before, after) loop
      perform billing_private.record(null, 'catalogue_changed', change.from_value, change.to_value, by_whom,
        jsonb_build_object('plan', change.plan, 'field', change.field)
          || case when for_new then '{"for": "new"}' else '{}' end::jsonb);
    end loop;
    if dry_run then
      raise exception 'a dry run' using errcode = 'PF001';
    end if;
  exception
    when sqlstate 'PF001' then null;
  end;
  return jsonb_build_object('changes', changes, 'effects', effects, 'before', before,
    'organizations', (select coalesce(sum((c.class ->> 'many')::bigint), 0)
      from unnest(classes) as c (class)));
end $$;
revoke all on function billing.pf_apply_catalogue(jsonb, text, boolean, boolean, boolean) from public;
grant execute on function billing.pf_apply_catalogue(jsonb, text, boolean, boolean, boolean)
  to service_role, billing_operator;
