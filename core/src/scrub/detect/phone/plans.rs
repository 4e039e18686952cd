//! Which telephone numbers can exist: for each calling code (ITU-T E.164) the lengths of its national numbers and
//! their first digits.
//!
//! Reduced from the metadata of libphonenumber 9.0.33 (`PhoneNumberMetadata.xml`, Apache-2.0): all kinds of numbers
//! that can be dialled from abroad, joined over the countries that share a code (less Canada's few 7-digit ones). A
//! test holds the table to the `phonenumber` crate, which carries the same metadata in full.

use std::sync::LazyLock;

/// Longest calling code, in digits.
const MAX_CODE: usize = 3;

/// `code lengths first-digits`, in order of codes.
const PLANS: &str = "\
1 10 23456789; 7 10,14 34789; 20 8-10 12345689; 27 5-10 123456789; 30 10-12 256789; 31 5-11 123456789;\
32 8-9 123456789; 33 9 123456789; 34 9 56789; 36 8-9 123456789; 39 6-12 013458; 40 6,9 236789; 41 9,12 23456789;\
43 4-13 123456789; 44 7,9-10 1235789; 45 8 23456789; 46 6-10,12 123456789; 47 5,8 023456789; 48 6-10 123456789;\
49 4-15 123456789; 51 8-9 1456789; 52 10 23456789; 53 6-8,10 2345678; 54 10-11 123689; 55 8-11 123456789;\
56 9-11 123456789; 57 8,10-11 13469; 58 10 245689; 60 8-10 13456789; 61 5-10,12 123478; 62 7-17 0123456789;\
63 6,8-13 123456789; 64 5-10 123456789; 65 8,10-11 136789; 66 8-10,13 0123456789; 81 8-17 0123456789;\
82 5-6,8-14 012345678; 84 7-10 12356789; 86 7-12 123456789; 90 7,10,12-13 234589; 91 8-13 0123456789;\
92 8-12 123456789; 93 9 234567; 94 9 123456789; 95 6-10 12456789; 98 4-7,10 123456789; 211 9 19; 212 9 5678;\
213 8-9 123456789; 216 8 2345789; 218 9 23456789; 220 7 23456789; 221 9 3789; 222 8 2348; 223 8 2456789;\
224 8-9 367; 225 10 02; 226 8 024567; 227 8 02789; 228 8 279; 229 8,10 08; 230 7-8,10 2345678; 231 7-9 2345678;\
232 8 236789; 233 8-9 2358; 234 10-14 2789; 235 8 236789; 236 8 2678; 237 8-9 268; 238 7 234589; 239 7 29;\
240 9 23589; 241 7-8 01234567; 242 9 028; 243 7-10 12345689; 244 9 29; 245 7,9 49; 246 7 3; 247 5-6 0145689;\
248 7 24689; 249 9 19; 250 8-9 02789; 251 9 12345789; 252 6-9 123456789; 253 8 27; 254 7-10 12456789;\
255 9 246789; 256 9 234789; 257 8 2367; 258 8-9 28; 260 9 256789; 261 9 23; 262 9 26789; 263 5-10 123456789;\
264 8-9 68; 265 7,9 123789; 266 8 2568; 267 7-8,10 023456789; 268 8-9 02379; 269 7 3478; 290 4-5 2568; 291 7 178;\
297 7 256789; 298 6 23456789; 299 6 123456789; 350 8 256; 351 9 1236789; 352 4-11 23456789; 353 7-10 12456789;\
354 7,9 3456789; 355 6-9 23456789; 356 8 235789; 357 8 25789; 358 5-12 123456789; 359 6-9,12 023456789;\
370 8 3456789; 371 8 2689; 372 7-8,10 3456789; 373 8 2356789; 374 8 123456789; 375 6-11 123489;\
376 6,8-9 1356789; 377 8-9 346789; 378 8,10 0567; 380 9-10 3456789; 381 6-12 1236789; 382 8-9 23456789;\
383 8-12 23489; 385 7-9 123456789; 386 5-8 123456789; 387 8-9 3456789; 389 8 234578; 420 9-12 23456789;\
421 6-7,9 2345689; 423 7,9 236789; 500 5 234567; 501 7,11 02345678; 502 8,11 12345678; 503 7-8,11 256789;\
504 8,11 23789; 505 8 125678; 506 8,10 23456789; 507 7-8,10-11 0123456789; 508 6,9 23456789; 509 8 234589;\
590 9 56789; 591 8-9 2345678; 592 7 23456789; 593 8-11 12345679; 594 9 56789; 595 6-11 23456789; 596 9 56789;\
597 6-7 23456789; 598 4-13 012489; 599 7-8 34679; 670 7-8 234789; 672 6 13; 673 7 234578; 674 7 2456789;\
675 7-8 123456789; 676 5,7 023456789; 677 5,7 123456789; 678 5,7 2345789; 679 7,11 023456789; 680 7 23456789;\
681 6,9 4789; 682 5 234578; 683 4,7 45678; 685 5-7,10 2345678; 686 5,8 2345678; 687 6 02345789; 688 5-7 279;\
689 6,8-9 48; 690 4-7 2347; 691 7 389; 692 7 23456; 800 8 0123456789; 808 8 123456789; 850 8,10 12345678;\
852 5-9,11 23456789; 853 7-8 0268; 855 8-10 123456789; 856 8-10 2345678; 870 9,12 23567; 878 12 1;\
880 6-10 123456789; 881 9-10 01236789; 882 7-12 123459; 883 8-12 12345; 886 7-11 23456789; 888 11 0123456789;\
960 7,10 346789; 961 7-8 123456789; 962 8-9 23456789; 963 8-9 123459; 964 8-10 1234567; 965 7-8 124569;\
966 9-10 1589; 967 7-9 1234567; 968 7-9 125789; 970 8-10 124589; 971 5-12 23456789; 972 7-12 12345789;\
973 8 136789; 974 7-9,11 02345678; 975 7-8 12345678; 976 8-10 1256789; 977 8,10-11 123456789; 979 9 1359;\
992 9 0123456789; 993 8 1234567; 994 9 123456789; 995 9 34578; 996 9-10 2356789; 998 9 2356789";

