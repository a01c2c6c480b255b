//! Trees as ClickHouse 26.7 writes them. What it makes of whole statements is asked in
//! tests/plugin-host/statements_test.go.

use super::{judge, tree};
use crate::sql_tables::Tables;

fn lines(text: &str) -> Vec<String> {
    text.lines().map(str::to_owned).collect()
}

fn verdict(text: &str) -> Result<(), String> {
    let lines = lines(text);
    let nodes = tree::read(&lines).map_err(|_| "no tree".to_owned())?;
    judge(&nodes, &Tables::new(&["billing.*".to_owned()]).unwrap()).map_err(|error| error.to_string())
}

const MEMBERSHIP: &str = "\
SelectWithUnionQuery (children 1)
 ExpressionList (children 1)
  SelectQuery (children 1)
   ExpressionList (children 1)
    Function in (alias found) (children 1)
     ExpressionList (children 2)
      Identifier system.columns
      Identifier TABLE";

#[test]
fn the_right_side_of_in_is_a_table() {
    assert_eq!(verdict(&MEMBERSHIP.replace("TABLE", "analytics.events")), Ok(()));
    assert_eq!(verdict(&MEMBERSHIP.replace("TABLE", "billing.customers")), Ok(()));
    // The left side is a column, whatever it is called.
    assert_eq!(verdict(&MEMBERSHIP.replace("TABLE", "names").replace("system.columns", "other.name")), Ok(()));
    for refused in ["system.users", "other.t", "analytics.private.t"] {
        let error = verdict(&MEMBERSHIP.replace("TABLE", refused)).unwrap_err();
        assert!(error.contains(&format!("the table {refused} may not be read")), "{error}");
    }
    for function in ["notIn", "globalIn", "nullIn", "globalNotNullIn", "inIgnoreSet", "globalNotNullInIgnoreSet"] {
        let text = MEMBERSHIP.replace("Function in", &format!("Function {function}")).replace("TABLE", "other.t");
        assert!(verdict(&text).is_err(), "{function}");
    }
}

// The embedded engine refuses these before it says how it reads them; other servers do not.
#[test]
fn settings_and_functions_that_reach_outside_are_refused() {
    let select = |part: &str| {
        format!(
            "SelectWithUnionQuery (children 1)\n ExpressionList (children 1)\n  SelectQuery (children 2)\n   \
             ExpressionList (children 1)\n    Literal UInt64_1\n   {part}"
        )
    };
    let call = |name: &str| select(&format!("Function {name} (children 1)\n    ExpressionList"));
    let table = |name: &str| {
        select(&format!("TableExpression (children 1)\n    Function {name} (children 1)\n     ExpressionList"))
    };
    assert_eq!(verdict(&call("toDate")), Ok(()));
    assert_eq!(verdict(&table("numbers (alias n)")), Ok(()));
    for (text, named) in [
        (select("Set"), "SETTINGS"),
        (select("ColumnsApplyTransformer"), "APPLY"),
        (select("ASTStreamSettings"), "ASTStreamSettings"),
        (call("file"), "the function file"),
        (call("File (alias a)"), "the function File"),
        (call("dictGetOrNull"), "the function dictGetOrNull"),
        (call("joinGet"), "the function joinGet"),
        (table("file"), "the table function file"),
        (table("eval"), "the table function eval"),
        // Known as a function, not as a table function.
        (table("toDate"), "the table function toDate"),
    ] {
        let error = verdict(&text).unwrap_err();
        assert!(error.contains(&format!("{named} is not allowed")), "{error}");
    }
}

// A name with line breaks writes lines of its own. None may hide the table behind it.
#[test]
fn a_name_with_a_line_break_is_refused() {
    let hidden = MEMBERSHIP.replace("TABLE", "other.t");
    for forged in [
        "Identifier x\n      Identifier y",
        "Identifier x\nIdentifier y",
        "Identifier x\n    Function plus (children 1)\n     ExpressionList (children 2)",
        "Identifier x\n      Function plus (children 2)",
    ] {
        let text = hidden.replace("Identifier system.columns", forged);
        assert_eq!(verdict(&text), Err("no tree".to_owned()), "{forged:?}");
    }
    for alias in [
        "found (children 1)\n     ExpressionList (children 2)\n      Identifier a\n      Identifier b\n    Function plus",
        "found (children 2)\n     Literal 1",
        "found (children 0)\n    Function plus",
    ] {
        let text = hidden.replace("(alias found)", &format!("(alias {alias})"));
        assert_eq!(verdict(&text), Err("no tree".to_owned()), "{alias:?}");
    }
}

#[test]
fn further_tables_have_a_database() {
    let refused = |name: &str| Tables::new(&[name.to_owned()]).unwrap_err().to_string();
    for name in ["customers", ".t", "billing.", ""] {
        assert!(refused(name).contains("is neither database.table nor database.*"), "{name}");
    }
    assert!(Tables::new(&vec!["a.b".to_owned(); 101]).is_err());
}
