//! Demand over whole trees: which files are read, because of what.

use std::path::Path;

use leaklint::Request;
use leaklint::catalogue::Catalogue;
use leaklint::demand;
use leaklint::discovery::discover;

/// Checks which of the files are read.
fn check(files: &[(&str, &str)], expected: &[&str]) {
    let root = tempfile::tempdir().expect("a temporary directory");
    for (path, text) in files {
        let path = root.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap_or(Path::new("/"))).expect("made");
        std::fs::write(path, text).expect("written");
    }
    let discovered = discover(&Request::new(root.path())).expect("the run starts");
    let read = demand::read(&discovered, Catalogue::builtin()).modules;
    let read: Vec<&str> =
        read.iter().map(|read| discovered.files[read.module.file.index()].display_path.as_str()).collect();
    assert_eq!(read, expected, "{files:#?}");
}

/// Longer than what is taken to pass on all it imports.
fn long(text: &str) -> String {
    format!("{text}\n{}", "// a remark of some length about what this is for\n".repeat(30))
}

#[test]
fn whoever_calls_a_factory_is_read_at_any_distance() {
    check(
        &[
            ("db.ts", "import { Pool } from 'pg';\nexport function open() { return new Pool(); }"),
            ("users.ts", "import { open } from './db';\nexport function users() { return open().query('x'); }"),
            ("page.ts", "import { users } from './users';\nexport const page = () => users();"),
            ("other.ts", "export const other = 1;"),
        ],
        &["db.ts", "page.ts", "users.ts"],
    );
}

#[test]
fn whoever_imports_something_else_of_the_file_is_not() {
    let db = "import { Pool } from 'pg';\nexport function open() { return new Pool(); }\nexport const LIMIT = 5;";
    check(&[("db.ts", db), ("page.ts", "import { LIMIT } from './db';\nexport const page = LIMIT;")], &["db.ts"]);
}

#[test]
fn names_go_through_barrels_and_the_barrels_are_read() {
    check(
        &[
            ("lib/db.ts", "import { Pool } from 'pg';\nexport function open() { return new Pool(); }"),
            ("lib/text.ts", "export function upper(text: string) { return text.toUpperCase(); }"),
            ("lib/index.ts", "export * from './db';\nexport { upper as up } from './text';"),
            ("a.ts", "import { open } from './lib';\nexport const a = () => open();"),
            ("b.ts", "import { up } from './lib';\nexport const b = () => up('b');"),
        ],
        &["a.ts", "lib/db.ts", "lib/index.ts"],
    );
}

#[test]
fn a_name_that_leads_to_a_maker_goes_on_doing_so() {
    // Both files export `db`; what the barrel means by it, the screen cannot tell, so the stronger one counts.
    let caller = long("import { db } from './lib';\nexport const page = () => db();");
    check(
        &[
            ("lib/index.ts", "export * from './a';\nexport * from './b';"),
            ("lib/a.ts", "import { Pool } from 'pg';\nexport function db() { return new Pool(); }"),
            ("lib/b.ts", "import { Pool } from 'pg';\nexport const db = new Pool();"),
            ("late.ts", &long("import { late } from './middle';\nexport const page = () => late();")),
            ("middle.ts", "import { db } from './lib';\nexport const late = () => db();"),
            ("page.ts", &caller),
        ],
        &["late.ts", "lib/a.ts", "lib/b.ts", "lib/index.ts", "middle.ts", "page.ts"],
    );
}

#[test]
fn who_only_reads_what_others_made_is_not_read() {
    let reader = long("import { pool } from './db';\nexport const names = () => pool.query('select name from users');");
    let borrower = long("import { pool } from './db';\nexport const lend = async () => pool.connect();");
    check(
        &[
            ("db.ts", "import { Pool } from 'pg';\nexport const pool = new Pool();"),
            ("reader.ts", &reader),
            ("borrower.ts", &borrower),
        ],
        &["borrower.ts", "db.ts"],
    );
}

