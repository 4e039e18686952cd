//! What needs no look.

use super::Walk;
use crate::scrub::learned::Tables;
use crate::scrub::path::Name;

impl Walk<'_> {
    /// Writes in one piece what needs no look from node `from` on, as far as to the end of the containers above `level`.
    /// Returns the node where that ends. Only in compact documents: what stands between values is copied along.
    ///
    /// Nearly all of a document goes here. To do for each value what is only needed where something is found took most
    /// of the time of a walk.
    pub(super) fn pass_over(&mut self, from: usize, level: usize) -> usize {
        let Tables { names, path, .. } = &mut *self.learned;
        let nodes = self.document.nodes();
        let (mut at, mut stretch) = (from, 0..0);
        'containers: while path.level() > level {
            let Some(frame) = path.top() else { break };
            let is_object = frame.is_object;
            while at < frame.end {
                let index = at + usize::from(is_object);
                let Some(value) = nodes.get(index).filter(|_| frame.rule.is_none()) else { break 'containers };
                let is_clean = !value.marked || self.intact.contains(&index);
                if !is_clean || is_object && !self.scrubber.is_plain(self.document, nodes[at], names) {
                    break 'containers;
                }
                if stretch.is_empty() {
                    // The comma before it, if there is one, comes along.
                    stretch.start = nodes[at].span().start - usize::from(frame.count > 0);
                }
                frame.count += 1;
                at = index + 1;
                if value.kind.is_container() {
                    if is_object {
                        frame.name = Name::Node(index - 1);
                    }
                    stretch.end = value.span().start + 1;
                    path.open(index, *value, None);
                    continue 'containers;
                }
                stretch.end = value.span().end;
            }
            let end = nodes[frame.node].span().end;
            stretch = if stretch.is_empty() { end - 1 } else { stretch.start }..end;
            path.close();
        }
        if !stretch.is_empty() {
            self.output.copy(stretch);
        }
        at
    }
}
