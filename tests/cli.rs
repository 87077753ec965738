//! The binary, as users and scripts meet it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// A request handler that builds a pool for each request.
const LEAK: &str = "\
import express from 'express';
import { Pool } from 'pg';

const app = express();
app.get('/users', async (request, response) => {
  const pool = new Pool({ connectionString: process.env.DATABASE_URL });
  const { rows } = await pool.query('select * from users');
  response.json(rows);
});
";

const CLEAN: &str = "export function add(a, b) {\n  return a + b;\n}\n";

fn project(files: &[(&str, &[u8])]) -> TempDir {
    let directory = tempfile::Builder::new().prefix("leaklint-").tempdir().unwrap();
    for (path, bytes) in files {
        let path = directory.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    directory
}

fn leaklint(directory: &Path, arguments: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_leaklint"));
    command.current_dir(directory).args(arguments.split_whitespace());
    // What a test sees must not depend on where it runs.
    for variable in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "COLUMNS", "LINES", "TERM", "GITHUB_ACTIONS"] {
        command.env_remove(variable);
    }
    command
}

fn run(directory: &Path, arguments: &str) -> (Option<i32>, String, String) {
    streams(&leaklint(directory, arguments).output().unwrap())
}

fn streams(output: &Output) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

/// Runs over `files` and compares the exit code; gives stdout and stderr.
fn check(files: &[(&str, &[u8])], arguments: &str, expected: i32) -> (String, String) {
    let directory = project(files);
    let (code, stdout, stderr) = run(directory.path(), arguments);
    assert_eq!(code, Some(expected), "leaklint {arguments}\n{stdout}\n{stderr}");
    (stdout, stderr)
}

#[test]
fn a_clean_project_exits_with_0_and_one_line_on_stderr() {
    let (stdout, stderr) = check(&[("a.js", CLEAN.as_bytes())], "", 0);
    assert_eq!(stdout, "");
    assert!(stderr.starts_with("no leaks found in 1 file, ") && stderr.lines().count() == 1, "{stderr}");
    let (stdout, stderr) = check(&[("a.js", CLEAN.as_bytes())], "--quiet", 0);
    assert_eq!((stdout.as_str(), stderr.as_str()), ("", ""));
}

#[test]
fn findings_exit_with_1_in_every_format_and_with_and_without_the_verb() {
    for format in ["full", "concise", "json", "json-lines", "sarif", "github", "gitlab", "junit", "rustc"] {
        for verb in ["", "check"] {
            let arguments = format!("{verb} --output-format {format} src");
            let (stdout, _) = check(&[("src/users.ts", LEAK.as_bytes())], &arguments, 1);
            assert!(stdout.contains("pool-per-call"), "{stdout}");
        }
    }
}

#[test]
fn findings_that_were_not_asked_for_do_not_fail() {
    let leak = [("users.ts", LEAK.as_bytes())];
    check(&leak, "--exit-zero", 0);
    check(&leak, "--only unbounded-cache", 0);
    check(&leak, "-A creation -A handles -A release -A growth -A hygiene", 0);
}

#[test]
fn some_warnings_may_be_allowed() {
    let leak = [("users.ts", LEAK.as_bytes())];
    check(&leak, "--only hygiene", 1);
    check(&leak, "--only hygiene --max-warnings 2", 0);
    check(&leak, "--only hygiene --max-warnings 1", 1);
    check(&leak, "--max-warnings 9", 1);
    check(&leak, "--max-warnings 9 -W creation", 0);
}

