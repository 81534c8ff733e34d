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
        let before = before?;
        let (Some(before), Some(after)) = (before, ask(proof, step, hands)?) else { return Ok(()) };
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

#[cfg(test)]
mod tests {
    use super::super::engine::Event;
    use super::super::proof::Question;
    use super::*;

    /// Says what it is told to say, and notes what it does.
    struct Told {
        answers: Vec<Answer>,
        done: Vec<&'static str>,
    }

    impl Hands for Told {
        fn act(&mut self, _: &Step) -> Result<(), String> {
            self.done.push("act");
            Ok(())
        }

        fn ask(&mut self, _: &Step, _: &Question) -> Answer {
            self.done.push("ask");
            self.answers.remove(0)
        }

        fn tell(&mut self, _: Event<'_>) {}
    }

    fn check(proofs: Vec<Proof>, answers: &[Result<&str, &str>], done: &[&str], wanted: &str) {
        let answer = |answer: &Result<&str, &str>| match answer {
            Ok("") => Ok(None),
            Ok(text) => Ok(Some((*text).to_owned())),
            Err(error) => Err((*error).to_owned()),
        };
        let mut hands = Told { answers: answers.iter().map(answer).collect(), done: Vec::new() };
        let step = Step { proofs, ..Step::default() };
        let took = take(&step, &mut hands).err().unwrap_or_default();
        assert!(took == wanted || (!wanted.is_empty() && took.ends_with(wanted)), "{took}");
        assert_eq!(hands.done, done);
    }

    #[test]
    fn what_is_not_shown_has_failed() {
        let stays = "systemd did not read its units again";
        check(Vec::new(), &[], &["act"], "");
        check(vec![Proof::Reread], &[Ok("1"), Ok("2")], &["ask", "act", "ask"], "");
        check(vec![Proof::Reread], &[Ok("1"), Ok("1")], &["ask", "act", "ask"], stays);
        check(vec![Proof::Reread], &[Ok("1"), Err("gone")], &["ask", "act", "ask"], "gone");
        // It is done all the same, but nobody knows what came of it.
        check(vec![Proof::Reread], &[Err("gone")], &["ask", "act"], "gone");
        let unit = || "a.service".to_owned();
        check(vec![Proof::Enabled(unit())], &[Ok("enabled\n")], &["act", "ask"], "");
        check(
            vec![Proof::Enabled(unit()), Proof::Reread],
            &[Ok("1"), Ok("enabled\n"), Ok("1")],
            &["ask", "act", "ask", "ask"],
            stays,
        );
        // Without programs there are no answers.
        check(vec![Proof::Reread], &[Ok(""), Ok("")], &["ask", "act", "ask"], "");
    }

    #[test]
    fn steps_of_old_journals_show_nothing() {
        let old = r#"{"command": ["systemctl", "restart", "a.service"], "because": "why"}"#;
        let mut step: Step = serde_json::from_str(old).unwrap();
        assert!(step.proofs.is_empty());
        let none = serde_json::to_string(&step).unwrap();
        assert!(!none.contains("proofs"), "{none}");
        step.proofs = vec![Proof::Reread, Proof::Restarted("a.service".to_owned())];
        let text = serde_json::to_string(&step).unwrap();
        assert!(text.contains(r#"["reread",{"restarted":"a.service"}]"#), "{text}");
        assert_eq!(serde_json::from_str::<Step>(&text).unwrap(), step);
    }
}
