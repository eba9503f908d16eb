package io.github.offsetallocator.internal.tables;

import static io.github.offsetallocator.internal.tables.NodeTable.LOW;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/// What other threads may know about an allocator: a few sums in plain fields, since the tables of a confined arena can be read by
/// its own thread alone.
///
/// ```
///   where one thread takes slots         live, peak       of slots and blocks with a node
///   where many do, without a lock        live             of blocks with a node: nobody keeps sums of slots
///                                        claimed          the most that was not in the bins, instead of a peak
/// ```
///
/// One thread writes, or one at a time. Readers are late by a few operations; nothing waits for anything.
public final class Tally {
    private static final VarHandle REFUSED = refusedHandle();

    /// Blocks above, their units below.
    private long live;
    private long taken;
    private int peak;
    private long largest;
    private int dissolved;
    private long capacity;
    private long claimed;
    private int retired;
    @SuppressWarnings("unused") // by its handle
    private long refused;
    private Happenings happenings = Happenings.NONE;

    private static VarHandle refusedHandle() {
        try {
            return MethodHandles.lookup().findVarHandle(Tally.class, "refused", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /// A block of so many units was made.
    public void took(long size) {
        long now = live + Header.ONE + size;
        live = now;
        taken++;
        if (Integer.compareUnsigned((int) now, peak) > 0) {
            peak = (int) now;
        }
    }

    /// A block of so many units has ended.
    public void gave(long size) {
        live -= Header.ONE + size;
    }

    /// Blocks and units have changed by another way: their numbers above and below.
    public void add(long change) {
        live += change;
        if (Integer.compareUnsigned((int) live, peak) > 0) {
            peak = (int) live;
        }
    }

    /// So many blocks and units are live with a node, and no slots yet.
    public void start(long withNodes) {
        live = withNodes;
    }

    /// So many blocks were there before anyone counted.
    public void found(int blocks) {
        taken = blocks;
    }

    /// The largest free region of the bins, or up to an eighth less.
    public void setLargest(long largest) {
        this.largest = largest;
    }

    /// Those that listen are told of all slabs at once that a call has dissolved.
    public void tellDissolved() {
        int slabs = dissolved;
        if (slabs != 0) {
            dissolved = 0;
            happenings.slabsDissolved(slabs);
        }
    }

    /// What changes seldom.
    public void setRest(long capacity, int retired) {
        this.capacity = capacity;
        this.retired = retired;
    }

    /// So many units are in no bin.
    public void claim(long units) {
        if (units > claimed) {
            claimed = units;
        }
    }

    /// A request was refused.
    public void refuse(long units, long alignment) {
        REFUSED.getAndAdd(this, 1L);
        happenings.refused(units, alignment);
    }

    /// A slab was dissolved. See [#tellDissolved()].
    public void dissolve() {
        dissolved++;
    }

    public long live() {
        return live;
    }

    /// Blocks that were ever made.
    public long taken() {
        return taken;
    }

    public long peak() {
        return peak & LOW;
    }

    public long claimed() {
        return claimed;
    }

    public int retired() {
        return retired;
    }

    public long largest() {
        return largest;
    }

    public long capacity() {
        return capacity;
    }

    public long refused() {
        return (long) REFUSED.getOpaque(this);
    }

    /// What is told of rare events.
    public Happenings happenings() {
        return happenings;
    }

    public void tell(Happenings happenings) {
        this.happenings = happenings;
    }
}
