//! Everything that led to a finding, for people.

use std::io::{self, Write};

use super::positions::Positions;
use super::text::printable;
use crate::findings::argument::Argument;

pub(super) fn write(argument: &Argument, positions: &Positions<'_>, out: &mut dyn Write) -> io::Result<()> {
    let bold = anstyle::Style::new().bold();
    let place = |location| {
        let place = positions.place(location);
        format!("{}:{}:{}", printable(place.path), place.start.line, place.start.column)
    };
    for section in &argument.sections {
        writeln!(out, "  {bold}{}{bold:#}", printable(&section.title))?;
        for statement in &section.statements {
            let at = statement.location.map(|location| format!(" ({})", place(location))).unwrap_or_default();
            writeln!(out, "    - {}{at}", printable(&statement.text))?;
        }
    }
    writeln!(out)
}
