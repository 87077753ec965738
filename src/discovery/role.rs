//! What a file is for, by the conventions of its path.
//!
//! How often a line runs is asked of files that serve; tests, benchmarks, migrations, seed and build scripts are not
//! held to it. A wrong guess away from [`FileRole::Source`] silences a file, so a name that can be a feature of a
//! product (`docs`, `demo`, `tools` below `src`) counts only where it cannot.

/// What a file is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FileRole {
    /// Runs in the product.
    Source,
    Test,
    Benchmark,
    /// Run by hand or by a job, once, to its end.
    Script,
    Migration,
    /// Fills a database.
    Seed,
    /// Configuration of a bundler, test runner or other tool; code that a build brings along or runs.
    Build,
    Example,
    /// Types only.
    Declaration,
    /// Shows a component in a catalogue of components.
    Story,
}

const TEST_DIRECTORIES: &[&str] = &[
    "test",
    "tests",
    "__test__",
    "__tests__",
    "e2e",
    "cypress",
    "playwright",
    "__mocks__",
    "mocks",
    "__fixtures__",
    "fixtures",
    "__snapshots__",
    "__testfixtures__",
    "test-utils",
    "test_utils",
    "testutils",
    "test-helpers",
    "test-support",
    "test-fixtures",
    "testing-utils",
    "integration-test",
    "fuzz",
    "fuzz_targets",
];
const TEST_STEMS: &[&str] = &[
    "test",
    "tests",
    "test-utils",
    "test_utils",
    "testutils",
    "testutil",
    "test_util",
    "test-helpers",
    "test_helpers",
    "testhelpers",
    "test_support",
    "setuptests",
    "setup-tests",
];
const TEST_INFIXES: &[&str] = &["test", "tests", "spec", "specs", "e2e", "e2e-spec", "cy", "test-d", "int", "mock"];
const BENCHMARK_NAMES: &[&str] = &["bench", "benches", "benchmark", "benchmarks"];
const EXAMPLE_DIRECTORIES: &[&str] =
    &["example", "examples", "sample", "samples", "demo", "demos", "playground", "playgrounds", "docs"];
const SEED_NAMES: &[&str] = &["seed", "seeds", "seeder", "seeders"];
/// Directories whose files are the product, or are named after its routes.
const SOURCE_DIRECTORIES: &[&str] = &["src", "app", "apps", "lib", "pages", "routes", "server", "public", "assets"];
const ROUTE_DIRECTORIES: &[&str] = &["app", "pages", "routes"];
const ROUTE_STEMS: &[&str] = &["route", "page", "layout", "+server", "+page", "+layout", "actions"];

/// The role of a file from its path relative to the project, with `/` separators.
#[must_use]
#[allow(clippy::case_sensitive_file_extension_comparisons, reason = "the path is in lower case by then")]
pub fn role_of(path: &str) -> FileRole {
    let lowercase = path.to_ascii_lowercase();
    let (directories, name) = lowercase.rsplit_once('/').unwrap_or(("", &lowercase));
    let directories: Vec<&str> = directories.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);

    if stem.ends_with(".d") {
        return FileRole::Declaration;
    }
    if name == "build.rs" && directories.last() != Some(&"src") {
        return FileRole::Build;
    }
    if name.ends_with(".rs") {
        if directories.iter().any(|directory| VENDORED.contains(directory)) {
            return FileRole::Build;
        }
        // What build scripts share is a crate that is called so.
        let is_of_build = |name: &str| name == "build" || name.ends_with("-build") || name.ends_with("_build");
        if directories.windows(2).any(|pair| pair[1] == "src" && is_of_build(pair[0])) {
            return FileRole::Build;
        }
        if directories.iter().any(|directory| *directory == "testing" || directory.ends_with("-test")) {
            return FileRole::Test;
        }
    }
    if let Some(role) = by_infix(stem) {
        return role;
    }
    if is_route(&directories, stem) {
        return FileRole::Source;
    }
    by_directory(&directories, stem).or_else(|| by_name(&directories, stem)).unwrap_or(FileRole::Source)
}

/// `client.test.ts`, `button.stories.tsx`, `users.seed.ts`: what stands between the name and the extension.
fn by_infix(stem: &str) -> Option<FileRole> {
    let (_, infix) = stem.rsplit_once('.')?;
    if TEST_INFIXES.contains(&infix) {
        return Some(FileRole::Test);
    }
    match infix {
        "stories" | "story" => Some(FileRole::Story),
        "bench" | "benchmark" => Some(FileRole::Benchmark),
        "migration" => Some(FileRole::Migration),
        "seed" | "seeds" | "seeder" => Some(FileRole::Seed),
        "script" => Some(FileRole::Script),
        _ => None,
    }
}

