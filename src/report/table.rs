//! Columns of text.

/// Rows under a header, columns two spaces apart, no space at the ends.
pub fn columns(header: &[&str], rows: &[Vec<String>]) -> Vec<String> {
    let mut widths: Vec<usize> = header.iter().map(|cell| width(cell)).collect();
    for row in rows {
        for (widest, cell) in widths.iter_mut().zip(row) {
            *widest = (*widest).max(width(cell));
        }
    }
    let line = |cells: Vec<&str>| {
        let mut line = String::new();
        for (cell, widest) in cells.into_iter().zip(&widths) {
            line.push_str(cell);
            line.push_str(&" ".repeat(widest.saturating_sub(width(cell)) + 2));
        }
        line.trim_end().to_owned()
    };
    let head = (!header.iter().all(|cell| cell.is_empty())).then(|| line(header.to_vec()));
    head.into_iter()
        .chain(
            rows.iter()
                .map(|row| line(row.iter().map(String::as_str).collect())),
        )
        .collect()
}

fn width(text: &str) -> usize {
    unicode_width::UnicodeWidthStr::width(text)
}
