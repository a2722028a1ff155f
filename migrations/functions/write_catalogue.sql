-- Brings the tables to a catalogue of the form that billing_private.catalogue answers. Writes only what
-- differs. Refuses to drop a plan that something still names.
create or replace function billing_private.write_catalogue(wanted jsonb) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  needed text;
begin
  if not (wanted -> 'plans') ? 'pilot' then
    raise exception 'the catalogue has no plan pilot, which everybody has'
      using errcode = 'invalid_parameter_value';
  end if;
  select string_agg(distinct named.plan_code, ', ') into needed
  from billing.plans p
  join (
    select s.plan_code from billing.subscriptions s
    union all select e.plan_code from billing.entitlements e
    union all select r.plan_code from billing.prices r) named using (plan_code)
  where not (wanted -> 'plans') ? p.plan_code;
  if needed is not null then
    raise exception 'organizations have, or had, what the catalogue leaves out: %. Keep it there', needed
      using errcode = 'foreign_key_violation';
  end if;
  delete from billing.plans p where not (wanted -> 'plans') ? p.plan_code;
  -- One statement: plans may change places.
  update billing.plans p set
    name = w.name, description = nullif(w.description, ''), rank = w.rank, seats_included = w.seats,
    more_seats = w.more_seats, currency = w.currency, price_month_cents = w.month, price_year_cents = w.year,
    lookup_key_prefix = w.lookup_key
  from jsonb_each(wanted -> 'plans') as each (code, value)
  cross join lateral jsonb_to_record(each.value) as w (
    name text, description text, rank smallint, seats integer, more_seats boolean, currency text,
    month integer, year integer, lookup_key text)
  where p.plan_code = each.code
    and (p.name, coalesce(p.description, ''), p.rank, p.seats_included, p.more_seats, p.currency,
      p.price_month_cents, p.price_year_cents, p.lookup_key_prefix)
      is distinct from (w.name, w.description, w.rank, w.seats, w.more_seats, w.currency, w.month, w.year,
        w.lookup_key);
  insert into billing.plans
    (plan_code, name, description, rank, seats_included, more_seats, currency, price_month_cents,
      price_year_cents, lookup_key_prefix)
  select each.code, w.name, nullif(w.description, ''), w.rank, w.seats, w.more_seats, w.currency, w.month,
    w.year, w.lookup_key
  from jsonb_each(wanted -> 'plans') as each (code, value)
  cross join lateral jsonb_to_record(each.value) as w (
    name text, description text, rank smallint, seats integer, more_seats boolean, currency text,
    month integer, year integer, lookup_key text)
  where not exists (select from billing.plans p where p.plan_code = each.code);

  delete from billing.plan_entitlements e where not (wanted -> 'flags') ? e.feature;
  insert into billing.plan_entitlements as e (plan_code, feature, enabled)
  select each.code, flag.name, flag.enabled::boolean
  from jsonb_each(wanted -> 'plans') as each (code, value)
  cross join lateral jsonb_each_text(each.value -> 'flags') as flag (name, enabled)
  on conflict (plan_code, feature) do update set enabled = excluded.enabled
    where e.enabled <> excluded.enabled;

  delete from billing.features f where coalesce(wanted -> 'flags' ->> f.feature, '') = '';
  insert into billing.features as f (feature, description)
  select flag.name, flag.description from jsonb_each_text(wanted -> 'flags') as flag (name, description)
  where flag.description <> ''
  on conflict (feature) do update set description = excluded.description
    where f.description <> excluded.description;
end $$;
revoke all on function billing_private.write_catalogue(jsonb) from public;
