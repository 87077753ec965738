//! Discovery and import resolution over whole trees: what takes part, what is reported, what an import names.

use std::path::{Path, PathBuf};

use leaklint::Request;
use leaklint::discovery::{Discovered, DiscoveryError, FileRole, discover};
use leaklint::linking::resolution::{Resolver, Target};
use leaklint::source::FileId;
use tempfile::TempDir;

fn tree(files: &[(&str, &str)]) -> TempDir {
    let root = tempfile::tempdir().expect("a temporary directory");
    for (path, text) in files {
        write(root.path(), path, text.as_bytes());
    }
    root
}

fn write(root: &Path, path: &str, bytes: &[u8]) {
    let path = root.join(path);
    std::fs::create_dir_all(path.parent().expect("a parent")).expect("made");
    std::fs::write(path, bytes).expect("written");
}

fn run(root: &Path, paths: &[&str]) -> Discovered {
    let mut request = Request::new(root);
    request.paths = paths.iter().map(PathBuf::from).collect();
    discover(&request).expect("the run starts")
}

fn shown(discovered: &Discovered) -> Vec<&str> {
    discovered.files.iter().map(|file| file.display_path.as_str()).collect()
}

fn reported(discovered: &Discovered) -> Vec<&str> {
    let files = discovered.files.iter().zip(&discovered.reported);
    files.filter(|(_, reported)| **reported).map(|(file, _)| file.display_path.as_str()).collect()
}

fn problems(discovered: &Discovered) -> Vec<(&str, &str)> {
    discovered.problems.iter().map(|problem| (problem.path.as_str(), problem.message.as_str())).collect()
}

/// Checks what imports name: `(importer, specifier, expected)`, where the expected is a path, `external:name` or empty.
fn check_imports(files: &[(&str, &str)], imports: &[(&str, &str, &str)]) {
    let root = tree(files);
    let discovered = run(root.path(), &[]);
    let resolver = Resolver::new(&discovered);
    for (importer, specifier, expected) in imports {
        let from = shown(&discovered).iter().position(|path| path == importer).expect("the importer is there");
        let from = FileId(u32::try_from(from).expect("few files"));
        // Twice: the second answer is the remembered one.
        for _ in 0..2 {
            let found = match resolver.resolve(from, specifier) {
                Target::Module(file) => discovered.files[file.index()].display_path.clone(),
                Target::Member(file, names) => {
                    format!("{}:{}", discovered.files[file.index()].display_path, names.join("::"))
                }
                Target::External(name) => format!("external:{name}"),
                Target::Unresolved => String::new(),
            };
            assert_eq!(found, *expected, "`{specifier}` in {importer}");
        }
    }
}

#[test]
fn the_whole_project_is_analysed_and_the_paths_are_reported() {
    let root = tree(&[
        ("package.json", r#"{"workspaces": ["packages/*"]}"#),
        ("packages/a/package.json", "{}"),
        ("packages/a/src/index.ts", ""),
        ("packages/b/index.js", ""),
    ]);
    let discovered = run(root.path(), &["packages/a"]);
    assert_eq!(shown(&discovered), ["packages/a/src/index.ts", "packages/b/index.js"]);
    assert_eq!(reported(&discovered), ["packages/a/src/index.ts"]);
    assert_eq!(discovered.root, root.path());

    let from_below = run(&root.path().join("packages/a"), &[]);
    assert_eq!(reported(&from_below), ["src/index.ts"]);
    let other = root.path().join("packages/b/index.js");
    assert!(shown(&from_below).contains(&other.to_str().expect("UTF-8")), "what is elsewhere is shown as it is");

    let one_file = run(root.path(), &["./packages/../packages/b/index.js", "packages/b/index.js"]);
    assert_eq!(reported(&one_file), ["packages/b/index.js"]);
    assert_eq!(one_file.files.len(), 2);
}

#[test]
fn files_come_in_path_order_whatever_the_number_of_threads() {
    let names: Vec<String> = (0..200).map(|at| format!("d{}/f{at}.ts", at % 7)).collect();
    let files: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "")).collect();
    let root = tree(&files);
    let mut request = Request::new(root.path());
    let mut orders = Vec::new();
    for threads in [1, 2, 8] {
        request.threads = Some(threads);
        let discovered = discover(&request).expect("the run starts");
        orders.push(shown(&discovered).into_iter().map(str::to_owned).collect::<Vec<_>>());
    }
    let mut sorted = names;
    sorted.sort();
    assert!(orders.iter().all(|order| *order == sorted));
}

