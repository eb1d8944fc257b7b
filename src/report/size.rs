//! Sizes as people read them.

/// A number of bytes: `12 KiB`, `3.4 MiB`.
pub fn text(bytes: u64) -> String {
    const MIB: u64 = 1 << 20;
    match bytes {
        0..1024 => format!("{bytes} bytes"),
        1024..MIB => format!("{} KiB", bytes >> 10),
        // Sizes are told to a tenth, which an f64 holds.
        _ => format!("{:.1} MiB", bytes as f64 / MIB as f64),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn sizes() {
        assert_eq!(super::text(12), "12 bytes");
        assert_eq!(super::text(40_960), "40 KiB");
        assert_eq!(super::text(3_565_158), "3.4 MiB");
    }
}
