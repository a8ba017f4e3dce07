//! Numbers as JSON text.

pub(super) fn write_integer(value: i64, json: &mut Vec<u8>) {
    json.extend_from_slice(value.to_string().as_bytes());
}

/// The shortest text that is this number again. What JSON has no number for is text, as the servers write it.
pub(super) fn write_float(value: f64, single: bool, json: &mut Vec<u8>) {
    let text = if value.is_nan() {
        "\"NaN\"".to_owned()
    } else if value.is_infinite() {
        if value > 0.0 { "\"Infinity\"".to_owned() } else { "\"-Infinity\"".to_owned() }
    } else if single {
        #[expect(clippy::cast_possible_truncation, reason = "it was one of 32 bits")]
        let value = value as f32;
        format!("{value:?}")
    } else {
        format!("{value:?}")
    };
    json.extend_from_slice(text.as_bytes());
}

/// The decimal digits of a two's complement number, most significant byte first.
pub(super) fn decimal(bytes: &[u8]) -> String {
    let negative = bytes.first().is_some_and(|byte| byte & 0x80 != 0);
    let mut magnitude = bytes.to_vec();
    if negative {
        let mut carry = true;
        for byte in magnitude.iter_mut().rev() {
            (*byte, carry) = (!*byte).overflowing_add(u8::from(carry));
        }
    }
    // Nine digits at a time, least significant first.
    const LIMB: u64 = 1_000_000_000;
    let mut limbs: Vec<u64> = Vec::new();
    for byte in magnitude {
        let mut carry = u64::from(byte);
        for limb in &mut limbs {
            let value = *limb * 256 + carry;
            (*limb, carry) = (value % LIMB, value / LIMB);
        }
        if carry > 0 {
            limbs.push(carry);
        }
    }
    let mut digits = if negative { "-".to_owned() } else { String::new() };
    let mut limbs = limbs.iter().rev();
    digits.push_str(&limbs.next().unwrap_or(&0).to_string());
    for limb in limbs {
        digits.push_str(&format!("{limb:09}"));
    }
    digits
}
