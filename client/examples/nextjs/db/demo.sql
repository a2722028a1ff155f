-- The organizations of the people whom `cargo dev` signs in. The owner has two.

insert into public.organizations (id, name) values
  ('5f0d4c4e-7a55-4a86-9c1b-3f6a1d2b7e10', 'Acme Studio'),
  ('5f0d4c4e-7a55-4a86-9c1b-3f6a1d2b7e11', 'Northwind Labs'),
  ('5f0d4c4e-7a55-4a86-9c1b-3f6a1d2b7e20', 'Other Works')
on conflict do nothing;

insert into public.members (org_id, user_id, role) values
  ('5f0d4c4e-7a55-4a86-9c1b-3f6a1d2b7e10', 'a1f6c0de-0000-4000-8000-000000000001', 'owner'),
  ('5f0d4c4e-7a55-4a86-9c1b-3f6a1d2b7e10', 'a1f6c0de-0000-4000-8000-000000000002', 'admin'),
  ('5f0d4c4e-7a55-4a86-9c1b-3f6a1d2b7e10', 'a1f6c0de-0000-4000-8000-000000000003', 'member'),
  ('5f0d4c4e-7a55-4a86-9c1b-3f6a1d2b7e11', 'a1f6c0de-0000-4000-8000-000000000001', 'owner'),
  ('5f0d4c4e-7a55-4a86-9c1b-3f6a1d2b7e20', 'a1f6c0de-0000-4000-8000-000000000004', 'owner')
on conflict do nothing;

insert into public.api_keys (org_id, active) values ('5f0d4c4e-7a55-4a86-9c1b-3f6a1d2b7e10', false)
on conflict do nothing;

insert into public.documents (org_id, title, changed_on)
select org_id::uuid, title, changed_on::date
  from (values
    ('5f0d4c4e-7a55-4a86-9c1b-3f6a1d2b7e10', 'Support assistant', '2026-11-20'),
    ('5f0d4c4e-7a55-4a86-9c1b-3f6a1d2b7e10', 'Release notes writer', '2026-11-18'),
    ('5f0d4c4e-7a55-4a86-9c1b-3f6a1d2b7e10', 'Interview summarizer', '2026-11-02'),
    ('5f0d4c4e-7a55-4a86-9c1b-3f6a1d2b7e11', 'Contract reader', '2026-10-29'),
    ('5f0d4c4e-7a55-4a86-9c1b-3f6a1d2b7e20', 'Recipe translator', '2026-11-11')
  ) as demo (org_id, title, changed_on)
 where not exists (select from public.documents);
