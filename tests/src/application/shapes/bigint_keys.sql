-- As Rails and Django make them: numbers for keys, one login that owns everything, the history of migrations
-- in public.
set role rails;
create schema rails;
create table rails.schema_migrations (version varchar primary key);
create table rails.ar_internal_metadata (key varchar primary key, value varchar,
  created_at timestamp(6) not null default now());
create table rails.users (id bigserial primary key, email varchar not null default 'a@example.com',
  encrypted_password varchar);
create table rails.accounts (id bigserial primary key, name varchar default 'New',
  plan varchar default 'free', created_at timestamp(6) default now());
create table rails.account_users (
  id bigserial primary key, account_id bigint not null references rails.accounts,
  user_id bigint not null references rails.users,
  roles jsonb not null default '{"admin": true}', discarded_at timestamp(6));
create unique index account_users_once on rails.account_users (account_id, user_id)
  where discarded_at is null;
create table rails.django_content_type (id serial primary key, app_label varchar(100), model varchar(100));
create table rails.customers (id bigserial primary key, account_id bigint references rails.accounts,
  processor_id varchar);
create materialized view rails.totals as select count(*) as accounts from rails.accounts;
insert into rails.users default values;
insert into rails.accounts default values;
insert into rails.account_users (account_id, user_id) values (1, 1);
insert into rails.schema_migrations values ('20240101000000');
reset role;
