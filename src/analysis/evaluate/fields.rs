//! Fields: what a part of a value may hold.

use crate::catalogue::schema::Collection;
use crate::ir::{Element, Field, FunctionKind, Name, OpKind, Property, Rvalue, TypeRef};
use crate::linking::{ClassRef, FunctionRef, OpRef};
use crate::source::FileId;

use super::super::value::{AcquiredKind, ContextId, ExternalId, Path, Value, Values};
use super::{Evaluator, Question};

/// Parts of parameters are followed this far down.
const MAX_PATH: usize = 4;

/// The name under which the elements of a collection are followed.
const ELEMENT: &str = "[]";

/// The trait by which a type has the methods of what it holds.
const DEREF: &str = "Deref";

impl<'p> Evaluator<'p> {
    /// What the given fields of some values may hold, one after the other.
    #[must_use]
    pub fn fields(&self, values: Values, path: &[Field]) -> Values {
        path.iter().fold(values, |values, field| self.field(&values, field))
    }

    pub(super) fn fields_of(&self, values: &Values, path: &[Field]) -> Values {
        match path.split_first() {
            Some((first, rest)) => self.fields(self.field(values, first), rest),
            None => values.clone(),
        }
    }

    fn field(&self, values: &Values, field: &Field) -> Values {
        let mut parts = Values::none(values.open);
        for value in values {
            parts.absorb(self.field_of(value, field));
        }
        parts
    }

    fn field_of(&self, value: &Value, field: &Field) -> Values {
        match (value, field) {
            (Value::Object { at, context }, field) => self.object_field(*at, *context, field),
            (Value::Parameter { function, index, path }, field) => match longer(path, field) {
                Some(path) => {
                    let mut values = self.typed_parameter(*function, *index, &path);
                    values.join(&Values::perhaps(Value::Parameter { function: *function, index: *index, path }));
                    values
                }
                None => Values::unknown(),
            },
            (Value::Resource(id), Field::Named(name)) => match self.acquisition(*id).kind {
                AcquiredKind::Instance(class) => Values::clone(self.class_field(class, name)),
                AcquiredKind::Catalogued(resource) => {
                    let part = self.catalogue.resource(resource).part.as_deref();
                    if part.is_some_and(|part| part.split('.').any(|step| step == name.as_str())) {
                        return Values::one(value.clone());
                    }
                    if self.catalogue.has_method(resource, name) {
                        Values::one(Value::Method { of: *id, name: name.clone() })
                    } else if part.is_some() {
                        Values::unknown()
                    } else {
                        Values::one(Value::Part { of: *id, lasts: true })
                    }
                }
            },
            (Value::View { of, view }, Field::Named(name)) => match self.catalogue.method(*view, name).returns_self {
                true => Values::one(Value::Resource(*of)),
                false => self.field_of(&Value::Resource(*of), field),
            },
            (Value::Part { .. }, _) => Values::one(value.clone()),
            // The ends of a queue are followed like the pair they come in.
            (Value::Product { of, at }, Field::Named(name)) if self.is_pair(*of) => match self.member(*of, name) {
                Value::External(of) => Values::one(Value::Product { of, at: *at }),
                _ => Values::unknown(),
            },
            (Value::Class(class), Field::Named(name)) => Values::clone(self.static_field(*class, name)),
            (Value::Namespace(file), Field::Named(name)) => self.export_values(*file, name),
            (Value::External(id), Field::Named(name)) => Values::one(self.member(*id, name)),
            (Value::This { class, path }, Field::Named(name)) if path.is_empty() => {
                Values::clone(self.class_field(*class, name))
            }
            (Value::This { class, path }, field) => match longer(path, field) {
                Some(path) => {
                    let mut values = self.typed_field(*class, &path);
                    values.join(&Values::perhaps(Value::This { class: *class, path }));
                    values
                }
                None => Values::unknown(),
            },
            (Value::Nullish | Value::Text(_), _) => Values::default(),
            _ => Values::unknown(),
        }
    }

    /// Whether something is an end of a channel.
    #[must_use]
    pub fn is_end(&self, of: ExternalId) -> bool {
        let mut external = self.external_name(of);
        let is_part = external.path.pop().is_some_and(|last| last == "0" || last == "1");
        is_part && {
            let package = external.package.as_deref();
            let Value::External(pair) = self.external(package, external.path) else { return false };
            self.is_pair(pair)
        }
    }

    /// Whether what a member of a package gives is a pair whose parts are told apart.
    fn is_pair(&self, of: ExternalId) -> bool {
        let made = self.facts(of).function.and_then(|fact| fact.makes);
        matches!(made, Some(Collection::Queue | Collection::Bounded | Collection::Reply))
    }

