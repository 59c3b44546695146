//! `deskhand-gateway rules`.

use crate::arguments::RulesCommand;
use deskhand_gateway::{Clock, StartError, notices};

/// Does what the command says.
pub async fn rules(command: RulesCommand) -> Result<(), StartError> {
    match command {
        RulesCommand::Replay { place, since } => {
            let config = place.read()?;
            let now = Clock::default().now();
            let mut out = std::io::BufWriter::new(std::io::stdout().lock());
            let story = notices::replay(&config, since, now, &mut out).await?;
            drop(out);
            for line in story.counts() {
                println!("{line}");
            }
        }
        RulesCommand::Object { place, customer } => {
            let count = notices::set_objection(&place.read()?, &customer, true).await?;
            println!("{count} customers are not told before they ask");
        }
        RulesCommand::Allow { place, customer } => {
            let count = notices::set_objection(&place.read()?, &customer, false).await?;
            println!("{count} customers may be told before they ask");
        }
    }
    Ok(())
}
