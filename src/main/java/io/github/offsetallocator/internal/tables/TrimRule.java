package io.github.offsetallocator.internal.tables;

/// When to look whether a table can become smaller: while few blocks are live, for the first time, then when half of those have ended, and
/// also when as many blocks have ended as the last look has read entries. So a look is paid for by frees, but for a number of them
/// that is the logarithm of the table's size, for each time that it grows. To ask reads a few fields, since every free of a region does.
public final class TrimRule {
    private final Tally tally;
    private long few;
    private long half;
    private long frees;
    private long earliest;

    public TrimRule(Tally tally) {
        this.tally = tally;
    }

    /// Starts anew, for a table of another size. If it is larger, as many blocks must end before the first look: a program that frees all now and then would
    /// make the table grow each time.
    ///
    /// @param few what is live counts as few below this; 0 for a table that is to stay
    public void start(long few) {
        earliest = few > this.few ? freed() + few : 0;
        this.few = few;
        half = few;
        frees = 0;
    }

    /// All blocks have ended at once, or somebody asks for a look.
    public void cleared() {
        start(few);
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