    /// What a module gives under a name: an export, or a field of `module.exports`.
    fn export_values(&self, file: FileId, name: &Name) -> Values {
        if let Some(symbol) = self.program.export(file, name) {
            return self.symbol_values(&symbol);
        }
        match self.program.module(file).common_js_exports {
            Some(exports) => {
                let place = crate::ir::Place::variable(exports).named(name.clone());
                self.place(self.program.initialiser(file), &place)
            }
            None => Values::unknown(),
        }
    }

    fn object_field(&self, at: OpRef, context: ContextId, field: &Field) -> Values {
        let own = ContextId::default();
        let parts = self.remembered(Question::Part(at, own, field.clone()), || self.literal_field(at, field));
        if context == own {
            return Values::clone(parts);
        }
        // Remembered as well, so that an argument that is made of itself by a recursive call is asked for once.
        let question = Question::Part(at, context, field.clone());
        Values::clone(self.remembered(question, || self.seen_through(parts, context).into_owned()))
    }

    fn literal_field(&self, at: OpRef, field: &Field) -> Values {
        let OpKind::Assign { value, target } = &self.program.op(at).kind else { return Values::unknown() };
        let mut values = Values::default();
        match value {
            Rvalue::Object(properties) => self.property_values(at, properties, field, &mut values),
            Rvalue::Array(elements) => self.element_values(at, elements, field, &mut values),
            _ => return Values::unknown(),
        }
        // Fields assigned to the variable that holds the literal are fields of the object.
        if values.is_empty() && target.path.is_empty() {
            let place = target.clone().field(field.clone());
            for definition in self.program.index(at.function.file).of_root(at.function.function, &place.root) {
                if let Some((at, target, value)) = self.assignment(at.function, *definition)
                    && target.path == place.path
                {
                    values.absorb(self.rvalue(at, value));
                }
            }
        }
        values
    }

    fn property_values(&self, at: OpRef, properties: &[Property], field: &Field, values: &mut Values) {
        let mut found = false;
        for property in properties.iter().rev() {
            match property {
                Property::Field { name, value } if name == field && matches!(field, Field::Named(_)) => {
                    values.absorb(self.operand(at.function, value));
                    found = true;
                    break;
                }
                Property::Field { name, value } if *name == Field::Computed || *field == Field::Computed => {
                    values.absorb(self.operand(at.function, value));
                    found = true;
                }
                Property::Field { .. } => {}
                Property::Spread(operand) => {
                    let spread = self.operand(at.function, operand);
                    let part = self.field(&spread, field);
                    if !part.is_empty() {
                        values.join(&part);
                        found = true;
                        if !part.open {
                            break;
                        }
                    }
                }
            }
        }
        if !found {
            values.open = true;
        }
    }

    fn element_values(&self, at: OpRef, elements: &[Element], field: &Field, values: &mut Values) {
        let index = match field {
            Field::Named(name) => name.parse::<usize>().ok(),
            Field::Computed => None,
        };
        for (position, element) in elements.iter().enumerate() {
            if index.is_none_or(|index| index == position || elements[..=position].iter().any(|it| it.spread)) {
                let value = self.operand(at.function, &element.value);
                values.join(&if element.spread { self.field(&value, &Field::Computed) } else { value });
            }
        }
    }

