-- Whether an organization was forgotten since that moment: the note of it says so to whoever knows the
-- organization's id.
drop function if exists billing_private.is_forgotten(uuid);
create or replace function billing_private.is_forgotten(org uuid, since timestamptz default '-infinity')
returns boolean
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
  return exists (
    select from billing.runs r
    where r.kind = 'billing_data_forgotten' and r.created_at > since
      and r.telemetry ->> 'organization_sha256' = encode(sha256(convert_to(org::text, 'UTF8')), 'hex'));
end $$;
revoke all on function billing_private.is_forgotten(uuid, timestamptz) from public;
