//! The module under construction, and its completion.

use compact_str::CompactString;
use oxc_ast::ast;
use oxc_semantic::Scoping;
use oxc_span::GetSpan as _;
use rustc_hash::FxHashMap;

use crate::ir::{
    Class, ClassId, Comment, Export, Function, FunctionId, FunctionKind, Import, Module, ModuleRequest, Place,
    RequestId, Temp, Variable, VariableId,
};
use crate::languages::graph::Body;
use crate::source::{FileId, Language, Span};

use super::exits::Exit;

/// Everything known so far about one file.
pub(super) struct Lowering<'a> {
    pub(super) text: &'a str,
    pub(super) scoping: Scoping,
    pub(super) comments: &'a [ast::Comment],
    /// First the symbols, under their own numbers, then the synthetic ones.
    pub(super) variables: Vec<Variable>,
    pub(super) functions: Vec<Option<Function>>,
    pub(super) classes: Vec<Option<Class>>,
    pub(super) requests: Vec<ModuleRequest>,
    pub(super) request_ids: FxHashMap<CompactString, RequestId>,
    pub(super) imports: Vec<Import>,
    pub(super) exports: Vec<Export>,
    pub(super) common_js_exports: Option<VariableId>,
    /// Functions and classes by where they start and end: the copies of a `finally` share them.
    pub(super) known_functions: FxHashMap<Span, FunctionId>,
    pub(super) known_classes: FxHashMap<Span, ClassId>,
    /// The promises whose executors were moved into a graph: by their `resolve`, the function and its temporary.
    pub(super) settles: FxHashMap<VariableId, (FunctionId, Temp)>,
    pub(super) body: Body<Exit<'a>>,
    /// What `this` is where it is not the function's own: the class, in static blocks and fields.
    pub(super) this: Option<Place>,
    /// The `extends` operand of the class we are in.
    pub(super) extends: Option<crate::ir::Operand>,
    /// Whether we are inside an optional chain.
    pub(super) in_chain: bool,
    /// The namespace whose body we are in.
    pub(super) namespace: Option<VariableId>,
    file: FileId,
    language: Language,
}

impl<'a> Lowering<'a> {
    pub(super) fn new(
        file: FileId,
        language: Language,
        text: &'a str,
        program: &'a ast::Program<'a>,
        scoping: Scoping,
    ) -> Self {
        let variables = super::scopes::variables_of(&scoping);
        Self {
            text,
            scoping,
            comments: &program.comments,
            variables,
            functions: vec![None],
            classes: Vec::new(),
            requests: Vec::new(),
            request_ids: FxHashMap::default(),
            imports: Vec::new(),
            exports: Vec::new(),
            common_js_exports: None,
            known_functions: FxHashMap::default(),
            known_classes: FxHashMap::default(),
            settles: FxHashMap::default(),
            body: Body::new(FunctionId::INITIALISER),
            this: None,
            extends: None,
            in_chain: false,
            namespace: None,
            file,
            language,
        }
    }

    /// Walks the program and completes the module.
    pub(super) fn module(mut self, program: &'a ast::Program<'a>, instance: Option<Span>) -> Module {
        match instance {
            Some(instance) => self.instance_script(&program.body, instance),
            None => self.statements(&program.body),
        }
        let end = u32::try_from(self.text.len()).unwrap_or(u32::MAX);
        self.body.terminate(crate::ir::Terminator::Return(None), Span::new(end, end));
        let body = std::mem::replace(&mut self.body, Body::new(FunctionId::INITIALISER));
        let prologue = prologue(&program.directives);
        let (blocks, temps) = body.finish();
        self.functions[0] = Some(Function {
            blocks,
            temps,
            prologue: prologue.clone(),
            span: Span::new(0, end),
            name_span: Span::new(0, 0),
            ..Function::new(FunctionKind::ModuleInitialiser)
        });
        let functions = self.functions.into_iter().map(|f| f.expect("invariant: every function begun is finished"));
        let classes = self.classes.into_iter().map(|c| c.expect("invariant: every class begun is finished"));
        let mut module = Module {
            file: self.file,
            language: self.language,
            variables: self.variables,
            functions: functions.collect(),
            classes: classes.collect(),
            requests: self.requests,
            imports: self.imports,
            exports: self.exports,
            common_js_exports: self.common_js_exports,
            prologue,
            platforms: Vec::new(),
            comments: directive_comments(self.text, self.comments),
        };
        if memchr::memmem::find(self.text.as_bytes(), b".prototype").is_some() {
            super::prototypes::make_classes(&mut module);
        }
        module
    }
}

pub(super) fn span(span: oxc_span::Span) -> Span {
    Span::new(span.start, span.end.max(span.start))
}

/// `"use client"` and the like.
pub(super) fn prologue(directives: &[ast::Directive<'_>]) -> Vec<CompactString> {
    directives.iter().map(|directive| directive.expression.value.as_str().into()).collect()
}

/// The comments that may hold a directive for us.
fn directive_comments(text: &str, comments: &[ast::Comment]) -> Vec<Comment> {
    let finder = memchr::memmem::Finder::new("leaklint");
    if finder.find(text.as_bytes()).is_none() {
        return Vec::new();
    }
    comments
        .iter()
        .filter_map(|comment| {
            let at = span(comment.span());
            let comment = text.get(at.range())?;
            finder.find(comment.as_bytes())?;
            Some(Comment { text: comment.into(), span: at })
        })
        .collect()
}
