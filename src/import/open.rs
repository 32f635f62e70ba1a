//! Text out of what files are: compressed, or in UTF-16. What a file is, its first bytes say; its name
//! does not matter.

use std::io::{self, BufReader, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::bufread::MultiGzDecoder;

use crate::domain::Unreadable;

/// How much of a compressed file is read at a time.
const COMPRESSED: usize = 1 << 17;

/// What is recognised and cannot be read: searched as it is, it would seem to have no ids.
const FOREIGN: [(&[u8], &str); 5] = [
    (b"\xfd7zXZ\0", "xz"),
    (b"BZh", "bzip2"),
    (b"\x04\x22\x4d\x18", "lz4"),
    (b"PK\x03\x04", "zip"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
];

/// Counts what passes.
pub(super) struct Counted<R> {
    inner: R,
    bytes: Arc<AtomicU64>,
}

impl<R> Counted<R> {
    pub(super) fn new(inner: R, bytes: Arc<AtomicU64>) -> Self {
        Self { inner, bytes }
    }
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let len = self.inner.read(room)?;
        self.bytes.fetch_add(len as u64, Ordering::Relaxed);
        Ok(len)
    }
}

/// The text in `input`. Compressed files may have several members, one after the other.
pub(super) fn decoded(
    input: impl Read + Send + 'static,
) -> Result<Box<dyn Read + Send>, Unreadable> {
    let (head, input) = peek::<6>(input)?;
    let text: Box<dyn Read + Send> = match head.as_slice() {
        [0x1f, 0x8b, ..] => Box::new(MultiGzDecoder::new(BufReader::with_capacity(
            COMPRESSED, input,
        ))),
        // The second begins a frame to be skipped, as parallel compressors write.
        [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => {
            let input = BufReader::with_capacity(COMPRESSED, input);
            Box::new(zstd::Decoder::with_buffer(input)?)
        }
        _ => {
            let foreign = FOREIGN.iter().find(|(magic, _)| head.starts_with(magic));
            if let Some((_, name)) = foreign {
                return Err(Unreadable::Packed(name));
            }
            Box::new(input)
        }
    };
    let (head, text) = peek::<2>(text)?;
    Ok(match head.as_slice() {
        [0xff, 0xfe] => Box::new(Utf16::new(text, u16::from_le_bytes)),
        [0xfe, 0xff] => Box::new(Utf16::new(text, u16::from_be_bytes)),
        _ => Box::new(text),
    })
}

/// The first bytes, and everything from the beginning.
fn peek<const LEN: usize>(
    mut input: impl Read + Send + 'static,
) -> io::Result<(Vec<u8>, impl Read + Send + 'static)> {
    let mut head = Vec::with_capacity(LEN);
    (&mut input).take(LEN as u64).read_to_end(&mut head)?;
    Ok((head.clone(), io::Cursor::new(head).chain(input)))
}

/// UTF-16 as UTF-8.
struct Utf16<R> {
    inner: BufReader<R>,
    unit: fn([u8; 2]) -> u16,
    text: io::Cursor<Vec<u8>>,
    /// The first half of a pair that goes on.
    half: Option<u16>,
    is_at_end: bool,
}

impl<R: Read> Utf16<R> {
    fn new(inner: R, unit: fn([u8; 2]) -> u16) -> Self {
        Self {
            inner: BufReader::with_capacity(COMPRESSED, inner),
            unit,
            text: io::Cursor::default(),
            half: None,
            is_at_end: false,
        }
    }

    fn decode(&mut self) -> io::Result<()> {
        let mut bytes = Vec::new();
        (&mut self.inner).take(1 << 15).read_to_end(&mut bytes)?;
        self.is_at_end = bytes.is_empty();
        // An odd byte at the end is half of a character that is not there.
        let (pairs, _) = bytes.as_chunks::<2>();
        let mut units: Vec<u16> = self.half.take().into_iter().collect();
        units.extend(pairs.iter().map(|pair| (self.unit)(*pair)));
        if !self.is_at_end {
            self.half = units.pop_if(|unit| (0xd800..0xdc00).contains(unit));
        }
        self.text = io::Cursor::new(String::from_utf16_lossy(&units).into_bytes());
        Ok(())
    }
}

impl<R: Read> Read for Utf16<R> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        loop {
            let len = self.text.read(room)?;
            if len > 0 || self.is_at_end {
                return Ok(len);
            }
            self.decode()?;
        }
    }
}
