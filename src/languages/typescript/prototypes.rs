//! Classes written with functions and prototypes.
//!
//! A finishing pass: `X.prototype.m = function`, `X.prototype = { … }` and `extend(X.prototype, { … })` in the
//! function that declares `X` make a class of it. Its constructor is `X`'s function, its members are those functions.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::ir::{
    Binding, Class, ClassId, ClassMember, Field, Function, FunctionId, FunctionKind, Module, Name, OpKind, Operand,
    Place, Property, Root, Rvalue, Temp, VariableId,
};

/// A constructor function and what was found on its prototype.
struct Candidate {
    constructor: FunctionId,
    members: Vec<(Name, FunctionId)>,
    extends: Option<Operand>,
}

/// What one function's operations tell about the variables it declares.
struct Scan<'m> {
    module: &'m Module,
    /// Constructor functions by their variables.
    constructors: FxHashMap<VariableId, FunctionId>,
    /// `const proto = X.prototype`.
    aliases: FxHashMap<VariableId, VariableId>,
    objects: FxHashMap<Temp, &'m [Property]>,
    /// Objects made from another prototype, by the base.
    created: FxHashMap<Temp, Operand>,
    found: Vec<(VariableId, Candidate)>,
    index: FxHashMap<VariableId, usize>,
}

pub(super) fn make_classes(module: &mut Module) {
    let mut made: Vec<(FunctionId, VariableId, Candidate)> = Vec::new();
    let mut declared: FxHashMap<FunctionId, Vec<(VariableId, FunctionId)>> = FxHashMap::default();
    for (index, variable) in (0u32..).zip(&module.variables) {
        if let Binding::Function(function) = variable.binding {
            declared.entry(variable.owner).or_default().push((VariableId(index), function));
        }
    }
    for (id, function) in module.functions() {
        let constructors = declared.remove(&id).unwrap_or_default().into_iter().collect();
        let mut scan = Scan {
            module,
            constructors,
            aliases: FxHashMap::default(),
            objects: FxHashMap::default(),
            created: FxHashMap::default(),
            found: Vec::new(),
            index: FxHashMap::default(),
        };
        scan.function(function);
        made.extend(scan.found.into_iter().map(|(variable, candidate)| (id, variable, candidate)));
    }
    let mut taken = FxHashSet::default();
    for (parent, variable, candidate) in made {
        if (!candidate.members.is_empty() || candidate.extends.is_some()) && taken.insert(candidate.constructor) {
            make_class(module, parent, variable, candidate);
        }
    }
}

impl<'m> Scan<'m> {
    fn function(&mut self, function: &'m Function) {
        for (_, _, op) in function.ops() {
            match &op.kind {
                OpKind::Assign { target, value } => self.assignment(target, value),
                OpKind::Call(call) => {
                    let arguments = (call.argument(0), call.argument(1));
                    match (call.method_name(), arguments) {
                        // `util.inherits(X, Base)`.
                        (Some("inherits" | "__extends"), (Some(class), Some(base))) => {
                            if let Some(class) = class.place().and_then(Place::as_variable) {
                                self.extend(class, base.clone());
                            }
                        }
                        (Some("assign"), (Some(target), Some(source))) => {
                            if let Some(class) = target.place().and_then(|place| self.prototype(place)) {
                                self.source(class, source);
                            }
                        }
                        (Some("setPrototypeOf"), (Some(target), Some(base))) => {
                            if let (Some(class), Some(base)) = (
                                target.place().and_then(|place| self.prototype(place)),
                                base.place().and_then(base_of_prototype),
                            ) {
                                self.extend(class, base);
                            }
                        }
                        (Some("create"), (Some(base), _)) => {
                            // `X.prototype = Object.create(Base.prototype)` assigns the result right behind.
                            if let Some(base) = base.place().and_then(base_of_prototype) {
                                self.created.insert(call.result, base);
                            }
                        }
                        // `extend(X.prototype, { … })`, whoever's `extend` it is.
                        (None, (Some(Operand::Place(target)), Some(source))) if !target.path.is_empty() => {
                            if let Some(class) = self.prototype(target) {
                                self.source(class, source);
                            }
                        }
                        _ => {}
                    }
                }
                _ => {}
            }
        }
    }

