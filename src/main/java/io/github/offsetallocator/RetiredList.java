package io.github.offsetallocator;

import static io.github.offsetallocator.NodeTable.*;

import java.lang.foreign.MemorySegment;

/// Blocks that no longer belong to anyone, but that someone may still read until a counter reaches a value: a queue
/// through the nodes of those blocks, which makes no garbage and takes no memory.
///
/// ```
///   first                                    last
///   [value 7] -> [value 7] -> [value 8] -> [value 12]      a node's tag holds its value, its links the next
///   --- take(8) returns these ----------
/// ```
///
/// It is first in, first out, so values never decrease along it: a block that is added with a value below the last one
/// waits for that one, which may be later than needed but is never too early.
final class RetiredList {
    private int first = NIL;
    private int last = NIL;
    private int count;
    private long newest;

    int count() {
        return count;
    }

    int first() {
        return first;
    }

    void clear() {
        first = NIL;
        last = NIL;
        count = 0;
    }

    void add(MemorySegment t, int node, long value) {
        if (count == 0 || Long.compareUnsigned(value, newest) > 0) {
            newest = value;
        }
        setLinks(t, node, RETIRED);
        setTag(t, node, newest);
        if (last == NIL) {
            first = node;
        } else {
            setLinks(t, last, RETIRED | node);
        }
        last = node;
        count++;
    }

    /// Takes the first block out if `value` has reached its own; otherwise returns [NodeTable#NIL].
    int take(MemorySegment t, long value) {
        int node = first;
        if (node == NIL || Long.compareUnsigned(tag(t, node), value) > 0) {
            return NIL;
        }
        first = next(t, node);
        if (first == NIL) {
            last = NIL;
        }
        count--;
        setTag(t, node, 0);
        return node;
    }
}
