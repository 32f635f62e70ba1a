//! Ids in the shapes of the wire reference (section 7), and the deterministic dice they are drawn with.

use std::fmt::Write;

use jiff::Timestamp;
use jiff::tz::Offset;

/// `SplitMix64`: the same numbers in every release, which a crate's generators do not promise, and good
/// enough for ids that need not be secret.
pub(super) fn mix(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(mix(seed))
    }

    pub(super) fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// 0 up to, not including, `end`. The bias of the remainder does not matter here.
    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.draw() % end.max(1)
    }

    /// From `start` to `end`, both possible.
    pub(super) fn between(&mut self, start: i64, end: i64) -> i64 {
        let width = end.abs_diff(start) + 1;
        start.saturating_add_unsigned(self.below(width))
    }

    pub(super) fn percent(&mut self, chance: u8) -> bool {
        self.below(100) < u64::from(chance)
    }

    pub(super) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        let at = usize::try_from(self.below(from.len() as u64)).unwrap_or(0);
        from[at]
    }
}

/// `02` + epoch milliseconds + 38 hex digits.
pub(super) fn request_id(now_ms: i64, dice: &mut Dice) -> String {
    let (a, b, c) = (dice.draw(), dice.draw(), dice.draw());
    format!("02{now_ms:013}{a:016x}{b:016x}{:06x}", c & 0xff_ffff)
}

/// A response's id is the request id of the call that made it.
pub(super) fn response_id(request_id: &str) -> String {
    format!("resp_{request_id}")
}

/// The id of the `index`th item of a response, derived so that it need not be kept: prefix, `02`, epoch
/// milliseconds, twenty zeros, `ffff`, an IPv4 address and six digits, both in hex.
pub(super) fn item_id(prefix: &str, response_id: &str, created_ms: i64, index: usize) -> String {
    let salt = response_id
        .bytes()
        .fold(index as u64, |salt, byte| mix(salt ^ u64::from(byte)));
    format!(
        "{prefix}_02{:013}{:020}ffffac1f{:04x}{:06x}",
        created_ms + 5,
        0,
        salt & 0xffff,
        (salt >> 16) & 0xff_ffff,
    )
}

/// `file-` + wall clock of UTC+8 + `-` + five of `[a-z0-9]`.
pub(super) fn file_id(created_at: i64, dice: &mut Dice) -> String {
    const ALPHABET: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
    let at = Timestamp::from_second(created_at).unwrap_or(Timestamp::UNIX_EPOCH);
    let wall = Offset::constant(8).to_datetime(at);
    let mut id = String::with_capacity(25);
    // Writing to a String cannot fail.
    let _ = write!(
        id,
        "file-{:04}{:02}{:02}{:02}{:02}{:02}-",
        wall.year(),
        wall.month(),
        wall.day(),
        wall.hour(),
        wall.minute(),
        wall.second(),
    );
    id.extend((0..5).map(|_| char::from(dice.pick(ALPHABET))));
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_the_shapes_of_the_wire_reference() {
        let mut dice = Dice::new(7);
        let response = response_id(&request_id(1_795_227_300_456, &mut dice));
        assert!(response.starts_with("resp_021795227300456"), "{response}");
        assert_eq!(response.len(), "resp_021795227300456".len() + 38);
        let item = item_id("msg", &response, 1_795_227_300_456, 0);
        assert_eq!(
            item.len(),
            "msg_02179522730061200000000000000000000ffffac1f0a0bc4d5e6".len()
        );
        assert_ne!(item, item_id("msg", &response, 1_795_227_300_456, 1));
        let file = file_id(1_795_227_300, &mut dice);
        assert!(file.starts_with("file-20261121101500-"), "{file}");
        assert_eq!(file.len(), "file-20261121101500-k3v9q".len());
    }

    #[test]
    fn dice_fall_the_same_way_for_the_same_seed() {
        let throw = |seed| {
            let mut dice = Dice::new(seed);
            (0..8).map(|_| dice.between(-3, 3)).collect::<Vec<_>>()
        };
        assert_eq!(throw(1), throw(1));
        assert_ne!(throw(1), throw(2));
        assert!(throw(3).iter().all(|n| (-3..=3).contains(n)));
    }
}
