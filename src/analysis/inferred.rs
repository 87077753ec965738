//! What is inferred of a project's own functions and classes, in the form of the catalogue.
//!
//! Takes the facts; gives a library for each file whose exports make, release or wrap something. A wrong inference is
//! corrected by data: the same table in `leaklint.toml` replaces it.

use crate::analysis::facts::{Facts, Obligation};
use crate::analysis::ownership::{Fate, Identity, Interest, is_owning};
use crate::analysis::value::{AcquisitionId, Value, Values};
use crate::catalogue::file_package;
use crate::catalogue::schema::{Ecosystem, FunctionFact, Library, Opens, Resource, ResourceKind, Shared};
use crate::ir::{FunctionKind, Module, Name};
use crate::linking::{ClassRef, FunctionRef};
use crate::source::FileId;

/// The libraries, in the order of the files. `path` is a file's from the top of the project, where it is asked about.
#[must_use]
pub fn inferred<'s>(facts: &Facts<'_>, path: impl Fn(FileId) -> Option<&'s str>) -> Vec<Library> {
    let modules = facts.program.modules().filter(|module| facts.is_source(module.file));
    let libraries = modules.filter_map(|module| {
        let library = named(path(module.file)?, module.language.into());
        Some(Inference { facts, library }.of(module))
    });
    libraries.filter(|library| !(library.resources.is_empty() && library.functions.is_empty())).collect()
}

fn named(path: &str, ecosystem: Ecosystem) -> Library {
    let package = file_package(path);
    let name = package.trim_start_matches("./").to_owned();
    Library { name, packages: vec![package], ecosystem, ..Library::default() }
}

struct Inference<'f, 'p> {
    facts: &'f Facts<'p>,
    library: Library,
}

impl Inference<'_, '_> {
    fn of(mut self, module: &Module) -> Library {
        for (name, variable) in self.facts.program.own_exports(module.file) {
            for value in self.facts.evaluator.variable(variable) {
                match value {
                    Value::Function { function, .. } if function.file == module.file => self.function(name, *function),
                    Value::Class(class) if class.file == module.file => self.class(name, *class),
                    _ => {}
                }
            }
        }
        self.library
    }

    fn function(&mut self, name: &Name, function: FunctionRef) {
        let call = format!("{name}()");
        let returned = self.facts.evaluator.returns(function);
        if let Some(made) = self.made(function, returned) {
            self.add(Resource { id: self.id(name), create: vec![call], ..made });
            return;
        }
        let releases = self.released(function);
        let fact = FunctionFact { call: vec![call], ..FunctionFact::default() };
        if !releases.is_empty() {
            self.library.functions.push(FunctionFact { releases, ..fact });
        } else if let Some(index) = self.handed_back(function, returned) {
            self.library.functions.push(FunctionFact { returns: Some(index), ..fact });
        }
    }

    /// What a function makes, or gives of what it keeps.
    fn made(&self, function: FunctionRef, returned: &Values) -> Option<Resource> {
        let own = |obligation: &&Obligation| obligation.function == function;
        for obligation in self.facts.obligations.iter().filter(own) {
            let Some(resource) = self.base(obligation.id) else { continue };
            let is_kept = self.facts.frequencies.memo(&self.facts.evaluator, obligation.acquisition.at).is_some();
            if returned.resources().any(|id| id == obligation.id) {
                return Some(if is_kept { shared(resource) } else { fresh(resource) });
            }
            if let Some(release) = self.handle(obligation, returned) {
                return Some(Resource { release: vec![release], leases: Vec::new(), ..fresh(resource) });
            }
        }
        // What the module or another function has.
        let kept = returned.resources().find(|id| self.facts.evaluator.acquisition(*id).at.function != function)?;
        self.base(kept).map(shared)
    }

    /// The member of the object that a function gives by which its caller releases what it acquired.
    fn handle(&self, obligation: &Obligation, returned: &Values) -> Option<String> {
        let releases = |parts: &Values| {
            self.facts.evaluator.functions_in(parts).iter().any(|(function, _)| {
                let solved = self.facts.solved(*function);
                solved.summary.effects.iter().any(|(identity, fates)| {
                    *identity == Identity::Acquired(obligation.id) && fates.normal.contains(Fate::RELEASED)
                })
            })
        };
        let mut members = self.facts.evaluator.members(returned);
        members.find(|(_, parts)| releases(parts)).map(|(name, _)| name.to_string())
    }

