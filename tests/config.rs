//! Configuration, as a user meets it: files found and named, mistakes, what they change, `init` and the `--show` options.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "support/binary.rs"]
mod binary;

use binary::{CLEAN, LEAK, found, project, run, write};

const PER_CALL: &str = "error[pool-per-call]";

#[test]
fn levels_come_from_the_nearest_file_and_the_command_line_has_the_last_word() {
    let directory = project(&[
        ("package.json", "{}"),
        ("leaklint.toml", "[rules]\nhygiene = \"allow\"\npool-per-call = \"warn\"\n"),
        ("src/a.ts", LEAK),
        ("src/jobs/b.ts", LEAK),
        ("src/jobs/.leaklint.toml", "[rules]\nhygiene = \"allow\"\n"),
    ]);
    let directory = directory.path();
    assert_eq!(found(directory, "", 1), "src/a.ts: warning[pool-per-call]\nsrc/jobs/b.ts: error[pool-per-call]");
    assert_eq!(found(&directory.join("src/jobs"), "", 1), "b.ts: error[pool-per-call]");
    assert_eq!(found(directory, "-A creation", 0), "");
    assert_eq!(found(directory, "-D creation src/a.ts", 1), "src/a.ts: error[pool-per-call]");
    assert!(found(directory, "--no-config src/a.ts", 1).contains("pool-without-limits"));
    write(directory, "ci/only.toml", "exclude = [\"src/jobs\"]\n[rules]\nhygiene = \"allow\"\n");
    assert_eq!(found(directory, "--config ci/only.toml", 1), "src/a.ts: error[pool-per-call]");
}

#[test]
fn overrides_are_for_some_paths() {
    let directory = project(&[
        (
            "leaklint.toml",
            "[rules]\nhygiene = \"allow\"\n[[overrides]]\nfiles = [\"src/tools/\"]\nrules = { creation = \"allow\" }\n",
        ),
        ("src/a.ts", LEAK),
        ("src/tools/b.ts", LEAK),
    ]);
    assert_eq!(found(directory.path(), "", 1), format!("src/a.ts: {PER_CALL}"));
    assert_eq!(found(&directory.path().join("src"), "", 1), format!("a.ts: {PER_CALL}"));
}

#[test]
fn excluded_paths_take_no_part_wherever_it_is_said_and_even_when_they_are_named() {
    let directory = project(&[
        ("leaklint.toml", "exclude = [\"src/generated\"]\n[rules]\nhygiene = \"allow\"\n"),
        ("src/generated/a.ts", LEAK),
        ("src/b/leaklint.toml", "exclude = [\"*.gen.ts\"]\n"),
        ("src/b/b.gen.ts", LEAK),
        ("src/c.ts", CLEAN),
    ]);
    let (_, stderr) = run(directory.path(), "", 0);
    assert!(stderr.starts_with("no leaks found in 1 file, "), "{stderr}");
    run(directory.path(), "src/generated/a.ts src/b/b.gen.ts", 0);
    run(&directory.path().join("src/generated"), "", 0);
}

