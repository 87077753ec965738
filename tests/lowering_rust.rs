//! What small Rust programs become: one snapshot for each reading the front end promises.

use leaklint::ir::{dump, verify};
use leaklint::languages::MAX_LEVELS;
use leaklint::languages::rust::lower;
use leaklint::source::{FileId, Language, SourceFile};

/// The dump of a Rust program, between the program and the snapshot.
fn dump_of(text: &str) -> String {
    let module = lower(FileId(0), text, Language::Rust).expect("the program is readable");
    assert_eq!(verify(&module, text), Vec::<String>::new(), "of {text}");
    format!("{}\n----\n{}", text.trim(), dump(&module))
}

macro_rules! snapshots {
    ($($name:ident: $text:expr;)*) => { $(
        #[test]
        fn $name() {
            insta::assert_snapshot!(dump_of($text));
        }
    )* };
}

snapshots! {
    paths: r#"
        use sqlx::{PgPool, postgres::{self, PgPoolOptions as Options}};
        pub use crate::db::connect;
        fn f() {
            PgPool::connect(URL);
            postgres::open();
            sqlx::migrate::run();
            super::g();
            drop(Options::new());
        }
    "#;
    question_marks: r#"
        async fn f(url: String) -> Result<Row, Error> {
            let pool = Pool::connect(&url).await?;
            let row = pool.fetch(QUERY).await?;
            Ok(row)
        }
    "#;
    moves: r#"
        fn f(a: A, b: B, flag: bool) -> A {
            let c = make();
            if flag { consume(c); } else { log(&c); }
            { let inner = make(); }
            let _ = make();
            make();
            a
        }
    "#;
    patterns: r#"
        fn f((a, b): (A, B), Point { x, y: z }: Point) {
            let Some(first) = a.next() else { return };
            if let Ok(second) = b && second > first { use_it(second); }
            match z {
                Shape::Circle(r) if r > 1 => draw(r),
                Shape::Square { side, .. } => draw(side),
                _ => {}
            }
        }
    "#;
    loops: r#"
        fn f(xs: Vec<X>) -> u32 {
            for x in xs { if x.done() { continue; } take(x); }
            while let Some(y) = next() { if y.last() { break; } }
            let found = 'outer: loop { loop { break 'outer 3; } };
            found
        }
    "#;
    alternatives: r#"
        #[cfg(unix)]
        fn open() { a(); }
        #[cfg(windows)]
        fn open() { b(); }
        fn never(x: Never) -> u32 { match x {} }
    "#;
    plumbing: r#"
        async fn f(pool: Arc<Mutex<Pool>>) -> Result<A, Error> {
            let a = make().await.context("no a")?;
            let b = pool.lock().unwrap().get().map_err(|e| wrap(e))?;
            let c = find().unwrap_or_else(|| make());
            let d = find().ok().unwrap_or(other);
            Ok(a)
        }
    "#;
    attributes: r#"
        /// Lists them.
        #[get("/users")]
        #[instrument(skip(pool))]
        async fn list(pool: Pool) {}
        #[cfg(test)]
        mod tests { fn a() {} }
        #[cfg(not(test))]
        fn b() {}
        #[cfg(all(test, unix))]
        fn c() {}
        #[tokio::test]
        async fn d() {}
    "#;
    types: r#"
        pub struct Client { inner: reqwest::Client, retries: u32 }
        impl Client {
            pub fn new() -> Self { Self { inner: reqwest::Client::new(), retries: 3 } }
            pub async fn get(&self, url: &str) -> Result<String, Error> { self.inner.get(url).send().await?.text().await }
        }
        impl Drop for Client { fn drop(&mut self) { self.inner.close(); } }
        static SHARED: LazyLock<Client> = LazyLock::new(|| Client::new());
        mod nested { pub fn inside() {} }
    "#;
    closures_and_macros: r#"
        fn f(pool: Pool) {
            tokio::spawn(async move { pool.run().await; });
            let all = vec![open(1), open(2)];
            println!("{}", all);
            custom! { all => with }
            tokio::select! {
                biased;
                Some(job) = queue.recv(), if open => { run(job); }
                _ = token.cancelled() => return,
                else => stop(),
            }
            stream! { let x = next(); yield_it(x); }
        }
        lazy_static! {
            pub static ref CACHE: Mutex<Map> = Mutex::new(Map::new());
            static ref OTHER: u8 = { 1 };
        }
        thread_local! { static LOCAL: Cell<u8> = const { Cell::new(1) }; }
        fn g() {
            CACHE.lock();
        }
    "#;
}