#[test]
fn what_other_people_and_tools_wrote_takes_no_part() {
    let files = [
        (".gitignore", "/generated\n*.skip.ts\n"),
        (".ignore", "old.ts\n"),
        ("a.ts", ""),
        ("a.d.ts", ""),
        ("a.css", ""),
        ("old.ts", ""),
        ("b.skip.ts", ""),
        ("generated/c.ts", ""),
        ("node_modules/pg/index.js", ""),
        ("packages/x/node_modules/y/index.js", ""),
        ("dist/a.js", ""),
        (".hidden/a.ts", ""),
        ("src/coverage/a.ts", ""),
        ("coverage/lcov.info", ""),
        ("coverage/sorter.js", ""),
    ];
    let root = tree(&files);
    assert_eq!(shown(&run(root.path(), &[])), ["a.ts", "src/coverage/a.ts"]);

    let named = run(root.path(), &["dist", "generated", "old.ts", "src"]);
    assert_eq!(reported(&named), ["dist/a.js", "generated/c.ts", "old.ts", "src/coverage/a.ts"]);

    let mut request = Request::new(root.path());
    request.respect_ignore_files = false;
    request.exclude = vec!["src/**".to_owned(), "./generated".to_owned()];
    let discovered = discover(&request).expect("the run starts");
    assert_eq!(shown(&discovered), ["a.ts", "b.skip.ts", "old.ts"]);
}

#[test]
fn runs_that_cannot_start_say_why() {
    let root = tree(&[("a.ts", "")]);
    let mut request = Request::new(root.path());
    request.paths = vec!["a.ts".into(), "gone/b.ts".into()];
    let error = discover(&request).expect_err("the path is missing");
    assert!(matches!(error, DiscoveryError::Missing(_)));
    assert_eq!(error.to_string(), "no such file or directory: `gone/b.ts`");

    request.paths.clear();
    request.exclude = vec!["a[".to_owned()];
    let error = discover(&request).expect_err("the glob is none").to_string();
    assert!(error.starts_with("not a glob: `a[`: "), "{error}");
}

#[test]
fn bad_input_costs_itself_only() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/broken");
    let root = tempfile::tempdir().expect("a temporary directory");
    for entry in std::fs::read_dir(fixtures).expect("fixtures").flatten().filter(|entry| entry.path().is_file()) {
        std::fs::copy(entry.path(), root.path().join(entry.file_name())).expect("copied");
    }
    write(root.path(), "huge.ts", "let a = 1\n".repeat(110_000).as_bytes());
    write(root.path(), "package.json", b"{ not json");
    let discovered = run(root.path(), &[]);
    let text = |name: &str| discovered.files.iter().find(|file| file.display_path == name).map(|file| &*file.text);
    assert_eq!(text("empty.ts"), Some(""));
    assert_eq!(text("bom.ts"), Some("\u{feff}export const a = 1\r\n"));
    for passed_over in ["latin1.ts", "utf16.ts", "translation.ts", "transport-stream.ts", "bundle.js", "huge.ts"] {
        assert_eq!(text(passed_over), None, "{passed_over}");
    }
    let problems = problems(&discovered);
    assert_eq!(problems[0], ("latin1.ts", "not valid UTF-8: line 1, byte 24"));
    assert!(problems[1].0 == "package.json" && problems[1].1.starts_with("not valid JSON: "), "{problems:?}");
    assert_eq!(problems[2], ("utf16.ts", "the file is UTF-16; only UTF-8 is read"));
    assert_eq!(discovered.files_discovered, discovered.files.len() + discovered.files_skipped + 2);

    let elsewhere = run(root.path(), &["bom.ts"]);
    let paths: Vec<&str> = elsewhere.problems.iter().map(|problem| problem.path.as_str()).collect();
    assert_eq!(paths, ["package.json"], "what is wrong with files that are not asked about is theirs");

    let named = run(root.path(), &["huge.ts"]);
    assert!(named.problems.iter().any(|problem| problem.message == "not analysed: larger than 1 MiB"));
}

