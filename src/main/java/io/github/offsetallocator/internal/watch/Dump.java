package io.github.offsetallocator.internal.watch;

import io.github.offsetallocator.internal.engine.Engine;
import io.github.offsetallocator.internal.engine.Walk;
import io.github.offsetallocator.internal.regions.SmallFloat;
import java.io.IOException;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/// Writes all that is known of an arena as JSON. `docs/observability.md` has the schema.
///
/// Everything is copied first, under the engine's lock, so that it is of one moment; and written afterwards: the lock is not held while
/// someone's stream is slow.
public final class Dump {
    private static final int FIELDS = 5;
    private static final long UNKNOWN = -1;

    private final ArenaWatch watch;
    private final Engine engine;
    private final int shift;
    private final long origin;
    /// Offset, size, requested, handle, tag of each region; handle and requested as in [Walk].
    private long[] regions = new long[64 * FIELDS];
    private int count;
    private final StringBuilder slabs = new StringBuilder();

    private Dump(ArenaWatch watch, long origin) {
        this.watch = watch;
        this.origin = origin;
        engine = watch.engine();
        shift = watch.shift();
    }

    /// @param origin bytes from the start of the backing segment to the first granule
    public static void write(ArenaWatch watch, long origin, Appendable out) throws IOException {
        new Dump(watch, origin).write(out);
    }

    private void write(Appendable out) throws IOException {
        StringBuilder statistics;
        int[] bins;
        List<Sites.Group> groups;
        Map<Long, Integer> siteOf;
        synchronized (engine.lock()) {
            statistics = engine.count(this, Dump::statistics);
            bins = engine.freeRegions();
            engine.forEachSlab(this::slab);
            engine.forEachRegion(this, null, (dump, _, offset, size, handle) -> dump.region(offset, size, handle));
            groups = watch.groups();
            siteOf = watch.sites() == null ? Map.of() : watch.sites().siteOf(groups);
        }

        out.append("{\n  \"format\": \"io.github.offsetallocator.dump\",\n  \"version\": 1,\n  \"name\": ").append(quoted(watch.name()));
        out.append(",\n  \"time\": \"").append(Instant.now().toString()).append("\",\n  \"granule\": ").append(Long.toString(1L << shift));
        out.append(",\n  \"origin\": ").append(Long.toString(origin)).append(",\n  \"statistics\": {").append(statistics).append("},\n  \"bins\": [");
        writeBins(out, bins);
        out.append("],\n  \"slabs\": [").append(slabs).append("],\n  \"sites\": [");
        writeSites(out, groups);
        out.append("],\n  \"regions\": [");
        writeRegions(out, siteOf);
        out.append("]\n}\n");
    }

    private StringBuilder statistics(long capacity, long used, long peak, long largest, long live, long total, long refused, long metadata) {
        StringBuilder text = new StringBuilder();
        text.append("\"byteSize\": ").append(capacity << shift).append(", \"usedBytes\": ").append(used << shift);
        text.append(", \"peakUsedBytes\": ").append(peak << shift).append(", \"freeBytes\": ").append(capacity - used << shift);
        text.append(", \"largestFreeBytes\": ").append(largest << shift).append(", \"liveAllocations\": ").append(live);
        text.append(", \"totalAllocations\": ").append(total).append(", \"refusedAllocations\": ").append(refused);
        return text.append(", \"metadataBytes\": ").append(metadata);
    }

    private void slab(long offset, int slotSize, int slots, int live) {
        slabs.append(slabs.isEmpty() ? "\n    " : ",\n    ").append("{\"offset\": ").append(origin + (offset << shift));
        slabs.append(", \"slotSize\": ").append((long) slotSize << shift).append(", \"slots\": ").append(slots);
        slabs.append(", \"live\": ").append(live).append('}');
    }

    private void region(long offset, long size, long handle) {
        if (count * FIELDS == regions.length) {
            regions = Arrays.copyOf(regions, 2 * regions.length);
        }
        int at = FIELDS * count++;
        regions[at] = origin + (offset << shift);
        regions[at + 1] = size << shift;
        regions[at + 2] = UNKNOWN;
        regions[at + 3] = handle;
        if (handle > 0) {
            try {
                regions[at + 2] = engine.size(handle, shift);
                regions[at + 4] = engine.tag(handle);
            } catch (IllegalStateException freed) { // by another thread, meanwhile
                regions[at + 3] = Walk.FREE;
            }
        }
    }

    private void writeBins(Appendable out, int[] bins) throws IOException {
        int end = bins.length;
        while (end > 0 && bins[end - 1] == 0) {
            end--;
        }
        for (int bin = 0; bin < end; bin++) {
            out.append(bin == 0 ? "\n    " : ",\n    ").append("{\"size\": ").append(Long.toString(SmallFloat.size(bin) << shift));
            out.append(", \"below\": ").append(Long.toString(SmallFloat.size(bin + 1) << shift));
            out.append(", \"count\": ").append(Integer.toString(bins[bin])).append('}');
        }
    }

    private static void writeSites(Appendable out, List<Sites.Group> groups) throws IOException {
        String before = "\n    ";
        for (Sites.Group group : groups) {
            out.append(before).append("{\"count\": ").append(Long.toString(group.count())).append(", \"bytes\": ").append(Long.toString(group.bytes()));
            out.append(", \"frames\": [");
            String comma = "";
            for (StackWalker.StackFrame frame : group.site().frames()) {
                out.append(comma).append(quoted(frame.toString()));
                comma = ", ";
            }
            out.append("]}");
            before = ",\n    ";
        }
    }

    private void writeRegions(Appendable out, Map<Long, Integer> siteOf) throws IOException {
        String before = "\n    ";
        for (int at = 0; at < count * FIELDS; at += FIELDS) {
            long handle = regions[at + 3];
            out.append(before).append("{\"offset\": ").append(Long.toString(regions[at])).append(", \"size\": ").append(Long.toString(regions[at + 1]));
            if (handle == Walk.RETIRED) {
                out.append(", \"state\": \"retired\"");
            } else if (handle == Walk.FREE) {
                out.append(", \"state\": \"free\"");
            } else {
                out.append(", \"state\": \"live\", \"requested\": ").append(Long.toString(regions[at + 2]));
                out.append(", \"handle\": \"0x").append(Long.toHexString(handle)).append('"');
                if (regions[at + 4] != 0) {
                    out.append(", \"tag\": ").append(Long.toString(regions[at + 4]));
                }
                Integer site = siteOf.get(handle);
                if (site != null) {
                    out.append(", \"site\": ").append(site.toString());
                }
            }
            out.append('}');
            before = ",\n    ";
        }
    }

    private static String quoted(String text) {
        StringBuilder json = new StringBuilder("\"");
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '"' || c == '\\') {
                json.append('\\').append(c);
            } else if (c < ' ' || Character.isSurrogate(c)) {
                json.append(String.format("\\u%04x", (int) c));
            } else {
                json.append(c);
            }
        }
        return json.append('"').toString();
    }
}
