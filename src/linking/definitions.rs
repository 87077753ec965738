//! Definitions: which operations assign each variable, temporary and field of `this`.

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use crate::ir::{
    Binding, BlockId, CallKind, ClassId, Field, FunctionId, Module, Name, OpKind, Operand, Place, Root, Rvalue, Temp,
    VariableId,
};

/// One operation that assigns (a part of) something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Definition {
    pub function: FunctionId,
    pub block: BlockId,
    pub index: u32,
}

/// The definitions of one module.
#[derive(Debug, Default)]
pub struct ModuleIndex {
    variables: Vec<SmallVec<[Definition; 1]>>,
    /// By function, then temporary.
    temps: Vec<Vec<SmallVec<[Definition; 1]>>>,
    /// Assignments to `this.field` by the class whose instances `this` is, in methods and the closures in them, and to
    /// `made.field` where `made` is an instance that the class's own code makes.
    fields: FxHashMap<(ClassId, Name), SmallVec<[Definition; 2]>>,
    /// The class whose instance (or itself) `this` is, by function.
    this_class: Vec<Option<ClassId>>,
    /// The functions whose text stands directly in each function.
    children: Vec<SmallVec<[FunctionId; 2]>>,
    /// The calls of parameters and of what they have.
    calls_of_parameters: Vec<Definition>,
    /// The object literals with a `[Symbol.dispose]`.
    disposable_literals: Vec<Definition>,
}

impl ModuleIndex {
    #[must_use]
    pub fn new(module: &Module) -> Self {
        let mut index = Self {
            variables: vec![SmallVec::new(); module.variables.len()],
            this_class: module.functions().map(|(id, _)| this_class(module, id)).collect(),
            children: vec![SmallVec::new(); module.functions.len()],
            ..Self::default()
        };
        for (id, function) in module.functions() {
            if let Some(parent) = function.parent {
                index.children[parent.index()].push(id);
            }
            let mut temps = vec![SmallVec::new(); function.temps as usize];
            for (block, position, op) in function.ops() {
                let position = u32::try_from(position).expect("invariant: a block has fewer than 2^32 operations");
                let definition = Definition { function: id, block, index: position };
                match &op.kind {
                    OpKind::Assign { target, value } => {
                        index.add(target, definition, &mut temps);
                        if value.disposal().is_some() {
                            index.disposable_literals.push(definition);
                        }
                    }
                    OpKind::Call(call) => {
                        temps[call.result.0 as usize].push(definition);
                        let called = call.callee.place().and_then(Place::root_variable);
                        if called.is_some_and(|id| matches!(module.variable(id).binding, Binding::Parameter(_))) {
                            index.calls_of_parameters.push(definition);
                        }
                    }
                    OpKind::Dispose { .. } | OpKind::Delete { .. } | OpKind::Yield { .. } => {}
                }
            }
            index.temps.push(temps);
        }
        if !module.classes.is_empty() {
            index.add_fields_of_made(module);
        }
        index
    }

    /// `static open() { const made = new Service(); made.timer = …; return made; }`
    fn add_fields_of_made(&mut self, module: &Module) {
        for (id, variable) in module.variables.iter().enumerate() {
            let Some(class) = self.this_class[variable.owner.index()] else { continue };
            let definitions = &self.variables[id];
            if definitions.len() < 2 || !definitions.iter().any(|it| self.makes(module, *it, class)) {
                continue;
            }
            for definition in definitions.clone() {
                if let Some((Place { path, .. }, _)) = assigned(module, definition)
                    && let Some(Field::Named(name)) = path.first()
                {
                    self.fields.entry((class, name.clone())).or_default().push(definition);
                }
            }
        }
    }

