package io.github.offsetallocator.internal.watch;

import io.github.offsetallocator.internal.watch.Events.*;
import java.util.Collections;
import java.util.Set;
import java.util.WeakHashMap;
import jdk.jfr.FlightRecorder;
import jdk.jfr.FlightRecorderListener;
import jdk.jfr.Recording;

/// Makes events for JDK Flight Recorder. Loaded only if its module is there.
///
/// The first class of an event costs tens of milliseconds, so none is loaded before the recorder is initialized, and until then
/// an event costs a look at a field. Afterwards, while nobody records, it costs a look at a flag that the JVM knows to be false.
///
/// The arenas that are open are known by weak references, for the statistics that a recording asks for every second.
final class FlightRecorderSink implements EventSink, FlightRecorderListener {
    private final Set<ArenaWatch> open = Collections.synchronizedSet(Collections.newSetFromMap(new WeakHashMap<>()));
    private volatile boolean on;

    FlightRecorderSink() {
        FlightRecorder.addListener(this);
    }

    /// Called when the first recording is made, or at once if there has been one.
    @Override
    public void recorderInitialized(FlightRecorder recorder) {
        on = true;
        FlightRecorder.addPeriodicEvent(StatisticsEvent.class, this::tellStatistics);
    }

    @Override
    public void recordingStateChanged(Recording recording) {
        refresh();
    }

    private void refresh() {
        forEach(ArenaWatch::refresh);
    }

    private void forEach(java.util.function.Consumer<ArenaWatch> action) {
        for (ArenaWatch arena : open.toArray(ArenaWatch[]::new)) {
            if (arena.isClosed()) {
                open.remove(arena);
            } else {
                action.accept(arena);
            }
        }
    }

    private void tellStatistics() {
        refresh(); // settings may have changed since the recording started
        forEach(arena -> {
            StatisticsEvent event = new StatisticsEvent();
            if (fill(event, arena)) {
                event.commit();
            }
        });
    }

    /// Returns false if the arena was closed meanwhile.
    private static boolean fill(StatisticsEvent event, ArenaWatch arena) {
        try {
            arena.engine().count(arena, (of, capacity, used, peak, largest, live, total, refused, metadata) -> {
                int shift = of.shift();
                event.setArena(of);
                event.size = capacity << shift;
                event.used = used << shift;
                event.peakUsed = peak << shift;
                event.free = capacity - used << shift;
                event.largestFree = largest << shift;
                event.fragmentation = fragmentation(capacity - used, largest);
                event.live = live;
                event.total = total;
                event.refused = refused;
                event.metadata = metadata;
                return event;
            });
            return true;
        } catch (IllegalStateException closed) {
            return false;
        }
    }

    private static float fragmentation(long free, long largest) {
        return free == 0 ? 0 : 1 - (float) largest / free;
    }

    @Override
    public void opened(ArenaWatch arena) {
        open.add(arena);
        if (!on) {
            return;
        }
        ArenaOpenedEvent event = new ArenaOpenedEvent();
        if (event.shouldCommit()) {
            event.setArena(arena);
            event.size = arena.engine().openUnits() << arena.shift();
            event.commit();
        }
    }

    @Override
    public void closed(ArenaWatch arena) {
        open.remove(arena);
    }

    @Override
    public Runnable ending(ArenaWatch arena, boolean isCollected) {
        if (!on) {
            return NOTHING;
        }
        ArenaClosedEvent event = new ArenaClosedEvent();
        StatisticsEvent last = new StatisticsEvent();
        if (!event.shouldCommit() || !fill(last, arena)) {
            return NOTHING;
        }
        event.setArena(arena);
        event.live = last.live;
        event.used = last.used;
        event.peakUsed = last.peakUsed;
        event.total = last.total;
        event.refused = last.refused;
        event.collected = isCollected;
        return event::commit;
    }

    @Override
    public void grown(ArenaWatch arena, long before, long after) {
        if (!on) {
            return;
        }
        ArenaGrownEvent event = new ArenaGrownEvent();
        if (event.shouldCommit()) {
            event.setArena(arena);
            event.before = before;
            event.after = after;
            event.commit();
        }
    }

    @Override
    public void metadataResized(ArenaWatch arena, long before, long after) {
        if (!on) {
            return;
        }
        MetadataResizedEvent event = new MetadataResizedEvent();
        if (event.shouldCommit()) {
            event.setArena(arena);
            event.before = before;
            event.after = after;
            event.commit();
        }
    }

    @Override
    public void refused(ArenaWatch arena, long bytes, long alignment) {
        if (!on) {
            return;
        }
        AllocationRefusedEvent event = new AllocationRefusedEvent();
        StatisticsEvent now = new StatisticsEvent();
        if (event.shouldCommit() && fill(now, arena)) {
            event.setArena(arena);
            event.asked = bytes;
            event.alignment = alignment;
            event.free = now.free;
            event.largestFree = now.largestFree;
            event.fragmentation = now.fragmentation;
            event.commit();
        }
    }

    @Override
    public void slabsDissolved(ArenaWatch arena, int slabs) {
        if (!on) {
            return;
        }
        SlabsDissolvedEvent event = new SlabsDissolvedEvent();
        if (event.shouldCommit()) {
            event.setArena(arena);
            event.slabs = slabs;
            event.commit();
        }
    }

    @Override
    public void compactionPlanned(long target, int moves) {
        if (!on) {
            return;
        }
        CompactionPlannedEvent event = new CompactionPlannedEvent();
        if (event.shouldCommit()) {
            event.target = target;
            event.moves = moves;
            event.commit();
        }
    }

    @Override
    public void compactionDone(int moves) {
        if (!on) {
            return;
        }
        CompactionDoneEvent event = new CompactionDoneEvent();
        if (event.shouldCommit()) {
            event.moves = moves;
            event.commit();
        }
    }

    @Override
    public void leaked(ArenaWatch arena, Sites.Group group) {
        if (!on) {
            return;
        }
        LeakEvent event = new LeakEvent();
        if (event.shouldCommit()) {
            event.setArena(arena);
            event.count = group.count();
            event.bytes = group.bytes();
            event.site = group.site().toString();
            event.commit();
        }
    }

    @Override
    public boolean samples() {
        return on && new AllocationSampleEvent().isEnabled();
    }

    @Override
    public void allocated(ArenaWatch arena, long bytes) {
        if (!on) {
            return;
        }
        AllocationSampleEvent event = new AllocationSampleEvent();
        if (event.shouldCommit()) {
            event.setArena(arena);
            event.size = bytes;
            event.commit();
        }
    }
}
