package io.github.offsetallocator.internal.watch;

import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Enabled;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.Percentage;
import jdk.jfr.Period;
import jdk.jfr.StackTrace;
import jdk.jfr.Throttle;

/// The events for JDK Flight Recorder.
final class Events {
    private static final String CATEGORY = "Offset Allocator";
    private static final String PREFIX = "io.github.offsetallocator.";

    private Events() {}

    /// What all have.
    @Category(CATEGORY)
    @StackTrace(false)
    abstract static class ArenaEvent extends Event {
        @Label("Arena")
        String arena;

        @Label("Arena Number")
        @Description("Arenas of one process are counted: several may have one name")
        long arenaNumber;

        void setArena(ArenaWatch watch) {
            arena = watch.name();
            arenaNumber = watch.number();
        }
    }

    @Name(PREFIX + "Statistics")
    @Label("Arena Statistics")
    @Period("1 s")
    static final class StatisticsEvent extends ArenaEvent {
        @Label("Size")
        @DataAmount
        long size;

        @Label("Used")
        @DataAmount
        long used;

        @Label("Peak Used")
        @DataAmount
        long peakUsed;

        @Label("Free")
        @DataAmount
        long free;

        @Label("Largest Free")
        @DataAmount
        long largestFree;

        @Label("Fragmentation")
        @Description("Part of the free bytes outside the largest free region")
        @Percentage
        float fragmentation;

        @Label("Live Allocations")
        long live;

        @Label("Total Allocations")
        long total;

        @Label("Refused Allocations")
        long refused;

        @Label("Metadata")
        @DataAmount
        long metadata;
    }

    @Name(PREFIX + "ArenaOpened")
    @Label("Arena Opened")
    @StackTrace
    static final class ArenaOpenedEvent extends ArenaEvent {
        @Label("Size")
        @DataAmount
        long size;
    }

    @Name(PREFIX + "ArenaClosed")
    @Label("Arena Closed")
    @StackTrace
    static final class ArenaClosedEvent extends ArenaEvent {
        @Label("Live Allocations")
        long live;

        @Label("Used")
        @DataAmount
        long used;

        @Label("Peak Used")
        @DataAmount
        long peakUsed;

        @Label("Total Allocations")
        long total;

        @Label("Refused Allocations")
        long refused;

        @Label("Collected")
        @Description("It was never closed: the garbage collector has found it")
        boolean collected;
    }

    @Name(PREFIX + "ArenaGrown")
    @Label("Arena Grown")
    @StackTrace
    static final class ArenaGrownEvent extends ArenaEvent {
        @Label("Before")
        @DataAmount
        long before;

        @Label("After")
        @DataAmount
        long after;
    }

    @Name(PREFIX + "MetadataResized")
    @Label("Metadata Resized")
    @Description("A table of regions or slabs was replaced")
    static final class MetadataResizedEvent extends ArenaEvent {
        @Label("Before")
        @DataAmount
        long before;

        @Label("After")
        @DataAmount
        long after;
    }

    @Name(PREFIX + "AllocationRefused")
    @Label("Allocation Refused")
    @StackTrace
    @Throttle("100/s")
    static final class AllocationRefusedEvent extends ArenaEvent {
        @Label("Asked")
        @Description("In whole granules")
        @DataAmount
        long asked;

        @Label("Alignment")
        @Description("A granule at least")
        @DataAmount
        long alignment;

        @Label("Free")
        @DataAmount
        long free;

        @Label("Largest Free")
        @DataAmount
        long largestFree;

        @Label("Fragmentation")
        @Percentage
        float fragmentation;
    }

    @Name(PREFIX + "SlabsDissolved")
    @Label("Slabs Dissolved")
    static final class SlabsDissolvedEvent extends ArenaEvent {
        @Label("Slabs")
        int slabs;
    }

    @Name(PREFIX + "CompactionPlanned")
    @Label("Compaction Planned")
    @Description("An allocator has planned moves to make a free region of the target's units")
    @Category(CATEGORY)
    static final class CompactionPlannedEvent extends Event {
        @Label("Target")
        long target;

        @Label("Moves")
        int moves;
    }

    @Name(PREFIX + "CompactionDone")
    @Label("Compaction Done")
    @Description("A plan of so many moves has ended")
    @Category(CATEGORY)
    static final class CompactionDoneEvent extends Event {
        @Label("Moves")
        int moves;
    }

    @Name(PREFIX + "Leak")
    @Label("Leak")
    @Description("Blocks of one site that were live when their arena ended")
    static final class LeakEvent extends ArenaEvent {
        @Label("Allocations")
        long count;

        @Label("Bytes")
        @DataAmount
        long bytes;

        @Label("Site")
        String site;
    }

    @Name(PREFIX + "AllocationSample")
    @Label("Allocation Sample")
    @Enabled(false)
    @StackTrace
    @Throttle("300/s")
    static final class AllocationSampleEvent extends ArenaEvent {
        @Label("Size")
        @Description("Bytes asked for")
        @DataAmount
        long size;
    }
}
