//! Macros: those whose arguments are expressions are read as such; of the others nothing is known but what they name.

use proc_macro2::{TokenStream, TokenTree};
use syn::parse::Parser as _;
use syn::punctuated::Punctuated;

use crate::ir::{Argument, Call, CallKind, OpKind, Operand, Place};

use super::lowering::Lowering;
use super::{range, span_of};

impl Lowering<'_> {
    /// A macro's value: that of a call of the macro's name with the arguments it is given.
    pub(super) fn macro_call(&mut self, call: &syn::Macro) -> Operand {
        let at = span_of(call);
        let listed = Punctuated::<syn::Expr, syn::Token![,]>::parse_terminated.parse2(call.tokens.clone());
        let arguments = match listed {
            Ok(listed) => listed
                .iter()
                .map(|argument| Argument { value: self.expression(argument), spread: false, span: span_of(argument) })
                .collect(),
            Err(_) => {
                let mut named = Vec::new();
                self.names_in(call.tokens.clone(), &mut named);
                named
            }
        };
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
            optional: false,
            callee_span: span_of(&call.path),
        };
        self.body.push(OpKind::Call(Box::new(call)), at);
        result.into()
    }

    /// The variables that tokens mention: code nobody has read may take any of them.
    fn names_in(&mut self, tokens: TokenStream, named: &mut Vec<Argument>) {
        for token in tokens {
            match token {
                TokenTree::Group(group) => self.names_in(group.stream(), named),
                TokenTree::Ident(ident) => {
                    if let Some(id) = self.lookup(&super::paths::name_of(&ident)) {
                        let value = Operand::Place(Place::variable(id));
                        self.moves(&value);
                        named.push(Argument { value, spread: false, span: range(ident.span()) });
                    }
                }
                TokenTree::Punct(_) | TokenTree::Literal(_) => {}
            }
        }
    }
}
