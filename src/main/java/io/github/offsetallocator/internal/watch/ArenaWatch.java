package io.github.offsetallocator.internal.watch;

import io.github.offsetallocator.internal.engine.Engine;
import io.github.offsetallocator.internal.tables.Happenings;
import java.lang.ref.Cleaner;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/// What is known of one arena beyond its tables: its name, its sites, and whom to tell of what happens there.
///
/// ```
///   engine  --happenings-->  ArenaWatch  -->  EventSink   JDK Flight Recorder, if it is there
///   face    --allocated--->       |
///                               Sites                     with leak detection
/// ```
///
/// It knows the engine, not the arena; so it can outlive an arena that nobody has closed, and tell of that.
public final class ArenaWatch implements Happenings, Runnable {
    /// How many blocks have their place in the program remembered.
    public enum Detection { OFF, SAMPLED, ALL }

    /// One site's part of a report.
    @FunctionalInterface
    public interface Report<T> {
        T of(long count, long bytes, List<StackWalker.StackFrame> site);
    }

    private static final System.Logger LOG = System.getLogger("io.github.offsetallocator");
    private static final int WORST = 5;
    private static final AtomicLong NUMBERS = new AtomicLong();

    private final String name;
    private final long number;
    private final Engine engine;
    private final int shift;
    private final Sites sites;
    private final boolean shared;
    private final boolean ownsMemory;
    private Cleaner.Cleanable collected;
    private volatile boolean closed;
    /// What is to be told when the arena has ended, from [#closing()] to [#closed()]; guarded by the engine's lock.
    private Runnable farewell;
    /// Whether the face must call [#allocated] after each allocation. Written now and then, read each time.
    private boolean active;
    private boolean sampled;
    private long mix;

    /// @param name         null for one of the watch's own
    public ArenaWatch(String name, Engine engine, int shift, Detection detection, boolean shared, boolean ownsMemory) {
        number = NUMBERS.incrementAndGet();
        this.name = name != null ? name : "arena-" + number;
        this.engine = engine;
        this.shift = shift;
        this.shared = shared;
        this.ownsMemory = ownsMemory;
        sites = detection == Detection.OFF ? null : new Sites(engine, shift, detection == Detection.ALL);
        refresh();
        engine.tally().tell(this);
        EventSink.SINK.opened(this);
    }

    /// From now on tells if `arena` is collected without having been closed.
    public void watch(Object arena) {
        if (sites != null) {
            collected = Collected.CLEANER.register(arena, this);
        }
    }

    /// Its thread starts with the first arena that has leak detection.
    private static final class Collected {
        static final Cleaner CLEANER = Cleaner.create();
    }

    public String name() {
        return name;
    }

    /// Of this process's arenas: no other has it, as a name may.
    long number() {
        return number;
    }

    Engine engine() {
        return engine;
    }

    int shift() {
        return shift;
    }

    boolean isClosed() {
        return closed || engine.isClosed();
    }

    /// Whether [#wants] may say yes.
    public boolean isActive() {
        return active;
    }

    /// Whether [#allocated] wants to be called for a new block.
    public boolean wants(long handle) {
        return active && handle * mix >>> Sites.SAMPLE_SHIFT == 0;
    }

    /// Asks the sink anew whether it wants allocations.
    void refresh() {
        sampled = EventSink.SINK.samples();
        mix = sampled || sites == null ? 0 : sites.mix();
        active = sites != null || sampled;
    }

    /// A block was allocated.
    public void allocated(long handle, long bytes) {
        if (sites != null) {
            sites.note(handle);
        }
        if (sampled) {
            EventSink.SINK.allocated(this, bytes);
        }
    }

    // ---- leaks -------------------------------------------------------------------------------------------------

    /// Live blocks by site, those with the most bytes first.
    public <T> List<T> leaks(Report<T> report) {
        return groups().stream().map(group -> report.of(group.count(), group.bytes(), group.site().frames())).toList();
    }

