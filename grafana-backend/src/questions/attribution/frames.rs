//! Attribution as a frame.

use super::{
    fold::Credit,
    model::{Attribution, Measure},
    moment::AMOUNT_UNITS,
    shares::WHOLE,
    shown::Row,
};
use crate::{
    compared::change,
    frame::{Column, Frame},
    label::{NONE, OTHER, apart},
    numbers::integer,
};

/// A row a value: how many conversions it had a part in, then what it is credited with by each model. Beside it,
/// if it is compared, the same of the earlier range.
pub fn frame(attribution: &Attribution, rows: &[Row]) -> Frame {
    let mut frame = Frame::new("attribution");
    let values = rows.iter().filter_map(|row| row.name.as_deref()).filter(|name| !name.is_empty());
    let (none, rest) = (apart(NONE, values.clone()), apart(OTHER, values));
    let name = |row: &Row| match row.name.as_deref() {
        Some("") => none.clone(),
        Some(name) => name.to_owned(),
        None => rest.clone(),
    };
    frame.push(Column::string(attribution.dimension.title(), rows.iter().map(|row| Some(name(row))).collect()));
    let touched = rows.iter().map(|row| Some(integer(row.now.touched)));
    frame.push(Column::integer("touched", touched.collect()));
    for (at, model) in attribution.models.iter().enumerate() {
        let credited = |credit: &Credit| number(credit.sums.get(at).copied().unwrap_or_default());
        let now: Vec<f64> = rows.iter().map(|row| credited(&row.now)).collect();
        let before: Vec<Option<f64>> = rows.iter().map(|row| row.before.as_ref().map(credited)).collect();
        frame.push(Column::number(model.name(), now.iter().copied().map(Some).collect()));
        if attribution.compare.is_some() {
            let changes = now.iter().zip(&before).map(|(now, before)| change(*now, (*before)?)).collect();
            frame.push(Column::number(&format!("previous_{}", model.name()), before));
            frame.push(Column::number(&format!("change_{}", model.name()), changes).with_unit("percentunit"));
        }
    }
    match attribution.measure {
        Measure::Conversions => frame,
        Measure::Revenue => frame.with_notice("Revenue of all currencies is added up as it is."),
    }
}

#[expect(clippy::cast_precision_loss, reason = "as exact as an f64 can be")]
fn number(sum: i128) -> f64 {
    sum as f64 / WHOLE as f64 / AMOUNT_UNITS as f64
}
