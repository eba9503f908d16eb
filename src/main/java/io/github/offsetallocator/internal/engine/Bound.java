package io.github.offsetallocator.internal.engine;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/// A number of units above which no request can be granted, so that threads are refused without the lock.
///
/// There are two kinds. One holds whatever slots are freed: what is in the bins and in slabs together. The other, set by a
/// thread that was refused while no slot was free, is what the largest region is, and holds until a slot is freed:
///
/// ```
///   refused, under the lock        frees a slot
///   ------------------------       ----------------------------
///   propose                        the slot's compare-and-set
///   look for free slots            lift: no bound, if it is of this kind, proposed or not
///   confirm, if there are none
///   and nobody has lifted it
/// ```
///
/// Of two that meet, one sees the other: either the free is seen by the look, or the proposal by the lift. Until it is confirmed,
/// a bound refuses nothing, since the thread that has freed a slot may be the next to ask.
final class Bound {
    private static final long NONE = Long.MAX_VALUE - 1;
    private static final long UNTIL_A_SLOT_IS_FREED = 1;
    /// The sign: as an unsigned number, a bound that is only proposed is above every request.
    private static final long PROPOSED = Long.MIN_VALUE;

    private static final VarHandle WORD = wordHandle();

    /// Twice the units, [#UNTIL_A_SLOT_IS_FREED], and [#PROPOSED].
    private volatile long word = NONE;

    private static VarHandle wordHandle() {
        try {
            return MethodHandles.lookup().findVarHandle(Bound.class, "word", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /// Whether a request has no chance.
    boolean refuses(long units) {
        return units > word >>> 1;
    }

    /// Sets a bound that holds whatever slots are freed. The caller has the lock.
    void set(long units) {
        if (word != units << 1) {
            word = units << 1;
        }
    }

    /// Proposes a bound that holds until a slot is freed. The caller has the lock, and looks for free slots now.
    void propose(long units) {
        word = units << 1 | UNTIL_A_SLOT_IS_FREED | PROPOSED;
        VarHandle.fullFence(); // the look is made of weaker reads
    }

    /// Ends a proposal: with a bound, or with none if a slot is free or has been freed since.
    void confirm(boolean isASlotFree) {
        long proposed = word;
        if (proposed < 0) {
            WORD.compareAndSet(this, proposed, isASlotFree ? NONE : proposed & ~PROPOSED);
        }
    }

    /// Called after a slot was freed.
    void lift() {
        if ((word & UNTIL_A_SLOT_IS_FREED) != 0) {
            word = NONE;
        }
    }

    /// Nothing is known.
    void forget() {
        word = NONE;
    }
}