    /// Whether what is assigned is a new instance of a class.
    fn makes(&self, module: &Module, definition: Definition, class: ClassId) -> bool {
        let Some((target, Rvalue::Use(Operand::Place(made)))) = assigned(module, definition) else { return false };
        let Place { root: Root::Temp(temp), path } = made else { return false };
        let [Definition { function, block, index }] = *self.of_temp(definition.function, *temp) else { return false };
        let maker = &module.function(function).block(block).ops[index as usize];
        let is_class = |callee: &Place| match &callee.root {
            Root::Variable(id) => callee.path.is_empty() && module.class(class).variable == Some(*id),
            Root::This => callee.path.is_empty() && self.this_class[function.index()] == Some(class),
            _ => false,
        };
        target.path.is_empty()
            && path.is_empty()
            && maker.call().is_some_and(|call| call.kind == CallKind::New && call.callee.place().is_some_and(is_class))
    }

    fn add(&mut self, target: &Place, definition: Definition, temps: &mut [SmallVec<[Definition; 1]>]) {
        match target.root {
            Root::Variable(id) => self.variables[id.0 as usize].push(definition),
            Root::Temp(temp) => temps[temp.0 as usize].push(definition),
            Root::This => {
                let class = self.this_class[definition.function.index()];
                if let (Some(class), Some(Field::Named(name))) = (class, target.path.first()) {
                    self.fields.entry((class, name.clone())).or_default().push(definition);
                }
            }
            Root::Global(_) => {}
        }
    }

    /// The calls of parameters, and of what they have, of whichever function they are, in order.
    #[must_use]
    pub fn calls_of_parameters(&self) -> &[Definition] {
        &self.calls_of_parameters
    }

    /// The object literals with a `[Symbol.dispose]` or `[Symbol.asyncDispose]`, in order.
    #[must_use]
    pub fn disposable_literals(&self) -> &[Definition] {
        &self.disposable_literals
    }

    /// What assigns the variable or a field of it.
    #[must_use]
    pub fn of_variable(&self, id: VariableId) -> &[Definition] {
        &self.variables[id.0 as usize]
    }

    /// What assigns the temporary or a field of it.
    #[must_use]
    pub fn of_temp(&self, function: FunctionId, temp: Temp) -> &[Definition] {
        &self.temps[function.index()][temp.0 as usize]
    }

    /// What assigns the variable or temporary of a function, or a field of it; of others nothing is known here.
    #[must_use]
    pub fn of_root(&self, function: FunctionId, root: &Root) -> &[Definition] {
        match root {
            Root::Variable(id) => self.of_variable(*id),
            Root::Temp(temp) => self.of_temp(function, *temp),
            Root::This | Root::Global(_) => &[],
        }
    }

    /// What assigns `this.field` (or deeper) in the class's own code.
    #[must_use]
    pub fn of_field(&self, class: ClassId, field: &Name) -> &[Definition] {
        self.fields.get(&(class, field.clone())).map_or(&[], |definitions| definitions.as_slice())
    }

    /// What assigns any field of `this` in the class's own code, in no order.
    pub fn of_fields(&self, class: ClassId) -> impl Iterator<Item = &Definition> {
        self.fields.iter().filter(move |((of, _), _)| *of == class).flat_map(|(_, definitions)| definitions)
    }

    /// The names of the fields the class's own code assigns, sorted.
    #[must_use]
    pub fn fields_of(&self, class: ClassId) -> Vec<&Name> {
        let mut names: Vec<_> = self.fields.keys().filter(|(of, _)| *of == class).map(|(_, name)| name).collect();
        names.sort_unstable();
        names
    }

    /// The class that `this` belongs to in a function.
    #[must_use]
    pub fn this_class(&self, function: FunctionId) -> Option<ClassId> {
        self.this_class[function.index()]
    }

    /// The functions written directly inside a function.
    #[must_use]
    pub fn children(&self, function: FunctionId) -> &[FunctionId] {
        &self.children[function.index()]
    }
}

fn assigned(module: &Module, definition: Definition) -> Option<(&Place, &Rvalue)> {
    match &module.function(definition.function).block(definition.block).ops[definition.index as usize].kind {
        OpKind::Assign { target, value } => Some((target, value)),
        _ => None,
    }
}

fn this_class(module: &Module, mut id: FunctionId) -> Option<ClassId> {
    loop {
        let function = module.function(id);
        if function.binds_this {
            return function.class();
        }
        id = function.parent?;
    }
}
