//! What small programs become: one snapshot for each reading the front end promises.

use leaklint::ir::{Binding, Module, dump, verify};
use leaklint::languages::typescript::lower;
use leaklint::source::{FileId, Language};

fn module(text: &str, language: Language) -> Module {
    let module = lower(FileId(0), text, language).expect("the program is readable");
    assert_eq!(verify(&module, text), Vec::<String>::new(), "of {text}");
    module
}

/// The dump of a TypeScript program, between the program and the snapshot.
fn dump_of(text: &str) -> String {
    format!("{}\n----\n{}", text.trim(), dump(&module(text, Language::Tsx)))
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
    destructuring: r#"
        const { db, cleanup } = await getDB();
        const { a: { b = 1 }, ["c"]: c, ...rest } = db;
        const [first, , third = f(), ...others] = c;
        ({ x: this.x, y } = rest);
        [a.b, z = 2] = others;
        function f({ pool }: { pool: Pool }, [one] = [], ...more) {}
    "#;
    calls: r#"
        await f(1, ...xs);
        a.b.c(d?.e());
        a?.b.c();
        (await connect()).query`select ${x}`;
        new Pool({ max: 3 }).connect();
        const later = promise;
        await later;
        await (cached ?? fetch());
        g[h](i["j"], k[0]);
        <Foo a={1} {...b}><div>{c}</div></Foo>;
    "#;
    modules: r#"
        import def, { a as b, type T } from "one";
        import type * as types from "two";
        import three = require("three");
        export { b as c };
        export { default as d, e } from "four";
        export * from "five";
        export * as six from "six";
        export type { U } from "seven";
        export const x = require("eight").Pool, y = await import("nine");
        export default class Nine {}
    "#;
    common_js: r#"
        "use strict";
        const { Pool } = require("pg");
        exports.open = function () { return new Pool(); };
        module.exports.close = () => {};
        module.exports = { Pool, make() { return exports.open(); } };
        exports.default = module.exports;
    "#;
    conditions: r#"
        if (!a && (b || c.d > 3)) x(); else y();
        if (e == null || undefined !== f) x();
        if (typeof g !== "string" || h instanceof Map || "k" in h) x();
        while (!!(i = next())) {}
        const j = a && b.c || d;
        pool ??= make();
        k = cache.get(x) ?? make();
    "#;
    memoised: r#"
        let pool: Pool | undefined;
        function get() {
            if (!pool) pool = new Pool();
            return pool;
        }
        const lazy = () => (globalThis.pool ??= new Pool());
    "#;
    loops: r#"
        outer: for (let i = 0; i < 3; i++) {
            do { if (a()) continue outer; if (b()) break outer; } while (c());
        }
        for (const x of xs) { for (const k in x) f(k); }
        for await (const { row } of stream) g(row);
        while (true) { if (stop()) break; }
        block: { if (x) break block; y(); }
        switch (kind) { case 1: one(); case "two": two(); break; default: other(); }
    "#;
    try_finally: r#"
        async function work(pool) {
            const client = await pool.connect();
            try {
                for (;;) {
                    if (await client.done()) break;
                    if (client.empty) return client.value;
                }
            } catch (error) {
                throw wrap(error);
            } finally {
                client.release();
            }
        }
    "#;
    try_in_catch: r#"
        function f() {
            try { a(); } catch { try { b(); } catch ({ message }) { c(message); } }
            d();
        }
    "#;
    using_declarations: r#"
        async function f() {
            using a = open();
            await using b = open(a);
            for (using c of list()) { if (c.bad) continue; return c.value; }
        }
    "#;
    promise_chain: r#"
        function f() {
            return pool.connect()
                .then(client => client.query("x").finally(() => client.release()))
                .then(result => { if (!result) return null; return result.rows; }, onRejected)
                .catch(error => { log(error); });
        }
        promise.then(resolve).catch(console.error).finally(done);
        z.catch("fallback");
    "#;
    executor: r#"
        function open(): Promise<Client> {
            return new Promise((resolve, reject) => {
                const client = new Client();
                client.once("ready", () => resolve(client));
                client.once("error", reject);
                if (client.ready) return resolve(client);
                client.connect();
            });
        }
        await new Promise(r => setTimeout(r, 10));
    "#;
    immediately_invoked: r#"
        const value = (() => { try { return a(); } finally { b(); } })();
        (async function () { await c(); })();
        (function () { this.x = 1; })();
        (function ($, options = {}) { $(options); })(jQuery);
    "#;
    array_callbacks: r#"
        const clients = urls.map(async (url, index) => { const c = await open(url); return c; });
        clients.forEach(client => client.close());
        clients.forEach(function (client) { this.add(client); }, self);
        Effect.map(x => x);
        clients.filter(c => c.open);
    "#;
    classes: r#"
        @Injectable({ scope: 1 })
        class Repository extends Base<User> implements OnDestroy {
            static shared = new Map<string, Pool>();
            static #count = 0;
            private pool?: Pool;
            #secret = make();
            handler = () => this.close();
            declare ignored: string;
            static { this.shared.set("a", this.#count); }
            constructor(private readonly db: Db, plain: number) { super(db); }
            overload(): void;
            overload(a?: string) {}
            get size() { return this.#secret; }
            set size(value) {}
            static create() { return new Repository(); }
            async close() { await super.close(); this.pool = null; delete this.#secret; }
            [Symbol.dispose]() {}
            *items() { yield this.size; }
        }
        const Anonymous = class { static x = 1; };
    "#;
    prototypes: r#"
        function Connection(options) { this.options = options; }
        util.inherits(Connection, EventEmitter);
        Connection.prototype.open = function () { this.socket = connect(); };
        const proto = Connection.prototype;
        proto.close = function () { this.socket.end(); };
        const Other = function () {};
        Other.prototype = { run() {}, stop: () => {} };
        Object.assign(Connection.prototype, { ping: function () {} });
        function Plain() {}
    "#;
    types: r#"
        import type { Pool, PoolClient } from "pg";
        import * as pg from "pg";
        type Alias = Pool | null;
        interface Local {}
        let a: Promise<PoolClient>, b: pg.Pool[], c: Alias, d: Local | undefined, e: string | number;
        let f: import("redis").Client, g: typeof a, h: readonly Pool[], i: ReturnType<typeof make>;
        const j = getThing() as PoolClient, k = list as const, l = { m: 1 } satisfies Options;
        const { n }: { n: Pool } = o;
        async function make(x?: Pool): Promise<Pool | undefined> {}
    "#;
    namespaces_and_enums: r#"
        enum Colour { Red, Green = "green", Blue = 3 }
        namespace Db { const hidden = open(); export const pool = new Pool(hidden); export function close() { pool.end(); } }
        namespace A.B { export const c = 1; }
        declare namespace Nothing { const x: number; }
        import Short = Db.pool;
    "#;
    names: r#"
        const named = () => {};
        let other; other = function () {};
        exports.dotted = async () => {};
        const object = { key() {}, "quoted": () => {}, get reader() { return 1; } };
        this.field = () => {};
        Foo.prototype.bar = function () {};
        export default () => {};
        const f = function own() { return own(); };
        call(() => {});
    "#;
    generators: r#"
        function* f() { const x = yield open(); yield* g(x); }
    "#;
    stores: r#"
        this.cache[key] = value;
        cache[key] = undefined;
        this.pool = null;
        let pool = null;
        pool = undefined;
        i++; total += f();
        a = b = open();
        const t = cond ? open() : await other();
        void (async () => { await go(); })();
    "#;
}

#[test]
fn shadowed_names_are_different_variables() {
    let module = module("const x = 1; function f(x) { { let x = 2; g(x); } return x; } f(x);", Language::TypeScript);
    let named: Vec<_> = module.variables.iter().filter(|variable| variable.name == "x").collect();
    assert_eq!(named.len(), 3);
    assert_eq!(named[0].owner.0, 0);
    assert!(matches!(named[1].binding, Binding::Parameter(0)));
    assert_eq!((named[1].owner, named[2].owner), (leaklint::ir::FunctionId(1), leaklint::ir::FunctionId(1)));
}

#[test]
fn constants_are_what_nothing_assigns_again() {
    let module =
        module("const a = 1; let b = 2; let c; c = 3; var d = 4; var d = 5; function e() {}", Language::JavaScript);
    let constants: Vec<_> = module.variables.iter().filter(|v| v.is_constant).map(|v| v.name.as_str()).collect();
    assert_eq!(constants, ["a", "b", "e"]);
}

#[test]
fn copies_of_a_finally_share_their_closures() {
    let text = "function f() { try { if (a) return 1; g(); } finally { later(() => h()); } }";
    let module = module(text, Language::TypeScript);
    assert_eq!(module.functions.len(), 3, "{}", dump(&module));
    assert_eq!(dump(&module).matches("later(fn2)").count(), 3);
}

#[test]
fn many_ways_out_share_a_copy() {
    let returns: String = (0..40).map(|n| format!("if (a({n})) return b({n});")).collect();
    let text = format!("function f() {{ try {{ {returns} }} finally {{ close(); }} }}");
    let module = module(&text, Language::TypeScript);
    let text = dump(&module);
    assert_eq!(text.matches("close()").count(), 17, "{text}");
}

#[test]
fn nested_finallys_do_not_multiply() {
    let mut text = String::from("work();");
    for depth in 0..9 {
        text = format!("try {{ if (a{depth}) return; {text} }} finally {{ try {{ b() }} finally {{ {text} }} }}");
    }
    let text = format!("function f() {{ {} }}", &text);
    assert!(text.len() < 1 << 20);
    let module = module(&text, Language::TypeScript);
    let ops: usize = module.functions[1].blocks.iter().map(|block| block.ops.len()).sum();
    assert!(ops < 4 * text.len(), "{ops} operations from {} bytes", text.len());
}

#[test]
fn positions_count_the_byte_order_mark() {
    let text = "\u{feff}#!/usr/bin/env node\nopen('é');";
    let module = module(text, Language::JavaScript);
    let call = module.functions[0].ops().find_map(|(_, _, op)| op.call().map(|call| (op.span, call.callee_span)));
    let (whole, callee) = call.expect("one call");
    assert_eq!((&text[whole.range()], &text[callee.range()]), ("open('é')", "open"));
}

#[test]
fn sloppy_scripts_and_stray_returns_are_read() {
    for text in ["with (a) { b(); }", "if (x) return; y();", "var let = 1; delete x;", "<Foo/>;", "await x; export {};"]
    {
        module(text, Language::JavaScript);
    }
}

#[test]
fn what_the_parser_refuses_is_told_with_its_place() {
    let text = "const a = 1;\nfunction ( {";
    let issues = lower(FileId(0), text, Language::TypeScript).expect_err("the program is broken");
    assert!(!issues.is_empty());
    for issue in issues {
        assert!(text.get(issue.span.range()).is_some() && !issue.message.ends_with('.'), "{issue:?}");
    }
}

#[test]
fn comments_and_prologues_are_kept() {
    let module = module("'use client';\n// leaklint: ignore[x] -- y\n// other\nf();", Language::TypeScript);
    assert_eq!(module.prologue, ["use client"]);
    assert_eq!(module.comments.len(), 1);
    assert_eq!(module.comments[0].text, "// leaklint: ignore[x] -- y");
}
