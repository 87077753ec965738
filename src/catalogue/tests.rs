//! Matching, against the shipped libraries and against small ones made for the purpose.

use super::schema::Ecosystem;
use super::schema::Runs;
use super::*;

fn path(names: &str) -> Vec<Name> {
    names.split('.').filter(|name| !name.is_empty()).map(Name::from).collect()
}

fn named(id: Option<ResourceId>) -> Option<&'static str> {
    id.map(|id| Catalogue::builtin().resource(id).id.as_str())
}

/// What `new specifier.path` makes.
#[track_caller]
fn check_new(specifier: &str, member: &str, expected: Option<&str>) {
    assert_eq!(named(Catalogue::builtin().symbol(specifier, &path(member)).new), expected);
}

/// What `specifier.path()` makes.
#[track_caller]
fn check_call(specifier: &str, member: &str, expected: Option<&str>) {
    assert_eq!(named(Catalogue::builtin().symbol(specifier, &path(member)).call), expected);
}

fn id(name: &str) -> ResourceId {
    Catalogue::builtin().resource_by_name(name).expect("the resource is shipped")
}

#[test]
fn every_form_of_import_gives_the_same_class() {
    for member in ["Pool", "default.Pool", "default.default.Pool"] {
        check_new("pg", member, Some("pg.Pool"));
        check_new("npm:pg@8", member, Some("pg.Pool"));
    }
    check_new("pg", "Pools", None);
    check_new("pg-pool", "", Some("pg-pool.Pool"));
    check_new("pg", "", None);
}

#[test]
fn the_module_is_its_default_export() {
    check_call("postgres", "", Some("postgres.Sql"));
    check_call("postgres", "default", Some("postgres.Sql"));
    check_call("npm:postgres@3.4", "", Some("postgres.Sql"));
    check_new("postgres", "", None);
    check_new("ioredis", "", Some("ioredis.Redis"));
    check_new("ioredis", "Redis", Some("ioredis.Redis"));
}

#[test]
fn subpaths_and_members_narrow() {
    check_call("fs/promises", "open", Some("fs.FileHandle"));
    check_call("node:fs", "promises.open", Some("fs.FileHandle"));
    check_call("node:fs", "open", Some("fs.Descriptor"));
    check_call("node:fs", "promises.openSync", None);
    check_call("mysql2/promise", "createPool", Some("mysql2.Pool"));
}

#[test]
fn generated_clients_are_known_by_their_place() {
    for specifier in
        ["@prisma/client", "../generated/prisma", "@/generated/prisma/client.js", "./generated/prisma/index.js"]
    {
        check_new(specifier, "PrismaClient", Some("@prisma/client.PrismaClient"));
    }
    check_new("./client", "PrismaClient", None);
}

#[test]
fn globals_with_and_without_the_global_object() {
    let catalogue = Catalogue::builtin();
    for name in ["setInterval", "window.setInterval", "globalThis.setInterval"] {
        assert_eq!(named(catalogue.global(&path(name)).call), Some("timers.Interval"), "{name}");
    }
    assert!(!catalogue.global(&path("app.setInterval")).known);
    let exit = catalogue.global(&path("process.exit"));
    assert!(exit.function.is_some_and(|function| function.exits));
    assert!(catalogue.symbol("node:process", &path("exit")).function.is_some_and(|function| function.exits));
    let log = catalogue.global(&path("console.anything"));
    assert!(log.function.is_some_and(|function| function.borrows && function.infallible));
    assert!(!catalogue.global(&path("console")).known);
    assert_eq!(named(catalogue.global(&path("clearTimeout")).releases), Some("timers.Interval"));
}

#[test]
fn written_types_are_evidence() {
    let instance = |specifier, member| named(Catalogue::builtin().symbol(specifier, &path(member)).instance);
    assert_eq!(instance("pg", "PoolClient"), Some("pg.PoolClient"));
    assert_eq!(instance("knex", "Knex.Transaction"), Some("knex.Transaction"));
    assert_eq!(instance("imapflow", "ImapFlow"), Some("imapflow.ImapFlow"));
    assert_eq!(instance("pg", "QueryResult"), None);
}

#[test]
fn methods_of_a_resource() {
    let catalogue = Catalogue::builtin();
    let pool = id("pg.Pool");
    let connect = catalogue.method(pool, "connect");
    let (lease, gives) = connect.lease.expect("connecting leases");
    assert_eq!(named(Some(gives)), Some("pg.PoolClient"));
    assert_eq!((lease.callback_parameter, lease.callback_release), (Some(1), Some(2)));
    assert!(catalogue.method(pool, "end").release);
    assert!(!catalogue.method(pool, "query").release);
    assert!(catalogue.method(id("pg.Client"), "connect").opens);
    assert!(catalogue.method(id("redis.Client"), "connect").returns_self);
    assert_eq!(
        named(catalogue.method(id("mysql2.Pool"), "releaseConnection").takes_back),
        Some("mysql2.PoolConnection")
    );
    assert!(catalogue.method(id("pg.Client"), "@@asyncDispose").release);
}

#[test]
fn statements_begin_and_end_transactions() {
    let catalogue = Catalogue::builtin();
    let (lease, gives) = catalogue.method(id("pg.PoolClient"), "query").lease.expect("a query may begin");
    assert!(lease.receiver && lease.statements.contains(&"begin".to_owned()));
    let query = catalogue.method(gives, "query");
    assert!(query.release && query.release_statements.contains(&"rollback".to_owned()));
    assert!(catalogue.method(id("pg.PoolClient"), "release").release_statements.is_empty());
}