    /// Live blocks by site, of an arena that is open: none without leak detection.
    List<Sites.Group> groups() {
        synchronized (engine.lock()) { // or the arena may be closed in between
            engine.checkOpen();
            return sites == null ? List.of() : sites.groups();
        }
    }

    /// Where a block was asked for, as in a stack trace, or nothing if that is not known.
    public String siteOf(long handle) {
        return sites == null ? "" : sites.siteOf(handle);
    }

    /// For a dump: the sites, or null.
    Sites sites() {
        return sites;
    }

    /// To be called before the memory and the engine end, under the engine's lock: looks at what is live while that can be asked. Nobody
    /// hears of it before [#closed()], since the arena may still refuse to end. A report that fails keeps no arena from ending.
    public void closing() {
        try {
            farewell = farewell(false);
        } catch (RuntimeException | Error e) {
            farewell = null;
            cantTell(e);
        }
    }

    /// To be called when the arena has ended, without the engine's lock: whoever hears of leaks may wait for another thread.
    public void closed() {
        closed = true;
        Runnable told;
        synchronized (engine.lock()) {
            told = farewell;
            farewell = null;
        }
        try {
            if (told != null) {
                EventSink.SINK.closed(this);
                told.run();
            }
            if (collected != null) {
                collected.clean();
            }
        } catch (RuntimeException | Error e) {
            cantTell(e);
        }
    }

    private void cantTell(Throwable failure) {
        try {
            LOG.log(System.Logger.Level.WARNING, name + ": can't tell of leaks", failure);
        } catch (RuntimeException | Error _) { // nor of that
            return;
        }
    }

    /// The arena was collected, or it was closed and this is the last of it.
    @Override
    public void run() {
        if (!isClosed()) {
            EventSink.SINK.closed(this);
            farewell(true).run();
            closed = true;
        }
    }

    /// What is to be told of an arena that ends, with what it has now.
    private Runnable farewell(boolean isCollected) {
        Runnable event = EventSink.SINK.ending(this, isCollected);
        if (sites == null) {
            return event;
        }
        List<Sites.Group> groups = isCollected && !shared ? sites.lastKnown() : sites.groups();
        long live = engine.count(this, (_, _, _, _, _, blocks, _, _, _) -> blocks);
        return () -> {
            event.run();
            if (isCollected) {
                tell(groups, live, "was collected without having been closed", ownsMemory ? "; its memory is lost to the process" : "",
                        shared ? "live" : "live, or freed lately: a confined arena's blocks can be looked at by its own thread alone");
            } else if (live != 0 || !groups.isEmpty()) {
                tell(groups, live, "was closed", "", "live");
            }
        };
    }

    private void tell(List<Sites.Group> groups, long live, String what, String lost, String which) {
        StringBuilder text = new StringBuilder(name).append(' ').append(what).append("; live allocations: ").append(live)
                .append(lost)
                .append(groups.isEmpty() ? "; no site of them is known" : ". Known sites (" + which + "), the worst first:");
        groups.forEach(group -> EventSink.SINK.leaked(this, group));
        for (Sites.Group group : groups.subList(0, Math.min(WORST, groups.size()))) {
            text.append("\n  allocations: ").append(group.count()).append(group.bytes() == 0 ? "" : ", bytes: " + group.bytes())
                    .append('\n').append(group.site());
        }
        if (groups.size() > WORST) {
            text.append("\n  and ").append(groups.size() - WORST).append(" more sites");
        }
        LOG.log(System.Logger.Level.WARNING, text.toString());
    }

    // ---- happenings --------------------------------------------------------------------------------------------

    @Override
    public void metadataResized(long before, long after) {
        EventSink.SINK.metadataResized(this, before, after);
    }

    @Override
    public void slabsDissolved(int slabs) {
        EventSink.SINK.slabsDissolved(this, slabs);
    }

    @Override
    public void refused(long units, long alignment) {
        EventSink.SINK.refused(this, units > Long.MAX_VALUE >> shift ? Long.MAX_VALUE : units << shift, alignment << shift);
    }

    @Override
    public void grown(long before, long after) {
        EventSink.SINK.grown(this, before << shift, after << shift);
    }
}
