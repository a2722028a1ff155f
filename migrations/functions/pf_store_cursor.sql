-- Stores how far a part of the reconciliation got; null forgets it, and the next one begins anew.
create or replace function billing.pf_store_cursor(name text, mode boolean, reached jsonb) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if reached is null then
    delete from billing.reconcile_cursors c where c.name = pf_store_cursor.name and c.livemode = mode;
  else
    insert into billing.reconcile_cursors as c (name, livemode, position) values (pf_store_cursor.name, mode,
      reached)
    on conflict on constraint reconcile_cursors_pkey do update set position = excluded.position,
      updated_at = now();
  end if;
end $$;
revoke all on function billing.pf_store_cursor(text, boolean, jsonb) from public;
grant execute on function billing.pf_store_cursor(text, boolean, jsonb) to service_role, billing_operator;
