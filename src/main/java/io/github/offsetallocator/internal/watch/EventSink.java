package io.github.offsetallocator.internal.watch;

/// Where events go: to JDK Flight Recorder if its module is there, or nowhere. Only [FlightRecorderSink] knows `jdk.jfr`.
interface EventSink {
    Runnable NOTHING = () -> {};

    EventSink SINK = ModuleLayer.boot().findModule("jdk.jfr").isPresent() ? new FlightRecorderSink() : new EventSink() {};

    /// Lets the sink ask for an arena's statistics now and then. It must not keep the arena's watch alive.
    default void opened(ArenaWatch arena) {}

    /// What tells that an arena has ended, with what it has now; to be run when it has. Makes no object if nobody wants to know.
    default Runnable ending(ArenaWatch arena, boolean isCollected) {
        return NOTHING;
    }

    /// Nothing more is to be asked of an arena.
    default void closed(ArenaWatch arena) {}

    default void grown(ArenaWatch arena, long before, long after) {}

    default void metadataResized(ArenaWatch arena, long before, long after) {}

    default void refused(ArenaWatch arena, long bytes, long alignment) {}

    default void slabsDissolved(ArenaWatch arena, int slabs) {}

    default void compactionPlanned(long target, int moves) {}

    default void compactionDone(int moves) {}

    default void leaked(ArenaWatch arena, Sites.Group group) {}

    /// Whether allocations are to be offered.
    default boolean samples() {
        return false;
    }

    default void allocated(ArenaWatch arena, long bytes) {}
}
