//! ClickHouse's Native format, of integers of 8 bytes alone: blocks of columns.

/// The network cuts the bytes where it likes; this buffers what is not complete yet.
pub struct Reader<const N: usize> {
    rest: Vec<u8>,
}

impl<const N: usize> Default for Reader<N> {
    fn default() -> Self {
        Self { rest: Vec::new() }
    }
}

/// The numbers of a block.
#[derive(Clone, Copy)]
pub struct Columns<'b, const N: usize>([&'b [[u8; 8]]; N]);

impl<'b, const N: usize> Columns<'b, N> {
    /// How many rows there are.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.0.first().map_or(0, |column| column.len())
    }

    /// Row by row.
    pub fn iter(&self) -> impl Iterator<Item = [u64; N]> + use<'b, N> {
        let columns = self.0;
        (0..self.rows()).map(move |row| columns.map(|column| u64::from_le_bytes(column[row])))
    }
}

/// A column's name or type.
const TEXT_BYTES_MAX: usize = 4_096;

/// Where a block's columns begin, and its end.
struct Block<const N: usize> {
    rows: usize,
    columns: [usize; N],
    end: usize,
}

impl<const N: usize> Reader<N> {
    /// Takes the next bytes and gives the columns of each block that is complete, all of the
    /// same length; `false` when `each` wants no more.
    ///
    /// # Errors
    /// What ClickHouse says instead of a block.
    pub fn read(&mut self, bytes: &[u8], each: &mut impl FnMut(Columns<'_, N>) -> bool) -> Result<bool, String> {
        self.rest.extend_from_slice(bytes);
        let mut at = 0;
        while let Some(block) = block::<N>(&self.rest[at..]).map_err(|()| self.message(at))? {
            let bytes = &self.rest[at..];
            let columns = block.columns.map(|start| bytes[start..start + block.rows * 8].as_chunks().0);
            if !each(Columns(columns)) {
                return Ok(false);
            }
            at += block.end;
        }
        self.rest.drain(..at);
        Ok(true)
    }

    /// Nothing may be left over.
    ///
    /// # Errors
    /// As [`Reader::read`].
    pub fn end(self) -> Result<(), String> {
        if self.rest.is_empty() { Ok(()) } else { Err(self.message(0)) }
    }

    fn message(&self, at: usize) -> String {
        let text = String::from_utf8_lossy(&self.rest[at..]).into_owned();
        match text.find("Code: ") {
            Some(start) => text[start..].trim().to_owned(),
            None => "the answer was cut off, or is not of integers".to_owned(),
        }
    }
}

/// The first block, if it is complete.
fn block<const N: usize>(bytes: &[u8]) -> Result<Option<Block<N>>, ()> {
    let mut at = 0;
    let Some(count) = varint(bytes, &mut at)? else { return Ok(None) };
    let Some(rows) = varint(bytes, &mut at)? else { return Ok(None) };
    if count != N && !(count == 0 && rows == 0) {
        return Err(());
    }
    let mut columns = [0; N];
    for column in columns.iter_mut().take(count) {
        for is_type in [false, true] {
            let Some(length) = varint(bytes, &mut at)? else { return Ok(None) };
            let Some(text) = bytes.get(at..at.saturating_add(length)) else {
                return if length > TEXT_BYTES_MAX { Err(()) } else { Ok(None) };
            };
            if is_type && !matches!(text, b"UInt64" | b"Int64") {
                return Err(());
            }
            at += length;
        }
        *column = at;
        at = at.checked_add(rows.checked_mul(8).ok_or(())?).ok_or(())?;
        if at > bytes.len() {
            return Ok(None);
        }
    }
    Ok(Some(Block { rows, columns, end: at }))
}

/// LEB128; `None` if it is not complete.
fn varint(bytes: &[u8], at: &mut usize) -> Result<Option<usize>, ()> {
    let mut value = 0_usize;
    for shift in (0..63).step_by(7) {
        let Some(byte) = bytes.get(*at) else { return Ok(None) };
        *at += 1;
        value |= usize::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(Some(value));
        }
    }
    Err(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blocks() -> Vec<u8> {
        let mut out = Vec::new();
        for rows in [[1_u64, 2, 3].as_slice(), &[4]] {
            out.extend([2, rows.len() as u8]);
            for (name, add) in [("actor", 0), ("packed", 10)] {
                out.push(name.len() as u8);
                out.extend(name.as_bytes());
                out.extend(b"\x06UInt64");
                rows.iter().for_each(|row| out.extend((row + add).to_le_bytes()));
            }
        }
        out
    }

    #[test]
    fn rows_are_the_same_however_the_bytes_are_cut() {
        let bytes = blocks();
        for size in 1..bytes.len() {
            let (mut reader, mut rows) = (Reader::<2>::default(), Vec::new());
            for part in bytes.chunks(size) {
                reader
                    .read(part, &mut |columns| {
                        rows.extend(columns.iter());
                        true
                    })
                    .unwrap();
            }
            reader.end().unwrap();
            assert_eq!(rows, [[1, 11], [2, 12], [3, 13], [4, 14]]);
        }
    }

    #[test]
    fn an_exception_in_the_middle_is_an_error_and_so_is_an_end() {
        let mut bytes = blocks();
        bytes.extend(b"Code: 241. DB::Exception: Memory limit exceeded");
        let mut reader = Reader::<2>::default();
        let said = reader.read(&bytes, &mut |_| true).and_then(|_| reader.end()).unwrap_err();
        assert!(said.starts_with("Code: 241."), "{said}");
        let mut reader = Reader::<2>::default();
        reader.read(&blocks()[..30], &mut |_| true).unwrap();
        assert!(reader.end().unwrap_err().starts_with("the answer was cut off"));
    }
}
