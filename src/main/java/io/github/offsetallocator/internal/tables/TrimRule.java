package io.github.offsetallocator.internal.tables;

/// When to look whether a table can become smaller: while few blocks are live, for the first time, then when half of those have ended, and
/// also when as many blocks have ended as the last look has read entries. So a look is paid for by frees, but for a number of them
/// that is the logarithm of the table's size, for each time that it grows. To ask reads a few fields, since every free of a region does.
///
/// To replace a table takes time: the JVM asks all of its threads whether they are reading the old one. So after a table has grown, as many
/// blocks must end as would be few; and from the second time on that it grows again after it was made smaller, twice as many as the time before, up to
/// 2^24. So where blocks come and go in waves, tables grow a few times, and then they stay for a while.
public final class TrimRule {
    private static final int MOST_DOUBLINGS = 24;
    private static final long LONGEST_WAIT = 1 << 24;

    private final Tally tally;
    private long few;
    private long half;
    private long frees;
    private long earliest;
    private int growthsAgain;
    private boolean wasMadeSmaller;

    public TrimRule(Tally tally) {
        this.tally = tally;
    }

    /// Starts anew, for a table of another size.
    ///
    /// @param few what is live counts as few below this; 0 for a table that is to stay
    public void start(long few) {
        boolean isLarger = few > this.few;
        if (isLarger && wasMadeSmaller) {
            growthsAgain = Math.min(growthsAgain + 1, MOST_DOUBLINGS);
        }
        wasMadeSmaller = !isLarger && (wasMadeSmaller || few < this.few);
        start(few, isLarger ? waitFor(few) : 0);
    }

    /// All blocks have ended at once.
    public void cleared() {
        start(few, growthsAgain > 1 ? waitFor(few) : 0);
    }

    /// Somebody asks for a look.
    public void soon() {
        start(few, 0);
    }

    private long waitFor(long few) {
        return Math.max(few, Math.min(few << Math.max(0, growthsAgain - 1), LONGEST_WAIT));
    }

    private void start(long few, long wait) {
        this.few = few;
        earliest = freed() + wait;
        half = few;
        frees = 0;
    }

    public boolean isDue() {
        long live = live();
        return live < few && freed() >= earliest && (live < half || freed() >= frees);
    }

    /// There was a look, which has read so many entries, and the table stays as it is.
    public void looked(long entries) {
        half = live() + 1 >>> 1;
        frees = freed() + entries + 1;
    }

    private long live() {
        return tally.live() >>> 32;
    }

    private long freed() {
        return tally.taken() - live();
    }
}