#[test]
fn formats_go_to_files_and_one_to_stdout() {
    let directory = project(&[("users.ts", LEAK.as_bytes())]);
    let read = |path: &str| fs::read_to_string(directory.path().join(path)).unwrap();
    let arguments = "--output-format sarif=a.sarif --output-format concise --output-format junit=b.xml";
    let (code, stdout, _) = run(directory.path(), arguments);
    assert_eq!((code, stdout.lines().count()), (Some(1), 3));
    assert!(read("a.sarif").contains("\"version\": \"2.1.0\"") && read("b.xml").starts_with("<?xml"));
    let (code, stdout, stderr) = run(directory.path(), "--output-format full=c.txt --color always");
    assert_eq!((code, stdout.as_str()), (Some(1), ""));
    assert!(stderr.starts_with("3 findings (1 error, 2 warnings) in 1 file, "), "{stderr}");
    assert!(read("c.txt").starts_with("error[pool-per-call]: "), "no colour in files");
    let (_, stderr) = check(&[], "--output-format json --output-format full", 2);
    assert!(stderr.starts_with("error: two formats cannot both go to stdout\nhelp: "), "{stderr}");
    let (_, stderr) = check(&[], "--output-format json=missing/a.json", 2);
    assert!(stderr.starts_with("error: cannot write `missing/a.json`: "), "{stderr}");
}

#[test]
fn on_github_actions_findings_are_annotations_unless_one_says_otherwise() {
    let directory = project(&[("users.ts", LEAK.as_bytes())]);
    let on_github = |arguments: &str| {
        let mut command = leaklint(directory.path(), arguments);
        streams(&command.env("GITHUB_ACTIONS", "true").output().unwrap()).1
    };
    assert!(on_github("").starts_with("::error file=users.ts,line=6,"));
    assert!(on_github("--output-format concise").starts_with("users.ts:6:16: error"));
}

#[test]
fn concise_is_one_line_a_finding() {
    let (stdout, _) = check(&[("users.ts", LEAK.as_bytes())], "--output-format concise --only pool-per-call", 1);
    assert!(stdout.starts_with("users.ts:6:16: ") && stdout.contains("[pool-per-call]: "), "{stdout}");
    assert_eq!(stdout.lines().count(), 1);
}

/// Positions counted by hand: a byte-order mark of three bytes, CRLF, a tab, `ï` of two bytes, `𝑛` of four.
#[test]
fn json_positions_are_those_of_the_file_on_disk() {
    let source = "\u{feff}import { Pool } from 'pg';\r\n\
                  app.get('/naïve', async (request, response) => {\r\n\
                  \tconst 𝑛 = 'ï'; const pool = new Pool({ connectionString: process.env.URL });\r\n\
                  \tresponse.json((await pool.query(𝑛)).rows);\r\n\
                  });\r\n\
                  import express from 'express';\r\n\
                  const app = express();\r\n";
    let (stdout, _) = check(&[("users.ts", source.as_bytes())], "--output-format json", 1);
    let json: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(json["version"], 1);
    let findings = json["findings"].as_array().unwrap();
    let finding = findings.iter().find(|finding| finding["rule"] == "pool-per-call").unwrap();
    assert_eq!(finding["path"], "users.ts");
    // The mark and line 1 (3 + 26 + 2), line 2 (48 + 1 + 2), and 29 columns of which two take four bytes more.
    assert_eq!(finding["range"]["start"], serde_json::json!({ "line": 3, "column": 30, "byte": 31 + 51 + 29 + 4 }));
    assert_eq!(finding["range"]["end"]["line"], 3);
    assert_eq!(json["summary"]["findings"], findings.len());
    assert_eq!(json["problems"], serde_json::json!([]));
}

#[test]
fn output_is_the_same_for_any_number_of_threads() {
    let files: Vec<_> = (0..40).map(|number| (format!("src/users{number}.ts"), LEAK.as_bytes())).collect();
    let files: Vec<_> = files.iter().map(|(path, bytes)| (path.as_str(), *bytes)).collect();
    let one = check(&files, "--output-format concise -j 1", 1).0;
    assert_eq!(one, check(&files, "--output-format concise -j 8", 1).0);
    assert!(one.lines().count() >= 40, "{one}");
}

