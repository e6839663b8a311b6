//! The symbol table of this executable: full names of the functions that were not inlined.
//!
//! A build with `debug = "line-tables-only"` has lines for every call, but names without their modules
//! (`poll`, `{async_fn#0}`). The symbol table knows the full name of every function that exists as code.

use std::fs::File;
use std::os::unix::fs::FileExt;

use backtrace::SymbolName;
use object::Endianness;
use object::elf::{ET_DYN, FileHeader64, SHT_SYMTAB, STT_FUNC};
use object::read::ReadCache;
use object::read::elf::{FileHeader, SectionHeader, Sym};

/// Where the functions of this executable are, and where the file has their names.
#[derive(Debug)]
pub(super) struct SymbolTable {
    executable: File,
    /// By ascending start.
    functions: Vec<Function>,
    /// Where the file's names begin.
    names_at: u64,
    /// What the loader added to the addresses in the file.
    moved_by: u64,
}

#[derive(Debug)]
struct Function {
    start: u64,
    size: u32,
    name: u32,
}

/// Longer names are cut off.
const LONGEST_NAME: usize = 8192;

impl SymbolTable {
    /// Reads the table; `None` where there is none: a stripped executable, or none in this format.
    pub(super) fn read() -> Option<Self> {
        let executable = File::open("/proc/self/exe").ok()?;
        let data = ReadCache::new(executable.try_clone().ok()?);
        let header = FileHeader64::<Endianness>::parse(&data).ok()?;
        let endian = header.endian().ok()?;
        let sections = header.sections(endian, &data).ok()?;
        let symbols = sections.symbols(endian, &data, SHT_SYMTAB).ok()?;
        let names_at = sections.section(symbols.string_section()).ok()?.sh_offset(endian);
        let mut functions: Vec<Function> = symbols
            .iter()
            .filter(|symbol| symbol.st_type() == STT_FUNC && symbol.st_size(endian) > 0)
            .map(|symbol| Function {
                start: symbol.st_value(endian),
                size: u32::try_from(symbol.st_size(endian)).unwrap_or(u32::MAX),
                name: symbol.st_name(endian),
            })
            .collect();
        functions.sort_unstable_by_key(|function| function.start);
        let moved_by = if header.e_type(endian) == ET_DYN { loaded_at()? } else { 0 };
        Some(Self { executable, functions, names_at, moved_by })
    }

    /// The name of the function with the instruction.
    pub(super) fn name(&self, instruction: u64) -> Option<String> {
        let linked = instruction.checked_sub(self.moved_by)?;
        let after = self.functions.partition_point(|function| function.start <= linked);
        let function = &self.functions[after.checked_sub(1)?];
        if linked - function.start >= u64::from(function.size) {
            return None;
        }
        let mut name = vec![0; LONGEST_NAME];
        let read =
            self.executable.read_at(&mut name, self.names_at + u64::from(function.name)).ok()?;
        let end = name[..read].iter().position(|byte| *byte == 0).unwrap_or(read);
        Some(format!("{:#}", SymbolName::new(&name[..end])))
    }
}

/// Where the loader put the beginning of this executable.
fn loaded_at() -> Option<u64> {
    let path = std::fs::read_link("/proc/self/exe").ok()?;
    let path = path.to_str()?;
    let maps = std::fs::read_to_string("/proc/self/maps").ok()?;
    // 55d0c1a00000-55d0c1b00000 r--p 00000000 08:01 1234    /usr/bin/payments
    let first = maps.lines().find(|line| line.ends_with(path))?;
    let (start, rest) = first.split_once('-')?;
    let offset = rest.split_whitespace().nth(2)?;
    u64::from_str_radix(start, 16).ok()?.checked_sub(u64::from_str_radix(offset, 16).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[inline(never)]
    fn a_function_of_this_executable() -> u64 {
        std::hint::black_box(a_function_of_this_executable as fn() -> u64) as usize as u64
    }

    #[test]
    fn a_function_is_found_by_an_instruction_of_it() {
        let table = SymbolTable::read().unwrap();
        let name = table.name(a_function_of_this_executable() + 1).unwrap();
        assert!(name.ends_with("::a_function_of_this_executable"), "{name}");
        assert_eq!(table.name(0), None);
        assert_eq!(table.name(u64::MAX), None);
    }
}
