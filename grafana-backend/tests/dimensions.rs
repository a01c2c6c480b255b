//! The columns by which results can be split are those that the list of columns names so.

use std::collections::BTreeSet;

use grafana_backend::events::dimension;
use vector_components::{COLUMNS, row::Role};

#[test]
fn results_can_be_split_by_every_column_that_is_a_dimension() {
    let offered = BTreeSet::from(dimension::COLUMNS);
    let listed: BTreeSet<&str> =
        COLUMNS.iter().filter(|column| column.role == Role::Dimension).map(|column| column.name).collect();
    assert_eq!(offered, listed, "the datasource against vector-components/src/row/columns.rs");
}
