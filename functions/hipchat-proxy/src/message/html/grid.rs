//! A table as a preformatted text, its columns padded by the width that characters take on a screen.

use unicode_width::UnicodeWidthStr;

use super::table::{MAX_COLUMNS, Row};

/// What stands between two columns of a preformatted table.
const GAP: &str = "  ";

/// How large the padding may make a small table, in characters, and how many times as large as its text any other: a
/// short message cannot become a huge one.
const FREE_PADDING: usize = 2000;
const MOST_PADDING: usize = 8;

/// Rows as a preformatted text: columns padded, dashes below the head. Nothing for a table that is too wide or would be
/// mostly padding.
pub(super) fn preformatted(rows: &[Row]) -> Option<String> {
    let grid = places(rows)?;
    let columns = grid.iter().map(Vec::len).max().unwrap_or_default();
    let mut widths = vec![0; columns];
    for row in &grid {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.lines().map(UnicodeWidthStr::width).fold(*width, usize::max);
        }
    }
    let lines: usize = grid.iter().map(|row| height(row)).sum();
    let text: usize = grid.iter().flatten().map(String::len).sum();
    if lines * widths.iter().sum::<usize>() > FREE_PADDING + MOST_PADDING * text {
        return None;
    }
    let heads = rows.iter().take_while(|row| row.is_head).count();
    let mut out: Vec<String> = Vec::new();
    for (at, row) in grid.iter().enumerate() {
        for line in 0..height(row) {
            let cells = row.iter().map(|cell| cell.lines().nth(line).unwrap_or_default());
            out.push(joined(cells, &widths));
        }
        if at + 1 == heads {
            let dashes: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
            out.push(joined(dashes.iter().map(String::as_str), &widths));
        }
    }
    Some(out.join("\n"))
}

/// The texts of all cells at their places, where cells that reach over others leave blanks; nothing for a table
/// that is too wide.
fn places(rows: &[Row]) -> Option<Vec<Vec<String>>> {
    let mut held: Vec<usize> = Vec::new();
    let mut grid = Vec::new();
    for row in rows {
        let mut places = Vec::new();
        let mut cells = row.cells.iter();
        loop {
            if let Some(rows) = held.get_mut(places.len()).filter(|rows| **rows > 0) {
                *rows -= 1;
                places.push(String::new());
            } else if let Some(cell) = cells.next() {
                let end = places.len() + cell.columns;
                held.resize(held.len().max(end), 0);
                held.iter_mut()
                    .take(end)
                    .skip(places.len())
                    .for_each(|rows| *rows = cell.rows - 1);
                places.push(cell.text());
                places.resize(end, String::new());
            } else if places.len() < held.len() {
                places.push(String::new());
            } else {
                break;
            }
            if places.len() > MAX_COLUMNS {
                return None;
            }
        }
        grid.push(places);
    }
    Some(grid)
}

/// How many lines a row takes.
fn height(row: &[String]) -> usize {
    row.iter().map(|cell| cell.lines().count()).max().unwrap_or_default()
}

/// Cells side by side, each padded to the width of its column, nothing behind the last.
fn joined<'a>(cells: impl Iterator<Item = &'a str>, widths: &[usize]) -> String {
    let mut out = String::new();
    for (at, (cell, width)) in cells.zip(widths).enumerate() {
        if at > 0 {
            out.push_str(GAP);
        }
        out.push_str(cell);
        let missing = width.saturating_sub(cell.width());
        out.extend(std::iter::repeat_n(' ', missing));
    }
    out.truncate(out.trim_end().len());
    out
}