#[test]
fn positions_are_those_of_the_file() {
    for text in ["fn f() { a(); }", "\u{feff}fn f() { a(); }", "#!/usr/bin/env x\r\n// \u{e9}\r\nfn f() { a(); }"] {
        let module = lower(FileId(0), text, Language::Rust).expect("the program is readable");
        let function = &module.functions[1];
        assert_eq!(&text[function.span.range()], "fn f() { a(); }");
        let (_, _, op) = function.ops().next().expect("a call");
        assert_eq!(&text[op.span.range()], "a()");
    }
}

#[test]
fn an_error_is_told_with_its_place() {
    let issues = lower(FileId(0), "fn f() { let = 1; }", Language::Rust).expect_err("an error");
    assert_eq!(issues[0].span.start, 13);
    assert!(lower(FileId(0), "fn f() { ", Language::Rust).is_err());
}

/// The names of the functions that could be read, and where something could not.
fn read(text: &str) -> (Vec<String>, Vec<String>) {
    let source = SourceFile {
        path: "a.rs".into(),
        display_path: "a.rs".to_owned(),
        language: Language::Rust,
        text: text.into(),
    };
    let (module, issues) = leaklint::languages::lower(FileId(0), &source);
    assert_eq!(verify(&module, text), Vec::<String>::new(), "of {text}");
    let names = module.functions().skip(1).map(|(id, _)| module.qualified_name(id)).collect();
    (names, issues.iter().map(|issue| text[issue.span.range()].to_owned()).collect())
}

#[test]
fn a_broken_function_costs_only_itself() {
    let text = "fn before() { a(); }\n\nfn broken() {\n    let = 1;\n    b();\n}\n\nfn after() { c(); }\n";
    assert_eq!(
        read(text),
        (vec!["before".to_owned(), "broken".to_owned(), "after".to_owned()], vec!["let = 1;".to_owned()])
    );
    let unclosed = "fn before() { a(); }\n\nfn broken() {\n    if x {\n    b();\n}\n\nfn after() { c(); }\n";
    let (names, issues) = read(unclosed);
    assert!(names.contains(&"before".to_owned()) && names.contains(&"after".to_owned()), "{names:?}");
    assert!(!issues.is_empty());
}

/// One program for each way to nest.
fn shapes(levels: usize) -> Vec<String> {
    vec![
        format!("fn f() {{ x = {}1{}; }}", "(".repeat(levels), ")".repeat(levels)),
        format!("fn f() {{ {}{} }}", "{".repeat(levels), "}".repeat(levels)),
        format!("fn f() {{ x = {}1; }}", "!".repeat(levels)),
        format!("fn f() {{ x = {}1; }}", "1 + ".repeat(levels)),
        format!("fn f() {{ x{}; }}", ".y()".repeat(levels)),
        format!("fn f() {{ x{}; }}", "?".repeat(levels)),
        format!("fn f(x: {}u8{}) {{}}", "Box<".repeat(levels), ">".repeat(levels)),
        format!("fn f(x: {}u8) {{}}", "&".repeat(levels)),
        format!("fn f() {{ {} }}", "if x {} else ".repeat(levels) + "{}"),
        format!("fn f() {{ x = {}1; }}", "|| ".repeat(levels)),
        format!("fn f() {{ x = {}1; }}", "return ".repeat(levels)),
        format!("fn f() {{ let {}x{} = y; }}", "(".repeat(levels), ")".repeat(levels)),
        format!("{}{}", "mod m {".repeat(levels), "}".repeat(levels)),
    ]
}

#[test]
fn nothing_overflows_the_stack() {
    // Refused at once, and as deep as anything is read.
    for levels in [100_000, MAX_LEVELS as usize - 20] {
        for shape in shapes(levels) {
            read(&shape);
        }
    }
}

#[test]
fn every_source_of_this_crate_is_lowered_soundly() {
    let sources = walkdir::WalkDir::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src")).into_iter().filter_map(Result::ok);
    let mut seen = 0;
    for entry in sources.filter(|entry| entry.path().extension().is_some_and(|extension| extension == "rs")) {
        let text = std::fs::read_to_string(entry.path()).expect("a readable file");
        let module = lower(FileId(0), &text, Language::Rust).expect("the compiler reads it");
        assert_eq!(verify(&module, &text), Vec::<String>::new(), "of {}", entry.path().display());
        seen += 1;
    }
    assert!(seen > 100, "{seen} files");
}
