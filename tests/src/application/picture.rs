//! All that is an application's, in words: its schemas as `pg_dump` writes them, the server's roles, and what
//! each person can see and do.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use local::postgres::Cluster;
use tokio_postgres::{Client, NoTls};

use super::{DATABASE, Person, Shape};

const OURS: &str = "'billing_owner', 'billing_viewer', 'billing_reader', 'billing_checkout', \
                    'billing_events', 'billing_operator'";
const SUPABASE: &str = "'anon', 'authenticated', 'service_role'";

/// What is not ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Every schema but ours, line by line.
    pub schemas: Vec<String>,
    /// Roles, memberships and settings, but for those of our roles.
    pub roles: Vec<String>,
    /// Each person with each relation.
    pub access: Vec<String>,
}

impl Picture {
    /// Looks. `ignored`: schemas and roles that are said to be made new.
    pub async fn take(cluster: &Cluster, shape: &Shape, ignored: &Outside) -> Self {
        let superuser = cluster.connect(DATABASE).await.expect("connect");
        let mut access = Vec::new();
        for person in shape.people {
            access.extend(access_of(cluster, &superuser, person).await);
        }
        Self {
            schemas: schemas(cluster, &superuser, ignored).await,
            roles: roles(&superuser, ignored).await,
            access,
        }
    }

    /// Says where two differ.
    pub fn differences(&self, other: &Self) -> Vec<String> {
        let mut found = Vec::new();
        for (before, after) in
            [(&self.schemas, &other.schemas), (&self.roles, &other.roles), (&self.access, &other.access)]
        {
            found.extend(before.iter().filter(|line| !after.contains(line)).map(|line| format!("- {line}")));
            found.extend(after.iter().filter(|line| !before.contains(line)).map(|line| format!("+ {line}")));
        }
        found
    }
}

/// What there is outside our schemas of what `billing migrate` may make.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outside {
    /// Of our roles and Supabase's, those there are.
    pub roles: BTreeSet<String>,
    /// Who else is a member of a role of ours: `member of role`.
    pub members: BTreeSet<String>,
    /// The functions in a schema `auth`; None: there is no such schema.
    pub auth: Option<BTreeSet<String>>,
    /// Our tables in a publication.
    pub published: BTreeSet<String>,
}

impl Outside {
    /// Looks.
    pub async fn look(cluster: &Cluster) -> Self {
        let client = cluster.connect(DATABASE).await.expect("connect");
        let roles = format!("select rolname::text from pg_roles where rolname in ({OURS}, {SUPABASE})");
        let members = format!(
            "select format('%s of %s', m.member::regrole, m.roleid::regrole) from pg_auth_members m
             where m.roleid::regrole::text in ({OURS}) and m.member::regrole::text not in ({OURS})
               and pg_has_role(m.member, m.roleid, 'usage')"
        );
        let auth =
            "select p.oid::regprocedure::text from pg_proc p where pronamespace = to_regnamespace('auth')";
        let published =
            "select format('%s: %s.%s', pubname, schemaname, tablename) from pg_publication_tables
             where schemaname like 'billing%'";
        let has_auth =
            !set(&client, "select 'auth' where to_regnamespace('auth') is not null").await.is_empty();
        Self {
            roles: set(&client, &roles).await,
            members: set(&client, &members).await,
            auth: if has_auth { Some(set(&client, auth).await) } else { None },
            published: set(&client, published).await,
        }
    }

    /// What is there now and was not `before`.
    pub fn since(&self, before: &Self) -> Self {
        let new =
            |now: &BTreeSet<String>, before: &BTreeSet<String>| now.difference(before).cloned().collect();
        Self {
            roles: new(&self.roles, &before.roles),
            members: new(&self.members, &before.members),
            auth: if before.auth.is_some() { None } else { self.auth.clone() },
            published: new(&self.published, &before.published),
        }
    }
}

async fn set(client: &Client, sql: &str) -> BTreeSet<String> {
    client.query(sql, &[]).await.expect(sql).iter().map(|row| row.get(0)).collect()
}

