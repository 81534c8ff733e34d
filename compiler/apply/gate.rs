//! A step is done when it took effect, not when its program says so.

use super::engine::Hands;
use super::proof::Proof;
use super::steps::Step;

/// Does a step, and sees whether it took effect.
pub(super) fn take(step: &Step, hands: &mut dyn Hands) -> Result<(), String> {
    let before: Vec<Answer> = step
        .proofs
        .iter()
        .map(|proof| if proof.compares() { ask(proof, step, hands) } else { Ok(Some(String::new())) })
        .collect();
    // Whatever came of the questions: a step back is tried even where nobody can tell what it does.
    hands.act(step)?;
    step.proofs.iter().zip(before).try_for_each(|(proof, before)| {
        let (Some(before), Some(after)) = (before?, ask(proof, step, hands)?) else { return Ok(()) };
        proof.judge(&before, &after).map_err(|why| format!("it did not fail, but {why}"))
    })
}

/// None where no programs are run.
type Answer = Result<Option<String>, String>;

fn ask(proof: &Proof, step: &Step, hands: &mut dyn Hands) -> Answer {
    let question = proof.question();
    let answer = hands.ask(step, &question);
    answer.map_err(|error| format!("what it did cannot be seen: `{}`: {error}", question.command.join(" ")))
}
