-- What an organization had at a moment, one row, as `standing_of` says it of now; no row for one that there
-- never was. The question is not written twice: it is the text of `standing_of` itself, in which the tables
-- are read from the history, and now() is the moment. Refuses a moment before the history begins,
-- and one to come.
create or replace function billing.entitlements_at(org uuid, at timestamptz) returns table (
  plan_code text, status text, reason text, billing_interval text, interval_count integer, currency text,
  quantity integer, seats integer, current_period_end timestamptz, cancel_at timestamptz,
  grace_ends_at timestamptz, trial_ends_at timestamptz, collection_paused boolean,
  stripe_subscription_id text, discounts jsonb, features jsonb
) language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
  begins constant timestamptz := (select h.valid_from from billing.history h where h.kind = 'begin'
    and h.org_id = '00000000-0000-0000-0000-000000000000');
  present constant text :=
    pg_get_function_sqlbody('billing_private.standing_of(uuid, boolean)'::regprocedure);
  past text;
begin
  if begins is null or at < begins then
    raise exception 'what was so before % is not known: the history begins then', begins
      using errcode = 'invalid_parameter_value';
  end if;
  -- Clocks differ a little.
  if at > clock_timestamp() + interval '1 minute' then
    raise exception 'the moment % is still to come', at using errcode = 'invalid_parameter_value';
  end if;
  if not exists (select from billing_private.existing_organization(org))
    and not exists (select from billing.history h where h.org_id = org)
  then
    return;
  end if;
  past := regexp_replace(present, '^\s*BEGIN ATOMIC|;\s*END\s*$', '', 'g');
  past := replace(replace(past, 'standing_of.org', '$1'), 'standing_of.mode', '$2');
  past := regexp_replace(past, '(?<!::)\mbilling\.(plans|subscriptions|entitlements) (\w+)',
    'jsonb_populate_recordset(null::billing.\1, ('
      'select jsonb_agg(h.state) from billing_private.rows_then(''\1'', $1, $3) h)) \2',
    'g');
  past := regexp_replace(past, '\mbilling_private\.discounts_now\(([^()]*)\)',
    'billing_private.discounts_at(\1, $3)', 'g');
  past := regexp_replace(past, '\mbilling_private\.kept_of\(([^()]*)\)',
    'billing_private.kept_then(\1, $1, $3)', 'g');
  past := replace(past, 'now()', '$3');
  return query execute past using org, billing_private.livemode_then(at), at;
end $$;
revoke all on function billing.entitlements_at(uuid, timestamptz) from public;
grant execute on function billing.entitlements_at(uuid, timestamptz) to service_role, billing_operator;