#[cfg(unix)]
#[test]
fn links_that_loop_end() {
    use std::os::unix::fs::symlink;
    let root = tree(&[("src/a.ts", "export {}"), ("package.json", "{}")]);
    let outside = tree(&[("shared.ts", "export const a = 1"), ("lib/b.ts", "")]);
    symlink(root.path(), root.path().join("src/loop")).expect("linked");
    symlink("self.ts", root.path().join("self.ts")).expect("linked");
    symlink("gone.ts", root.path().join("dangling.ts")).expect("linked");
    symlink(root.path().join("src/a.ts"), root.path().join("again.ts")).expect("linked");
    symlink(outside.path().join("shared.ts"), root.path().join("shared.ts")).expect("linked");
    symlink(outside.path().join("lib"), root.path().join("lib")).expect("linked");

    let discovered = run(root.path(), &[]);
    assert_eq!(shown(&discovered), ["shared.ts", "src/a.ts"]);
    let problems = problems(&discovered);
    assert_eq!(problems[0], ("dangling.ts", "no such file or directory"));
    assert_eq!(problems[1].0, "self.ts");
    assert_eq!(problems.len(), 2);

    let through = tempfile::tempdir().expect("a temporary directory");
    symlink(root.path(), through.path().join("project")).expect("linked");
    let named = run(through.path(), &["project"]);
    assert_eq!(reported(&named).len(), 2, "a link that is named stands for what it leads to");
}

#[cfg(unix)]
#[test]
fn unreadable_places_are_reported() {
    use std::os::unix::fs::PermissionsExt;
    let root = tree(&[("a.ts", ""), ("locked/b.ts", ""), ("c.ts", "")]);
    let forbid = |path: &str, mode| {
        let permissions = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(root.path().join(path), permissions).expect("set");
    };
    forbid("locked", 0o000);
    forbid("c.ts", 0o000);
    let is_all_powerful = std::fs::read(root.path().join("c.ts")).is_ok();
    let discovered = run(root.path(), &[]);
    forbid("locked", 0o755);
    if !is_all_powerful {
        assert_eq!(shown(&discovered), ["a.ts"]);
        assert_eq!(problems(&discovered), [("c.ts", "permission denied"), ("locked", "permission denied")]);
    }
}

#[test]
fn roles_are_seen_from_the_project() {
    let root = tree(&[
        ("tests/app/package.json", "{}"),
        ("tests/app/src/index.ts", ""),
        ("tests/app/tests/a.ts", ""),
        (".git/HEAD", ""),
    ]);
    assert_eq!(run(root.path(), &[]).roles, [FileRole::Test, FileRole::Test]);
    assert_eq!(run(root.path(), &["tests/app"]).roles, [FileRole::Source, FileRole::Test]);
    assert_eq!(run(&root.path().join("tests/app"), &[]).roles, [FileRole::Source, FileRole::Test]);
}

