//! Tables: the cells as they are read, and how they are shown. A small table is a preformatted block with padded
//! columns; one that is too wide for that, or that holds links, which would be lost there, is a line for each row.

use super::grid;
use super::line::{Line, Run, Style, trim};

/// The most columns of a preformatted table.
pub(super) const MAX_COLUMNS: usize = 8;

/// The longest cell of a preformatted table, in characters.
const LONGEST_CELL: usize = 40;

/// A table that is being read.
#[derive(Debug, Default)]
pub(super) struct Table {
    rows: Vec<Row>,
    /// Whether further cells belong to the last row.
    row_open: bool,
    cell: Option<(Cell, usize)>,
    /// Whether rows belong to a `<thead>`.
    in_head: bool,
    /// Whether a blank line is due before the table.
    pub(super) blank_before: bool,
}

/// A row of a table.
#[derive(Debug, Default)]
pub(super) struct Row {
    pub(super) cells: Vec<Cell>,
    pub(super) is_head: bool,
}

/// A cell, and over how many columns and rows it reaches.
#[derive(Debug, Default)]
pub(super) struct Cell {
    pub(super) is_head: bool,
    pub(super) columns: usize,
    pub(super) rows: usize,
    lines: Vec<Line>,
}

impl Cell {
    /// An empty cell that reaches over so many columns and rows, as attributes tell; one each where they do not.
    pub(super) fn new(is_head: bool, columns: Option<&str>, rows: Option<&str>) -> Self {
        let number = |text: Option<&str>| text.and_then(|text| text.trim().parse().ok()).unwrap_or(1_usize);
        Self {
            is_head,
            // No more than it takes to be too wide.
            columns: number(columns).clamp(1, MAX_COLUMNS + 1),
            rows: number(rows).max(1),
            lines: Vec::new(),
        }
    }

    /// Its text, with line ends in it.
    pub(super) fn text(&self) -> String {
        let lines: Vec<String> = self.lines.iter().map(text).collect();
        lines.join("\n")
    }

    fn is_blank(&self) -> bool {
        self.lines.is_empty()
    }

    fn has_links(&self) -> bool {
        let linked = |line: &Line| matches!(line, Line::Runs { runs, .. } if runs.iter().any(|run| run.link.is_some()));
        self.lines.iter().any(linked)
    }
}

impl Table {
    /// A table without rows.
    pub(super) fn new(blank_before: bool) -> Self {
        Self {
            blank_before,
            ..Self::default()
        }
    }

    /// Begins a cell within `depth` open elements.
    pub(super) fn open_cell(&mut self, cell: Cell, depth: usize) {
        if !self.row_open {
            self.row_open = true;
            self.rows.push(Row {
                cells: Vec::new(),
                is_head: self.in_head,
            });
        }
        self.cell = Some((cell, depth));
    }

    /// The lines of the open cell.
    pub(super) fn cell_lines(&mut self) -> Option<&mut Vec<Line>> {
        self.cell.as_mut().map(|(cell, _)| &mut cell.lines)
    }

    /// Whether a cell is open.
    pub(super) fn in_cell(&self) -> bool {
        self.cell.is_some()
    }

    /// Ends the open cell, if there is one, and tells within how many elements it was opened.
    pub(super) fn close_cell(&mut self) -> Option<usize> {
        let (mut cell, depth) = self.cell.take()?;
        trim(&mut cell.lines);
        self.rows.last_mut()?.cells.push(cell);
        Some(depth)
    }

    /// Ends the row.
    pub(super) fn close_row(&mut self) {
        self.row_open = false;
    }

    /// Ends the rows of a group and begins those of another.
    pub(super) fn row_group(&mut self, is_head: bool) {
        self.close_row();
        self.in_head = is_head;
    }

    /// The table as it is shown.
    pub(super) fn into_lines(mut self) -> Vec<Line> {
        self.rows.retain(|row| !row.cells.iter().all(Cell::is_blank));
        for row in &mut self.rows {
            row.is_head |= row.cells.iter().all(|cell| cell.is_head);
        }
        let cells = || self.rows.iter().flat_map(|row| &row.cells);
        let is_small = cells().all(|cell| !cell.has_links() && cell.text().chars().count() <= LONGEST_CELL);
        // A table of one cell is there for the look of a page.
        if is_small
            && cells().count() > 1
            && let Some(text) = grid::preformatted(&self.rows)
        {
            return vec![Line::Pre(text)];
        }
        self.rows.into_iter().flat_map(Row::into_lines).collect()
    }
}

impl Row {
    /// The row as a line; a preformatted text in a cell stands by itself.
    fn into_lines(self) -> Vec<Line> {
        let mut lines = Vec::new();
        let mut runs: Vec<Run> = Vec::new();
        for (at, cell) in self.cells.into_iter().enumerate() {
            if at > 0 && !runs.is_empty() {
                runs.push(plain_run(" | "));
            }
            for line in cell.lines {
                match line {
                    Line::Pre(text) => {
                        push_runs(&mut lines, &mut runs);
                        lines.push(Line::Pre(text));
                    }
                    Line::Runs { prefix, runs: more } => {
                        if !runs.is_empty() {
                            runs.push(plain_run(" "));
                        }
                        if !prefix.trim().is_empty() {
                            runs.push(plain_run(prefix.trim_start()));
                        }
                        let bold = |mut run: Run| {
                            run.style.bold |= cell.is_head;
                            run
                        };
                        runs.extend(more.into_iter().map(bold));
                    }
                }
            }
        }
        push_runs(&mut lines, &mut runs);
        lines
    }
}

fn plain_run(text: &str) -> Run {
    Run {
        text: text.to_owned(),
        style: Style::default(),
        link: None,
    }
}

fn push_runs(lines: &mut Vec<Line>, runs: &mut Vec<Run>) {
    if !runs.is_empty() {
        lines.push(Line::Runs {
            prefix: String::new(),
            runs: std::mem::take(runs),
        });
    }
}

fn text(line: &Line) -> String {
    match line {
        Line::Pre(text) => text.clone(),
        Line::Runs { prefix, runs } => {
            let texts = runs.iter().map(|run| run.text.as_str());
            std::iter::once(prefix.trim_start()).chain(texts).collect()
        }
    }
}
