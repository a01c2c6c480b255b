//! The settings that a read-only request may give: in its parameters those that change how a
//! result is computed or written, and limits up to the engine's own; in its statement the
//! former alone.

use crate::refusal::Refusal;

/// The time of a reading statement, if the request names none.
pub const EXECUTION_S_DEFAULT: u64 = 60;
/// The longest time that a request can name.
pub const EXECUTION_S_MAX: u64 = 3_600;
/// Threads of one reading statement.
pub const THREADS_MAX: u64 = 64;
/// A result that comes in one piece has at most so many bytes before formatting.
pub const WHOLE_RESULT_BYTES_MAX: u64 = 1 << 30;

/// The limits of a reading statement that depend on the machine.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The memory of one statement.
    pub memory_bytes_max: u64,
}

/// Names that are allowed as they stand.
const ALLOWED: [&str; 52] = [
    "aggregate_functions_null_for_empty",
    "allow_experimental_analyzer",
    "any_join_distinct_right_table_keys",
    "cancel_http_readonly_queries_on_client_close",
    "cast_keep_nullable",
    "cast_string_to_dynamic_use_inference",
    "count_distinct_implementation",
    "date_time_input_format",
    "date_time_output_format",
    "describe_include_subcolumns",
    "distinct_overflow_mode",
    "do_not_merge_across_partitions_select_final",
    "empty_result_for_aggregation_by_constant_keys_on_empty_set",
    "empty_result_for_aggregation_by_empty_set",
    "enable_analyzer",
    "enable_positional_arguments",
    "except_default_mode",
    "extremes",
    "final",
    "force_index_by_date",
    "force_optimize_projection",
    "force_primary_key",
    "group_by_overflow_mode",
    "group_by_use_nulls",
    "http_headers_progress_interval_ms",
    "intersect_default_mode",
    "limit",
    "max_block_size",
    "max_bytes_before_external_group_by",
    "max_bytes_before_external_sort",
    "max_bytes_to_read",
    "max_result_rows",
    "max_rows_in_distinct",
    "max_rows_in_join",
    "max_rows_to_group_by",
    "max_rows_to_read",
    "max_rows_to_sort",
    "offset",
    "prefer_column_name_to_alias",
    "read_overflow_mode",
    "result_overflow_mode",
    "session_timezone",
    "short_circuit_function_evaluation",
    "sort_overflow_mode",
    "timeout_overflow_mode",
    "totals_auto_threshold",
    "totals_mode",
    "transform_null_in",
    "union_default_mode",
    "use_query_condition_cache",
    "use_skip_indexes",
    "use_skip_indexes_if_final",
];

/// Families of names that are allowed.
const ALLOWED_PREFIXES: [&str; 11] = [
    "formatdatetime_",
    "join_",
    "optimize_",
    "output_format_binary_",
    "output_format_csv_",
    "output_format_decimal_",
    "output_format_json_",
    "output_format_native_",
    "output_format_pretty_",
    "output_format_tsv_",
    "parsedatetime_",
];

/// Whether a statement that only reads may give this setting.
#[must_use]
pub fn is_allowed(name: &str) -> bool {
    ALLOWED.contains(&name) || ALLOWED_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// The settings of a read-only request, from those of its parameters: a limit that is too high
/// (0 means none) becomes the engine's own, which is also there if none is given.
///
/// # Errors
/// Names the setting that is not allowed.
pub fn of_request(given: &[(String, String)], limits: Limits) -> Result<Vec<(String, String)>, Refusal> {
    let mut memory = limits.memory_bytes_max.to_string();
    let mut execution = EXECUTION_S_DEFAULT.to_string();
    let mut out = Vec::with_capacity(given.len() + 2);
    for (name, value) in given {
        match name.as_str() {
            "max_memory_usage" => memory = at_most(value, limits.memory_bytes_max),
            "max_execution_time" => execution = at_most(value, EXECUTION_S_MAX),
            "max_threads" => out.push((name.clone(), at_most(value, THREADS_MAX))),
            "max_result_bytes" => out.push((name.clone(), at_most(value, WHOLE_RESULT_BYTES_MAX))),
            name if is_allowed(name) => out.push((name.to_owned(), value.clone())),
            name => return Err(refused(name)),
        }
    }
    out.push(("max_memory_usage".to_owned(), memory));
    out.push(("max_execution_time".to_owned(), execution));
    Ok(out)
}

/// ClickHouse's answer to a setting that cannot be changed.
#[must_use]
pub fn refused(name: &str) -> Refusal {
    Refusal {
        code: 452,
        message: format!("Setting {name} should not be changed by a reader. (SETTING_CONSTRAINT_VIOLATION)"),
    }
}

fn at_most(value: &str, max: u64) -> String {
    let number: Option<u64> = value.trim().parse().ok();
    number.filter(|number| (1..=max).contains(number)).unwrap_or(max).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { memory_bytes_max: 1_000 };

    fn of(given: &[(&str, &str)]) -> Result<String, u16> {
        let given: Vec<_> = given.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let settings = of_request(&given, LIMITS).map_err(|refusal| refusal.code)?;
        Ok(settings.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn limits_are_always_there_and_never_lifted() {
        let default = "max_memory_usage=1000 max_execution_time=60";
        assert_eq!(of(&[]).unwrap(), default);
        for value in ["0", "1001", "-1", "", "18446744073709551616", "1e9", "x'"] {
            assert_eq!(of(&[("max_memory_usage", value)]).unwrap(), default, "{value}");
            let time = of(&[("max_execution_time", value)]).unwrap();
            assert!(time == "max_memory_usage=1000 max_execution_time=3600" || value == "1001", "{value}: {time}");
        }
        assert_eq!(
            of(&[("max_memory_usage", "5"), ("max_execution_time", "7"), ("max_memory_usage", "0")]).unwrap(),
            "max_memory_usage=1000 max_execution_time=7",
            "the last one counts, and is held as well"
        );
        assert_eq!(of(&[("max_threads", "0")]).unwrap(), format!("max_threads=64 {default}"));
        assert_eq!(of(&[("final", "1")]).unwrap(), format!("final=1 {default}"));
    }

    #[test]
    fn what_is_not_named_is_refused() {
        for name in [
            "readonly",
            "profile",
            "allow_introspection_functions",
            "allow_experimental_eval_table_function",
            "input_format_record_errors_file_path",
            "format_schema",
            "output_format_schema",
            "dialect",
            "log_comment",
            "MAX_MEMORY_USAGE",
            "",
        ] {
            assert_eq!(of(&[(name, "1")]), Err(452), "{name}");
            assert!(!is_allowed(name), "{name}");
        }
    }
}