#[test]
fn mistakes_end_the_run_with_2_and_are_shown_where_they_stand() {
    let directory = project(&[("leaklint.toml", "# ours\n[rules]\npool-per-cal = \"deny\"\n"), ("src/a.ts", LEAK)]);
    let (stdout, stderr) = run(directory.path(), "", 2);
    assert_eq!(stdout, "");
    insta::assert_snapshot!(stderr, @r#"
    error: there is no rule or family `pool-per-cal`
      ┌─ leaklint.toml:3:1
      │
    3 │ pool-per-cal = "deny"
      │ ^^^^^^^^^^^^
      │
      = help: did you mean `pool-per-call`?
    "#);
    // The file is read by whatever needs it, and by nothing else.
    run(directory.path(), "--show-config", 2);
    run(directory.path(), "--show-files", 2);
    run(directory.path(), "catalogue", 2);
    run(directory.path(), "--no-config", 1);
    run(directory.path(), "rules", 0);
    let (_, stderr) = run(directory.path(), "--config missing.toml", 2);
    assert_eq!(stderr, "error: missing.toml: no such file\n");
    write(directory.path(), "leaklint.toml", "");
    write(directory.path(), "src/leaklint.toml", "min-severity = \"fatal\"\n");
    let (_, stderr) = run(directory.path(), "", 2);
    insta::assert_snapshot!(stderr, @r#"
    error: `fatal` is not one of `note`, `warning`, `error`
      ┌─ src/leaklint.toml:1:16
      │
    1 │ min-severity = "fatal"
      │                ^^^^^^^
    "#);
}

#[test]
fn cargo_manifests_may_hold_it() {
    let leak = "pub fn name(n: u64) -> &'static str {\n    format!(\"{n}\").leak()\n}\n";
    let directory = project(&[
        (
            "Cargo.toml",
            "[workspace]\nmembers = [\"a\", \"b\"]\n[workspace.metadata.leaklint.rules]\nrelease = \"deny\"\n",
        ),
        ("a/Cargo.toml", "[package]\nname = \"a\"\nversion = \"0.1.0\"\n"),
        ("a/src/lib.rs", leak),
        (
            "b/Cargo.toml",
            "[package]\nname = \"b\"\nversion = \"0.1.0\"\n[package.metadata.leaklint.rules]\nrelease = \"allow\"\n",
        ),
        ("b/src/lib.rs", leak),
    ]);
    assert_eq!(found(directory.path(), "", 1), "a/src/lib.rs: error[forgotten-value]");
}

#[test]
fn a_library_of_ones_own_is_known_from_then_on() {
    let source = LEAK.replace("import { Pool } from 'pg'", "import { Pool } from '@our/db'");
    let directory = project(&[("src/a.ts", &source)]);
    assert_eq!(found(directory.path(), "", 0), "");
    let library = "[[library]]\nname = \"our-db\"\npackages = [\"@our/db\"]\n[[library.resource]]\nid = \"our-db.Pool\"\n\
        kind = \"pool\"\nnoun = \"pool\"\ncreate = [\"new Pool\"]\nrelease = [\"end\"]\nshared = \"process\"\n";
    write(directory.path(), "leaklint.toml", library);
    assert_eq!(found(directory.path(), "", 1), "src/a.ts: error[pool-per-call]");
    let (listed, _) = run(directory.path(), "catalogue", 0);
    assert!(listed.contains("our-db") && listed.contains("pg.Pool"), "{listed}");
    write(directory.path(), "leaklint.toml", &library.replace("kind = \"pool\"", "kind = \"pol\""));
    let (_, stderr) = run(directory.path(), "", 2);
    assert!(stderr.starts_with("error: `pol` is not one of ") && stderr.contains("did you mean `pool`?"), "{stderr}");
}

#[test]
fn a_crate_of_ones_own_is_known_from_then_on() {
    let directory = project(&[
        ("Cargo.toml", "[package]\nname = \"a\"\nversion = \"0.1.0\"\nedition = \"2024\"\n"),
        (
            "src/lib.rs",
            "use our_db::Pool;\n\npub async fn handle() -> u64 {\n    let pool = Pool::open();\n    pool.query().await\n}\n",
        ),
        (
            "leaklint.toml",
            "[[crate]]\nname = \"our-db\"\npackages = [\"our_db\"]\n[[crate.resource]]\nid = \"our-db.Pool\"\nkind = \"pool\"\n\
             noun = \"pool\"\ncreate = [\"Pool.open()\"]\nshared = \"process\"\n\
             [[entry]]\nfiles = [\"src/lib.rs\"]\nnames = [\"handle\"]\nruns = \"per-request\"\nlabel = \"our handler\"\n",
        ),
    ]);
    let (stdout, _) = run(directory.path(), "", 1);
    assert!(stdout.contains("[pool-per-call]") && stdout.contains("our handler"), "{stdout}");
}

#[test]
fn entry_points_say_how_often_functions_run() {
    let source = "import { Pool } from 'pg';\nasync function sweep() {\n  const pool = new Pool({ max: 5, \
        connectionTimeoutMillis: 1 });\n  pool.on('error', console.error);\n  await pool.query('select 1');\n  await pool.end();\n}\nsweep();\n";
    let directory = project(&[("src/jobs/sweep.ts", source)]);
    assert_eq!(found(directory.path(), "", 0), "");
    let entry = "[[entry]]\nfiles = [\"**/jobs/*\"]\nnames = [\"sweep\"]\nruns = \"per-tick\"\nlabel = \"a sweep\"\n";
    write(directory.path(), "leaklint.toml", entry);
    let (stdout, _) = run(directory.path(), "", 1);
    assert!(stdout.contains("[pool-per-call]") && stdout.contains("a sweep"), "{stdout}");
}

#[test]
fn what_holds_is_shown() {
    let directory = project(&[
        ("base.toml", "exclude = [\"old/\"]\n[rules]\nhandles = \"warn\"\n"),
        (
            "leaklint.toml",
            "extends = [\"base.toml\"]\nmin-confidence = \"medium\"\n[[overrides]]\nfiles = [\"b.ts\"]\nrules = { growth = \"allow\" }\n",
        ),
        ("src/a.ts", CLEAN),
        ("src/b.ts", CLEAN),
        ("old/c.ts", CLEAN),
    ]);
    let (stdout, _) = run(directory.path(), "--show-config src/b.ts -D pool-per-call --exclude x", 0);
    insta::assert_snapshot!("show_config", stdout);
    assert_eq!(run(directory.path(), "--show-files", 0).0, "src/a.ts\nsrc/b.ts\n");
    assert_eq!(run(directory.path(), "--show-files src/b.ts", 0).0, "src/b.ts\n");
}

#[test]
fn init_writes_what_fits_and_never_over_anything() {
    let directory = project(&[
        ("package.json", "{ \"dependencies\": { \"pg\": \"^8\", \"express\": \"^4\", \"left-pad\": \"1\" } }"),
        ("src/a.ts", LEAK),
        ("src/generated/b.ts", LEAK),
    ]);
    let (stdout, _) = run(directory.path(), "init", 0);
    assert_eq!(stdout, "wrote leaklint.toml; `leaklint` reads it from now on\n");
    insta::assert_snapshot!("init", std::fs::read_to_string(directory.path().join("leaklint.toml")).unwrap());
    assert!(!found(directory.path(), "", 1).contains("generated"));
    let (_, stderr) = run(directory.path(), "init", 2);
    assert!(stderr.starts_with("error: there is a configuration already: "), "{stderr}");
    run(directory.path(), "init missing", 2);
}
