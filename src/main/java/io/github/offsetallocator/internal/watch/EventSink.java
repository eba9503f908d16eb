package io.github.offsetallocator.internal.watch;

/// Where events go: to JDK Flight Recorder if its module is there, or nowhere. Only [FlightRecorderSink] knows `jdk.jfr`.
interface EventSink {
    EventSink SINK = ModuleLayer.boot().findModule("jdk.jfr").isPresent() ? new FlightRecorderSink() : new EventSink() {};

    /// Lets the sink ask for an arena's statistics now and then. It must not keep the arena's watch alive.
    default void opened(ArenaWatch arena) {}

    default void closed(ArenaWatch arena, boolean wasCollected) {}

    default void grown(ArenaWatch arena, long before, long after) {}

    default void metadataResized(ArenaWatch arena, long before, long after) {}

    default void refused(ArenaWatch arena, long bytes, long alignment) {}

    default void slabsDissolved(ArenaWatch arena, int slabs) {}

    default void compactionPlanned(ArenaWatch arena, long target, int moves) {}

    default void compactionDone(ArenaWatch arena, int moves) {}

    default void leaked(ArenaWatch arena, Sites.Group group) {}

    /// Whether allocations are to be offered.
    default boolean samples() {
        return false;
    }

    default void allocated(ArenaWatch arena, long bytes) {}
}
