//! The lines of `EXPLAIN AST`: one part each, indented by a blank for each level, with the
//! number of its children.

/// A part of a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Node<'a> {
    /// What ClickHouse's parser calls it: `SelectQuery`, `Function`, …
    pub kind: &'a str,
    /// Of a function, a table or a column; empty for other parts.
    pub name: &'a str,
    /// The kind of the part that it belongs to.
    pub parent: Option<&'a str>,
    /// It is the right side of an `IN`.
    pub is_set: bool,
}

/// The lines are not a tree: a name with a line break would make parts that do not exist, and hide
/// some that do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoTree;

/// All parts, in the order of the statement.
///
/// # Errors
/// If a part does not have as many children as its line says. Most parts have no name, so no
/// name can bring its own lines into agreement with all those above it.
pub fn read(lines: &[String]) -> Result<Vec<Node<'_>>, NoTree> {
    let mut open: Vec<Open<'_>> = Vec::new();
    let mut nodes = Vec::with_capacity(lines.len());
    for line in lines {
        let text = line.trim_start_matches(' ');
        let depth = line.len() - text.len();
        if depth > open.len() || (depth == 0 && !nodes.is_empty()) {
            return Err(NoTree);
        }
        close(&mut open, depth)?;
        let part = Part::read(text)?;
        nodes.push(Node {
            kind: part.kind,
            name: part.name,
            parent: open.last().map(|parent| parent.part.kind),
            is_set: is_set(&open),
        });
        if let Some(parent) = open.last_mut() {
            parent.children_seen += 1;
        }
        open.push(Open { part, children_seen: 0 });
    }
    close(&mut open, 0)?;
    Ok(nodes)
}

/// What one line says.
struct Part<'a> {
    kind: &'a str,
    name: &'a str,
    children: usize,
}

impl<'a> Part<'a> {
    /// `Function plus (alias b) (children 1)`
    fn read(line: &'a str) -> Result<Self, NoTree> {
        const CHILDREN: &str = " (children ";
        let (line, children) = match line.rfind(CHILDREN).filter(|_| line.ends_with(')')) {
            Some(at) => (&line[..at], line[at + CHILDREN.len()..line.len() - 1].parse().map_err(|_| NoTree)?),
            None => (line, 0),
        };
        let (kind, rest) = line.split_once(' ').unwrap_or((line, ""));
        let name = match rest.rfind(" (alias ").filter(|_| rest.ends_with(')')) {
            Some(at) => &rest[..at],
            None => rest,
        };
        Ok(Self { kind, name, children })
    }
}

/// A part whose children may follow; its place is its depth.
struct Open<'a> {
    part: Part<'a>,
    children_seen: usize,
}

fn close(open: &mut Vec<Open<'_>>, depth: usize) -> Result<(), NoTree> {
    match open.drain(depth..).all(|ended| ended.children_seen == ended.part.children) {
        true => Ok(()),
        false => Err(NoTree),
    }
}

/// `Function in` has an `ExpressionList` of two.
fn is_set(open: &[Open<'_>]) -> bool {
    let [.., function, arguments] = open else { return false };
    function.part.kind == "Function"
        && arguments.part.kind == "ExpressionList"
        && arguments.children_seen > 0
        && is_membership(function.part.name)
}

/// `in`, `notIn`, `globalIn`, `nullIn`, `inIgnoreSet`, `globalNotNullInIgnoreSet`, …
fn is_membership(function: &str) -> bool {
    let name = function.to_ascii_lowercase();
    let name = name.strip_suffix("ignoreset").unwrap_or(&name);
    let name = name.strip_prefix("global").unwrap_or(name);
    let name = name.strip_prefix("not").unwrap_or(name);
    name.strip_prefix("null").unwrap_or(name) == "in"
}
