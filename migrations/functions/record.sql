-- Adds a row to the audit trail, in the commit of what it tells. True: what writes answers something, because
-- an assignment costs a fifth of a PERFORM, which is a query of its own.
create or replace function billing_private.record(
  org uuid, kind text, from_value text, to_value text, cause text, detail jsonb default '{}'
) returns boolean language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  insert into billing.runs (org_id, kind, telemetry)
  values (org, kind, jsonb_build_object('from', from_value, 'to', to_value, 'cause', cause) || detail);
  return true;
end $$;
revoke all on function billing_private.record(uuid, text, text, text, text, jsonb) from public;
