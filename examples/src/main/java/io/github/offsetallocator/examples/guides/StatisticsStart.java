package io.github.offsetallocator.examples.guides;

import io.github.offsetallocator.ArenaStatistics;
import io.github.offsetallocator.SegmentArena;
import java.io.IOException;
import java.io.Writer;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.management.JMException;
import javax.management.MXBean;
import javax.management.ObjectName;

/// The code of `docs/observability.md`.
final class StatisticsStart {
    private StatisticsStart() {}

    /// What JMX shows.
    @MXBean
    public interface ArenaMXBean {
        /// One look at the arena.
        ArenaStatistics getStatistics();
    }

    static void register(SegmentArena arena) throws JMException {
        ManagementFactory.getPlatformMBeanServer().registerMBean((ArenaMXBean) arena::statistics,
                new ObjectName("io.github.offsetallocator:type=SegmentArena,name=" + ObjectName.quote(arena.name())));
    }

    static void look(SegmentArena arena) {
        ArenaStatistics now = arena.statistics();
        now.usedBytes(); now.peakUsedBytes(); now.fragmentation(); now.refusedAllocations();
    }

    static SegmentArena forTests() {
        SegmentArena arena = SegmentArena.builder().nativeMemory(64 << 20).checked().build();
        return arena;
    }

    static void dump(SegmentArena arena) throws IOException {
        try (Writer out = Files.newBufferedWriter(Path.of("dump.json"))) {
            arena.dump(out);
        }
    }
}