#[test]
fn unsaved_text_is_looked_at_in_the_place_of_the_file() {
    let project = project(&[("package.json", b"{}"), ("src/a.ts", b"export {}"), ("src/b.ts", LEAK.as_bytes())]);
    for arguments in ["--stdin-filename src/a.ts", "- --stdin-filename ./src/a.ts"] {
        let mut command = leaklint(project.path(), &format!("{arguments} --output-format concise"));
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(LEAK.as_bytes()).unwrap();
        let (code, stdout, stderr) = streams(&child.wait_with_output().unwrap());
        assert_eq!(code, Some(1), "{stderr}");
        assert!(stdout.contains("error[pool-per-call]"), "{stdout}");
        assert!(stdout.lines().all(|line| line.starts_with("src/a.ts:")), "{stdout}");
    }
    assert_eq!(fs::read(project.path().join("src/a.ts")).unwrap(), b"export {}");
}

#[test]
fn a_missing_path_exits_with_2_and_is_named() {
    let (stdout, stderr) = check(&[], "missing.ts", 2);
    assert_eq!((stdout.as_str(), stderr.as_str()), ("", "error: no such file or directory: `missing.ts`\n"));
}

#[test]
fn a_command_behind_its_options_is_explained() {
    let (_, stderr) = check(&[], "--quiet check", 2);
    assert!(stderr.ends_with("help: put the command before its options: `leaklint check …`\n"), "{stderr}");
}

#[test]
fn wrong_arguments_exit_with_2() {
    for arguments in
        ["--no-such-option", "--only no-such-rule", "-j 0", "--output-format xml", "explain", "--exclude ["]
    {
        let (stdout, stderr) = check(&[], arguments, 2);
        assert_eq!(stdout, "");
        assert!(stderr.starts_with("error: "), "leaklint {arguments}\n{stderr}");
    }
}

#[test]
fn a_file_that_cannot_be_read_is_reported_and_the_rest_runs() {
    let files: [(&str, &[u8]); 2] = [("bad.ts", b"const a = '\xff\xfe';\n"), ("users.ts", LEAK.as_bytes())];
    let (stdout, stderr) = check(&files, "--output-format concise", 1);
    assert!(stdout.contains("users.ts:6:16: "), "{stdout}");
    assert!(stderr.starts_with("bad.ts") && stderr.contains(": warning: not valid UTF-8"), "{stderr}");
    let (stdout, stderr) = check(&files, "--output-format json", 1);
    let json: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(json["problems"][0]["path"], "bad.ts");
    assert_eq!(stderr, "");
}

#[cfg(unix)]
#[test]
fn a_file_without_permission_is_reported_and_the_rest_runs() {
    use std::os::unix::fs::PermissionsExt as _;
    let directory = project(&[("secret.ts", LEAK.as_bytes()), ("a.ts", CLEAN.as_bytes())]);
    let secret = directory.path().join("secret.ts");
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o000)).unwrap();
    if fs::read(&secret).is_ok() {
        return; // Root reads everything.
    }
    let (code, _, stderr) = run(directory.path(), "");
    assert_eq!(code, Some(0), "{stderr}");
    assert!(stderr.contains("secret.ts: warning: "), "{stderr}");
}

#[test]
fn input_without_sense_neither_crashes_nor_hangs() {
    let nested = format!("export const a = {}1{};\n", "(".repeat(100_000), ")".repeat(100_000));
    let minified = format!("import{{Pool}}from'pg';{}", "var a=[1,2,3].map(b=>b+1);".repeat(40_000));
    let files: [(&str, &[u8]); 4] = [
        ("empty.ts", b""),
        ("broken.ts", b"function ( { [ import"),
        ("nested.ts", nested.as_bytes()),
        ("bundle.min.js", minified.as_bytes()),
    ];
    check(&files, "--quiet", 0);
}

