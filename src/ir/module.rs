//! Modules: one source file's variables, functions, classes, imports and exports.

use compact_str::CompactString;

use crate::source::{FileId, Language, Span};

use super::{Call, Field, Function, FunctionId, Name, Operand, Place, Root, Temp, TypeRef, TypeRoot};

/// Index of a variable in its module.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VariableId(pub u32);

/// Index of a class in its module.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClassId(pub u32);

/// Index of a [`ModuleRequest`] in its module.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(pub u32);

/// One lowered source file.
#[derive(Debug)]
pub struct Module {
    pub file: FileId,
    pub language: Language,
    pub variables: Vec<Variable>,
    /// The first is the module's initialiser.
    pub functions: Vec<Function>,
    pub classes: Vec<Class>,
    /// Every module specifier the file names, each once.
    pub requests: Vec<ModuleRequest>,
    pub imports: Vec<Import>,
    pub exports: Vec<Export>,
    /// The variable that stands for CommonJS `module.exports`; its fields are what other modules see.
    pub common_js_exports: Option<VariableId>,
    /// `"use client"`, `"use server"` at the head of the file.
    pub prologue: Vec<CompactString>,
    /// Parts that are compiled for one platform only: `#[cfg(windows)]`.
    pub platforms: Vec<(Span, Name)>,
    /// Comments that mention leaklint, for directives.
    pub comments: Vec<Comment>,
}

/// A declared name (or a synthetic one: a pattern's whole value).
#[derive(Debug, Clone)]
pub struct Variable {
    pub name: Name,
    /// The function it is local to: for a parameter, the function that has it. Module-level names belong to the
    /// initialiser.
    pub owner: FunctionId,
    pub binding: Binding,
    /// Whether only its declaration assigns it.
    pub is_constant: bool,
    pub annotation: Option<TypeRef>,
    /// The declaring identifier.
    pub span: Span,
}

/// What declares a variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Binding {
    /// `const`, `let`, `var`, a pattern's part, a synthetic name: its values are its assignments.
    Value,
    Parameter(u32),
    Function(FunctionId),
    Class(ClassId),
    /// Index into [`Module::imports`].
    Import(u32),
    /// The error of a `catch`.
    Caught,
    /// `resolve` of a promise executor the front end moved into the enclosing graph; the flag is true for `reject`. The
    /// promise is a temporary of the function around.
    Settle {
        rejects: bool,
        promise: Temp,
    },
    /// A type only: interface, alias, type parameter. Enums and namespaces are values.
    Type,
}

/// A class declaration or expression, or a constructor function with a prototype.
#[derive(Debug, Clone)]
pub struct Class {
    pub name: Option<Name>,
    /// The variable of a class of another file that this one belongs to: it has nothing but members.
    pub continues: Option<VariableId>,
    /// What it extends; a place of the enclosing function.
    pub extends: Option<Operand>,
    pub implements: Vec<TypeRef>,
    pub constructor: Option<FunctionId>,
    pub instance_initialiser: Option<FunctionId>,
    /// Methods and accessors, in source order. Fields are assignments to `this` in the instance initialiser; static
    /// fields are assignments to the class's variable where the class stands.
    pub members: Vec<ClassMember>,
    pub decorators: Vec<Decorator>,
    /// Written types of instance fields and of constructor parameters that are fields.
    pub field_types: Vec<(Name, TypeRef)>,
    /// The function the class stands in.
    pub parent: FunctionId,
    /// The variable that names it, where there is one.
    pub variable: Option<VariableId>,
    pub span: Span,
    pub name_span: Span,
}

#[derive(Debug, Clone)]
pub struct ClassMember {
    pub name: Name,
    pub function: FunctionId,
    pub is_static: bool,
}

/// The prefix of variables that stand for names which a glob import may bring.
pub const BY_GLOB: &str = "*::";

/// `@Callee(arguments)`.
#[derive(Debug, Clone)]
pub struct Decorator {
    /// `Injectable`, `Controller`: evaluated in the enclosing function.
    pub callee: Place,
    pub arguments: Vec<Operand>,
    pub span: Span,
}

/// A specifier named by an import, a re-export, `require` or `import()`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModuleRequest {
    pub specifier: CompactString,
    /// Only type imports name it: nothing of it runs.
    pub type_only: bool,
    /// Only tests have it: `#[cfg(test)] mod name;`.
    pub for_tests: bool,
    pub span: Span,
}

/// One imported name.
#[derive(Debug, Clone)]
pub struct Import {
    pub request: RequestId,
    pub name: ImportName,
    pub variable: VariableId,
    pub type_only: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImportName {
    Default,
    Namespace,
    Named(Name),
}

/// One exported name.
#[derive(Debug, Clone)]
pub struct Export {
    /// `default` for the default export. Unused by `export * from`.
    pub name: Name,
    pub source: ExportSource,
    /// Whether other packages see it, not only modules of the same one.
    pub is_public: bool,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExportSource {
    Variable(VariableId),
    /// `export { name } from "request"`.
    ReExport {
        request: RequestId,
        name: ImportName,
    },
    /// `export * from "request"`.
    All {
        request: RequestId,
    },
}

/// A comment with its delimiters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment {
    pub text: CompactString,
    pub span: Span,
}

/// Something the front end could not read; the rest of the file was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseIssue {
    pub span: Span,
    /// Lower case, no final period.
    pub message: String,
}

