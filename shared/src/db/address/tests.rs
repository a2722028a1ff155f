//! The addresses that people copy.

use std::net::IpAddr;

use tokio_postgres::config::{ChannelBinding, LoadBalanceHosts, TargetSessionAttrs};

use super::*;

fn read(text: &str) -> Address {
    Address::read(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn refusal(text: &str) -> String {
    let error = Address::read(text).err().unwrap_or_else(|| panic!("{text} was taken")).to_string();
    error.strip_prefix("DATABASE_URL cannot be used: ").expect("the variable's name").to_owned()
}

/// User, password, hosts, ports, database.
fn parts(config: &Config) -> (String, String, Vec<String>, Vec<u16>, String) {
    let hosts = config.get_hosts().iter().map(|host| match host {
        Host::Tcp(name) => name.clone(),
        Host::Unix(path) => path.display().to_string(),
    });
    (
        config.get_user().unwrap_or_default().to_owned(),
        String::from_utf8_lossy(config.get_password().unwrap_or_default()).into_owned(),
        hosts.collect(),
        config.get_ports().to_vec(),
        config.get_dbname().unwrap_or_default().to_owned(),
    )
}

const POOLER: &str = "postgresql://postgres.ref:p4ss@aws-0-eu-central-1.pooler.supabase.com:6543/postgres";

#[test]
fn what_other_libraries_put_there_is_passed_over() {
    let bare = read(POOLER);
    for parameters in [
        "pgbouncer=true",
        "pgbouncer=true&connection_limit=1&pool_timeout=0",
        "sslmode=require&supa=base-pooler.x",
        "sslmode=require&pgbouncer=true&workaround=supabase-pooler.vercel",
        "schema=public&statement_cache_size=0&socket_timeout=5",
        "prepareThreshold=0&preparedStatementCacheQueries=0&ApplicationName=app&currentSchema=public",
        "prepared_statements=false&pool=5&encoding=unicode",
        "prepared_statement_cache_size=0",
        "statement-cache-capacity=0",
        "default_query_exec_mode=simple_protocol&pool_max_conns=2&search_path=public",
        "uselibpqcompat=true&sslmode=require",
        "connect_timeout=10s&application_name=app&sslnegotiation=direct&gssencmode=disable",
        "ssl=true&sslmode=prefer",
        "sslaccept=strict",
        "pgbouncer",
        "&&pgbouncer=true&",
        "",
    ] {
        let address = read(&format!("{POOLER}?{parameters}"));
        assert_eq!(parts(&address.config), parts(&bare.config), "{parameters}");
        assert!(!address.is_local && address.authority.is_none(), "{parameters}");
    }
}

#[test]
fn what_has_a_meaning_is_taken_in_both_forms() {
    let names = "channel_binding=require&target_session_attrs=read-write&load_balance_hosts=random\
        &hostaddr=10.0.0.1&options=endpoint%3Dep-1%20-c%20a%3Db";
    let url = read(&format!("postgres://u@db.example.com/d?{names}&pgbouncer=true"));
    let pairs = read(
        "host=db.example.com user=u dbname=d channel_binding=require target_session_attrs=read-write \
         pgbouncer=true \
         load_balance_hosts=random hostaddr=10.0.0.1 options='endpoint=ep-1 -c a=b'",
    );
    for Address { config, .. } in [url, pairs] {
        assert_eq!(config.get_channel_binding(), ChannelBinding::Require);
        assert_eq!(config.get_target_session_attrs(), TargetSessionAttrs::ReadWrite);
        assert_eq!(config.get_load_balance_hosts(), LoadBalanceHosts::Random);
        assert_eq!(config.get_hostaddrs(), ["10.0.0.1".parse::<IpAddr>().unwrap()]);
        assert_eq!(config.get_options(), Some("endpoint=ep-1 -c a=b"));
        assert_eq!((config.get_user(), config.get_dbname()), (Some("u"), Some("d")));
    }
    let jdbc = read("jdbc:postgresql://db.example.com:5433/d?user=u&password=p%40ss&prepareThreshold=0");
    let host = vec!["db.example.com".to_owned()];
    assert_eq!(parts(&jdbc.config), ("u".into(), "p@ss".into(), host, vec![5433], "d".into()));
}

#[test]
fn passwords_survive_with_every_character_in_them() {
    let place = "@db.example.com:6543/d";
    for (written, password) in [
        ("p%40s%2Fs%3Fw%23d%25", "p@s/s?w#d%"),
        ("p%20w%26x%3Dy", "p w&x=y"),
        ("p@ss", "p@ss"),
        ("p@@ss@", "p@@ss@"),
        ("p/s?s#w[d]:e", "p/s?s#w[d]:e"),
        ("p?a=b&c=d", "p?a=b&c=d"),
        ("100%", "100%"),
        ("sslmode=disable", "sslmode=disable"),
        ("p\u{e4}ss\u{f6}", "p\u{e4}ss\u{f6}"),
        ("'\"\\$(x)`", "'\"\\$(x)`"),
    ] {
        for scheme in ["postgres", "postgresql", "POSTGRESQL", "postgresql+psycopg2"] {
            for parameters in ["", "?sslmode=require&pgbouncer=true", "?schema=public"] {
                let address = read(&format!("{scheme}://u:{written}{place}{parameters}"));
                let expected =
                    ("u".into(), password.into(), vec!["db.example.com".into()], vec![6543], "d".into());
                assert_eq!(parts(&address.config), expected, "{written} {parameters}");
            }
        }
        let quoted = password.replace('\\', r"\\").replace('\'', r"\'");
        let address = read(&format!("host=h user=u password='{quoted}' sslmode=require dbname = d"));
        let expected = ("u".into(), password.into(), vec!["h".into()], vec![], "d".into());
        assert_eq!(parts(&address.config), expected, "{quoted}");
    }
}

#[test]
fn hosts_are_read_as_the_driver_reads_them() {
    for (text, hosts, ports, is_local) in [
        ("postgres://u@[::1]:5433/d", &["::1"][..], &[5433][..], true),
        ("postgres://u@localhost/d?pgbouncer=true", &["localhost"], &[5432], true),
        ("postgres://u@h1:1,h2:2/d?target_session_attrs=any", &["h1", "h2"], &[1, 2], false),
        ("postgresql:///d?host=/var/run/postgresql&user=u", &["/var/run/postgresql"], &[], true),
        ("postgres://u@%2Fvar%2Frun%2Fpostgresql/d", &["/var/run/postgresql"], &[5432], true),
        ("host=127.0.0.1 port=5433 sslmode=disable", &["127.0.0.1"], &[5433], true),
        ("postgres://u@localhost/d?hostaddr=10.0.0.1", &["localhost"], &[5432], false),
        ("postgres://u@localhost,db.example.com/d", &["localhost", "db.example.com"], &[5432, 5432], false),
    ] {
        let address = read(text);
        let (_, _, found, found_ports, _) = parts(&address.config);
        assert_eq!((found.join(" "), found_ports.as_slice()), (hosts.join(" "), ports), "{text}");
        assert_eq!(address.is_local, is_local, "{text}");
    }
}

#[test]
fn what_would_switch_encryption_or_verification_off_is_refused_but_to_this_machine() {
    for parameter in [
        "sslmode=disable",
        "sslmode=no-verify",
        "sslmode=DISABLE",
        "ssl=false",
        "ssl=0",
        "ssl=no-verify",
        "sslaccept=accept_invalid_certs",
        "rejectUnauthorized=false",
    ] {
        for text in [
            format!("{POOLER}?{parameter}"),
            format!("{POOLER}?sslmode=verify-full&{parameter}&pgbouncer=true"),
            format!("{POOLER}?{parameter}&sslmode=require"),
            format!("host=db.example.com user=u password=p4ss {parameter}"),
            format!("postgres://u:p4ss@localhost,db.example.com/d?{parameter}"),
            format!("postgres://u:p4ss@localhost/d?{parameter}&hostaddr=10.0.0.1"),
        ] {
            let refusal = refusal(&text);
            assert!(refusal.starts_with(&format!("its parameter {parameter} asks for")), "{text}: {refusal}");
            assert!(!refusal.contains("p4ss") && !refusal.contains("example"), "{refusal}");
        }
        let local = read(&format!("postgres://u:p4ss@localhost/d?{parameter}"));
        assert!(local.is_local && !local.asks_for_encryption, "{parameter}");
    }
    let json =
        refusal(&format!("{POOLER}?ssl=%7B%22rejectUnauthorized%22%3Afalse%2C%22key%22%3A%22hush%22%7D"));
    assert!(json.starts_with("its parameter ssl asks for") && !json.contains("hush"), "{json}");
}

#[test]
fn encryption_that_is_asked_for_by_name_is_there_on_this_machine_too() {
    for (parameter, asked) in [
        ("", false),
        ("?sslmode=allow", false),
        ("?sslmode=prefer", false),
        ("?sslmode=require", true),
        ("?sslmode=verify-ca", true),
        ("?sslmode=verify-full", true),
        ("?ssl=true", true),
    ] {
        assert_eq!(
            read(&format!("postgres://u@localhost/d{parameter}")).asks_for_encryption,
            asked,
            "{parameter}"
        );
        assert!(!read(&format!("{POOLER}{parameter}")).is_local);
    }
    assert!(!read("host=/var/run/postgresql sslmode=require").asks_for_encryption, "a socket's is never");
}

#[test]
fn whose_certificates_to_trust_may_stand_in_the_address() {
    for text in [
        format!("{POOLER}?sslmode=verify-full&sslrootcert=%2Fetc%2Fca.pem"),
        format!("{POOLER}?sslrootcert=/etc/ca.pem"),
        format!("{POOLER}?ssl-root-cert=/etc/ca.pem"),
        "host=db.example.com sslrootcert=/etc/ca.pem".to_owned(),
    ] {
        let authority = read(&text).authority.expect("an authority");
        assert_eq!(authority, Authority::of_parameter("/etc/ca.pem".to_owned()), "{text}");
    }
    assert!(read(&format!("{POOLER}?sslmode=verify-full&sslrootcert=system")).authority.is_none());
}

#[test]
fn what_is_not_known_or_not_supported_is_named_and_nothing_else_is_told() {
    let hush = "hush";
    for (text, clause) in [
        (format!("{POOLER}?colour={hush}"), "its parameter colour is not known"),
        (format!("{POOLER}?pgbouncer=true&service={hush}"), "its parameter service is not known"),
        (format!("host=h DATABASE_URL={hush}"), "its parameter DATABASE_URL is not known"),
        (format!("{POOLER}?sslmode={hush}"), "its parameter sslmode has a value that is not known"),
        (format!("{POOLER}?ssl={hush}"), "its parameter ssl has a value that is not known"),
        (format!("{POOLER}?sslcert={hush}"), "its parameter sslcert names a client certificate"),
        (format!("{POOLER}?sslkey={hush}"), "its parameter sslkey names a client certificate"),
        (
            format!("{POOLER}?port={hush}"),
            "it is not a PostgreSQL connection address: invalid value for option `port`",
        ),
        (
            format!("{POOLER}?channel_binding={hush}"),
            "it is not a PostgreSQL connection address: invalid value for option `channel_binding`",
        ),
        (format!("{POOLER}?={hush}"), "one of its parameters has no name"),
        (format!("{POOLER}?{hush}%20{hush}=1"), "one of its parameters has no name"),
        (format!("{POOLER}?options=%FF{hush}"), "one of its parameters is not UTF-8"),
        (format!("postgres://u:{hush}@{hush}?a=b@h/d"), "where its password ends cannot be told"),
        (
            format!("postgres://u:{hush}/{hush}"),
            "it is not a PostgreSQL connection address: invalid value for option `port`",
        ),
        (format!("postgres://u:{hush}@/d"), "it names no host"),
        (format!("user=u password={hush}"), "it names no host"),
        (format!("host=h password='{hush}"), "it is not a PostgreSQL connection address"),
        (format!("psql 'postgres://u:{hush}@h/d'"), "it is not a PostgreSQL connection address"),
        (hush.to_owned(), "it is not a PostgreSQL connection address"),
        (format!("\"postgres://u:{hush}@h/d"), "it is not a PostgreSQL connection address"),
        (format!("mysql://u:{hush}@h/d"), "it begins with another scheme"),
        (format!("https://{hush}.supabase.co"), "it begins with another scheme"),
        (
            format!("prisma://accelerate.prisma-data.net/?api_key={hush}"),
            "it is an address of Prisma Accelerate",
        ),
        (
            format!("prisma+postgres://accelerate.prisma-data.net/?api_key={hush}"),
            "it is an address of Prisma Accelerate",
        ),
        (
            "postgresql://postgres:[YOUR-PASSWORD]@db.ref.supabase.co:5432/postgres".to_owned(),
            "it still has [YOUR-PASSWORD]",
        ),
    ] {
        let refusal = refusal(&text);
        assert!(refusal.starts_with(clause), "{text}: {refusal}");
        assert!(!refusal.contains(hush) && !refusal.contains("p4ss"), "{text}: {refusal}");
    }
}