#[test]
fn the_methods_of_a_class_lead_to_whoever_has_an_instance() {
    let service = "import { Pool } from 'pg';\nexport class Users { list() { return new Pool().query('x'); } }";
    let caller = long("import { users } from './instance';\nexport const page = () => users.list();");
    let other = long("import { users } from './instance';\nexport const same = (it: unknown) => it === users;");
    check(
        &[
            ("service.ts", service),
            ("instance.ts", "import { Users } from './service';\nexport const users = new Users();"),
            ("caller.ts", &caller),
            ("other.ts", &other),
        ],
        &["caller.ts", "instance.ts", "service.ts"],
    );
}

#[test]
fn a_class_is_followed_when_its_base_becomes_known_later() {
    let service = "import { Base } from './base';\nexport class Service extends Base {}\nsetInterval(beat, 1000);\n";
    check(
        &[
            ("maker.ts", "import { Pool } from 'pg';\nexport class Maker { pool = new Pool(); }\n"),
            ("base.ts", "import { Maker } from './maker';\nexport class Base extends Maker {}\n"),
            // Read from the start, for its timer, and nothing in a function of it mentions the base.
            ("service.ts", service),
            ("caller.ts", "import { Service } from './service';\nexport const serve = () => new Service();\n"),
        ],
        &["base.ts", "caller.ts", "maker.ts", "service.ts"],
    );
}

#[test]
fn a_collection_that_functions_fill_leads_to_their_callers() {
    let cache = "const seen = new Map();\nexport function see(key: string) { seen.set(key, 1); }";
    let local = "export function unique(list: string[]) { return [...new Set(list)]; }";
    check(
        &[
            ("cache.ts", cache),
            ("caller.ts", "import { see } from './cache';\nexport const visit = (key: string) => see(key);"),
            ("local.ts", local),
            ("sorted.ts", "import { unique } from './local';\nexport const sorted = () => unique(['a']).sort();"),
        ],
        &["cache.ts", "caller.ts", "local.ts"],
    );
}

#[test]
fn what_renders_a_component_or_hook_says_nothing_more() {
    let clock = "export function Clock() { setInterval(() => {}, 1000); return <p />; }";
    let hook = "export function useClock() { setInterval(() => {}, 1000); }";
    check(
        &[
            ("clock.tsx", clock),
            ("hook.ts", hook),
            ("page.tsx", "import { Clock } from './clock';\nexport const Page = () => <Clock />;"),
            (
                "form.tsx",
                "import { useClock } from './hook';\nexport const Form = () => { useClock(); return <p />; };",
            ),
        ],
        &["clock.tsx", "hook.ts"],
    );
}

#[test]
fn tests_and_files_with_directives() {
    check(
        &[
            ("db.ts", "import { Pool } from 'pg';\nexport function open() { return new Pool(); }"),
            ("db.test.ts", "import { open } from './db';\nopen();"),
            ("plain.ts", "// leaklint: ignore pool-per-call -- nothing here\nexport const plain = 1;"),
        ],
        &["db.ts", "plain.ts"],
    );
}

#[test]
fn common_js_and_whole_namespaces() {
    check(
        &[
            ("db.js", "const { Pool } = require('pg');\nmodule.exports.open = () => new Pool();"),
            ("a.js", "const db = require('./db');\nexports.a = () => db.open();"),
            ("space.ts", "import * as db from './db';\nexport const b = () => db.open();"),
        ],
        &["a.js", "db.js", "space.ts"],
    );
}

#[test]
fn a_package_none_of_whose_members_makes_anything_leads_nowhere() {
    let frame = "import React, { useEffect } from 'react';\nexport function frame() { return React; }\n\
                 export function loop() { useEffect(() => { setInterval(() => 1, 5); }); }";
    check(
        &[
            ("frame.ts", frame),
            ("page.ts", &long("import { frame } from './frame';\nexport const page = () => frame();")),
        ],
        &["frame.ts"],
    );
}

#[test]
fn what_a_library_makes_of_options_makes_nothing_itself() {
    let api = |made: &str| {
        format!("import {{ Pool }} from 'pg';\nimport {{ create }} from 'some-client';\nexport const api = {made};")
    };
    let page = long("import { api } from './api';\nexport const page = () => api.things.list();");
    check(&[("api.ts", &api("create({ config() { return new Pool(); } })")), ("page.ts", &page)], &["api.ts"]);
    // What is made of the function itself may be that function in other clothes.
    check(&[("api.ts", &api("create(() => new Pool())")), ("page.ts", &page)], &["api.ts", "page.ts"]);
}
