//! The module under construction: its tables, and the names in sight.

use compact_str::CompactString;
use rustc_hash::FxHashMap;

use crate::ir::{
    Binding, Class, ClassId, Export, ExportSource, Function, FunctionId, Import, ImportName, Module, ModuleRequest,
    Name, Operand, Place, RequestId, Rvalue, Terminator, TypeRef, Variable, VariableId,
};
use crate::languages::graph::Body;
use crate::source::{FileId, Language, Span};

use super::attributes::{is_public, serves_tests};
use super::comments::directive_comments;
use super::drops::{Exit, Moved};
use super::expressions::Mode;
use super::paths::name_of;
use super::range;

/// Everything known so far about one file.
pub(super) struct Lowering<'t> {
    pub(super) text: &'t str,
    pub(super) variables: Vec<Variable>,
    pub(super) functions: Vec<Option<Function>>,
    /// Functions in sight whose bodies are still to come, by where their names stand: under different `cfg`s one scope may
    /// have several of one name.
    pub(super) announced: FxHashMap<Span, FunctionId>,
    pub(super) classes: Vec<Class>,
    pub(super) imports: Vec<Import>,
    pub(super) exports: Vec<Export>,
    pub(super) body: Body<Exit>,
    /// By what the fields of the file's structs are made by default.
    pub(super) defaults: FxHashMap<ClassId, Vec<(Name, syn::Path)>>,
    /// By what the types of the file that are names for others are made by default.
    pub(super) aliases: FxHashMap<Name, syn::Path>,
    /// The names in sight, outermost scope first.
    pub(super) scopes: Vec<FxHashMap<Name, VariableId>>,
    /// The variables that no scope drops any more, on the way to where we are.
    pub(super) moved: Moved,
    /// Variables that stand for a place elsewhere: a guard of its lock, a reference to it.
    pub(super) referents: FxHashMap<VariableId, Place>,
    /// What the `let` of the condition being read has matched.
    pub(super) matched: Option<Operand>,
    /// The inline modules around us, outermost first: `super` leads out of them first.
    pub(super) inline_modules: Vec<Name>,
    /// Whether names may come from a `use …::*`.
    pub(super) has_globs: bool,
    /// The type whose `impl` we are in.
    pub(super) self_type: Option<VariableId>,
    /// What type parameters in sight are asked to implement, innermost last.
    pub(super) bounded: Vec<(Name, TypeRef)>,
    /// Statics of functions: made once for the program, by functions of their own.
    pub(super) statics: Vec<(VariableId, FunctionId, Span)>,
    requests: Vec<ModuleRequest>,
    pub(super) request_ids: FxHashMap<CompactString, RequestId>,
    file: FileId,
    language: Language,
}

impl<'t> Lowering<'t> {
    pub(super) fn new(file: FileId, language: Language, text: &'t str) -> Self {
        Self {
            text,
            variables: Vec::new(),
            functions: vec![None],
            announced: FxHashMap::default(),
            classes: Vec::new(),
            imports: Vec::new(),
            exports: Vec::new(),
            body: Body::new(FunctionId::INITIALISER),
            defaults: FxHashMap::default(),
            aliases: FxHashMap::default(),
            scopes: vec![FxHashMap::default()],
            moved: Moved::default(),
            referents: FxHashMap::default(),
            matched: None,
            inline_modules: Vec::new(),
            has_globs: false,
            self_type: None,
            bounded: Vec::new(),
            statics: Vec::new(),
            requests: Vec::new(),
            request_ids: FxHashMap::default(),
            file,
            language,
        }
    }

