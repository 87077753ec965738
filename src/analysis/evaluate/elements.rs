//! Elements: what the written type of a collection says of its elements, in languages with written types and drops.

use crate::ir::{FunctionId, OpKind, Operand, Place, Root, Rvalue, TypeRef};
use crate::linking::{ClassRef, FunctionRef, OpRef};
use crate::source::FileId;

use super::super::value::{AcquiredKind, Value, Values};
use super::Evaluator;

/// Methods of the standard collections that give one element.
const GIVES_ONE: &[&str] =
    &["first", "get", "get_mut", "last", "next_back", "peek", "pop", "pop_back", "pop_front", "remove"];

/// Those that give all of them, one after the other.
const GIVES_ALL: &[&str] = &["drain", "into_iter", "into_values", "iter", "iter_mut", "rev", "values", "values_mut"];

/// How many variables and calls a collection is followed through to where its type is written.
const MAX_STEPS: u32 = 6;

impl<'p> Evaluator<'p> {
    /// What a method gives by the written type of the collection it is called on: `self.backends.get(name)`.
    pub(super) fn element_given(&self, at: OpRef) -> Values {
        let receiver = self.program.op(at).call().and_then(|call| {
            let is_one = call.method_name().is_some_and(|name| GIVES_ONE.contains(&name));
            call.receiver().filter(|_| is_one)
        });
        receiver.map_or_else(Values::default, |(receiver, _)| self.element_of(at.function, &receiver, MAX_STEPS))
    }

    /// What the elements of an operand are by its written type.
    pub(super) fn typed_element(&self, function: FunctionRef, operand: &Operand) -> Values {
        match operand {
            Operand::Place(place) if self.drops_implicitly(function) => self.element_of(function, place, MAX_STEPS),
            _ => Values::default(),
        }
    }

    fn element_of(&self, function: FunctionRef, place: &Place, steps: u32) -> Values {
        if let Some((file, scope, written)) = self.written_type(function, place) {
            return self.element_type(file, written).map_or_else(Values::default, |inner| {
                let scope = FunctionRef::new(file, scope);
                self.typed(scope.file, scope.function, inner)
            });
        }
        let Some(steps) = steps.checked_sub(1) else { return Values::default() };
        let index = self.program.index(function.file);
        let definitions = match place.root {
            Root::Variable(id) if place.path.is_empty() => index.of_variable(id),
            Root::Temp(temp) if place.path.is_empty() => index.of_temp(function.function, temp),
            _ => &[],
        };
        let Some(definition) = definitions.first() else { return Values::default() };
        let at = function.definition(definition);
        match &self.program.op(at).kind {
            OpKind::Call(call) if call.method_name().is_some_and(|name| GIVES_ALL.contains(&name)) => call
                .receiver()
                .map_or_else(Values::default, |(receiver, _)| self.element_of(at.function, &receiver, steps)),
            OpKind::Assign { value: Rvalue::Use(Operand::Place(from)), .. } => {
                self.element_of(at.function, from, steps)
            }
            _ => Values::default(),
        }
    }

    /// The type that is written of a variable or field, with the file and the function it is written in.
    pub(in crate::analysis) fn written_type(
        &self,
        function: FunctionRef,
        place: &Place,
    ) -> Option<(FileId, FunctionId, &'p TypeRef)> {
        let Some((field, of)) = place.path.split_last() else {
            let Root::Variable(id) = place.root else { return None };
            let variable = self.program.variable(function.variable(id));
            return variable.annotation.as_ref().map(|written| (function.file, variable.owner, written));
        };
        let name = field.name()?;
        let of = Place { root: place.root.clone(), path: of.iter().cloned().collect() };
        self.place(function, &of).iter().find_map(|value| {
            let class = self.class_of(value)?;
            let body = self.program.class(class);
            let (_, written) = body.field_types.iter().find(|(field, _)| field == name)?;
            Some((class.file, body.parent, written))
        })
    }

    /// The class of the project that a value is an instance of.
    pub(in crate::analysis) fn class_of(&self, value: &Value) -> Option<ClassRef> {
        match value {
            Value::This { class, path } if path.is_empty() => Some(*class),
            Value::Resource(id) => match self.acquisition(*id).kind {
                AcquiredKind::Instance(class) => Some(class),
                AcquiredKind::Catalogued(_) => None,
            },
            _ => None,
        }
    }

    /// `V` of `Arc<HashMap<K, V>>`, `T` of `&[T]`.
    fn element_type<'t>(&self, file: FileId, written: &'t TypeRef) -> Option<&'t TypeRef> {
        match written {
            TypeRef::Array(inner) => Some(inner),
            TypeRef::Named { root, path, arguments } => {
                let inner = arguments.last()?;
                if self.is_holder(file, root, path) { self.element_type(file, inner) } else { Some(inner) }
            }
            _ => None,
        }
    }
}