/// Where the code of others is kept that a crate depends on.
const VENDORED: &[&str] = &["vendor", "vendored", "third_party", "third-party"];

fn by_directory(directories: &[&str], stem: &str) -> Option<FileRole> {
    let any = |names: &[&str]| directories.iter().any(|directory| names.contains(directory));
    let is_of_tests = |name: &&str| TEST_DIRECTORIES.contains(&name.replace('_', "-").as_str());
    if any(TEST_DIRECTORIES)
        || directories.iter().any(is_of_tests)
        || directories.iter().any(|name| name.ends_with("-tests") || name.ends_with("-e2e"))
    {
        return Some(FileRole::Test);
    }
    // `spec/` and `testing/` below `src` are as often a specification and a feature.
    if directories.first().is_some_and(|first| matches!(*first, "spec" | "specs" | "testing")) {
        return Some(FileRole::Test);
    }
    // A command runs, and its process ends.
    if directories.iter().any(|name| *name == "cli" || name.ends_with("-cli") || name.starts_with("cli-")) {
        return Some(FileRole::Script);
    }
    if any(BENCHMARK_NAMES) {
        return Some(FileRole::Benchmark);
    }
    if any(&["stories", "__stories__", ".storybook"]) {
        return Some(FileRole::Story);
    }
    // A library that runs migrations calls its own folder `migration`; in one that has them, each carries a number.
    if any(&["migrations"]) || any(&["migration"]) && stem.starts_with(|first: char| first.is_ascii_digit()) {
        return Some(FileRole::Migration);
    }
    if any(SEED_NAMES) {
        return Some(FileRole::Seed);
    }
    if directories.first() == Some(&"tooling") {
        return Some(FileRole::Script);
    }
    if any(&["scripts", "script", "xtask"]) && !any(&["public", "assets", "static"]) {
        return Some(FileRole::Script);
    }
    let before_source = directories.iter().take_while(|name| !SOURCE_DIRECTORIES.contains(*name));
    if before_source.clone().any(|name| EXAMPLE_DIRECTORIES.contains(name)) || directories.first() == Some(&"templates")
    {
        return Some(FileRole::Example);
    }
    // No product has a part that is called so, unless a router named it.
    if any(&["examples"]) && !any(ROUTE_DIRECTORIES) {
        return Some(FileRole::Example);
    }
    None
}

#[allow(clippy::case_sensitive_file_extension_comparisons, reason = "the path is in lower case by then")]
fn by_name(directories: &[&str], stem: &str) -> Option<FileRole> {
    if directories.is_empty() && EXAMPLE_DIRECTORIES.contains(&stem) {
        return Some(FileRole::Example);
    }
    // `test_helpers.rs`, as files are named where a hyphen is no part of a name.
    if TEST_STEMS.contains(&stem.replace('_', "-").as_str())
        || stem.ends_with("_test")
        || stem.ends_with("-test")
        || stem.ends_with(".setup")
        || stem.ends_with("global-setup")
        || stem.ends_with("globalsetup")
    {
        return Some(FileRole::Test);
    }
    if BENCHMARK_NAMES.contains(&stem) {
        return Some(FileRole::Benchmark);
    }
    if matches!(stem, "migrate" | "migration" | "migrations") {
        return Some(FileRole::Migration);
    }
    if SEED_NAMES.contains(&stem) || stem.starts_with("seed-") || stem.ends_with("-seed") || stem.ends_with("-seeder") {
        return Some(FileRole::Seed);
    }
    // `database.config.ts` below `src` is the product's own configuration, and runs in it.
    let is_tool_place = !directories.iter().any(|name| matches!(*name, "src" | "app" | "lib" | "server" | "config"));
    let is_tool_name =
        stem.ends_with(".config") || stem.ends_with(".conf") || matches!(stem, "gulpfile" | "gruntfile" | "knexfile");
    (is_tool_place && is_tool_name).then_some(FileRole::Build)
}

