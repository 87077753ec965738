use super::*;

fn project(files: &[(&str, &str)]) -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = directory.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    directory
}

fn read(text: &str) -> Result<Settings, Box<Mistake>> {
    let directory = project(&[("leaklint.toml", text)]);
    read::file(&directory.path().join("leaklint.toml"), directory.path(), directory.path())
}

/// What is said of a mistake: the text it points at, the message, the help.
#[track_caller]
fn check_mistake(text: &str, culprit: &str, message: &str, help: Option<&str>) {
    let mistake = read(text).expect_err("the file has a mistake");
    assert_eq!(mistake.message, message);
    assert_eq!(mistake.span.clone().map(|span| &text[span]), Some(culprit));
    assert_eq!(mistake.help.as_deref(), help);
}

#[test]
fn mistakes_are_shown_where_they_are() {
    check_mistake("exlude = []", "exlude", "there is no key `exlude`", Some("did you mean `exclude`?"));
    check_mistake(
        "[rules]\npool-per-cal = \"deny\"",
        "pool-per-cal",
        "there is no rule or family `pool-per-cal`",
        Some("did you mean `pool-per-call`?"),
    );
    check_mistake(
        "[rules]\ngrowth = \"denny\"",
        "\"denny\"",
        "`denny` is not one of `allow`, `warn`, `deny`",
        Some("did you mean `deny`?"),
    );
    check_mistake("min-confidence = \"sure\"", "\"sure\"", "`sure` is not one of `low`, `medium`, `high`", None);
    check_mistake("exclude = \"a\"", "\"a\"", "invalid type: string \"a\", expected a sequence", None);
    check_mistake("exclude = [\"[z-a]\"]", "\"[z-a]\"", "not a glob: invalid range; 'z' > 'a'", None);
    check_mistake("extends = [\"base.toml\"]", "\"base.toml\"", "there is no file `base.toml`", None);
    check_mistake(
        "[[library]]\nname = \"a\"\npackages = [\"a\"]\n[[library.function]]\ncall = [\"log\"]\n",
        "\"log\"",
        "`log` is no call pattern: it ends neither in `()` nor starts with `new `",
        None,
    );
    check_mistake("[[overrides]]\nfile = [\"a\"]", "file", "there is no key `file`", Some("did you mean `files`?"));
}

#[test]
fn every_mistake_of_a_file_is_told() {
    let text = "exlude = []\nmin-severity = \"loud\"\n\n[rules]\ngrowth = \"denny\"\nhygiene = \"allow\"\npol = \"warn\"\n\n\
                [[overrides]]\nrules = {}\n\n[[overrides]]\nfiles = [\"a\", 1]\n\n[[entry]]\nruns = \"per-day\"\n";
    let mistake = read(text).expect_err("the file has mistakes");
    let told: Vec<&str> = std::iter::once(&mistake.message)
        .chain(mistake.more.iter().map(|more| &more.message))
        .map(String::as_str)
        .collect();
    assert_eq!(
        told,
        [
            "there is no key `exlude`",
            "`loud` is not one of `note`, `warning`, `error`",
            "`denny` is not one of `allow`, `warn`, `deny`",
            "there is no rule or family `pol`",
            "missing field `files`",
            "invalid type: integer `1`, expected a string",
            "`per-day` is not one of `once`, `per-instance`, `per-render`, `per-message`, `per-tick`, `per-request`",
        ]
    );
}

#[test]
fn a_library_may_only_speak_of_what_there_is() {
    let text = "[[library]]\nname = \"a\"\npackages = [\"a\"]\n[[library.wrapper]]\ncreate = [\"wrap()\"]\n\
                wraps = [\"0\"]\nview = \"a.Pol\"\n";
    let configuration = Configuration { files: vec![read(text).unwrap()] };
    let mistake = configuration.catalogue().unwrap_err();
    assert_eq!(mistake.to_string(), "leaklint.toml:7: there is no resource `a.Pol`");
}

