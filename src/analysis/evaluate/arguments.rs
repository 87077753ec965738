//! Arguments: what a call is given, as far as it is written out.

use crate::catalogue::schema::{ArgumentLiteral, ArgumentTest};
use crate::ir::{Field, Name, OpKind, Operand, Property, Rvalue};
use crate::linking::{FunctionRef, OpRef};

use super::super::value::{Value, Values};
use super::Evaluator;

/// Spreads of spreads are followed so far.
const MAX_SPREADS: u32 = 8;

impl Evaluator<'_> {
    /// Whether an argument is what a test asks for. What is not written out does not pass.
    #[must_use]
    pub fn argument_passes(&self, at: OpRef, test: &ArgumentTest) -> bool {
        if test.absent {
            return self.is_absent(at, &test.argument);
        }
        match (&test.equals, self.argument_operand(at, &test.argument)) {
            (None, found) => found.is_some(),
            (Some(ArgumentLiteral::Boolean(wanted)), Some((_, Operand::Boolean(found)))) => *wanted == found,
            (Some(ArgumentLiteral::String(wanted)), Some((_, Operand::String(found)))) => *wanted == *found,
            _ => false,
        }
    }

    /// Whether the object that would hold the last part of an argument path is written out in full, without it.
    #[must_use]
    pub fn is_absent(&self, at: OpRef, path: &str) -> bool {
        let Some((object, name)) = path.rsplit_once('.') else { return self.argument_operand(at, path).is_none() };
        let values = self.argument_path(at, object);
        !values.open
            && !values.is_empty()
            && values.iter().all(|value| match value {
                Value::Object { at, .. } => self.is_written_in_full(*at) && self.written_property(*at, name).is_none(),
                Value::Nullish => true,
                _ => false,
            })
    }

    /// Whether an object literal spreads nothing.
    fn is_written_in_full(&self, at: OpRef) -> bool {
        match &self.program.op(at).kind {
            OpKind::Assign { value: Rvalue::Object(properties), .. } => {
                properties.iter().all(|property| matches!(property, Property::Field { .. }))
            }
            _ => false,
        }
    }

    /// The values at an argument path (`0`, `0.client`).
    #[must_use]
    pub fn argument_path(&self, at: OpRef, path: &str) -> Values {
        let mut parts = path.split('.');
        let Some(index) = parts.next().and_then(|index| index.parse().ok()) else { return Values::unknown() };
        let fields: Vec<_> = parts.map(|name| Field::Named(Name::new(name))).collect();
        self.fields(self.argument(at, index), &fields)
    }

    /// The written operand at an argument path, through object literals and the variables that hold them.
    #[must_use]
    pub fn argument_operand(&self, at: OpRef, path: &str) -> Option<(FunctionRef, Operand)> {
        let mut parts = path.split('.');
        let index: u32 = parts.next()?.parse().ok()?;
        let mut operand = (at.function, self.program.op(at).call()?.argument(index as usize)?.clone());
        for name in parts {
            let object = self.operand(operand.0, &operand.1).iter().find_map(|value| match value {
                Value::Object { at, .. } => Some(*at),
                _ => None,
            })?;
            operand = (object.function, self.written_property(object, name)?);
        }
        Some(operand)
    }

    /// The operand an object literal was written with under a name, spread literals included.
    #[must_use]
    pub fn written_property(&self, object: OpRef, name: &str) -> Option<Operand> {
        self.written_property_within(object, name, MAX_SPREADS)
    }

    fn written_property_within(&self, object: OpRef, name: &str, depth: u32) -> Option<Operand> {
        let OpKind::Assign { value: Rvalue::Object(properties), .. } = &self.program.op(object).kind else {
            return None;
        };
        properties.iter().rev().find_map(|property| match property {
            Property::Field { name: Field::Named(field), value } if field == name => Some(value.clone()),
            Property::Field { .. } => None,
            // `state = { ...state, page }` spreads what spreads it.
            Property::Spread(_) if depth == 0 => None,
            Property::Spread(operand) => self.operand(object.function, operand).iter().find_map(|value| match value {
                Value::Object { at, .. } if *at != object => self.written_property_within(*at, name, depth - 1),
                _ => None,
            }),
        })
    }
}
