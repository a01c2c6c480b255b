//! ClickHouse's native compression: blocks of a 16-byte CityHash 1.0.2 checksum, a
//! method byte, two little-endian lengths and the data.

use bytes::Bytes;
use cityhash_rs::cityhash_102_128;
use tokio::io::{AsyncRead, AsyncReadExt};

use crate::refusal::Refusal;

const METHOD_NONE: u8 = 0x02;
const METHOD_LZ4: u8 = 0x82;
const METHOD_ZSTD: u8 = 0x90;
/// Method and lengths; the compressed length counts them in.
const HEADER_BYTES: usize = 9;
/// A block of an insert may be so large, compressed or not.
pub const BLOCK_BYTES_MAX: usize = 256 << 20;

/// Compresses `data` into one block.
#[must_use]
pub fn write_block(data: &[u8]) -> Vec<u8> {
    let packed = lz4_flex::block::compress(data);
    let mut block = Vec::with_capacity(16 + HEADER_BYTES + packed.len());
    block.extend_from_slice(&[0; 16]);
    block.push(METHOD_LZ4);
    block.extend_from_slice(&length(HEADER_BYTES + packed.len()));
    block.extend_from_slice(&length(data.len()));
    block.extend_from_slice(&packed);
    let checksum = cityhash_102_128(&block[16..]).rotate_right(64).to_le_bytes();
    block[..16].copy_from_slice(&checksum);
    block
}

/// Reads and checks one block of at most so many bytes, compressed or not; `None` at the end of
/// the body.
pub async fn read_block(source: &mut (impl AsyncRead + Unpin), bytes_max: usize) -> Result<Option<Bytes>, Refusal> {
    let mut checksum = [0; 16];
    match source.read(&mut checksum[..1]).await {
        Ok(0) => return Ok(None),
        Ok(_) => read(source, &mut checksum[1..]).await?,
        Err(e) => return Err(broken(&e.to_string())),
    }
    let mut block = vec![0; HEADER_BYTES];
    read(source, &mut block).await?;
    let (packed, unpacked) = (length_at(&block, 1), length_at(&block, 5));
    if !(HEADER_BYTES..=bytes_max).contains(&packed) || unpacked > bytes_max {
        return Err(broken(&format!("a block of {packed} bytes for {unpacked}, at most {bytes_max} are allowed")));
    }
    // What the header says is believed as far as the bytes really come.
    let rest = (packed - HEADER_BYTES) as u64;
    let read = source.take(rest).read_to_end(&mut block).await.map_err(|e| broken(&e.to_string()))?;
    if read as u64 != rest {
        return Err(broken("the block ends early"));
    }
    if cityhash_102_128(&block).rotate_right(64).to_le_bytes() != checksum {
        return Err(Refusal {
            code: 40,
            message: "Checksum doesn't match: corrupted data. (CHECKSUM_DOESNT_MATCH)".into(),
        });
    }
    let data = &block[HEADER_BYTES..];
    let unpacked = match block[0] {
        METHOD_NONE => data.to_vec(),
        METHOD_LZ4 => lz4_flex::block::decompress(data, unpacked).map_err(|e| broken(&e.to_string()))?,
        METHOD_ZSTD => zstd::bulk::decompress(data, unpacked).map_err(|e| broken(&e.to_string()))?,
        other => return Err(broken(&format!("unknown compression method {other:#x}"))),
    };
    Ok(Some(unpacked.into()))
}

async fn read(source: &mut (impl AsyncRead + Unpin), into: &mut [u8]) -> Result<(), Refusal> {
    source.read_exact(into).await.map(|_| ()).map_err(|e| broken(&e.to_string()))
}

fn broken(why: &str) -> Refusal {
    Refusal { code: 271, message: format!("Cannot decompress the body: {why}. (CANNOT_DECOMPRESS)") }
}

/// Blocks are cut far below 4 GiB by their makers, so the length fits.
fn length(bytes: usize) -> [u8; 4] {
    u32::try_from(bytes).unwrap_or(u32::MAX).to_le_bytes()
}

fn length_at(block: &[u8], at: usize) -> usize {
    let bytes = [block[at], block[at + 1], block[at + 2], block[at + 3]];
    usize::try_from(u32::from_le_bytes(bytes)).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_block_comes_back_and_a_damaged_one_is_refused() {
        let data = b"hello hello hello hello".repeat(100);
        let mut block = write_block(&data);
        assert_eq!(read_block(&mut block.as_slice(), 4_000).await.unwrap().unwrap(), data);
        assert!(read_block(&mut [].as_slice(), 4_000).await.unwrap().is_none());
        assert_eq!(read_block(&mut block.as_slice(), 2_000).await.unwrap_err().code, 271, "above the limit");
        let cut = block.len() - 1;
        assert_eq!(read_block(&mut block[..cut].as_ref(), 4_000).await.unwrap_err().code, 271, "cut off");
        let last = block.len() - 1;
        block[last] ^= 1;
        assert_eq!(read_block(&mut block.as_slice(), 4_000).await.unwrap_err().code, 40);
        assert_eq!(read_block(&mut block[..10].as_ref(), 4_000).await.unwrap_err().code, 271);
    }
}
