//! Whether a statement that a person wrote only reads what it may. ClickHouse's own parser says
//! what the statement consists of (`EXPLAIN AST`, which runs nothing), and each part has to be
//! known here: what is not named is refused. The datasource's ClickHouse user may be allowed
//! more than reading; who may write a panel's SQL is not. docs/security.md.

mod functions;
mod tree;

use super::model::RawSql;
use crate::{clickhouse::ClickHouse, error::QueryError, sql_tables::Tables};
use tree::Node;

/// Statements whose tree has more parts are refused.
const NODES_MAX: usize = 50_000;

/// What a SELECT is made of, by the names of ClickHouse's parser. A setting (`Set`) can lift a
/// limit, and a function that `APPLY` names is not in the tree: neither is here.
const PARTS: [&str; 30] = [
    "ArrayJoin",
    "Asterisk",
    "ColumnsExceptTransformer",
    "ColumnsListMatcher",
    "ColumnsRegexpMatcher",
    "ColumnsReplaceTransformer",
    "ColumnsReplaceTransformer::Replacement",
    "ColumnsTransformerList",
    "ExpressionList",
    "Function",
    "Identifier",
    "InterpolateElement",
    "Literal",
    "OrderByElement",
    "QualifiedAsterisk",
    "QualifiedColumnsListMatcher",
    "QualifiedColumnsRegexpMatcher",
    "SampleRatio",
    "SelectIntersectExceptQuery",
    "SelectQuery",
    "SelectWithUnionQuery",
    "Subquery",
    "TableExpression",
    "TableIdentifier",
    "TableJoin",
    "TablesInSelectQuery",
    "TablesInSelectQueryElement",
    "WindowDefinition",
    "WindowListElement",
    "WithElement",
];

/// Asks ClickHouse how it reads the statement, and judges every part of that.
///
/// # Errors
/// Names the part that is not allowed; or ClickHouse's message if it cannot read the statement.
pub async fn check(clickhouse: &ClickHouse, sql: &RawSql) -> Result<(), QueryError> {
    // In brackets there is no place for a second statement, FORMAT or INTO OUTFILE. The end of
    // the line ends a comment.
    let explained = format!("EXPLAIN AST SELECT * FROM ({}\n)", sql.text);
    let answer = clickhouse.lines(&explained, &sql.variables, NODES_MAX + 2).await.map_err(unreadable)?;
    if answer.lines.len() > NODES_MAX + 2 {
        return Err(QueryError::invalid("rawSql", format!("it has more than {NODES_MAX} parts")));
    }
    let lines = answer.lines.iter().skip(2).map(|line| serde_json::from_str::<(String,)>(line).map(|(line,)| line));
    let lines: Vec<String> = lines
        .collect::<Result<_, _>>()
        .map_err(|e| QueryError::ClickHouse(format!("its description of the statement cannot be read: {e}")))?;
    let nodes = tree::read(&lines).map_err(|_| refused("a name with a line break", "write it without"))?;
    judge(&nodes, &sql.tables)
}

fn unreadable(error: QueryError) -> QueryError {
    match error {
        QueryError::ClickHouse(message) => QueryError::invalid(
            "rawSql",
            format!("it has to be one SELECT, without FORMAT and INTO OUTFILE. ClickHouse says: {message}"),
        ),
        other => other,
    }
}

/// Each part is one of a SELECT, each table may be read, each function stays in the statement.
fn judge(nodes: &[Node<'_>], tables: &Tables) -> Result<(), QueryError> {
    for node in nodes {
        match node.kind {
            "Set" => return Err(refused("SETTINGS", "the datasource's limits hold for every statement")),
            "ColumnsApplyTransformer" => return Err(refused("APPLY", "write the function for each column instead")),
            "TableIdentifier" => tables.check(node.name)?,
            "Function" if node.parent == Some("TableExpression") => functions::check_table_function(node.name)?,
            "Function" => functions::check(node.name)?,
            // The right side of IN can be a table.
            "Identifier" if node.is_set => tables.check(node.name)?,
            kind if PARTS.contains(&kind) => {}
            other => return Err(refused(other, "a statement may read tables and nothing else")),
        }
    }
    Ok(())
}

fn refused(part: &str, why: &str) -> QueryError {
    QueryError::invalid("rawSql", format!("{part} is not allowed: {why}"))
}

#[cfg(test)]
mod tests;