#[test]
fn wrappers_differ_by_subpath() {
    let creates = |specifier: &str| {
        let facts = Catalogue::builtin().symbol(specifier, &path("drizzle"));
        facts.wrapper_call.expect("drizzle wraps").creates.as_deref()
    };
    assert_eq!(creates("drizzle-orm/node-postgres"), Some("pg.Pool"));
    assert_eq!(creates("npm:drizzle-orm@0.45/postgres-js"), Some("postgres.Sql"));
    assert_eq!(creates("drizzle-orm/neon-http"), None);
}

#[test]
fn methods_of_unknown_receivers() {
    let catalogue = Catalogue::builtin();
    let on = catalogue.any_method(Ecosystem::Npm, "on");
    assert!(on.registrations.contains(&id("events.Listener")));
    let listener = id("events.Listener");
    assert_eq!(catalogue.method(listener, "on").role, Some(RegistrationRole::Add));
    assert_eq!(catalogue.method(listener, "removeAllListeners").role, Some(RegistrationRole::RemoveAll));
    let map = catalogue.any_method(Ecosystem::Npm, "map").function.expect("`map` is known");
    assert_eq!((map.calls, map.infallible, map.borrows), (Some(0), true, false));
    assert!(
        !catalogue.any_method(Ecosystem::Npm, "push").function.expect("`push` is known").borrows,
        "an array keeps what it is given"
    );
    assert!(catalogue.any_method(Ecosystem::Npm, "release").releases_something);
    assert!(!catalogue.any_method(Ecosystem::Npm, "push").releases_something);
    assert!(catalogue.any_method(Ecosystem::Npm, "neverHeardOf").function.is_none());
}

const OWN: &str = r#"
name = "acme"
packages = ["@acme/web", "@acme/plugin-*"]

[[resource]]
id = "acme.App"
kind = "stateless"
noun = "app"
create = ["default()"]
types = ["App"]
returns_self = ["use"]

[[resource]]
id = "pg.Pool"
kind = "pool"
noun = "our pool"
create = ["new Acme.Pool"]
release = ["stop"]

[[function]]
call = ["once()"]
memoises = 0

[[entry]]
runs = "per-request"
label = "an Acme route"
registered_by = ["default().get()", "new Router.get()", "serve()"]
"#;

fn own() -> Catalogue {
    Catalogue::with(vec![parse_library("acme.toml", OWN).expect("the facts are right")]).expect("references exist")
}

#[test]
fn entry_points_by_receiver() {
    let catalogue = own();
    let labels =
        |entries: Entries<'_>| entries.iter().map(|entry| (entry.runs, entry.label.clone())).collect::<Vec<_>>();
    let route = vec![(Runs::PerRequest, "an Acme route".to_owned())];
    assert_eq!(labels(catalogue.instance_entries("@acme/web", &path("default"), false, "get")), route);
    assert_eq!(labels(catalogue.instance_entries("@acme/web", &path("Router"), true, "get")), route);
    assert!(catalogue.instance_entries("@acme/web", &path("Router"), false, "get").is_empty());
    let app = catalogue.symbol("@acme/web", &path("App")).instance.expect("a type");
    assert_eq!(labels(catalogue.method(app, "get").entries), route);
    assert_eq!(labels(catalogue.symbol("@acme/web", &path("serve")).entries), route);
}

#[test]
fn own_facts_join_and_replace_the_shipped_ones() {
    let catalogue = own();
    let pool = catalogue.symbol("pg", &path("Pool")).new.expect("the shipped way to make it stays");
    assert_eq!(catalogue.resource(pool).noun, "our pool");
    assert_eq!(catalogue.library_of_resource(pool).name, "acme");
    assert!(catalogue.method(pool, "stop").release && !catalogue.method(pool, "end").release);
    assert_eq!(catalogue.symbol("@acme/plugin-x", &path("Acme.Pool")).new, Some(pool));
    assert!(catalogue.knows_package("@acme/plugin-x/sub") && !catalogue.knows_package("@acme/plugins"));
    assert_eq!(catalogue.symbol("@acme/web", &path("once")).function.expect("a function").memoises, Some(0));
}

#[test]
fn references_must_exist() {
    let text =
        "name = \"a\"\npackages = [\"a\"]\n[[wrapper]]\ncreate = [\"f()\"]\nwraps = [\"0\"]\ncreates = \"no.Such\"\n";
    let error = Catalogue::from_toml([("a.toml", text)]).expect_err("a dangling reference");
    assert_eq!(error.to_string(), "a: there is no resource `no.Such`");
}

#[test]
fn what_the_screen_looks_for() {
    let catalogue = Catalogue::builtin();
    let makers = catalogue.packages_with(|facts| facts.new.or(facts.call).is_some());
    let makes = |package: &str, member: &str| catalogue.is_member_of(&makers, package, &Name::new(member));
    assert!(makes("pg", "Pool") && makes("pg", "default") && makes("npm:pg@8", "native"));
    assert!(!makes("pg", "types") && !makes("pgx", "default"));
    assert_eq!(catalogue.bearing("express"), Some(Bearing::Serves));
    assert_eq!(catalogue.bearing("react-dom/client"), Some(Bearing::Mounts));
    assert_eq!(catalogue.bearing("pg"), None);
    let words = catalogue.screen_words();
    for word in ["setInterval", ".addEventListener", ".on(", "Deno"] {
        assert!(words.iter().any(|other| other == word), "{words:?}");
    }
    assert!(!words.iter().any(|word| word == "open" || word == "request"), "{words:?}");
}
