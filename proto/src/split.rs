//! One update of any size as messages of bounded size.

use std::iter::Peekable;

use prost::Message as _;
use prost::encoding::{encoded_len_varint, key_len};
use stranded_analysis::facts::Update;

use crate::limits::{MAX_ITEMS, MAX_MESSAGE_BYTES};
use crate::v1;

/// A part is closed before it exceeds this. [`crate::limits`] keep every single item so small that a part that
/// must hold one large item stays under [`MAX_MESSAGE_BYTES`], even beside the target.
pub const PART_BYTES: usize = MAX_MESSAGE_BYTES / 2;

/// Cuts `update` into messages, none above [`MAX_MESSAGE_BYTES`].
///
/// The first is numbered as the update, the others follow without holes; the sender continues with
/// [`Parts::next_seq`]. There is at least one part. Only the last is `complete`, if the update is.
pub fn split(update: Update) -> Parts {
    let Update {
        boot,
        seq,
        at,
        complete,
        target,
        gauges,
        sites,
        tasks,
        ended,
        window,
        stacks,
        resources,
        resources_gone,
        waiting,
        waiting_gone,
        activity,
    } = update;
    let head = v1::Update {
        target: target.as_ref().map(v1::TargetInfo::from),
        gauges: gauges.as_ref().map(v1::Gauges::from),
        ..Parts::blank(boot.0, seq, at.0)
    };
    // A model drops rows outside the window and stacks that nothing refers to, when it has too many: the
    // window goes before the rows, and stacks after what refers to them.
    let items = window
        .into_iter()
        .map(|window| Item::Window((&window).into()))
        .chain(sites.into_iter().map(|site| Item::Site((&site).into())))
        .chain(tasks.into_iter().map(|task| Item::Task((&task).into())))
        .chain(ended.into_iter().map(|task| Item::Ended((&task).into())))
        .chain(activity.into_iter().map(|activity| Item::Activity((&activity).into())))
        .chain(waiting.into_iter().map(|task| Item::Waiting((&task).into())))
        .chain(waiting_gone.into_iter().map(|task| Item::WaitingGone(task.0)))
        .chain(resources.into_iter().map(|resource| Item::Resource((&resource).into())))
        .chain(resources_gone.into_iter().map(|resource| Item::ResourceGone(resource.0)))
        .chain(stacks.into_iter().map(|stack| Item::Stack((&stack).into())));
    let items: Box<dyn Iterator<Item = Item> + Send> = Box::new(items);
    Parts { part: Some(head), complete, items: items.peekable(), next_seq: seq }
}

/// The parts of one update, made as they are asked for.
pub struct Parts {
    /// The part to fill next; `None` after the last.
    part: Option<v1::Update>,
    complete: bool,
    items: Peekable<Box<dyn Iterator<Item = Item> + Send>>,
    next_seq: u64,
}

impl Parts {
    /// The number of the next part, or, after the last one, of the sender's next update.
    pub fn next_seq(&self) -> u64 {
        self.next_seq
    }

    fn blank(boot: u64, seq: u64, at_ns: u64) -> v1::Update {
        v1::Update { boot, seq, at_ns, ..v1::Update::default() }
    }
}

impl Iterator for Parts {
    type Item = v1::Update;

    fn next(&mut self) -> Option<v1::Update> {
        let mut part = self.part.take()?;
        self.next_seq = self.next_seq.saturating_add(1);
        // `complete`, set last, is two bytes more.
        let mut bytes = part.encoded_len() + 2;
        let mut items = 0;
        while let Some(item) =
            self.items.next_if(|item| items == 0 || bytes + item.bytes() <= PART_BYTES)
        {
            bytes += item.bytes();
            items += 1;
            item.put_into(&mut part);
            if items == MAX_ITEMS {
                break;
            }
        }
        if self.items.peek().is_some() {
            self.part = Some(Self::blank(part.boot, self.next_seq, part.at_ns));
        } else {
            part.complete = self.complete;
        }
        Some(part)
    }
}

/// What a part is filled with; never cut further.
#[expect(clippy::large_enum_variant, reason = "only one exists at a time")]
enum Item {
    Stack(v1::Stack),
    Site(v1::Site),
    Task(v1::Task),
    Ended(v1::EndedTask),
    Window(v1::Window),
    Activity(v1::Activity),
    Waiting(v1::WaitingTask),
    WaitingGone(u64),
    Resource(v1::Resource),
    ResourceGone(u64),
}

impl Item {
    /// Its size inside an update: key, length and content. No less than the real one.
    fn bytes(&self) -> usize {
        let content = match self {
            Self::Stack(stack) => stack.encoded_len(),
            Self::Site(site) => site.encoded_len(),
            Self::Task(task) => task.encoded_len(),
            Self::Ended(task) => task.encoded_len(),
            Self::Window(window) => window.encoded_len(),
            Self::Activity(activity) => activity.encoded_len(),
            Self::Waiting(task) => task.encoded_len(),
            Self::Resource(resource) => resource.encoded_len(),
            // Numbers are packed: the first has the key and the length before it, the others only make it longer.
            Self::WaitingGone(id) | Self::ResourceGone(id) => encoded_len_varint(*id),
        };
        // No field of an update has a longer key than the last.
        key_len(16) + encoded_len_varint(content as u64) + content
    }

    fn put_into(self, part: &mut v1::Update) {
        match self {
            Self::Stack(stack) => part.stacks.push(stack),
            Self::Site(site) => part.sites.push(site),
            Self::Task(task) => part.tasks.push(task),
            Self::Ended(task) => part.ended.push(task),
            Self::Window(window) => part.window = Some(window),
            Self::Activity(activity) => part.activity = Some(activity),
            Self::Waiting(task) => part.waiting.push(task),
            Self::WaitingGone(id) => part.waiting_gone.push(id),
            Self::Resource(resource) => part.resources.push(resource),
            Self::ResourceGone(id) => part.resources_gone.push(id),
        }
    }
}

#[cfg(test)]
mod tests;
