package io.github.offsetallocator.contract;

import io.github.offsetallocator.Fit;
import io.github.offsetallocator.OffsetAllocator;
import io.github.offsetallocator.RegionVisitor;
import io.github.offsetallocator.StorageReportFull;
import java.util.function.LongConsumer;

/// The plainest allocator that keeps its promises whatever fails: each call changes all it changes in one go, with no call in
/// between. It shows that [FailureDriver] lets pass what is right.
final class ToyFace extends Face {
    private static final int SLOTS = 256;

    private final long capacity;
    /// Offset, and units + 1 (0: no block), one above the other.
    private final long[] block = new long[SLOTS];
    private final int[] generation = new int[SLOTS];
    private final long[] tag = new long[SLOTS];
    /// 0: not retired; or its place in the queue.
    private final long[] queued = new long[SLOTS];
    private final long[] until = new long[SLOTS];
    private long next = 1;

    ToyFace(long capacity) {
        this.capacity = capacity;
    }

    private int live(long allocation) {
        int slot = (int) allocation - 1;
        if (slot < 0 || slot >= SLOTS || block[slot] == 0 || queued[slot] != 0 || generation[slot] != (int) (allocation >>> 32)) {
            throw new IllegalStateException("0x" + Long.toHexString(allocation) + " is not live here");
        }
        return slot;
    }

    /// The block with the smallest offset at or above this, or -1. One of no units comes before another one there.
    private int following(long offset, int than) {
        int found = -1;
        for (int i = 0; i < SLOTS; i++) {
            if (block[i] != 0 && (offset(i) > offset || offset(i) == offset && order(i) > than)
                    && (found < 0 || offset(i) < offset(found) || offset(i) == offset(found) && order(i) < order(found))) {
                found = i;
            }
        }
        return found;
    }

    private int order(int slot) {
        return (units(slot) == 0 ? 0 : SLOTS) + slot;
    }

    private long offset(int slot) {
        return block[slot] >>> 32;
    }

    private long units(int slot) {
        return (block[slot] & 0xFFFF_FFFFL) - 1;
    }

    @Override
    long allocate(long size, long alignment) {
        long end = 0;
        int slot = -1;
        for (int i = 0; i < SLOTS && slot < 0; i++) {
            slot = block[i] == 0 ? i : -1;
        }
        for (int at = following(-1, -1); ; at = following(offset(at), order(at))) {
            long place = (end + alignment - 1) / alignment * alignment;
            if (place + size <= (at < 0 ? capacity : offset(at)) && slot >= 0) {
                long made = place << 32 | size + 1;
                int now = generation[slot] + 1 & Integer.MAX_VALUE;
                long handle = (long) Math.max(now, 1) << 32 | slot + 1;
                generation[slot] = (int) (handle >>> 32);
                tag[slot] = 0;
                block[slot] = made;
                return handle;
            }
            if (at < 0) {
                return OffsetAllocator.NO_SPACE;
            }
            end = offset(at) + units(at);
        }
    }

    @Override
    void free(long allocation) {
        block[live(allocation)] = 0;
    }

    @Override
    void freeAll(long[] allocations, int from, int to) {
        for (int i = from; i < to; i++) {
            free(allocations[i]);
        }
    }

    @Override
    boolean resize(long allocation, long size) {
        int slot = live(allocation);
        int behind = following(offset(slot), order(slot));
        boolean fits = offset(slot) + size <= (behind < 0 ? capacity : offset(behind));
        long made = offset(slot) << 32 | size + 1;
        if (fits) {
            block[slot] = made;
        }
        return fits;
    }

    @Override
    long offset(long allocation) {
        return offset(live(allocation));
    }

    @Override
    long size(long allocation) {
        return units(live(allocation));
    }

    @Override
    long tag(long allocation) {
        return tag[live(allocation)];
    }

    @Override
    void setTag(long allocation, long value) {
        tag[live(allocation)] = value;
    }

    @Override
    void retire(long allocation, long value) {
        int slot = live(allocation);
        long newest = value;
        for (int i = 0; i < SLOTS; i++) {
            newest = queued[i] != 0 && until[i] > newest ? until[i] : newest;
        }
        until[slot] = newest;
        queued[slot] = next++;
    }

    @Override
    int reclaim(long completed) {
        int freed = 0;
        for (int i = 0; i < SLOTS; i++) {
            if (queued[i] != 0 && Long.compareUnsigned(until[i], completed) <= 0) {
                queued[i] = 0;
                block[i] = 0;
                freed++;
            }
        }
        return freed;
    }

    @Override
    int retired() {
        int count = 0;
        for (long each : queued) {
            count += each != 0 ? 1 : 0;
        }
        return count;
    }

    @Override
    int allocations() {
        int count = 0;
        for (int i = 0; i < SLOTS; i++) {
            count += block[i] != 0 && queued[i] == 0 ? 1 : 0;
        }
        return count;
    }

    @Override
    long capacity() {
        return capacity;
    }

    @Override
    long totalFree() {
        long used = 0;
        for (int i = 0; i < SLOTS; i++) {
            used += block[i] != 0 ? units(i) : 0;
        }
        return capacity - used;
    }

    @Override
    long largestFree() {
        long largest = 0;
        long end = 0;
        for (int at = following(-1, -1); at >= 0; at = following(offset(at), order(at))) {
            largest = Math.max(largest, offset(at) - end);
            end = offset(at) + units(at);
        }
        return Math.max(largest, capacity - end);
    }

    @Override
    StorageReportFull report() {
        throw new UnsupportedOperationException("it has no bins");
    }

    @Override
    void forEachRegion(RegionVisitor visitor) {
        for (int at = following(-1, -1); at >= 0; at = following(offset(at), order(at))) {
            visitor.region(offset(at), units(at), queued[at] != 0 ? RegionVisitor.RETIRED : (long) generation[at] << 32 | at + 1);
        }
    }

    @Override
    void forEachAllocation(LongConsumer visitor) {
        forEachRegion((_, _, allocation) -> {
            if (allocation > 0) {
                visitor.accept(allocation);
            }
        });
    }

    @Override
    void verify() {
        long end = 0;
        for (int at = following(-1, -1); at >= 0; at = following(offset(at), order(at))) {
            Check.that(offset(at) >= end, "blocks overlap");
            end = offset(at) + units(at);
        }
        Check.that(end <= capacity, "beyond the end");
    }

    @Override
    void grow(long units) {
        throw new UnsupportedOperationException();
    }

    @Override
    void reset() {
        for (int i = 0; i < SLOTS; i++) {
            block[i] = 0;
            queued[i] = 0;
        }
    }

    @Override
    public void close() {}

    @Override
    Fit fit() {
        return Fit.GOOD;
    }

    @Override
    int maxAllocations() {
        return SLOTS;
    }

    @Override
    long unit() {
        return 1;
    }

    @Override
    long units(long size) {
        return size;
    }

    @Override
    long most(long units) {
        return units;
    }
}
