//! Macros: read by the shape of what they are given, whatever they are called.
//!
//! A list of expressions is a call's arguments (`vec!`, `println!`, `join!`); `pattern = future => handler` are branches
//! of which one runs (`select!`); `static ref NAME: Type = value;` are statics whose values are made once
//! (`lazy_static!`, `thread_local!`); statements run (`try_stream!`). Of anything else nothing is known but the names in
//! it: such a macro may take what they stand for.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use syn::parse::{Parse, ParseStream, Parser as _};
use syn::punctuated::Punctuated;

use crate::ir::{Argument, Call, CallKind, OpKind, Operand, Place, Rvalue, Terminator};
use crate::source::Span;

use super::lowering::Lowering;
use super::{range, span_of};

/// What a macro is given.
enum Body {
    Expressions(Vec<syn::Expr>),
    Branches(Vec<Branch>),
    Statics(Vec<Static>),
    Statements(Vec<syn::Stmt>),
    Unknown,
}

/// `pattern = future, if condition => handler,`, or `else => handler`.
struct Branch {
    awaited: Option<(syn::Pat, syn::Expr)>,
    condition: Option<syn::Expr>,
    handler: syn::Expr,
}

/// `pub static ref NAME: Type = value;`, with or without `ref`.
struct Static {
    name: syn::Ident,
    written: syn::Type,
    value: syn::Expr,
}

impl Lowering<'_> {
    /// A macro's value.
    pub(super) fn macro_call(&mut self, call: &syn::Macro) -> Operand {
        let at = span_of(call);
        let tokens = &call.tokens;
        match body(tokens) {
            Body::Expressions(expressions) => {
                let arguments = expressions.iter().map(|argument| Argument {
                    value: self.expression(argument),
                    spread: false,
                    span: span_of(argument),
                });
                let mut arguments: Vec<Argument> = arguments.collect();
                if call.path.is_ident("format") {
                    arguments.extend(self.named_in_format(&expressions));
                }
                self.macro_as_call(call, arguments, at)
            }
            Body::Branches(branches) => self.branches(&branches, at),
            Body::Statics(statics) => {
                for it in &statics {
                    self.static_of_macro(it);
                }
                Operand::Nullish
            }
            Body::Statements(statements) => {
                self.statements(&statements, at);
                self.macro_as_call(call, Vec::new(), at)
            }
            Body::Unknown => {
                let mut named = Vec::new();
                self.names_in(tokens.clone(), &mut named);
                self.macro_as_call(call, named, at)
            }
        }
    }

    /// `{tenant}` of `format!("{}/{tenant}", uri)`: variables that the text names.
    fn named_in_format(&self, given: &[syn::Expr]) -> Vec<Argument> {
        let Some(syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. })) = given.first() else {
            return Vec::new();
        };
        let written = text.value();
        let named = written.split('{').skip(1).filter_map(|part| part.split(['}', ':']).next());
        let known = named.filter_map(|name| self.lookup(name));
        let span = range(text.span());
        known.map(|id| Argument { value: Operand::Place(Place::variable(id)), spread: false, span }).collect()
    }

    /// A call of the macro's name, with its `!`.
    fn macro_as_call(&mut self, call: &syn::Macro, arguments: Vec<Argument>, at: Span) -> Operand {
        let mut callee = self.place_of(&call.path);
        if let Some(crate::ir::Field::Named(last)) = callee.path.last_mut() {
            last.push('!');
        } else if let crate::ir::Root::Global(name) = &mut callee.root {
            name.push('!');
        }
        let result = self.body.new_temp();
        let call = Call {
            callee: callee.into(),
            kind: CallKind::Call,
            arguments,
            result,
            awaited: false,
            suspends: false,
            optional: false,
            callee_span: span_of(&call.path),
        };
        self.body.push(OpKind::Call(Box::new(call)), at);
        result.into()
    }

    /// All futures begin; one of them ends, and its handler runs.
    fn branches(&mut self, branches: &[Branch], at: Span) -> Operand {
        let awaited: Vec<Operand> = branches
            .iter()
            .map(|branch| branch.awaited.as_ref().map_or(Operand::Nullish, |(_, future)| self.moved_future(future)))
            .collect();
        let result = self.body.new_temp();
        let before = self.moved.clone();
        let entries: Vec<_> = branches.iter().map(|_| self.body.new_block()).collect();
        self.body.terminate(Terminator::Fork(entries.clone()), at);
        let mut ways = Vec::new();
        for ((branch, value), entry) in branches.iter().zip(awaited).zip(entries) {
            self.moved.clone_from(&before);
            self.body.switch_to(entry);
            self.open_scope();
            if let Some(condition) = &branch.condition {
                self.expression(condition);
            }
            if let Some((pattern, _)) = &branch.awaited {
                self.bind(pattern, &value, None);
            }
            let value = self.expression(&branch.handler);
            self.moves(&value);
            self.body.assign(Place::temp(result), Rvalue::Use(value), at);
            self.close_scope(at);
            ways.extend(self.way());
        }
        self.join(ways, at);
        result.into()
    }

    fn static_of_macro(&mut self, it: &Static) {
        let annotation = self.type_ref(&it.written);
        self.declare_item(&it.name, crate::ir::Binding::Value, &syn::Visibility::Inherited);
        let Some(id) = self.lookup(&super::paths::name_of(&it.name)) else { return };
        self.variables[id.0 as usize].annotation = Some(annotation);
        self.made_once(id, &it.value, range(it.name.span()));
    }

    /// The variables that tokens mention, and the fields of them: code nobody has read may take any of them.
    fn names_in(&mut self, tokens: TokenStream, named: &mut Vec<Argument>) {
        let mut tokens = tokens.into_iter().peekable();
        while let Some(token) = tokens.next() {
            let ident = match token {
                TokenTree::Group(group) => {
                    self.names_in(group.stream(), named);
                    continue;
                }
                TokenTree::Ident(ident) => ident,
                TokenTree::Punct(_) | TokenTree::Literal(_) => continue,
            };
            let name = super::paths::name_of(&ident);
            let mut place = match self.lookup(&name) {
                Some(id) => Place::variable(id),
                None if name == "self" => Place::new(crate::ir::Root::This),
                None => continue,
            };
            let span = range(ident.span());
            if place.as_variable().is_some() {
                let value = Operand::Place(place.clone());
                self.moves(&value);
                named.push(Argument { value, spread: false, span });
            }
            while let Some(field) = field_after(&mut tokens) {
                place = place.named(super::paths::name_of(&field));
            }
            if !place.path.is_empty() {
                named.push(Argument { value: place.into(), spread: false, span });
            }
        }
    }
}

