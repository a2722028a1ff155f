-- Several JSON objects as one; of a name that is in two, one of the values.
create or replace aggregate billing_private.merged(object jsonb) (
  sfunc = jsonb_concat, stype = jsonb, initcond = '{}'
);
revoke all on function billing_private.merged(jsonb) from public;
grant execute on function billing_private.merged(jsonb)
  to authenticated, service_role, billing_viewer, billing_operator;