/// `pg_dump` beside the server's own programs or on the PATH, if there is one that can read this server.
#[allow(clippy::disallowed_methods)] // PG_BIN says where programs are.
fn pg_dump(server: u32) -> Option<PathBuf> {
    let beside = std::env::var_os("PG_BIN").map(|folder| Path::new(&folder).join("pg_dump"));
    let debian = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let debian = debian.map(|entry| entry.path().join("bin/pg_dump"));
    beside.into_iter().chain(debian).chain([PathBuf::from("pg_dump")]).find(|program| {
        let version = Command::new(program).arg("--version").output();
        let version =
            version.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
        let number = version.rsplit(") ").next().unwrap_or_default().split('.').next().unwrap_or_default();
        number.parse::<u32>().is_ok_and(|number| number >= server)
    })
}

/// As `pg_dump` writes them, and as the catalogue says: not every machine has a `pg_dump`.
async fn schemas(cluster: &Cluster, superuser: &Client, ignored: &Outside) -> Vec<String> {
    let without_auth = ignored.auth.is_some();
    let theirs = format!(
        "select oid from pg_namespace
            where nspname not in ('billing', 'billing_private', 'pg_catalog', 'pg_toast',
              'information_schema') and not (nspname = 'auth' and {without_auth})"
    );
    let catalogue = format!(
        "with theirs as ({theirs}) select line from (
           select concat_ws(' ', 'schema', nspname, nspowner::regrole, nspacl) as line from pg_namespace
           where oid in (table theirs)
           union all select concat_ws(' ', 'relation', oid::regclass, relkind, relowner::regrole, relacl,
             relrowsecurity, relforcerowsecurity,
             relhastriggers, relhasrules, relchecks, relreplident, reloptions, pg_get_viewdef(oid))
             from pg_class where relnamespace in (table theirs)
           union all select concat_ws(' ', 'column', a.attrelid::regclass, a.attnum, a.attname,
             format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attacl)
             from pg_attribute a join pg_class c on c.oid = a.attrelid
             where c.relnamespace in (table theirs) and a.attnum > 0
           union all select concat_ws(' ', 'constraint', conrelid::regclass, conname,
             pg_get_constraintdef(oid)) from pg_constraint where connamespace in (table theirs)
           union all select concat_ws(' ', 'trigger', t.tgname, t.tgenabled, pg_get_triggerdef(t.oid))
           from pg_trigger t
             join pg_class c on c.oid = t.tgrelid where c.relnamespace in (table theirs)
           union all select concat_ws(' ', 'policy', polrelid::regclass, polname, polcmd, polpermissive,
             polroles, pg_get_expr(polqual, polrelid),
             pg_get_expr(polwithcheck, polrelid)) from pg_policy p join pg_class c on c.oid = p.polrelid
             where c.relnamespace in (table theirs)
           union all select concat_ws(' ', 'function', oid::regprocedure, proowner::regrole, proacl,
             proconfig, prosecdef, prosrc)
             from pg_proc where pronamespace in (table theirs)
           union all select concat_ws(' ', 'type', oid::regtype, typowner::regrole, typacl) from pg_type
           where typnamespace in (table theirs)
           union all select concat_ws(' ', 'default', defaclrole::regrole, defaclnamespace, defaclobjtype,
             defaclacl) from pg_default_acl
             where defaclrole::regrole::text <> 'billing_owner'
           union all select concat_ws(' ', 'publication', pubname, pubowner::regrole, puballtables, pubinsert,
             pubupdate, pubdelete) from pg_publication
           union all select concat_ws(' ', 'published', pubname, schemaname, tablename, attnames, rowfilter)
           from pg_publication_tables
             where schemaname not like 'billing%'
           union all select concat_ws(' ', 'event trigger', evtname, evtenabled) from pg_event_trigger
         ) lines order by line"
    );
    let mut lines: Vec<String> =
        superuser.query(&catalogue, &[]).await.expect("the catalogue").iter().map(|row| row.get(0)).collect();
    let server =
        superuser.query_one("select current_setting('server_version_num')::integer / 10000", &[]).await;
    let server = u32::try_from(server.expect("a version").get::<_, i32>(0)).expect("a version");
    let Some(program) = pg_dump(server) else {
        println!("no pg_dump of version {server} on this machine: the catalogue alone is compared");
        return lines;
    };
    let mut command = Command::new(program);
    command.args(["--schema-only", "--exclude-schema=billing", "--exclude-schema=billing_private"]);
    if without_auth {
        command.arg("--exclude-schema=auth");
    }
    let output = command.arg(cluster.url("postgres", DATABASE)).output().expect("pg_dump runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    // A key that is another one in each dump.
    let dump = String::from_utf8_lossy(&output.stdout).into_owned();
    lines.extend(dump.lines().filter(|line| !line.contains("restrict ")).map(str::to_owned));
    lines
}

