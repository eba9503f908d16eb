package io.github.offsetallocator.examples;

import io.github.offsetallocator.SegmentArena;
import io.github.offsetallocator.tools.HeapSnapshot;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;

/// Replays a workload once, untimed, and throws if a subject does it wrong: refuses a request, hands out a block of
/// another size or alignment, or lets one block write over another. For that each block is filled with a pattern of its
/// own, every byte of it, and must still hold it when it is freed. An arena must also find itself in order, at its
/// fullest and at the end, and must be empty then.
final class Check {
    private final Workload work;
    private final Subject subject;
    private final MemorySegment[] blocks;
    private final long[] patterns;

    private Check(Workload work, Subject subject) {
        this.work = work;
        this.subject = subject;
        blocks = new MemorySegment[work.slotCount()];
        patterns = new long[work.slotCount()];
    }

    /// Checks a subject and leaves it empty.
    ///
    /// @return how its heap looks at the fullest point, if it is an arena of this library
    static Optional<HeapSnapshot> run(Workload work, Subject subject) {
        return new Check(work, subject).replay();
    }

    private Optional<HeapSnapshot> replay() {
        Optional<HeapSnapshot> snapshot = Optional.empty();
        for (int i = 0; i < work.operations(); i++) {
            int slot = work.slot(i) & ~Trace.FREE;
            if (work.slot(i) < 0) {
                expect(i, holds(blocks[slot], patterns[slot]), "a block was written over by another one");
                subject.free(slot);
            } else {
                blocks[slot] = subject.allocate(slot, work.size(i));
                patterns[slot] = i * 0x9E37_79B9_7F4A_7C15L;
                expect(i, blocks[slot].byteSize() == work.size(i), "a block is " + blocks[slot] + " bytes long");
                expect(i, blocks[slot].address() % Workload.ALIGNMENT == 0, "a block is at " + blocks[slot]);
                fill(blocks[slot], patterns[slot]);
            }
            if (i == work.fullest()) {
                subject.arena().ifPresent(SegmentArena::verify);
                snapshot = subject.arena().map(HeapSnapshot::of);
            }
        }
        subject.arena().ifPresent(arena -> {
            arena.verify();
            expect(work.operations(), arena.allocations() == 0, arena.allocations() + " blocks are left");
            expect(work.operations(), arena.storageReport().totalFreeSpace() == arena.byteSize(), "space is lost");
        });
        return snapshot;
    }

    private void expect(int operation, boolean fact, String otherwise) {
        if (!fact) {
            throw new IllegalStateException(work.name() + ", operation " + operation + ": " + otherwise);
        }
    }

    private static void fill(MemorySegment block, long pattern) {
        long words = block.byteSize() & -Long.BYTES;
        for (long at = 0; at < words; at += Long.BYTES) {
            block.set(ValueLayout.JAVA_LONG_UNALIGNED, at, pattern);
        }
        for (long at = words; at < block.byteSize(); at++) {
            block.set(ValueLayout.JAVA_BYTE, at, (byte) (pattern >>> 56));
        }
    }

    private static boolean holds(MemorySegment block, long pattern) {
        long words = block.byteSize() & -Long.BYTES;
        for (long at = 0; at < words; at += Long.BYTES) {
            if (block.get(ValueLayout.JAVA_LONG_UNALIGNED, at) != pattern) {
                return false;
            }
        }
        for (long at = words; at < block.byteSize(); at++) {
            if (block.get(ValueLayout.JAVA_BYTE, at) != (byte) (pattern >>> 56)) {
                return false;
            }
        }
        return true;
    }
}
