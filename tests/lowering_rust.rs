//! What small Rust programs become: one snapshot for each reading the front end promises.

use leaklint::ir::{dump, verify};
use leaklint::languages::rust::lower;
use leaklint::source::{FileId, Language};

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