impl Class {
    /// A class with nothing in it, extending nothing.
    #[must_use]
    pub fn new(name: Option<Name>, parent: FunctionId, span: Span, name_span: Span) -> Self {
        Self {
            name,
            continues: None,
            extends: None,
            implements: Vec::new(),
            constructor: None,
            instance_initialiser: None,
            members: Vec::new(),
            decorators: Vec::new(),
            field_types: Vec::new(),
            parent,
            variable: None,
            span,
            name_span,
        }
    }
}

impl Module {
    /// The last name of a written type, as this module writes it.
    #[must_use]
    pub fn type_name<'t>(&'t self, root: &'t TypeRoot, path: &'t [Name]) -> Option<&'t Name> {
        match (path.last(), root) {
            (Some(last), _) => Some(last),
            (None, TypeRoot::Global(name)) => Some(name),
            (None, TypeRoot::Variable(id)) => Some(self.name_of(*id)),
            (None, TypeRoot::Module(_)) => None,
        }
    }

    /// The last name of a place, as this module writes it: that of its last field, else of its variable or global.
    #[must_use]
    pub fn last_name<'p>(&'p self, place: &'p Place) -> Option<&'p Name> {
        match (place.path.last(), &place.root) {
            (Some(Field::Named(name)), _) => Some(name),
            (None, Root::Variable(id)) => Some(self.name_of(*id)),
            (None, Root::Global(name)) => Some(name),
            (Some(Field::Computed), _) | (None, Root::This | Root::Temp(_)) => None,
        }
    }

    /// The last name of what a call calls.
    #[must_use]
    pub fn called_name<'c>(&'c self, call: &'c Call) -> Option<&'c Name> {
        self.last_name(call.callee.place()?)
    }

    /// The module of an unreadable file: an initialiser that does nothing.
    #[must_use]
    pub fn empty(file: FileId, language: Language) -> Self {
        Self {
            file,
            language,
            variables: Vec::new(),
            functions: vec![Function::empty_initialiser()],
            classes: Vec::new(),
            requests: Vec::new(),
            imports: Vec::new(),
            exports: Vec::new(),
            common_js_exports: None,
            prologue: Vec::new(),
            platforms: Vec::new(),
            comments: Vec::new(),
        }
    }

    /// Gives back spare capacity: a module lives as long as the run.
    pub(crate) fn shrink(&mut self) {
        self.variables.shrink_to_fit();
        self.functions.shrink_to_fit();
        self.classes.shrink_to_fit();
        self.requests.shrink_to_fit();
        self.imports.shrink_to_fit();
        self.exports.shrink_to_fit();
    }

    #[must_use]
    pub fn function(&self, id: FunctionId) -> &Function {
        &self.functions[id.index()]
    }

    /// The name of a variable as code writes it, without the prefix of names that a glob import may bring.
    #[must_use]
    pub fn name_of(&self, id: VariableId) -> &Name {
        let variable = self.variable(id);
        match variable.binding {
            Binding::Import(import) if variable.name.starts_with(BY_GLOB) => {
                match &self.imports[import as usize].name {
                    ImportName::Named(name) => name,
                    ImportName::Default | ImportName::Namespace => &variable.name,
                }
            }
            _ => &variable.name,
        }
    }

    #[must_use]
    pub fn variable(&self, id: VariableId) -> &Variable {
        &self.variables[id.0 as usize]
    }

    #[must_use]
    pub fn class(&self, id: ClassId) -> &Class {
        &self.classes[id.0 as usize]
    }

    #[must_use]
    pub fn request(&self, id: RequestId) -> &ModuleRequest {
        &self.requests[id.0 as usize]
    }

    /// Functions with their ids.
    pub fn functions(&self) -> impl Iterator<Item = (FunctionId, &Function)> {
        (0u32..).map(FunctionId).zip(&self.functions)
    }

    /// Classes with their ids.
    pub fn classes(&self) -> impl Iterator<Item = (ClassId, &Class)> {
        (0u32..).map(ClassId).zip(&self.classes)
    }

    /// The usual name of a function: `Class.method`, `outer.inner`, `listUsers`, `<module>`. A nameless callback has
    /// the name of the function around it.
    #[must_use]
    pub fn qualified_name(&self, id: FunctionId) -> String {
        use super::FunctionKind;
        let function = self.function(id);
        let own = match function.kind {
            FunctionKind::ModuleInitialiser => return "<module>".to_owned(),
            FunctionKind::Constructor { .. } => Some("constructor"),
            FunctionKind::InstanceInitialiser { .. } => Some("<fields>"),
            _ => function.name.as_deref(),
        };
        let prefix = function.class().and_then(|class| self.class(class).name.as_deref());
        match (own, prefix, function.parent) {
            (Some(own), Some(class), _) => format!("{class}.{own}"),
            (Some(own), None, _) => own.to_owned(),
            (None, _, Some(parent)) => self.qualified_name(parent),
            (None, _, None) => "<module>".to_owned(),
        }
    }
}
