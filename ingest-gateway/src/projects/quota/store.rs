//! The file of what projects have stored: a row for each, of this day and this month alone. What is of an earlier month
//! is deleted, so that the file has no more rows than there are projects.

use std::{
    collections::HashMap,
    fs::OpenOptions,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use redb::{Database, ReadableTable, TableDefinition, backends::FileBackend};

use super::{Count, Counts};

/// What the file keeps in memory.
const CACHE_BYTES: usize = 1 << 20;

/// Period, events and bytes of the day and of the month.
type Row = (i32, u64, u64, i32, u64, u64);
const USAGE: TableDefinition<'static, &str, Row> = TableDefinition::new("usage");

pub type Error = Box<redb::Error>;

/// The open file.
pub struct Store {
    file: PathBuf,
    /// None after an error, until it is opened again: the library refuses a file that has failed once.
    database: Option<Database>,
}

impl Store {
    /// Opens the file, and reads what of it is of this month.
    pub fn open(file: &Path, month: i32) -> Result<(Self, HashMap<String, Counts>), Error> {
        let mut store = Self { file: file.to_owned(), database: None };
        let counts = store.read(month).map_err(Box::new)?;
        Ok((store, counts))
    }

    /// Writes some projects' counts.
    pub fn write(&mut self, counts: &[(String, Counts)]) -> Result<(), Error> {
        let database = match self.database.take() {
            Some(database) => database,
            None => open(&self.file).map_err(Box::new)?,
        };
        write(&database, counts).map_err(Box::new)?;
        self.database = Some(database);
        Ok(())
    }

    fn read(&mut self, this_month: i32) -> Result<HashMap<String, Counts>, redb::Error> {
        let database = open(&self.file)?;
        let transaction = database.begin_write()?;
        let mut counts = HashMap::new();
        {
            let mut table = transaction.open_table(USAGE)?;
            table.retain(|_, row| row.3 >= this_month)?;
            for entry in table.iter()? {
                let (project, row) = entry?;
                counts.insert(project.value().to_owned(), of_row(row.value()));
            }
        }
        transaction.commit()?;
        self.database = Some(database);
        Ok(counts)
    }
}

fn open(file: &Path) -> Result<Database, redb::Error> {
    let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(file)?;
    Ok(Database::builder().set_cache_size(CACHE_BYTES).create_with_backend(FileBackend::new(file)?)?)
}

fn write(database: &Database, counts: &[(String, Counts)]) -> Result<(), redb::Error> {
    let transaction = database.begin_write()?;
    {
        let mut table = transaction.open_table(USAGE)?;
        for (project, Counts { day, month }) in counts {
            let row = (day.period, day.events, day.bytes, month.period, month.events, month.bytes);
            table.insert(project.as_str(), row)?;
        }
    }
    transaction.commit()?;
    Ok(())
}

fn of_row((day, day_events, day_bytes, month, month_events, month_bytes): Row) -> Counts {
    Counts {
        day: Count { period: day, events: day_events, bytes: day_bytes },
        month: Count { period: month, events: month_events, bytes: month_bytes },
    }
}