#[test]
fn a_file_belongs_to_the_nearest_package() {
    let root = tree(&[
        ("package.json", r#"{"name": "top", "devDependencies": {"pg": "8"}}"#),
        ("packages/a/package.json", r#"{"name": "a", "dependencies": {"redis": "5"}}"#),
        ("packages/a/src/x.ts", ""),
        ("y.ts", ""),
    ]);
    let discovered = run(root.path(), &[]);
    let [x, y] = [FileId(0), FileId(1)].map(|file| discovered.project_of(file).expect("a package"));
    assert!(x.name.as_deref() == Some("a") && x.depends_on("redis") && x.depends_on("pg"));
    assert!(y.name.as_deref() == Some("top") && !y.depends_on("redis"));
}

#[test]
fn relative_imports() {
    check_imports(
        &[
            ("src/a.ts", ""),
            ("src/b/index.tsx", ""),
            ("src/b.test.ts", ""),
            ("src/c/d.mts", ""),
            ("src/c/package.json", r#"{"main": "./d.mjs"}"#),
            ("index.js", ""),
        ],
        &[
            ("src/a.ts", "./b", "src/b/index.tsx"),
            ("src/a.ts", "./b/index.js", "src/b/index.tsx"),
            ("src/a.ts", "./b.test", "src/b.test.ts"),
            ("src/a.ts", "./c/d.mjs", "src/c/d.mts"),
            ("src/a.ts", "./c", "src/c/d.mts"),
            ("src/a.ts", "..", "index.js"),
            ("src/b/index.tsx", "../a.js", "src/a.ts"),
            ("src/b/index.tsx", ".", "src/b/index.tsx"),
            ("src/a.ts", "./a?worker", "src/a.ts"),
            ("src/a.ts", "./a.ts?raw", ""),
            ("src/a.ts", "./style.css", ""),
            ("src/a.ts", "./app.vue", ""),
            ("src/a.ts", "../../../../etc/passwd", ""),
            ("src/a.ts", "./gone", ""),
            ("src/a.ts", "pg", "external:pg"),
            ("src/a.ts", "node:fs/promises", "external:fs/promises"),
        ],
    );
}

#[test]
fn compiler_aliases() {
    check_imports(
        &[
            ("package.json", r#"{"workspaces": [], "dependencies": {"@/registry": "1"}}"#),
            ("tsconfig.base.json", r#"{"compilerOptions": {"paths": {"@lib/*": ["./libs/*/src"]}}}"#),
            ("libs/data/src/index.ts", ""),
            (
                "app/tsconfig.json",
                r#"{ // an app
                  "extends": "../tsconfig.base.json",
                  "compilerOptions": {"baseUrl": "./", "paths": {"@/*": ["src/*", "generated/*"], "config": ["./config.ts"]}} }"#,
            ),
            ("app/src/db/index.ts", ""),
            ("app/generated/client.ts", ""),
            ("app/config.ts", ""),
            ("app/other/tsconfig.json", r#"{"extends": "../../tsconfig.base"}"#),
            ("app/other/a.ts", ""),
            ("plain/src/a.js", ""),
            ("plain/package.json", "{}"),
        ],
        &[
            ("app/src/db/index.ts", "@/db", "app/src/db/index.ts"),
            ("app/src/db/index.ts", "@/client.js", "app/generated/client.ts"),
            ("app/src/db/index.ts", "config", "app/config.ts"),
            ("app/src/db/index.ts", "src/db", "app/src/db/index.ts"),
            ("app/src/db/index.ts", "@/gone", ""),
            ("app/src/db/index.ts", "@/logo.svg", ""),
            ("app/src/db/index.ts", "@scope/pkg", "external:@scope/pkg"),
            ("app/other/a.ts", "@lib/data", "libs/data/src/index.ts"),
            ("app/other/a.ts", "@/db", "app/src/db/index.ts"),
            ("plain/src/a.js", "@/a", "plain/src/a.js"),
            ("plain/src/a.js", "~/src/a", "plain/src/a.js"),
        ],
    );
}

#[test]
fn workspace_packages_that_are_not_installed() {
    check_imports(
        &[
            ("pnpm-workspace.yaml", "packages: ['packages/*']"),
            ("packages/db/package.json", r#"{"name": "@x/db", "main": "dist/index.js", "version": "1.2.0"}"#),
            ("packages/db/src/index.ts", ""),
            ("packages/db/src/clients/pg.ts", ""),
            (
                "packages/ui/package.json",
                r##"{"name": "@x/ui",
                  "exports": {".": {"types": "./dist/main.d.ts", "import": "./dist/main.mjs"}, "./*": "./dist/parts/*.js",
                              "./raw": {"source": "./lib/raw.ts", "default": "./dist/other.js"}},
                  "imports": {"#internal/*": "./dist/internal/*.js", "#dep": {"node": "undici", "default": "./dist/gone.js"}}}"##,
            ),
            ("packages/ui/src/main.ts", ""),
            ("packages/ui/src/parts/button.tsx", ""),
            ("packages/ui/src/internal/a.ts", ""),
            ("packages/ui/lib/raw.ts", ""),
            (
                "packages/app/package.json",
                r#"{"name": "app", "dependencies": {"@x/db": "workspace:*", "redis": "^4", "kv": "npm:@vercel/kv@1"}}"#,
            ),
            ("packages/app/index.ts", ""),
            ("packages/redis/package.json", r#"{"name": "redis", "version": "0.1.0"}"#),
            ("packages/redis/index.ts", ""),
            ("test/fixtures/pg/package.json", r#"{"name": "pg"}"#),
            ("test/fixtures/pg/index.js", ""),
        ],
        &[
            ("packages/app/index.ts", "@x/db", "packages/db/src/index.ts"),
            ("packages/app/index.ts", "@x/db/dist/clients/pg", "packages/db/src/clients/pg.ts"),
            ("packages/app/index.ts", "@x/db/clients/pg.js", "packages/db/src/clients/pg.ts"),
            ("packages/app/index.ts", "../db/dist/clients/pg.js", "packages/db/src/clients/pg.ts"),
            ("packages/app/index.ts", "@x/ui", "packages/ui/src/main.ts"),
            ("packages/app/index.ts", "@x/ui/button", "packages/ui/src/parts/button.tsx"),
            ("packages/app/index.ts", "@x/ui/raw", "packages/ui/lib/raw.ts"),
            ("packages/app/index.ts", "@x/ui/style.css", "external:@x/ui/style.css"),
            ("packages/ui/src/main.ts", "@x/ui/button", "packages/ui/src/parts/button.tsx"),
            ("packages/ui/src/main.ts", "#internal/a", "packages/ui/src/internal/a.ts"),
            ("packages/ui/src/main.ts", "#dep", "external:undici"),
            ("packages/ui/src/main.ts", "#gone", ""),
            ("packages/app/index.ts", "redis", "external:redis"),
            ("packages/app/index.ts", "pg", "external:pg"),
            ("packages/app/index.ts", "kv/edge", "external:@vercel/kv/edge"),
        ],
    );
}

#[test]
fn deno_import_maps() {
    check_imports(
        &[
            (
                "deno.jsonc",
                r#"{ "workspace": ["./member"], // members see these
                  "imports": {"pg": "npm:pg@8.11", "@std/": "jsr:/@std/", "~/": "./src/", "db": "./src/db.ts", "m": "jsr:@x/member@1"} }"#,
            ),
            ("src/db.ts", ""),
            ("member/deno.json", r#"{"name": "@x/member", "exports": "./mod.ts"}"#),
            ("member/mod.ts", ""),
            (
                "functions/import_map.json",
                r#"{"imports": {"db": "../src/db.ts", "postgres": "https://deno.land/x/postgres@v0.17.0/mod.ts"},
                    "scopes": {"./v1/": {"db": "./v1/db.ts"}}}"#,
            ),
            ("functions/hello/index.ts", ""),
            ("functions/v1/db.ts", ""),
            ("functions/v1/main.ts", ""),
        ],
        &[
            ("src/db.ts", "pg", "external:pg"),
            ("src/db.ts", "@std/async/delay", "external:@std/async/delay"),
            ("src/db.ts", "~/db.ts", "src/db.ts"),
            ("src/db.ts", "m", "member/mod.ts"),
            ("member/mod.ts", "db", "src/db.ts"),
            ("src/db.ts", "@x/member", "member/mod.ts"),
            ("src/db.ts", "npm:drizzle-orm@0.30/postgres-js", "external:drizzle-orm/postgres-js"),
            ("src/db.ts", "https://esm.sh/@supabase/supabase-js@2?dts", "external:@supabase/supabase-js"),
            ("functions/hello/index.ts", "db", "src/db.ts"),
            ("functions/hello/index.ts", "postgres", "external:https://deno.land/x/postgres/mod.ts"),
            ("functions/hello/index.ts", "pg", "external:pg"),
            ("functions/v1/main.ts", "db", "functions/v1/db.ts"),
        ],
    );
}