/// A calling code's numbers, without the code and without a trunk prefix.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Plan {
    /// Bit n: there are numbers of n digits.
    lengths: u32,
    /// Bit n: there are numbers that begin with n.
    leading: u16,
}

impl Plan {
    /// Whether `national` has a length and a first digit that occur.
    pub(super) fn has(self, national: &[u8]) -> bool {
        let first = national.first().map_or(0, |digit| digit - b'0');
        national.len() < 32 && self.lengths >> national.len() & 1 == 1 && self.leading >> first & 1 == 1
    }
}

/// Plans by calling code.
static BY_CODE: LazyLock<Vec<Plan>> = LazyLock::new(|| {
    let mut plans = vec![Plan::default(); 1000];
    for row in PLANS.split(';') {
        let mut fields = row.split_whitespace();
        let code = fields.next().and_then(|code| code.parse::<usize>().ok());
        let (lengths, leading) = (fields.next().unwrap_or_default(), fields.next().unwrap_or_default());
        if let Some(plan) = code.and_then(|code| plans.get_mut(code)) {
            plan.leading = leading.bytes().fold(0, |bits, digit| bits | 1 << (digit - b'0'));
            for range in lengths.split(',') {
                let (from, to) = range.split_once('-').unwrap_or((range, range));
                if let (Ok(from), Ok(to)) = (from.parse::<u32>(), to.parse::<u32>()) {
                    plan.lengths |= (from..=to).fold(0, |bits, n| bits | 1 << n);
                }
            }
        }
    }
    plans
});

/// The calling code at the start of `digits` and the national number behind it; no code begins with another.
pub(super) fn split(digits: &[u8]) -> Option<(Plan, &[u8])> {
    let mut code = 0;
    for (i, digit) in digits.iter().take(MAX_CODE).enumerate() {
        code = code * 10 + usize::from(digit - b'0');
        // No code begins with 0.
        if code == 0 {
            return None;
        }
        if let Some(plan) = BY_CODE.get(code).filter(|plan| plan.lengths != 0) {
            return Some((*plan, &digits[i + 1..]));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use phonenumber::metadata::DATABASE;

    #[test]
    fn no_number_that_exists_is_refused() {
        let mut compared = 0;
        for metadata in DATABASE.iter() {
            let (code, kinds) = (metadata.country_code(), metadata.descriptors());
            let all = [kinds.fixed_line(), kinds.mobile(), kinds.toll_free(), kinds.premium_rate(), kinds.voip()];
            for example in all.into_iter().flatten().filter_map(|kind| kind.example()) {
                let digits = format!("{code}{example}");
                let (plan, national) = split(digits.as_bytes()).unwrap();
                assert!(plan.has(national), "+{digits}");
                compared += 1;
            }
        }
        assert!(compared > 500, "{compared}");
    }

    #[test]
    fn a_code_without_numbers_and_a_length_without_numbers_are_refused() {
        assert_eq!(split(b"2101234567"), None);
        assert_eq!(split(b"0301234567"), None);
        let (plan, national) = split(b"14155550132").unwrap();
        assert_eq!(national, b"4155550132");
        assert!(plan.has(national) && !plan.has(&national[1..]) && !plan.has(b"1155550132"));
    }
}