    /// What a field of a class's instances may hold: its members, what its own code assigns, its written type.
    #[must_use]
    pub fn class_field(&self, class: ClassRef, name: &Name) -> &'p Values {
        self.remembered(Question::Field(class, name.clone()), || {
            let body = self.program.class(class);
            let members = self.program.members(class);
            for (function, _) in members.filter(|(_, member)| !member.is_static && member.name == *name) {
                match self.program.function(function).kind {
                    FunctionKind::Getter { .. } => return Values::clone(self.returns(function)),
                    FunctionKind::Setter { .. } => {}
                    _ => return Values::one(Value::Function { function, context: ContextId::default() }),
                }
            }
            let mut values = Values::default();
            for (file, definition) in self.program.of_field(class, name) {
                let initialiser = self.program.initialiser(file);
                if let Some((at, target, rvalue)) = self.assignment(initialiser, definition)
                    && target.path.len() == 1
                {
                    values.absorb(self.rvalue(at, rvalue));
                }
            }
            if !name.starts_with('#') && values.iter().all(|value| matches!(value, Value::Nullish)) {
                let kept = self.kept_by_subclasses(class, name);
                if !kept.is_empty() {
                    values.join(&kept);
                    values.open = true;
                    return values;
                }
            }
            if values.iter().all(|value| matches!(value, Value::Nullish | Value::Parameter { .. }))
                && let Some((_, written)) = body.field_types.iter().find(|(field, _)| field == name)
            {
                values.absorb(self.typed(class.file, body.parent, written));
                // Nothing is assigned here, and the type is no resource: its parts may be.
                if values.is_empty() && !matches!(written, TypeRef::Literals | TypeRef::Other) {
                    return Values::perhaps(Value::This { class, path: Path::from_iter([name.clone()]) });
                }
            }
            if values.is_empty()
                && let Some(base) = self.base_class(class)
            {
                return Values::clone(self.class_field(base, name));
            }
            if values.is_empty() {
                values.absorb(self.passed_on(class, name));
                values.open = true;
            }
            values
        })
    }

    /// The resources that classes keep in a field which what they extend only declares: `clearInterval(this.timer)` in the
    /// base ends them.
    fn kept_by_subclasses(&self, class: ClassRef, name: &Name) -> Values {
        let mut kept = Values::default();
        for below in self.program.subclasses(class) {
            for (file, definition) in self.program.of_field(below, name) {
                if let Some((at, target, rvalue)) = self.assignment(self.program.initialiser(file), definition)
                    && target.path.len() == 1
                {
                    let values = self.rvalue(at, rvalue);
                    values.iter().filter(|it| matches!(it, Value::Resource(_))).for_each(|it| kept.add(it.clone()));
                }
            }
        }
        kept
    }

    /// The methods that a class has without a word of the program's: an enum's whose variants hold what has them (a macro
    /// writes the `match`), and those of what a type dereferences to.
    fn passed_on(&self, class: ClassRef, name: &Name) -> Values {
        let body = self.program.class(class);
        let module = self.program.module(class.file);
        let derefs = body.implements.iter().any(|implemented| match implemented {
            TypeRef::Named { root, path, .. } => module.type_name(root, path).is_some_and(|name| name == DEREF),
            _ => false,
        });
        let held = body.field_types.iter().filter(|(field, _)| derefs || field.contains('.'));
        let mut methods = Values::default();
        for (_, written) in held {
            for value in &self.typed(class.file, body.parent, written) {
                if let Value::This { class: held, path } = value
                    && path.is_empty()
                    && *held != class
                    && self.program.members(*held).any(|(_, member)| !member.is_static && member.name == *name)
                {
                    methods.join(self.class_field(*held, name));
                }
            }
        }
        methods
    }

    /// The project's class that a class extends.
    #[must_use]
    pub fn base_class(&self, class: ClassRef) -> Option<ClassRef> {
        self.base_values(class).iter().find_map(|value| match value {
            Value::Class(base) if *base != class => Some(*base),
            _ => None,
        })
    }

    /// What a class extends.
    #[must_use]
    pub fn base_values(&self, class: ClassRef) -> Values {
        let body = self.program.class(class);
        match &body.extends {
            Some(operand) => self.operand(FunctionRef::new(class.file, body.parent), operand),
            None => Values::default(),
        }
    }

    fn static_field(&self, class: ClassRef, name: &Name) -> &'p Values {
        self.remembered(Question::StaticField(class, name.clone()), || {
            let body = self.program.class(class);
            let mut members = self.program.members(class);
            if let Some((function, _)) = members.find(|(_, member)| member.is_static && member.name == *name) {
                return match self.program.function(function).kind {
                    FunctionKind::Getter { .. } => Values::clone(self.returns(function)),
                    _ => Values::one(Value::Function { function, context: ContextId::default() }),
                };
            }
            let mut values = Values::default();
            // Static methods write `this.x`, others `Class.x`.
            let index = self.program.index(class.file);
            let own = index.of_field(class.class, name).iter();
            let named = body.variable.map_or(&[][..], |variable| index.of_variable(variable)).iter();
            for definition in own.chain(named) {
                let initialiser = self.program.initialiser(class.file);
                if let Some((at, target, rvalue)) = self.assignment(initialiser, *definition)
                    && target.path.len() == 1
                    && target.path[0].name() == Some(name)
                {
                    values.absorb(self.rvalue(at, rvalue));
                }
            }
            if values.is_empty() {
                if let Some(base) = self.base_class(class) {
                    return Values::clone(self.static_field(base, name));
                }
                values.open = true;
            }
            values
        })
    }
}

fn longer(path: &Path, field: &Field) -> Option<Path> {
    if path.len() >= MAX_PATH {
        return None;
    }
    let name = match field {
        Field::Named(name) => name.clone(),
        Field::Computed => Name::new(ELEMENT),
    };
    Some(path.and(name))
}