#[cfg(unix)]
#[test]
fn a_loop_of_directories_ends() {
    let directory = project(&[("src/a.ts", CLEAN.as_bytes())]);
    std::os::unix::fs::symlink(directory.path(), directory.path().join("src/loop")).unwrap();
    let (code, _, stderr) = run(directory.path(), "");
    assert_eq!(code, Some(0), "{stderr}");
}

#[test]
fn ignored_and_excluded_files_are_left_out() {
    let files: [(&str, &[u8]); 2] = [(".gitignore", b"generated\n"), ("generated/users.ts", LEAK.as_bytes())];
    check(&files, "", 0);
    check(&files, "--no-ignore", 1);
    check(&files, "--no-ignore --exclude generated/**", 0);
}

#[test]
fn a_reader_that_leaves_is_no_failure() {
    for arguments in ["rules", "explain pool-per-call", "completions bash", "--help", "--output-format json ."] {
        let directory = project(&[("a.ts", CLEAN.as_bytes())]);
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = leaklint(directory.path(), arguments).stdout(writer).output().unwrap();
        let (code, _, stderr) = streams(&output);
        assert_eq!(code, Some(0), "leaklint {arguments}\n{stderr}");
        assert!(!stderr.contains("panicked"), "{stderr}");
    }
}

#[test]
fn colour_is_for_those_who_want_it() {
    let directory = project(&[]);
    let colourful = |command: &mut Command| streams(&command.output().unwrap()).1.contains('\u{1b}');
    assert!(!colourful(&mut leaklint(directory.path(), "rules")));
    assert!(colourful(leaklint(directory.path(), "rules").env("CLICOLOR_FORCE", "1")));
    let leak = project(&[("users.ts", LEAK.as_bytes())]);
    assert!(colourful(&mut leaklint(leak.path(), "--color always")));
    assert!(!colourful(leaklint(leak.path(), "--color never").env("CLICOLOR_FORCE", "1")));
}

#[test]
fn every_rule_is_listed_and_explained() {
    let directory = project(&[]);
    let (_, listed, _) = run(directory.path(), "rules");
    for rule in leaklint::rules::RuleId::ALL {
        assert!(listed.contains(&format!("  {rule} ")), "{listed}");
        let (code, page, _) = run(directory.path(), &format!("explain {rule}"));
        assert_eq!(code, Some(0));
        assert!(page.starts_with(&format!("{rule}\n")) && !page.contains("```") && !page.contains("//~"), "{page}");
    }
}

#[test]
fn an_unknown_rule_is_guessed() {
    let (_, stderr) = check(&[], "explain pool-per-cal", 2);
    assert!(stderr.contains("did you mean `pool-per-call`?"), "{stderr}");
}

#[test]
fn an_unknown_library_is_an_error() {
    let (_, stderr) = check(&[], "catalogue no-such-library", 2);
    assert!(stderr.starts_with("error: nothing is known of `no-such-library`\nhelp: "), "{stderr}");
}

#[test]
fn what_is_known_of_a_library_is_shown() {
    let (listed, _) = check(&[], "catalogue", 0);
    assert!(listed.lines().any(|line| line.starts_with("pg ") && line.contains("pg.Pool")), "{listed}");
    let (shown, _) = check(&[], "catalogue pg", 0);
    assert!(shown.starts_with("name = \"pg\"\n") && shown.contains("id = \"pg.Pool\""), "{shown}");
}

#[test]
fn a_finding_is_argued_for() {
    let directory = project(&[("package.json", b"{}"), ("src/users.ts", LEAK.as_bytes())]);
    let (code, stdout, _) = run(directory.path(), "explain --finding src/users.ts:6");
    assert_eq!(code, Some(0));
    insta::assert_snapshot!("explain_finding", stdout);
    let json = run(directory.path(), "--output-format json --only pool-per-call").1;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let fingerprint = json["findings"][0]["fingerprint"].as_str().unwrap();
    let (_, stdout, _) = run(directory.path(), &format!("explain --finding {}", &fingerprint[..8]));
    assert!(stdout.starts_with("error[pool-per-call]: ") && stdout.ends_with(&format!("fingerprint {fingerprint}\n")));
    let (code, _, stderr) = run(directory.path(), "explain --finding src/users.ts:1");
    assert_eq!(code, Some(2));
    assert!(stderr.starts_with("error: nothing is found that is called `src/users.ts:1`\nhelp: "), "{stderr}");
    let (_, stdout, _) = run(directory.path(), "--trace --only pool-per-call");
    assert!(stdout.contains("how often it runs"), "{stdout}");
}

