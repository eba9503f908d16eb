package io.github.offsetallocator.internal.watch;

import io.github.offsetallocator.internal.engine.Engine;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Where live blocks were asked for.
///
/// ```
///   handles  | h | h | h | … |        in the order of their allocations
///   bytes    | b | b | b | … |
///   sites    | s | s | s | … |        many blocks have one site
/// ```
///
/// **Nothing is done when a block is freed.** A handle names one block for good, so a report asks the engine which of
/// the handles are live, and forgets the others: when the arrays are full, before they are made larger, and before a report. One that is retired
/// is kept: so is a block that its caller has not got yet, see [Engine#allocateHidden].
///
/// **Which blocks.** Every one, or those whose handle has a hash that ends in seven zeros. That takes no counter, which threads
/// would share, and no random number. After a stack was looked at, none is for two hundred times as long as that took, or a
/// tenth of a second. To ask the clock takes longer than an allocation: as long as it says that it is too early, ever more blocks are let go
/// before it is asked again, up to 63.
///
/// **Two locks, in this order:** the engine's lock, then the monitor of this, which guards the arrays. A thread that closes the arena, walks
/// over it or tells of a broken border comes here with the engine's lock. So whoever is going to ask the engine takes its lock first; who
/// holds the monitor alone asks the engine nothing, and waits for no one.
final class Sites {
    static final int SAMPLE_SHIFT = Long.SIZE - 7;
    private static final long MIX = 0x9E37_79B9_7F4A_7C15L;
    private static final int PAUSE = 200;
    private static final int MOST_LET_GO = 63;
    /// Nanoseconds: what took longer was a thread that had to wait, or code that is not compiled yet.
    private static final long LONGEST_PAUSE = 100_000_000;
    private static final int FIRST_ENTRIES = 64;

    /// What a site has, with its place in the arrays.
    private static final class Known {
        final Site site;
        long count;
        long bytes;

        Known(Site site) {
            this.site = site;
        }
    }

    /// Blocks of one site.
    record Group(Site site, long count, long bytes) {}

    private final Engine engine;
    private final int shift;
    private final boolean all;
    /// What a handle is multiplied by: 0 if all are noted.
    private final long mix;
    private final Map<Site, Known> known = new HashMap<>();
    private long[] handles = new long[FIRST_ENTRIES];
    private Known[] sites = new Known[FIRST_ENTRIES];
    private int count;
    private volatile long pauseUntil = System.nanoTime();
    /// How many blocks are let go after a look at the clock, and how many of these are still to come. Threads may lose each other's
    /// changes.
    private int letGo;
    private int toLetGo;

    Sites(Engine engine, int shift, boolean all) {
        this.engine = engine;
        this.shift = shift;
        this.all = all;
        mix = all ? 0 : MIX;
    }

    /// A block is noted if its handle times this starts with seven zeros.
    long mix() {
        return mix;
    }

    /// Remembers where a block was asked for, if it is one of those.
    void note(long handle) {
        if (handle * mix >>> SAMPLE_SHIFT == 0) {
            noteNow(handle);
        }
    }

    private void noteNow(long handle) {
        if (all) {
            add(handle, Site.here());
            return;
        }
        if (toLetGo > 0) {
            toLetGo--;
            return;
        }
        long start = System.nanoTime();
        if (start - pauseUntil < 0) {
            letGo = Math.min(2 * letGo + 1, MOST_LET_GO);
            toLetGo = letGo;
        } else {
            letGo = 0;
            add(handle, Site.here());
            long end = System.nanoTime();
            pauseUntil = end + Math.min(LONGEST_PAUSE, PAUSE * (end - start));
        }
    }

    private void add(long handle, Site site) {
        while (!hasAdded(handle, site)) {
            makeRoom();
        }
    }

    private synchronized boolean hasAdded(long handle, Site site) {
        if (count == handles.length) {
            return false;
        }
        handles[count] = handle;
        sites[count] = known.computeIfAbsent(site, Known::new);
        count++; // now that nothing can fail
        return true;
    }

    private void makeRoom() {
        synchronized (engine.lock()) {
            synchronized (this) {
                forgetFreed();
                if (count > handles.length >> 1) {
                    Known[] more = Arrays.copyOf(sites, 2 * sites.length);
                    handles = Arrays.copyOf(handles, more.length);
                    sites = more;
                }
            }
        }
    }

    /// The caller holds both locks.
    private void forgetFreed() {
        int kept = 0;
        for (int i = 0; i < count; i++) {
            if (engine.isLive(handles[i]) || engine.isRetired(handles[i])) {
                handles[kept] = handles[i];
                sites[kept++] = sites[i];
            }
        }
        Arrays.fill(sites, kept, count, null);
        count = kept;
        known.values().forEach(site -> site.count = 0);
        for (int i = 0; i < count; i++) {
            sites[i].count++;
        }
        known.values().removeIf(site -> site.count == 0);
    }

    /// Live blocks by site, those with the most bytes first.
    List<Group> groups() {
        synchronized (engine.lock()) {
            synchronized (this) {
                forgetFreed();
                known.values().forEach(site -> site.count = site.bytes = 0);
                for (int i = 0; i < count; i++) {
                    long size = size(handles[i]);
                    if (size >= 0) {
                        sites[i].count++;
                        sites[i].bytes += size;
                    }
                }
                return sorted();
            }
        }
    }

    /// As [#groups], by a thread that can't ask which blocks are live: blocks that were freed lately are among them, and their
    /// sizes are not known.
    synchronized List<Group> lastKnown() {
        known.values().forEach(site -> site.count = site.bytes = 0);
        for (int i = 0; i < count; i++) {
            sites[i].count++;
        }
        return sorted();
    }

    private List<Group> sorted() {
        List<Group> groups = new ArrayList<>();
        known.values().forEach(site -> {
            if (site.count > 0) {
                groups.add(new Group(site.site, site.count, site.bytes));
            }
        });
        groups.sort((a, b) -> a.bytes != b.bytes ? Long.compare(b.bytes, a.bytes) : Long.compare(b.count, a.count));
        return groups;
    }

    /// Returns -1 if the block is not live.
    private long size(long handle) {
        try {
            return engine.isLive(handle) ? engine.size(handle, shift) : -1;
        } catch (IllegalStateException freed) { // by another thread, meanwhile
            return -1;
        }
    }

    /// The site of one block, or nothing if it was not noted.
    synchronized String siteOf(long handle) {
        for (int i = count - 1; i >= 0; i--) {
            if (handles[i] == handle) {
                return sites[i].site.toString();
            }
        }
        return "";
    }

    /// The number of each live block's site in `groups`, by handle.
    synchronized Map<Long, Integer> siteOf(List<Group> groups) {
        Map<Site, Integer> numbers = new HashMap<>();
        groups.forEach(group -> numbers.put(group.site, numbers.size()));
        Map<Long, Integer> byHandle = new HashMap<>();
        for (int i = 0; i < count; i++) {
            Integer number = numbers.get(sites[i].site);
            if (number != null) {
                byHandle.put(handles[i], number);
            }
        }
        return byHandle;
    }
}