/// Whether a router gave the file its folders' names: `app/api/test/route.ts` answers requests.
fn is_route(directories: &[&str], stem: &str) -> bool {
    let Some(routes) = directories.iter().position(|name| ROUTE_DIRECTORIES.contains(name)) else {
        return false;
    };
    let below = &directories[routes + 1..];
    let is_api_page = directories[routes] == "pages" && below.first() == Some(&"api");
    (ROUTE_STEMS.contains(&stem.split('.').next().unwrap_or(stem)) || is_api_page)
        && !directories.iter().any(|name| name.starts_with("__"))
        && !directories[..routes]
            .iter()
            .any(|name| TEST_DIRECTORIES.contains(name) || EXAMPLE_DIRECTORIES.contains(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(role: FileRole, paths: &[&str]) {
        for path in paths {
            assert_eq!(role_of(path), role, "{path}");
        }
    }

    #[test]
    fn the_product() {
        check(
            FileRole::Source,
            &[
                "index.ts",
                "src/index.ts",
                "src/latest/contest.ts",
                "src/attestation.ts",
                "packages/api/src/server.ts",
                "bin/www.js",
                "src/tools/search.ts",
                "src/config/database.config.ts",
                "src/payload.config.ts",
                "src/migration/MigrationExecutor.ts",
                "src/seeding.ts",
                "app/api/test/route.ts",
                "app/api/seed/route.ts",
                "src/app/docs/page.tsx",
                "src/app/examples/list.tsx",
                "src/routes/demo/+page.server.ts",
                "pages/api/test.ts",
                "pages/api/tests/run.ts",
                "public/scripts/menu.js",
                "src/templates/mail.tsx",
                "src/inspect.ts",
                "apps/demo-shop/src/index.ts",
                "src/build.rs",
                "src/build/watch.rs",
                "crates/a/src/bin/worker.rs",
            ],
        );
    }

    #[test]
    fn tests_and_what_serves_them() {
        check(
            FileRole::Test,
            &[
                "src/a.test.ts",
                "src/a.spec.tsx",
                "src/a.e2e-spec.ts",
                "src/__tests__/a.ts",
                "src/__mocks__/pg.ts",
                "test/helpers.ts",
                "tests/app/api/users/route.ts",
                "packages/db/test/setup.ts",
                "e2e/login.ts",
                "cypress/support/commands.js",
                "src/test-utils/db.ts",
                "src/test-utils.ts",
                "packages/integration-tests/a.ts",
                "apps/web-e2e/src/a.ts",
                "test/migrations/001.ts",
                "spec/models/user.js",
                "users_test.ts",
                "jest.setup.ts",
                "vitest.postgres.global-setup.ts",
                "app/__tests__/page.tsx",
                "fixtures/app/src/index.ts",
                "crates/a/fuzz/fuzz_targets/parse.rs",
                "src/test_helpers.rs",
                "crates/a/src/test_helpers/policy.rs",
            ],
        );
    }

    #[test]
    fn what_runs_once() {
        check(FileRole::Benchmark, &["benchmarks/query.ts", "src/query.bench.ts", "bench.js"]);
        check(
            FileRole::Script,
            &[
                "scripts/import.ts",
                "src/scripts/import.ts",
                "packages/a/scripts/b.mjs",
                "tooling/database/reset.ts",
                "crates/xtask/src/release.rs",
            ],
        );
        check(
            FileRole::Migration,
            &[
                "migrations/20200101_init.ts",
                "src/db/migrations/a.ts",
                "src/migration/1589-init.ts",
                "src/db/migrate.ts",
            ],
        );
        check(FileRole::Seed, &["prisma/seed.ts", "src/db/seeds/users.ts", "src/users.seed.ts", "db/seed-users.js"]);
        check(
            FileRole::Build,
            &[
                "build.rs",
                "crates/a/build.rs",
                "sys/build/src/lib.rs",
                "crates/proto-build/src/lib.rs",
                "vite.config.ts",
                "packages/a/next.config.js",
                "gulpfile.js",
                "knexfile.ts",
            ],
        );
    }

    #[test]
    fn what_does_not_run_in_the_product() {
        check(
            FileRole::Example,
            &[
                "example.ts",
                "examples/basic/src/index.ts",
                "docs/snippets/a.ts",
                "templates/blank/src/a.ts",
                "packages/a/src/examples/config.ts",
            ],
        );
        check(FileRole::Declaration, &["src/types.d.ts", "globals.d.mts"]);
        check(FileRole::Story, &["src/button.stories.tsx", ".storybook/preview.ts"]);
    }
}