#[test]
fn a_loop_that_waits_for_requests_is_shown() {
    const SERVER: &str = "\
#[tokio::main]
async fn main() {
    let listener = tokio::net::TcpListener::bind(ADDRESS).await.unwrap();
    loop {
        let (socket, _) = listener.accept().await.unwrap();
        answer(socket, reqwest::Client::new()).await;
    }
}
";
    let manifest = b"[package]\nname = \"server\"\nversion = \"0.1.0\"\n";
    let (shown, _) = check(&[("Cargo.toml", manifest), ("src/main.rs", SERVER.as_bytes())], "", 1);
    assert!(shown.contains("is built for every request: the program's `main`\n"), "{shown}");
    assert!(shown.contains("2. a loop waits for `listener.accept` here and goes round for every request"), "{shown}");
}

#[test]
fn an_owner_that_a_directive_names_has_to_release() {
    let source = |owner: &str| {
        format!(
            "import {{ Pool }} from 'pg';\nimport express from 'express';\nconst app = express();\nconst pools: Pool[] = [];\n\
             app.get('/', async () => {{\n  // leaklint: ignore[pool-per-call] -- owned-by src/a.ts#{owner}\n  \
             const pool = new Pool({{ max: 5, connectionTimeoutMillis: 5 }});\n  pool.on('error', console.error);\n  \
             await pool.query('select 1');\n}});\nexport async function close(pool: Pool) {{\n  await pool.end();\n}}\n\
             export function keep() {{\n  return pools.length;\n}}\n"
        )
    };
    let of = |owner: &str, expected| check(&[("src/a.ts", source(owner).as_bytes())], "", expected);
    of("close", 0);
    let (_, stderr) = of("keep", 1);
    assert!(stderr.contains("`keep` of `src/a.ts` does not release a `pg.Pool`"), "{stderr}");
    of("missing", 1);
}

#[test]
fn timings_are_told() {
    let (_, stderr) = check(&[("a.js", CLEAN.as_bytes())], "--timings --quiet", 0);
    let stages: Vec<_> = stderr.lines().map(|line| line.rsplit("  ").next().unwrap()).collect();
    assert_eq!(stages, ["reading", "parsing", "linking", "analysing", "judging", "comparing", "in all"]);
}

#[test]
fn the_manual_page_is_printed() {
    let (stdout, _) = check(&[], "man", 0);
    assert!(stdout.contains(".TH leaklint 1") && stdout.contains("output\\-format"), "{stdout}");
}

#[test]
fn completions_are_printed_for_a_shell() {
    let (stdout, _) = check(&[], "completions bash", 0);
    assert!(stdout.contains("_leaklint()"), "{stdout}");
}

#[test]
fn cargo_repeats_the_name_of_its_subcommand() {
    let directory = project(&[]);
    let cargo = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-leaklint"));
        streams(&command.current_dir(&directory).args(arguments).output().unwrap())
    };
    let expected = run(directory.path(), "rules");
    assert_eq!(cargo(&["leaklint", "rules"]), expected);
    assert_eq!(cargo(&["rules"]), expected);
}

#[test]
fn help() {
    insta::assert_snapshot!("help", check(&[], "--help", 0).0);
    for verb in ["check", "baseline", "init", "rules", "explain", "catalogue", "completions", "man"] {
        insta::assert_snapshot!(format!("help_{verb}"), check(&[], &format!("{verb} --help"), 0).0);
    }
}
