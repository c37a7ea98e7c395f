//! No name that a reader cannot find.

use std::collections::{BTreeMap, BTreeSet};

use naga::Expression;

use crate::gpu::ir::{Parsed, root};
use crate::gpu::runtime::shader::Shader;
use crate::gpu::runtime::template::{Include, PARTS, Template};

/// What all variants of a template have together.
#[derive(Debug)]
pub(super) struct Names {
    template: &'static Template,
    /// The values that its variants are composed with.
    values: BTreeSet<&'static str>,
    /// The words of its code.
    words: BTreeSet<String>,
    /// The fields of Params that no variant reads; `None` before the first.
    unread: Option<BTreeSet<String>>,
}

impl Names {
    pub(super) fn new(template: &'static Template) -> Self {
        let (values, words) = (BTreeSet::new(), BTreeSet::new());
        Self { template, values, words, unread: None }
    }

    pub(super) fn add(&mut self, shader: &Shader, parsed: &Parsed) {
        self.values.extend(shader.values.iter().map(|&(name, _)| name));
        let code = parsed.source.lines().filter(|line| !line.trim_start().starts_with("//"));
        for word in code.flat_map(words) {
            if !self.words.contains(word) {
                self.words.insert(word.into());
            }
        }
        let unread = unread(parsed);
        self.unread = Some(match self.unread.take() {
            None => unread,
            Some(before) => before.intersection(&unread).cloned().collect(),
        });
    }
}

/// What is wrong with the names of the templates; `explained` are the values that
/// `shaders/README.md` explains.
pub(super) fn found(
    templates: &BTreeMap<&'static str, Names>,
    explained: &BTreeSet<String>,
) -> Vec<String> {
    let mut found = Vec::new();
    for (template, names) in templates {
        let sources = sources(names.template);
        let sets: Vec<_> = sources.iter().flat_map(|(_, source)| set(source)).collect();
        for name in BTreeSet::from_iter(named(sources[0].1)) {
            let known = names.words.contains(name)
                || names.values.contains(name)
                || sets.contains(&name)
                || templates.contains_key(name);
            if !known {
                found.push(format!("{template}: the header names {name}, which is nowhere else"));
            }
        }
    }
    for (params, family) in families(templates) {
        let sources: Vec<_> =
            family.iter().flat_map(|(_, names)| sources(names.template)).collect();
        let tags: BTreeSet<_> = sources.iter().flat_map(|(_, source)| tag_words(source)).collect();
        for value in family.iter().flat_map(|(_, names)| &names.values) {
            if !tags.contains(value) {
                found
                    .push(format!("{params}: no shader with these Params reads the value {value}"));
            }
        }
        let mut unread = family.iter().filter_map(|(_, names)| names.unread.clone());
        let first = unread.next().unwrap_or_default();
        for field in unread.fold(first, |all, unread| &all & &unread) {
            found.push(format!("{params}: no shader with these Params reads {field}"));
        }
    }
    let values: BTreeSet<_> = templates.values().flat_map(|names| &names.values).collect();
    let values: BTreeSet<_> = values.into_iter().map(|value| value.to_string()).collect();
    for value in values.difference(explained) {
        found.push(format!("shaders/README.md does not explain the value {value}"));
    }
    for value in explained.difference(&values) {
        found.push(format!("shaders/README.md explains {value}, which no variant has"));
    }
    found
}

/// The templates that share the Params of a file.
fn families<'a>(
    templates: &'a BTreeMap<&'static str, Names>,
) -> BTreeMap<&'static str, Vec<(&'static str, &'a Names)>> {
    let mut families: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (template, names) in templates {
        let sources = sources(names.template);
        let params = sources.iter().find(|(_, source)| source.contains("struct Params"));
        let (params, _) = params.unwrap_or_else(|| panic!("{template} has no Params"));
        families.entry(*params).or_default().push((*template, names));
    }
    families
}

/// The values that a table of this kind explains: in backquotes in the first column, of rows below
/// the heading "Values".
pub(super) fn explained(readme: &str) -> BTreeSet<String> {
    let section = readme.split("\n## ").find(|section| section.starts_with("Values\n"));
    let rows = section.unwrap_or("").lines().filter(|line| line.starts_with("| `"));
    let cells = rows.filter_map(|row| row.split('|').nth(1));
    cells.flat_map(|cell| cell.split('`').skip(1).step_by(2)).map(str::to_string).collect()
}