    fn assignment(&mut self, target: &Place, value: &'m Rvalue) {
        match (&target.root, target.path.as_slice(), value) {
            (Root::Temp(temp), [], Rvalue::Object(properties)) => {
                self.objects.insert(*temp, properties);
            }
            (Root::Variable(variable), [], Rvalue::Use(Operand::Function(function)))
                if self.is_constructor(*function) =>
            {
                self.constructors.insert(*variable, *function);
            }
            (Root::Variable(variable), [], Rvalue::Use(Operand::Place(place))) => {
                if let Some(class) = self.prototype(place) {
                    self.aliases.insert(*variable, class);
                }
            }
            (Root::Variable(class), [Field::Named(prototype)], Rvalue::Use(source)) if prototype == "prototype" => {
                self.source(*class, source);
            }
            (_, [.., Field::Named(name)], Rvalue::Use(Operand::Function(function))) => {
                if let Some((object, _)) = target.split_last()
                    && let Some(class) = self.prototype(&object)
                {
                    self.member(class, name.clone(), *function);
                }
            }
            _ => {}
        }
    }

    /// The variable whose prototype this place is.
    fn prototype(&self, place: &Place) -> Option<VariableId> {
        let root = place.root_variable()?;
        match place.path.as_slice() {
            [] => self.aliases.get(&root).copied(),
            [Field::Named(name)] if name == "prototype" => self.constructors.contains_key(&root).then_some(root),
            _ => None,
        }
    }

    fn is_constructor(&self, function: FunctionId) -> bool {
        let function = self.module.function(function);
        function.kind == FunctionKind::Free && function.binds_this && !function.is_async && !function.is_generator
    }

    fn source(&mut self, class: VariableId, source: &Operand) {
        let Some(place) = source.place() else { return };
        let Root::Temp(temp) = place.root else { return };
        if let Some(base) = self.created.get(&temp).cloned() {
            self.extend(class, base);
        }
        if let Some(&properties) = self.objects.get(&temp) {
            for property in properties {
                if let Property::Field { name: Field::Named(name), value: Operand::Function(function) } = property {
                    self.member(class, name.clone(), *function);
                }
            }
        }
    }

    fn member(&mut self, class: VariableId, name: Name, function: FunctionId) {
        if let Some(candidate) = self.candidate(class) {
            candidate.members.push((name, function));
        }
    }

    fn extend(&mut self, class: VariableId, base: Operand) {
        if let Some(candidate) = self.candidate(class) {
            candidate.extends.get_or_insert(base);
        }
    }

    fn candidate(&mut self, class: VariableId) -> Option<&mut Candidate> {
        let constructor = *self.constructors.get(&class)?;
        if !self.is_constructor(constructor) {
            return None;
        }
        let index = *self.index.entry(class).or_insert_with(|| {
            self.found.push((class, Candidate { constructor, members: Vec::new(), extends: None }));
            self.found.len() - 1
        });
        Some(&mut self.found[index].1)
    }
}

/// `Base` of `Base.prototype`.
fn base_of_prototype(place: &Place) -> Option<Operand> {
    let (base, last) = place.split_last()?;
    (last.name() == Some("prototype")).then_some(Operand::Place(base))
}

fn make_class(module: &mut Module, parent: FunctionId, variable: VariableId, candidate: Candidate) {
    let id = ClassId(u32::try_from(module.classes.len()).expect("invariant: fewer classes than bytes of text"));
    let name = module.variable(variable).name.clone();
    let constructor = &mut module.functions[candidate.constructor.index()];
    constructor.kind = FunctionKind::Constructor { class: id };
    let (span, name_span) = (constructor.span, constructor.name_span);
    let mut members = Vec::with_capacity(candidate.members.len());
    for (name, function) in candidate.members {
        let made = &mut module.functions[function.index()];
        if made.kind == FunctionKind::Free {
            made.kind = FunctionKind::Method { class: id, is_static: false };
            made.name = Some(name.clone());
            members.push(ClassMember { name, function, is_static: false });
        }
    }
    let declared = &mut module.variables[variable.0 as usize];
    if matches!(declared.binding, Binding::Function(_)) {
        declared.binding = Binding::Class(id);
    } else {
        means_class(&mut module.functions[parent.index()], candidate.constructor, id);
    }
    module.classes.push(Class {
        extends: candidate.extends,
        constructor: Some(candidate.constructor),
        members,
        variable: Some(variable),
        ..Class::new(Some(name), parent, span, name_span)
    });
}

/// `const X = function …` now assigns the class.
fn means_class(function: &mut Function, constructor: FunctionId, class: ClassId) {
    for op in function.blocks.iter_mut().flat_map(|block| &mut block.ops) {
        if let OpKind::Assign { value: Rvalue::Use(operand), .. } = &mut op.kind
            && *operand == Operand::Function(constructor)
        {
            *operand = Operand::Class(class);
        }
    }
}
