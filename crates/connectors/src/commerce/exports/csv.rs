//! Comma-separated values (RFC 4180), with the lines that they begin on.

use super::Mistake;
use std::fmt;

/// A file with a head.
pub struct Table {
    head: Vec<String>,
    pub rows: Vec<Row>,
}

/// One record.
pub struct Row {
    line: usize,
    cells: Vec<String>,
    /// As it stands in the file.
    pub raw: String,
}

impl Row {
    pub fn mistake(&self, column: &str, words: impl fmt::Display) -> Mistake {
        Mistake {
            line: self.line,
            column: column.to_owned(),
            words: words.to_string(),
        }
    }
}

impl Table {
    pub fn read(text: &str) -> Result<Self, Mistake> {
        let mut rows = rows(text.trim_start_matches('\u{feff}'))?.into_iter();
        let head = rows.next().ok_or_else(|| Mistake {
            line: 1,
            column: String::new(),
            words: "the file is empty".to_owned(),
        })?;
        let head: Vec<String> = head
            .cells
            .iter()
            .map(|name| name.trim().to_owned())
            .collect();
        let rows: Vec<Row> = rows.collect();
        match rows.iter().find(|row| row.cells.len() != head.len()) {
            None => Ok(Self { head, rows }),
            Some(row) => {
                let (has, named) = (row.cells.len(), head.len());
                Err(row.mistake(
                    "",
                    format!("has {has} cells, and the first line names {named}"),
                ))
            }
        }
    }

    pub fn must_have(&self, columns: &[&str]) -> Result<(), Vec<Mistake>> {
        let missing = columns
            .iter()
            .filter(|column| !self.head.iter().any(|name| name == *column));
        let mistakes: Vec<Mistake> = missing
            .map(|column| Mistake {
                line: 1,
                column: (*column).to_owned(),
                words: "there is no such column".to_owned(),
            })
            .collect();
        if mistakes.is_empty() {
            Ok(())
        } else {
            Err(mistakes)
        }
    }

    /// What stands in a column; nothing when the file has no such column.
    pub fn cell<'r>(&self, row: &'r Row, column: &str) -> &'r str {
        let at = self.head.iter().position(|name| name == column);
        at.and_then(|at| row.cells.get(at))
            .map_or("", String::as_str)
    }
}

fn rows(text: &str) -> Result<Vec<Row>, Mistake> {
    let mut rows = Vec::new();
    let (mut cells, mut cell, mut raw) = (Vec::new(), String::new(), String::new());
    let (mut line, mut began) = (1, 1);
    let mut quoted = false;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c == '\n' {
            line += 1;
        }
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                raw.push('"');
                cell.push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => cells.push(std::mem::take(&mut cell)),
            '\r' if !quoted && chars.peek() == Some(&'\n') => continue,
            '\n' if !quoted => {
                cells.push(std::mem::take(&mut cell));
                let full = cells.len() > 1 || !cells[0].is_empty();
                let (cells, raw) = (std::mem::take(&mut cells), std::mem::take(&mut raw));
                if full {
                    rows.push(Row {
                        line: began,
                        cells,
                        raw,
                    });
                }
                began = line;
                continue;
            }
            c => cell.push(c),
        }
        raw.push(c);
    }
    if quoted {
        return Err(Mistake {
            line: began,
            column: String::new(),
            words: "a quote does not end".to_owned(),
        });
    }
    if !raw.is_empty() {
        cells.push(cell);
        rows.push(Row {
            line: began,
            cells,
            raw,
        });
    }
    Ok(rows)
}
