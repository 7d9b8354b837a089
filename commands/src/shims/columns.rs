//! Tables as Apache's newer scripts print them: each cell as wide as the widest of its column, and a tab behind each.

use super::io::Io;

/// Prints a header and rows.
pub(super) fn print<const N: usize>(headers: [&str; N], rows: Vec<[String; N]>, io: &mut Io) {
    let mut all = vec![headers.map(str::to_owned)];
    all.extend(rows);
    let mut widths = [0; N];
    for row in &all {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    for row in &all {
        for (width, cell) in widths.iter().zip(row) {
            io.text(format!("{cell:<width$}\t"));
        }
        io.line("");
    }
}
