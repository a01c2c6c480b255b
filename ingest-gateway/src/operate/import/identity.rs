//! Which import this is: the same source, project and content to the last byte. Progress is kept
//! by it, so no two contents may share one.

use std::{fs::File, io, path::Path};

use anyhow::{Context, ensure};
use sha2::{Digest, Sha256};

use super::Options;
use crate::operate::Tables;

/// Changes when records are counted in another way, so that no progress of before is taken up.
const FORM: &str = "footfall.import.2";

/// The import's number in `analytics.imports`: the first 64 bits of a SHA-256.
///
/// # Errors
/// If the source cannot be read.
pub async fn of(options: &Options, tables: &Tables) -> anyhow::Result<u64> {
    let content = match &options.path {
        Some(path) => file(path)?,
        None => table(options, tables).await?,
    };
    let mut hash = Sha256::new();
    hash.update(format!("{FORM}\n{:?}\n{}\n", options.from, options.project));
    hash.update(content);
    Ok(hash.finalize().iter().take(8).fold(0, |id, byte| id << 8 | u64::from(*byte)))
}

fn file(path: &Path) -> anyhow::Result<Vec<u8>> {
    let read = || format!("cannot read {}", path.display());
    let mut file = File::open(path).with_context(read)?;
    // It is read twice: for its identity, and for its records.
    ensure!(file.metadata().with_context(read)?.is_file(), "{} is not a file", path.display());
    let mut hash = Sha256::new();
    io::copy(&mut file, &mut hash).with_context(read)?;
    Ok(hash.finalize().to_vec())
}

/// A table is what its rows are, in whatever order.
async fn table(options: &Options, tables: &Tables) -> anyhow::Result<Vec<u8>> {
    let (database, table) = options.lab_table()?;
    let content: (u64, u64) = tables
        .client
        .query_raw("SELECT count(), sum(cityHash64(*)) FROM {database:Identifier}.{table:Identifier}")
        .param("database", database)
        .param("table", table)
        .fetch_one()
        .await
        .with_context(|| format!("cannot read {}", options.table))?;
    Ok(format!("{}\n{content:?}", options.table).into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two files of one length that differ in their last byte only.
    #[test]
    fn a_file_is_its_content_to_the_last_byte() {
        let folder = tempfile::tempdir().unwrap();
        let hash = |name: &str, last: u8| {
            let path = folder.path().join(name);
            let mut bytes = vec![b'x'; 200_000];
            bytes.push(last);
            std::fs::write(&path, bytes).unwrap();
            file(&path).unwrap()
        };
        assert_ne!(hash("a", b'1'), hash("b", b'2'));
        assert_eq!(hash("a", b'1'), hash("c", b'1'), "under another name it is the same content");
        assert!(file(folder.path()).unwrap_err().to_string().contains("is not a file"));
    }
}