/// `.name`, where that is no method's.
fn field_after(tokens: &mut std::iter::Peekable<proc_macro2::token_stream::IntoIter>) -> Option<proc_macro2::Ident> {
    let mut ahead = tokens.clone();
    let is_dot = matches!(ahead.next(), Some(TokenTree::Punct(dot)) if dot.as_char() == '.');
    let Some(TokenTree::Ident(field)) = ahead.next().filter(|_| is_dot) else { return None };
    let is_called =
        matches!(ahead.peek(), Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis);
    if is_called {
        return None;
    }
    *tokens = ahead;
    Some(field)
}

fn body(tokens: &TokenStream) -> Body {
    let expressions = Punctuated::<syn::Expr, syn::Token![,]>::parse_terminated;
    if let Ok(expressions) = expressions.parse2(tokens.clone()) {
        return Body::Expressions(expressions.into_iter().collect());
    }
    // `vec![value; count]`.
    let repeated = |input: ParseStream<'_>| {
        let value: syn::Expr = input.parse()?;
        input.parse::<syn::Token![;]>()?;
        Ok(vec![value, input.parse()?])
    };
    if let Ok(expressions) = repeated.parse2(tokens.clone()) {
        return Body::Expressions(expressions);
    }
    if let Ok(branches) = read_branches.parse2(tokens.clone()) {
        return Body::Branches(branches);
    }
    if let Ok(statics) = read_all::<Static>.parse2(tokens.clone()) {
        return Body::Statics(statics);
    }
    match syn::Block::parse_within.parse2(tokens.clone()) {
        Ok(statements) => Body::Statements(statements),
        Err(_) => Body::Unknown,
    }
}

/// The items that a macro among items is given, and nothing else: it adds to them (`pin_project!`), or leaves them out of some
/// builds. One that is given statics makes those by its own ways.
pub(super) fn items_of(item: &syn::ItemMacro) -> Option<Vec<syn::Item>> {
    if item.ident.is_some() {
        return None;
    }
    let items = read_all::<syn::Item>.parse2(item.mac.tokens.clone()).ok()?;
    let is_read = |item: &syn::Item| !matches!(item, syn::Item::Verbatim(_) | syn::Item::Macro(_));
    let is_static = |item: &syn::Item| matches!(item, syn::Item::Static(_));
    (items.iter().all(is_read) && !items.iter().all(is_static)).then_some(items)
}

fn read_all<T: Parse>(input: ParseStream<'_>) -> syn::Result<Vec<T>> {
    let mut all = Vec::new();
    while !input.is_empty() {
        all.push(input.parse()?);
    }
    Ok(all)
}

fn read_branches(input: ParseStream<'_>) -> syn::Result<Vec<Branch>> {
    // `biased;`: the order in which they are tried.
    if input.peek(syn::Ident) && input.peek2(syn::Token![;]) {
        input.parse::<syn::Ident>()?;
        input.parse::<syn::Token![;]>()?;
    }
    read_all(input)
}

impl Parse for Branch {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let awaited = if input.peek(syn::Token![else]) {
            input.parse::<syn::Token![else]>()?;
            None
        } else {
            let pattern = syn::Pat::parse_multi_with_leading_vert(input)?;
            input.parse::<syn::Token![=]>()?;
            Some((pattern, input.parse()?))
        };
        let mut condition = None;
        if input.parse::<Option<syn::Token![,]>>()?.is_some() {
            input.parse::<syn::Token![if]>()?;
            condition = Some(input.parse()?);
        }
        input.parse::<syn::Token![=>]>()?;
        let handler = input.parse()?;
        input.parse::<Option<syn::Token![,]>>()?;
        Ok(Self { awaited, condition, handler })
    }
}

impl Parse for Static {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        input.call(syn::Attribute::parse_outer)?;
        input.parse::<syn::Visibility>()?;
        input.parse::<syn::Token![static]>()?;
        input.parse::<Option<syn::Token![ref]>>()?;
        let name = input.parse()?;
        input.parse::<syn::Token![:]>()?;
        let written = input.parse()?;
        input.parse::<syn::Token![=]>()?;
        let value = input.parse()?;
        input.parse::<Option<syn::Token![;]>>()?;
        Ok(Self { name, written, value })
    }
}