    /// The parameters that a function has released wherever it returns.
    fn released(&self, function: FunctionRef) -> Vec<u32> {
        let solved = self.facts.summaries.get(&self.facts.evaluator, function, Interest::Given);
        let released = solved.summary.effects.iter().filter_map(|(identity, fates)| match identity {
            Identity::Parameter { function: of, index, path } if *of == function && path.is_empty() => {
                let always =
                    fates.normal.contains(Fate::RELEASED) && !fates.normal.intersects(Fate::HELD | Fate::ESCAPED);
                always.then_some(*index)
            }
            _ => None,
        });
        let mut released: Vec<u32> = released.collect();
        released.sort_unstable();
        released.dedup();
        released
    }

    /// The parameter that is all a function gives back.
    fn handed_back(&self, function: FunctionRef, returned: &Values) -> Option<u32> {
        let mut values = returned.iter();
        match (values.next(), values.next(), returned.open) {
            (Some(Value::Parameter { function: of, index, path }), None, false)
                if *of == function && path.is_empty() =>
            {
                Some(*index)
            }
            _ => None,
        }
    }

    fn class(&mut self, name: &Name, class: ClassRef) {
        let facts = self.facts;
        let (id, create, types) = (self.id(name), vec![format!("new {name}")], vec![name.to_string()]);
        if let Some(extended) = facts.evaluator.extended_resource(class) {
            let base = fresh(facts.evaluator.catalogue.resource(extended));
            return self.add(Resource { id, create, types, ..base });
        }
        let methods: Vec<(FunctionRef, &Name)> = facts
            .program
            .members(class)
            .filter(|(function, member)| {
                let kind = facts.program.function(*function).kind;
                !member.is_static && matches!(kind, FunctionKind::Method { .. })
            })
            .map(|(function, member)| (function, &member.name))
            .collect();
        let named = |does: &dyn Fn(FunctionRef) -> bool| -> Vec<String> {
            methods.iter().filter(|(function, _)| does(*function)).map(|(_, name)| name.to_string()).collect()
        };
        let release = named(&|method| facts.solved(method).summary.releases_own_fields);
        if release.is_empty() {
            return;
        }
        let open = named(&|method| facts.solved(method).summary.opens_own_fields);
        let opens_at_once = open.is_empty() || facts.summaries.opens_when_made(&facts.evaluator, class);
        let help = format!("call `{}()` in a `finally`", release[0]);
        self.add(Resource {
            id,
            create,
            types,
            noun: format!("`{name}`"),
            opens: if opens_at_once { Opens::Eagerly } else { Opens::Explicitly },
            open: if opens_at_once { Vec::new() } else { open },
            release,
            help,
            kind: ResourceKind::Client,
            ..Resource::default()
        });
    }

    /// The catalogue's entry of what was acquired, or handed on by who acquired it, if one has to release it or may make
    /// too many.
    fn base(&self, id: AcquisitionId) -> Option<&Resource> {
        let acquisition = self.facts.evaluator.acquisition(id);
        let (_, resource) = self.facts.resource(&acquisition)?;
        let counts = matches!(resource.shared, Shared::Process | Shared::PerRequest);
        (is_owning(&self.facts.evaluator, id) || counts || !resource.collected).then_some(resource)
    }

    fn id(&self, name: &Name) -> String {
        format!("{}.{name}", self.library.name)
    }

    fn add(&mut self, resource: Resource) {
        if resource.gives_or_holds() && !self.library.resources.iter().any(|known| known.id == resource.id) {
            self.library.resources.push(resource);
        }
    }
}

/// The same made elsewhere: how its methods are called is the same, what its maker is given is not.
fn fresh(resource: &Resource) -> Resource {
    Resource {
        create: Vec::new(),
        from: Vec::new(),
        create_callback: None,
        create_when: None,
        create_unless: Vec::new(),
        create_with_function: false,
        types: Vec::new(),
        part: None,
        release_functions: Vec::new(),
        required_events: Vec::new(),
        options: Vec::new(),
        limits: Vec::new(),
        deadline: None,
        ..resource.clone()
    }
}

/// What somebody else keeps: asking for it makes nothing, and what it gives out has to be given back.
fn shared(resource: &Resource) -> Resource {
    Resource {
        kind: ResourceKind::Stateless,
        leases: resource.leases.clone(),
        noun: resource.noun.clone(),
        returns_self: resource.returns_self.clone(),
        ..Resource::default()
    }
}
