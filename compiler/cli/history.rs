//! `mediac history`: the builds that were applied to this machine, and what came of them.

use std::fmt::Write as _;

use clap::Args;

use super::exit::{Exit, Failure};
use super::target::{self, Machine, history};
use super::terminal::Terminal;

#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    target: target::Arguments,
    /// For programs
    #[arg(long)]
    json: bool,
}

pub fn run(arguments: &Arguments, terminal: &Terminal) -> Result<Exit, Failure> {
    let machine = Machine::open(&arguments.target)?;
    let lines = history::lines(&machine);
    if arguments.json {
        terminal.result(&format!("{}\n", serde_json::to_string_pretty(&lines).unwrap_or_default()));
        return Ok(Exit::Done);
    }
    let current = machine.journal()?.current;
    let mut text = String::new();
    for line in &lines {
        let mark = if Some(line.to) == current && line.result == "applied" { '*' } else { ' ' };
        let reason = line.reason.as_deref().map(|reason| format!(": {reason}")).unwrap_or_default();
        let _ = writeln!(
            text,
            "{mark} {:>4}  {}  {} {}{reason}",
            line.to,
            date(line.time),
            line.verb,
            line.result
        );
    }
    terminal.result(&text);
    Ok(Exit::Done)
}

/// A time as people write it, in UTC.
fn date(seconds: u64) -> String {
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    // Days since March 1 of the year 0, counted in years that end in February.
    let shifted = days + 719_468;
    let era = shifted / 146_097;
    let day_of_era = shifted % 146_097;
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02} {:02}:{:02}:{:02} UTC", rest / 3_600, rest / 60 % 60, rest % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        for (seconds, text) in [
            (0, "1970-01-01 00:00:00 UTC"),
            (951_782_399, "2000-02-28 23:59:59 UTC"),
            (951_782_400, "2000-02-29 00:00:00 UTC"),
            (1_795_219_200, "2026-11-21 00:00:00 UTC"),
        ] {
            assert_eq!(date(seconds), text);
        }
    }
}