async fn roles(superuser: &Client, ignored: &Outside) -> Vec<String> {
    let new: Vec<String> = ignored.roles.iter().cloned().collect();
    let sql = format!(
        "select line from (
           select concat_ws(' ', 'role', rolname, rolsuper, rolinherit, rolcreaterole, rolcreatedb,
             rolcanlogin, rolreplication, rolbypassrls,
             rolconnlimit, rolconfig, shobj_description(oid, 'pg_authid')) as line
           from pg_roles where rolname not in ({OURS}) and rolname <> all ($1)
           union all select concat_ws(' ', 'member', m.member::regrole, m.roleid::regrole, m.admin_option)
           from pg_auth_members m
           where m.roleid::regrole::text not in ({OURS}) and m.roleid::regrole::text <> all ($1)
           union all select concat_ws(' ', 'setting', setdatabase, setrole::regrole, setconfig)
           from pg_db_role_setting
           where setrole::regrole::text not in ({OURS})
           union all select concat_ws(' ', 'database', datname, datdba::regrole, datacl) from pg_database
         ) lines order by line"
    );
    superuser.query(&sql, &[&new]).await.expect("roles").iter().map(|row| row.get(0)).collect()
}

/// What comes of each way to use each relation of the application's. Nothing of it is kept.
async fn access_of(cluster: &Cluster, superuser: &Client, person: &Person) -> Vec<String> {
    let relations = "select c.oid::regclass::text, quote_ident(a.attname) from pg_class c
        join pg_namespace n on n.oid = c.relnamespace join lateral (
          select attname from pg_attribute where attrelid = c.oid and attnum > 0 and attidentity = ''
          order by attnum limit 1) a on true
        where n.nspname not in ('billing', 'billing_private', 'pg_catalog', 'information_schema', 'pg_toast')
          and c.relkind in ('r', 'v', 'p') order by 1";
    let relations = superuser.query(relations, &[]).await.expect("relations");
    let (client, connection) = tokio_postgres::connect(&cluster.url(person.login, DATABASE), NoTls)
        .await
        .expect("a person connects");
    tokio::spawn(connection);
    let mut lines = Vec::new();
    for row in &relations {
        let (relation, column): (String, String) = (row.get(0), row.get(1));
        // The same name means the same relation to them, whatever was made beside it.
        let short = relation.rsplit('.').next().unwrap_or_default();
        for statement in [
            format!("select r::text from {relation} r order by 1"),
            format!("select r::text from {short} r order by 1"),
            format!("insert into {relation} select * from {relation} returning 1"),
            format!("insert into {relation} default values returning 1"),
            format!("update {relation} set {column} = {column} returning 1"),
            format!("delete from {relation} returning 1"),
        ] {
            client.batch_execute(&format!("begin; {}", person.session)).await.expect(person.session);
            let came = match client.simple_query(&statement).await {
                Ok(messages) => format!("{messages:?}"),
                Err(error) => error.as_db_error().map_or_else(
                    || error.to_string(),
                    |error| format!("{} {}", error.code().code(), error.message()),
                ),
            };
            client.batch_execute("rollback").await.expect("rollback");
            lines.push(format!("{} {}: {statement}: {came}", person.login, person.session));
        }
    }
    assert!(lines.iter().any(|line| line.contains("Row")), "{} sees nothing: {lines:#?}", person.login);
    lines
}