/// The names and the texts of a template and of what it includes or extends, itself first.
fn sources(template: &Template) -> Vec<Include> {
    let parts: Vec<_> = template.parts.iter().copied().chain([PARTS]).flatten().copied().collect();
    let mut sources = vec![(template.name, template.text)];
    let mut next = 0;
    while let Some(&(_, text)) = sources.get(next) {
        for tag in ["include \"", "extends \"", "import \""] {
            for name in text.split(tag).skip(1).filter_map(|rest| rest.split('"').next()) {
                let part = parts.iter().find(|(part, _)| *part == name);
                sources.push(*part.unwrap_or_else(|| panic!("{}: no part {name}", template.name)));
            }
        }
        next += 1;
    }
    sources
}

/// The words of what the template engine computes and decides.
fn tag_words(source: &str) -> Vec<&str> {
    let tags = [("{{", "}}"), ("{%", "%}")].into_iter().flat_map(|(begin, end)| {
        source.split(begin).skip(1).filter_map(move |rest| rest.split(end).next())
    });
    tags.flat_map(words).collect()
}

/// The words of a text that can be names.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words.filter(|word| word.starts_with(|c: char| c.is_ascii_alphabetic()))
}

/// The variables that a template sets itself.
fn set(source: &str) -> Vec<&str> {
    let targets = source.split("{% set ").skip(1).filter_map(|rest| rest.split('=').next());
    targets.flat_map(words).collect()
}

/// The names in the header of a template, but for its reference: words with an underscore, and
/// functions.
fn named(source: &str) -> Vec<&str> {
    let header = source.lines().take_while(|line| line.starts_with("//"));
    let header = header.filter(|line| !line.starts_with("// Reference:"));
    let mut named = Vec::new();
    for line in header {
        named.extend(words(line).filter(|word| word.contains('_')));
        let calls = line.split("()").collect::<Vec<_>>();
        let (_, before) = calls.split_last().unwrap();
        named.extend(before.iter().filter_map(|text| words(text).last()));
    }
    named
}

/// The fields of Params that a shader does not read.
fn unread(shader: &Parsed) -> BTreeSet<String> {
    let variables = &shader.module.global_variables;
    let Some((params, variable)) =
        variables.iter().find(|(_, variable)| variable.name.as_deref() == Some("params"))
    else {
        panic!("no params");
    };
    let naga::TypeInner::Struct { members, .. } = &shader.module.types[variable.ty].inner else {
        panic!("params is no struct");
    };
    let mut unread: BTreeSet<_> = members.iter().filter_map(|it| it.name.clone()).collect();
    for (function, _) in shader.functions() {
        for (_, expression) in function.expressions.iter() {
            let &Expression::AccessIndex { base, index } = expression else { continue };
            let of = root(&function.expressions, base);
            if of == base && function.expressions[base] == Expression::GlobalVariable(params) {
                unread.remove(members[index as usize].name.as_deref().unwrap_or(""));
            }
        }
    }
    unread
}

#[test]
fn the_names_of_a_header_are_words_with_an_underscore_and_functions() {
    let header = "// Owns: an invocation tile_rows rows; source_of() says where, as conv2d_pack()\n\
        //   reads Params and lanes.\n// Reference: src/reference/max_pool2d.rs\nlet other_name = 1;";
    assert_eq!(
        named(header),
        ["tile_rows", "source_of", "conv2d_pack", "source_of", "conv2d_pack"]
    );
}

#[test]
fn fields_that_nobody_reads_are_found() {
    let source = "struct Params { first: u32, second: u32, third: u32 }
        @group(0) @binding(0) var<uniform> params: Params;
        fn twice() -> u32 { return 2u * params.third; }
        @compute @workgroup_size(1)
        fn main() { let first = params.first + twice(); }";
    let unread = unread(&Parsed::new("test", source.into()));
    assert_eq!(unread, BTreeSet::from(["second".to_string()]));
}

#[test]
fn what_a_template_reads_is_in_its_tags() {
    let source = "// one {{ two }}\n{% if three %}\nlet four = {{ five + 6 }}u;\n{% endif %}";
    assert_eq!(tag_words(source), ["two", "five", "if", "three", "endif"]);
}

#[test]
fn the_values_that_a_table_explains_are_those_of_its_first_column() {
    let readme = "# A\n\n## Values\n\n| value | what |\n| --- | --- |\n| `a_b`, `c` | `d` |\n\n## B\n| `e` | |";
    assert_eq!(explained(readme), ["a_b", "c"].map(String::from).into());
}
