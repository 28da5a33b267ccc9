//! A sample of `cargo bench --bench chaos`, which kills at every call: whatever a run dies of,
//! the next one goes on by itself. Nothing stands twice, nothing is left.

use proptest::collection::vec;
use proptest::prelude::{Strategy, prop_oneof};
use proptest::sample::select;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::support::chaos::{Ground, Story, Trouble};
use crate::support::proxy::Moment;
use crate::support::tally::{Tally, together};

#[track_caller]
fn clean(tally: &Tally) {
    assert!(tally.is_clean(), "{}", tally.told.join("\n\n"));
}

/// Every 9th call, each at another moment, with the state and without it.
#[test]
fn a_run_that_is_killed_at_any_call_goes_on() {
    let ground = Ground::of("static-site");
    let mut kills = Vec::new();
    for (at, n) in (1..=ground.calls).step_by(9).enumerate() {
        let story = [Story::Kept, Story::Forgotten][at % 2];
        kills.push((story, Moment::ALL[at % 3], n));
    }
    let tally = together(&kills, 3, |&(story, moment, n)| {
        ground.kill(story, moment, n)
    });
    clean(&tally);
    assert!(tally.kills >= kills.len(), "only {} kills", tally.kills);
}

/// The bench copies the world at each moment instead of killing a run at each. A kill at that
/// moment leaves the same, by what AWS lists, and on disk to the byte.
#[test]
fn a_photograph_shows_what_a_kill_leaves() {
    let ground = Ground::of("private-bucket");
    for (at, n) in (1..=ground.calls).step_by(7).enumerate() {
        let moment = Moment::ALL[at % 3];
        let [shown, left] = ground.photographed_and_killed(moment, n);
        assert!(shown == left, "call {n}, {moment:?}");
    }
}

/// Every moment of every call, as the bench has it, of an example and of its destroy.
#[test]
fn whatever_a_kill_leaves_the_next_run_goes_on() {
    let ground = Ground::of("private-bucket");
    let album = ground.killed();
    let all = album.all();
    let moments: usize = all.iter().map(|one| one.taken.len()).sum();
    let tally = together(&all, 3, |one| {
        ground.goes_on(Story::Kept, one, one.taken.len())
    });
    clean(&tally);
    assert_eq!(tally.kills, moments);
    let tally = together(&ground.forgotten(&album), 3, |&(one, moments)| {
        ground.goes_on(Story::Forgotten, one, moments)
    });
    clean(&tally);
    assert_eq!(tally.kills, moments);
    let album = ground.adoption_killed();
    let tries: Vec<_> = album.all().into_iter().step_by(5).collect();
    assert!(tries.len() > 3, "only {} worlds", tries.len());
    clean(&together(&tries, 3, |one| {
        ground.goes_on(Story::Adopted, one, one.taken.len())
    }));
    let album = ground.destroy_killed();
    clean(&together(&album.all(), 3, |one| ground.destroys_on(one)));
}

/// What others made is taken over once, whatever befalls the run that does: by the spec with
/// every 5th call, by the command with every 3rd, each at another moment.
#[test]
fn an_import_that_is_killed_at_any_call_goes_on() {
    for (name, every) in [("import", 5), ("import-verb", 3)] {
        let ground = Ground::of(name);
        let mut kills = Vec::new();
        for (at, n) in (1..=ground.calls).step_by(every).enumerate() {
            let story = [Story::Kept, Story::Kept, Story::Forgotten][at / 3 % 3];
            kills.push((story, Moment::ALL[at % 3], n));
        }
        let tally = together(&kills, 3, |&(story, moment, n)| {
            ground.kill(story, moment, n)
        });
        clean(&tally);
        assert!(tally.kills >= kills.len(), "only {} kills", tally.kills);
    }
}

/// Every 5th change is carried out and not answered; the repeat of the SDK or the step, or
/// the change after it, is not answered either.
#[test]
fn a_change_that_is_not_answered_is_recognised_in_the_same_run() {
    let ground = Ground::of("https-service");
    let changes: Vec<usize> = (1..=ground.changes).step_by(5).collect();
    let tally = together(&changes, 3, |&n| ground.drop_answers(n, 1 + n % 2));
    clean(&tally);
    assert_eq!(tally.tries, changes.len());
}

/// One call of five goes wrong: it fails, is throttled, or is carried out without an answer.
#[test]
fn a_storm_is_got_over_in_two_runs_at_most() {
    let ground = Ground::of("private-bucket");
    let seed = 0x000D_1CED;
    let (tally, struck, _) = ground.storm(seed);
    clean(&tally);
    assert!(struck > 3, "only {struck} calls were hit, seed {seed:#x}");
}

/// Whatever befalls one run after another, the one after them is the last that is needed.
#[test]
fn any_schedule_of_troubles_converges() {
    let ground = Ground::of("private-bucket");
    let calls = 1..=ground.calls;
    let kill = (select(&Moment::ALL[..]), calls).prop_map(|(moment, n)| Trouble::Kill(moment, n));
    let trouble = prop_oneof![
        3 => kill,
        1 => (1..u64::MAX).prop_map(Trouble::Storm),
    ];
    let config = Config {
        cases: 4,
        max_shrink_iters: 0,
        failure_persistence: None,
        ..Config::default()
    };
    // The same schedules each time.
    let random = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(config, random);
    let schedules = vec(trouble, 2..5);
    let end = runner.run(&schedules, |troubles| {
        clean(&ground.suffer(&troubles));
        Ok(())
    });
    end.unwrap();
}
