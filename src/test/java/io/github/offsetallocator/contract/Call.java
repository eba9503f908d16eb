package io.github.offsetallocator.contract;

import io.github.offsetallocator.CompactionPlan;
import io.github.offsetallocator.SegmentArena;
import java.lang.foreign.MemorySegment;

/// One call with all that it needs, made ready before things go wrong and looked at after. Running it makes no object, so
/// that what fails is the library.
final class Call {
    /// What is called.
    enum Kind {
        ALLOCATE, ALLOCATE_ALIGNED, ALLOCATE_SLICE, FREE, FREE_SLICE, FREE_ALL, RESIZE, REALLOCATE, REALLOCATE_SLICE, SET_TAG, RETIRE, SLICE, READ, WALK,
        // those that concern more than one block, and come alone
        RECLAIM, GROW, PLAN, COMMIT, RESET;

        boolean comesAlone() {
            return compareTo(RECLAIM) >= 0;
        }

        boolean makesABlock() {
            return this == ALLOCATE || this == ALLOCATE_ALIGNED || this == ALLOCATE_SLICE;
        }

        boolean needsAnArena() {
            return this == ALLOCATE_SLICE || this == FREE_SLICE || this == REALLOCATE || this == REALLOCATE_SLICE || this == SLICE;
        }

        boolean needsAnAllocator() {
            return this == PLAN || this == COMMIT;
        }
    }

    final Kind kind;
    /// The block that it is about, or null.
    Known block;
    Known[] many;
    long[] handles;
    long size;
    long alignment = 1;
    long value;
    CompactionPlan plan;
    CompactionPlan.Move move;

    long result;
    MemorySegment slice;
    boolean done;
    boolean returned;
    Throwable thrown;
    private long seen;

    Call(Kind kind) {
        this.kind = kind;
    }

    /// A block that the caller knows.
    static final class Known {
        long handle;
        long size;
        long offset;
        long units;
        long tag;
        long pattern;
        long retiredUntil;
        MemorySegment slice;

        @Override
        public String toString() {
            return "0x" + Long.toHexString(handle) + " at " + offset + ", " + units + " units, size " + size;
        }
    }

    void run(Face face, SegmentArena arena) {
        switch (kind) {
            case ALLOCATE, ALLOCATE_ALIGNED -> result = face.allocate(size, alignment);
            case ALLOCATE_SLICE -> slice = arena.allocate(size, alignment);
            case FREE -> face.free(block.handle);
            case FREE_SLICE -> arena.free(block.slice);
            case FREE_ALL -> face.freeAll(handles, 0, handles.length);
            case RESIZE -> done = face.resize(block.handle, size);
            case REALLOCATE -> result = arena.reallocate(block.handle, size, alignment);
            case REALLOCATE_SLICE -> slice = arena.reallocate(block.slice, size, alignment);
            case SET_TAG -> face.setTag(block.handle, value);
            case RETIRE -> face.retire(block.handle, value);
            case SLICE -> slice = arena.segment(block.handle);
            case READ -> {
                seen += face.allocations() + face.totalFree() + face.size(block.handle) + face.tag(block.handle);
                if (arena != null) {
                    seen += arena.allocationOf(block.slice);
                }
            }
            case WALK -> face.forEachAllocation(allocation -> seen += allocation);
            case RECLAIM -> result = face.reclaim(value);
            case GROW -> face.grow(size);
            case PLAN -> plan = ((AllocatorFace) face).allocator.planCompaction(size, alignment);
            case COMMIT -> plan.commit(move);
            case RESET -> face.reset();
        }
        returned = true;
    }

    @Override
    public String toString() {
        return kind + (block == null ? "" : " of " + block) + ", size " + size + ", alignment " + alignment + ", value " + value
                + (returned ? ": returned" : thrown == null ? "" : ": " + thrown.getClass().getSimpleName());
    }
}
