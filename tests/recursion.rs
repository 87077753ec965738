//! What is made of itself, at any distance, is judged like everything else: classes that extend one another, values,
//! types and modules that are each other's. Whatever asks a question about one of them must notice that it asks again.

use leaklint::Request;
use leaklint::run::{Silent, check_here};
use proptest::prelude::*;

/// Declarations of `#` made of `@`, and uses of both. The two are replaced by names of a few.
const TYPESCRIPT: [&str; 22] = [
    "export class # extends @ {}",
    "export class # extends mixin(@) { static x = @.x; y = new @(); }",
    "export class # { static x = @.x ?? #.x; static get y() { return @.y; } }",
    "export class # { x = this.y; y = this.x; z() { return this.z(); } constructor(private w: @) { this.w = w.x; } }",
    "export class # { constructor() { this.x = @.x; } x; close() { @.x.close(); this.x.end(); } }",
    "export var # = @;",
    "export var # = @.x; #.x = @; #.y = #.x.y;",
    "export var # = { x: @, y: () => #.x, ...@ };",
    "export var # = [@, ...#]; #.push(#);",
    "export var # = () => @();",
    "export var # = new Proxy(@, {}); #.on('x', () => @.on('x', #));",
    "export function #(x) { return @(#(x)); }",
    "export function #(x) { return { x: #(x), y: @(x).y, close: () => @(x).close() }; }",
    "export async function #(x = @()) { const y = await @(x); try { await #(y); } finally { y.close(); } }",
    "export type # = @ | { x: # };",
    "export interface # extends @ { x: @; y(): #; }",
    "export const { x: # = @ } = @;",
    "export let #; # = # ?? new @(#);",
    "import * as # from './a'; #.x(@);",
    "import * as # from './b'; setInterval(() => #.@.x(), 10);",
    "module.exports = { #: @, ...module.exports, x: require('./b').# }; exports.x = exports.#;",
    "export * as # from './a'; export * from './b';",
];

const RUST: [&str; 18] = [
    "pub struct #(pub @);",
    "pub struct # { pub x: Box<#>, pub y: Vec<@>, pub z: Arc<Mutex<HashMap<String, @>>> }",
    "pub enum # { X(@), Y(Box<#>) }",
    "pub type # = @;",
    "pub type # = Vec<@>;",
    "pub trait #: @ { type X: #; fn x(&self) -> Self::X; fn y(&self) { self.y(); self.x().y(); } }",
    "impl std::ops::Deref for # { type Target = @; fn deref(&self) -> &@ { self.deref() } }",
    "impl @ for # { fn x(&self) { @::x(self); self.x() } }",
    "impl # { pub fn new() -> @ { @::new() } pub fn x(&self) -> &# { self.x().y() } }",
    "impl # { pub fn y(self) -> Self { Self { ..#::y(@::new()) } } }",
    "impl Drop for # { fn drop(&mut self) { drop(@::new()); } }",
    "pub static #: LazyLock<@> = LazyLock::new(|| @::new());",
    "pub const #: @ = @::X;",
    "pub fn #() -> @ { let x = @(); #(); x }",
    "pub async fn #(x: impl @) -> Result<@, #> { let y = #(x).await?; tokio::spawn(async move { loop { y.x(); } }); @ }",
    "pub use self::@ as #;",
    "pub mod # { pub use super::*; pub use super::@::*; }",
    "macro_rules! # { () => { @!() }; } #!();",
];

const NAMES: [&str; 4] = ["A", "B", "C", "D"];

fn declarations(templates: &'static [&'static str]) -> impl Strategy<Value = String> {
    let names = || prop::sample::select(&NAMES[..]);
    let declaration = (prop::sample::select(templates), names(), names());
    prop::collection::vec(declaration, 1..12).prop_map(|chosen| {
        let lines = chosen.iter().map(|(template, own, other)| template.replace('#', own).replace('@', other));
        lines.collect::<Vec<_>>().join("\n")
    })
}

fn judge(files: &[(&str, &str)]) {
    let root = tempfile::tempdir().expect("a temporary directory");
    for (path, text) in files {
        let path = root.path().join(path);
        std::fs::create_dir_all(path.parent().expect("within the root")).expect("made");
        std::fs::write(path, text).expect("written");
    }
    check_here(&Request::new(root.path()), &Silent).expect("the run ends");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn typescript_made_of_itself(a in declarations(&TYPESCRIPT), b in declarations(&TYPESCRIPT)) {
        let uses = "\nimport { Pool } from 'pg';\nexport function use(name) {\n  const pool = new Pool();\n  \
            A.x.on('x', () => name); B.y.add(name); new C(pool).x.y(); D(pool, A.x); setInterval(B.y, 10);\n}\n";
        judge(&[("a.ts", &format!("import {{ A, B, C, D }} from './b';\n{a}{uses}")), ("b.ts", &format!("{b}{uses}"))]);
    }

    #[test]
    fn rust_made_of_itself(a in declarations(&RUST), b in declarations(&RUST)) {
        let uses = "\npub async fn run(name: String) {\n    let client = reqwest::Client::new();\n    \
            A.x.insert(name, B); C::new().x().y(); let _ = D(client); let _ = B.lock(); std::mem::forget(C::y(A));\n}\n";
        judge(&[
            ("Cargo.toml", "[package]\nname = \"a\"\nversion = \"0.1.0\"\nedition = \"2021\"\n"),
            ("src/main.rs", &format!("mod b;\nuse b::*;\n{a}{uses}fn main() {{ run(String::new()); }}\n")),
            ("src/b.rs", &format!("use super::*;\n{b}{uses}")),
        ]);
    }
}