    /// Walks the file and completes the module.
    pub(super) fn module(mut self, tree: &syn::File) -> Module {
        if !serves_tests(&tree.attrs) {
            self.placed_modules(&tree.items, "./", "");
            self.items(&tree.items);
        }
        for (variable, maker, at) in std::mem::take(&mut self.statics) {
            let value = self.push_call(Operand::Function(maker), Vec::new(), Mode::PLAIN, at, at);
            self.body.assign(Place::variable(variable), Rvalue::Use(value), at);
        }
        let end = u32::try_from(self.text.len()).unwrap_or(u32::MAX);
        self.body.terminate(Terminator::Return(None), Span::new(end, end));
        let (blocks, temps) = std::mem::replace(&mut self.body, Body::new(FunctionId::INITIALISER)).finish();
        let initialiser = Function::empty_initialiser();
        self.functions[0] = Some(Function { blocks, temps, span: Span::new(0, end), ..initialiser });
        let functions = self.functions.into_iter().map(|f| f.expect("invariant: every function begun is finished"));
        Module {
            file: self.file,
            language: self.language,
            variables: self.variables,
            functions: functions.collect(),
            classes: self.classes,
            requests: self.requests,
            imports: self.imports,
            exports: self.exports,
            common_js_exports: None,
            prologue: Vec::new(),
            platforms: super::platforms::platforms(tree, self.text),
            comments: directive_comments(&super::readable(self.text)),
        }
    }

    /// A new variable of the function we are in, not yet in sight.
    pub(super) fn new_variable(
        &mut self,
        name: Name,
        binding: Binding,
        annotation: Option<TypeRef>,
        span: Span,
    ) -> VariableId {
        let id = VariableId(u32::try_from(self.variables.len()).expect("invariant: fewer names than bytes of text"));
        self.variables.push(Variable { name, owner: self.body.id, binding, is_constant: true, annotation, span });
        id
    }

    /// Puts a variable in sight.
    pub(super) fn declare(&mut self, id: VariableId) {
        let name = self.variables[id.0 as usize].name.clone();
        let scope = self.scopes.last_mut().expect("invariant: the file's own scope is always open");
        scope.insert(name, id);
    }

    pub(super) fn lookup(&self, name: &str) -> Option<VariableId> {
        self.scopes.iter().rev().find_map(|scope| scope.get(name).copied())
    }

    pub(super) fn request(&mut self, specifier: &str, span: Span) -> RequestId {
        if let Some(&known) = self.request_ids.get(specifier) {
            self.requests[known.0 as usize].for_tests = false;
            return known;
        }
        let id = RequestId(u32::try_from(self.requests.len()).expect("invariant: fewer paths than bytes of text"));
        self.requests.push(ModuleRequest { specifier: specifier.into(), type_only: false, for_tests: false, span });
        self.request_ids.insert(specifier.into(), id);
        id
    }

    /// `#[cfg(test)] mod name;`: a file that is compiled for tests only.
    pub(super) fn test_module(&mut self, module: &syn::ItemMod) {
        self.request_for_tests(&format!("self::{}", name_of(&module.ident)), range(module.ident.span()));
    }

    pub(super) fn request_for_tests(&mut self, specifier: &str, span: Span) {
        if !self.request_ids.contains_key(specifier) {
            let request = self.request(specifier, span);
            self.requests[request.0 as usize].for_tests = true;
        }
    }

    /// A variable for a name of another module.
    pub(super) fn import(&mut self, specifier: &str, name: ImportName, local: Name, span: Span) -> VariableId {
        let request = self.request(specifier, span);
        let index = u32::try_from(self.imports.len()).expect("invariant: fewer imports than bytes of text");
        let variable = self.new_variable(local, Binding::Import(index), None, span);
        self.imports.push(Import { request, name, variable, type_only: false });
        variable
    }

    /// The same for a name that belongs to the file, wherever it is met first.
    pub(super) fn import_outside(&mut self, specifier: &str, name: ImportName, local: Name, span: Span) -> VariableId {
        let owner = std::mem::replace(&mut self.body.id, FunctionId::INITIALISER);
        let id = self.import(specifier, name, local, span);
        self.body.id = owner;
        id
    }

    pub(super) fn specifier(&self, request: RequestId) -> &str {
        &self.requests[request.0 as usize].specifier
    }

    pub(super) fn export(&mut self, id: VariableId, visibility: &syn::Visibility) {
        let Variable { name, span, .. } = &self.variables[id.0 as usize];
        let (name, source) = (name.clone(), ExportSource::Variable(id));
        self.exports.push(Export { name, source, is_public: is_public(visibility), span: *span });
    }

    pub(super) fn reserve_function(&mut self) -> FunctionId {
        let id =
            FunctionId(u32::try_from(self.functions.len()).expect("invariant: fewer functions than bytes of text"));
        self.functions.push(None);
        id
    }
}