#[test]
fn a_rule_counts_more_than_its_family_and_an_override_more_than_both() {
    let settings = read(
        "[rules]\npool-per-call = \"deny\"\ncreation = \"allow\"\nhygiene = \"warn\"\n\
         [[overrides]]\nfiles = [\"scripts/\", \"*.job.ts\"]\n[overrides.rules]\ncreation = \"warn\"\n\
         [[overrides]]\nfiles = [\"scripts/new/**\"]\nrules = { pool-per-call = \"allow\" }\n",
    )
    .unwrap();
    let check = |rule: RuleId, path: &str, expected: Option<Level>| {
        assert_eq!(settings.level(rule, &settings.base.join(path)), expected, "{rule} in {path}");
    };
    check(RuleId::PoolPerCall, "src/a.ts", Some(Level::Deny));
    check(RuleId::ClientPerCall, "src/a.ts", Some(Level::Allow));
    check(RuleId::PoolWithoutLimits, "src/a.ts", Some(Level::Warn));
    check(RuleId::UnboundedCache, "src/a.ts", None);
    check(RuleId::PoolPerCall, "scripts/a.ts", Some(Level::Warn));
    check(RuleId::PoolPerCall, "src/a.job.ts", Some(Level::Warn));
    check(RuleId::PoolPerCall, "scripts/new/a.ts", Some(Level::Allow));
    check(RuleId::ClientPerCall, "scripts/new/a.ts", Some(Level::Warn));
}

#[test]
fn what_extends_counts_more_than_what_is_extended() {
    let directory = project(&[
        ("base.toml", "exclude = [\"a\"]\nmin-confidence = \"high\"\n[rules]\ncreation = \"allow\"\ngrowth = \"deny\""),
        ("more/leaklint.toml", "extends = [\"../base.toml\"]\nexclude = [\"b\"]\n[rules]\ngrowth = \"warn\"\n"),
    ]);
    let settings = of_directory(directory.path(), "more");
    assert_eq!(settings.exclude_globs, ["a", "b"]);
    assert_eq!(settings.min_confidence, Some(Confidence::High));
    let path = directory.path().join("more/a.ts");
    assert_eq!(settings.level(RuleId::PoolPerCall, &path), Some(Level::Allow));
    assert_eq!(settings.level(RuleId::UnboundedCache, &path), Some(Level::Warn));
    assert!(settings.excludes(&directory.path().join("more/a"), true));
    assert!(!settings.excludes(&directory.path().join("a"), true));
}

#[test]
fn a_circle_of_extends_is_a_mistake() {
    let directory =
        project(&[("leaklint.toml", "extends = [\"b.toml\"]"), ("b.toml", "extends = [\"leaklint.toml\"]")]);
    let mistake = Configuration::above([directory.path()], directory.path()).unwrap_err();
    assert_eq!(mistake.to_string(), "b.toml:1: `leaklint.toml` extends itself");
}

#[test]
fn manifests_of_cargo_may_hold_it() {
    let directory = project(&[
        ("Cargo.toml", "[workspace]\nmembers = [\"a\"]\n[workspace.metadata.leaklint.rules]\ngrowth = \"deny\"\n"),
        ("a/Cargo.toml", "[package]\nname = \"a\"\n[package.metadata.leaklint]\nmin-severity = \"error\"\n"),
        ("b/Cargo.toml", "[package]\nname = \"b\"\n[package.metadata.leaklint]\nmin-severty = \"error\"\n"),
    ]);
    let path = directory.path().join("src/a.rs");
    assert_eq!(of_directory(directory.path(), "").level(RuleId::UnboundedCache, &path), Some(Level::Deny));
    assert_eq!(of_directory(directory.path(), "a").min_severity, Some(Severity::Error));
    let mistake = read::of_directory(&directory.path().join("b"), directory.path()).unwrap_err();
    assert_eq!(mistake.to_string(), "b/Cargo.toml:4: there is no key `min-severty`");
}

#[test]
fn the_nearest_file_governs_and_a_repository_is_a_border() {
    let directory = project(&[
        ("leaklint.toml", "nonsense"),
        ("repository/.git/HEAD", ""),
        ("repository/.leaklint.toml", "min-severity = \"error\""),
        ("repository/a/leaklint.toml", "min-severity = \"warning\""),
        ("repository/a/.leaklint.toml", "nonsense"),
    ]);
    let inner = directory.path().join("repository/a");
    let found = Configuration::above([&*inner], directory.path()).unwrap();
    let severity = |path: &str| found.of(&directory.path().join(path)).and_then(|settings| settings.min_severity);
    assert_eq!(found.files().len(), 2);
    assert_eq!(severity("repository/a/b/c.ts"), Some(Severity::Warning));
    assert_eq!(severity("repository/b.ts"), Some(Severity::Error));
    assert_eq!(severity("b.ts"), None);
}

fn of_directory(root: &Path, directory: &str) -> Settings {
    read::of_directory(&root.join(directory), root).unwrap().expect("it has settings")
}
