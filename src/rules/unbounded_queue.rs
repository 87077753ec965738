//! `unbounded-queue`: a channel without a bound whose producers do not wait for a slow or absent consumer.

use crate::analysis::facts::Facts;
use crate::analysis::queues::Queue;
use crate::analysis::queues::feeds::{Feed, Source, feeds};
use crate::analysis::queues::idle::kept_idle;
use crate::analysis::queues::pace::{Consumer, slow_consumer};
use crate::findings::{Confidence, Finding, Severity, TraceStep};
use crate::linking::OpRef;

use super::{RuleId, wording};

pub(super) fn check(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    for queue in facts.queues().iter().filter(|queue| facts.is_held_to_account(queue.at.function)) {
        if let Some(kept) = kept_idle(facts, queue) {
            findings.push(idle(facts, queue, kept));
            continue;
        }
        if queue.is_measured {
            continue;
        }
        let Some(consumer) = slow_consumer(facts, queue) else { continue };
        if let Some(feed) = feeds(facts, queue).into_iter().next() {
            findings.push(outrun(facts, queue, &feed, &consumer));
        }
    }
}

fn idle(facts: &Facts<'_>, queue: &Queue, kept: OpRef) -> Finding {
    let sends = queue.sends.iter().chain(&queue.told).take(1);
    let mut trace = vec![TraceStep {
        location: facts.location(kept),
        message: "the receiver is kept here, and nothing in the program takes anything out".to_owned(),
    }];
    trace.extend(sends.map(|send| TraceStep {
        location: facts.location(*send),
        message: "what is sent here stays in the queue".to_owned(),
    }));
    Finding::new(RuleId::UnboundedQueue, Severity::Warning, Confidence::High, facts.location(queue.at))
        .label("is never emptied")
        .function(facts.program.name_of(queue.at.function))
        .resource("queue")
        .message("this queue only grows: its receiver is kept and never received from")
        .help("receive from it, or drop the receiver: sending then fails, and keeps nothing")
        .trace(trace)
}

fn outrun(facts: &Facts<'_>, queue: &Queue, feed: &Feed, consumer: &Consumer) -> Finding {
    let mut trace = Vec::new();
    match &feed.source {
        Source::Loop(at) => trace.push(TraceStep {
            location: facts.location(*at),
            message: "a loop receives here what others send, as fast as it comes".to_owned(),
        }),
        Source::Entry(label, at) => {
            trace.push(TraceStep { location: *at, message: format!("{label} runs this again and again") });
        }
    }
    trace.extend(feed.calls.iter().map(|call| TraceStep {
        location: facts.location(*call),
        message: format!(
            "`{}` calls {} here",
            facts.program.name_of(call.function),
            wording::callee_text(facts, *call)
        ),
    }));
    trace.push(TraceStep {
        location: facts.location(feed.send),
        message: "it is put into the queue here, however full that is".to_owned(),
    });
    trace.push(TraceStep { location: facts.location(consumer.receive), message: "it is taken out here".to_owned() });
    trace.extend(consumer.waits.iter().map(|at| TraceStep {
        location: facts.location(*at),
        message: format!("{} is awaited before the next item is taken", wording::callee_text(facts, *at)),
    }));
    Finding::new(RuleId::UnboundedQueue, Severity::Warning, Confidence::Medium, facts.location(queue.at))
        .label("has no bound")
        .function(facts.program.name_of(queue.at.function))
        .resource("queue")
        .message("this queue grows while its consumer waits: nothing holds its producers back")
        .help("give the channel a bound, and wait for room (`send(x).await`) or drop what does not fit (`try_send`)")
        .trace(trace)
}
