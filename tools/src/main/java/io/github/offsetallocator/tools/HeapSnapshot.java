package io.github.offsetallocator.tools;

import io.github.offsetallocator.ArenaStatistics;
import io.github.offsetallocator.SegmentArena;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.json.JsonMapper;

/// All that a dump tells of an arena at one moment, see [SegmentArena#dump(Appendable)].
///
/// @param format     what the file is
/// @param version    of the format
/// @param name       the arena's
/// @param time       when it was dumped
/// @param granule    bytes
/// @param origin     offset of the first region
/// @param statistics what the arena says of itself
/// @param bins       free regions by size, from the smallest bin to the last that holds any
/// @param slabs      in no order
/// @param sites      where blocks were asked for, those with the most bytes first
/// @param regions    by address, without a gap: what lies between the chunks of a growable arena is one of state `none`
public record HeapSnapshot(String format, int version, String name, String time, long granule, long origin, ArenaStatistics statistics,
        List<Bin> bins, List<Slab> slabs, List<Site> sites, List<Region> regions) {
    static final String NONE = "none";
    static final String RETIRED = "retired";

    private static final String FORMAT = "io.github.offsetallocator.dump";
    private static final JsonMapper MAPPER = JsonMapper.builder().disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES).build();

    /// Free regions of similar size.
    ///
    /// @param size  the smallest of them, in bytes
    /// @param below all are smaller than this
    /// @param count how many there are
    public record Bin(long size, long below, int count) {}

    /// A region that is cut into equal slots.
    ///
    /// @param offset   bytes
    /// @param slotSize bytes
    /// @param slots    how many
    /// @param live     how many of them are in use
    public record Slab(long offset, long slotSize, int slots, int live) {}

    /// A place in the program.
    ///
    /// @param count  blocks
    /// @param bytes  bytes that were asked for
    /// @param frames the innermost first
    public record Site(long count, long bytes, List<String> frames) {}

    /// A region, free or used.
    ///
    /// @param offset    bytes
    /// @param size      bytes, in whole granules
    /// @param state     `free`, `live` or `retired`; `none` where no memory is
    /// @param requested bytes that were asked for; 0 unless it is live
    /// @param handle    of a live block, or null
    /// @param tag       of a live block, or 0
    /// @param site      a number in the list of sites, or null
    public record Region(long offset, long size, String state, long requested, String handle, long tag, Integer site) {
        boolean isFree() {
            return state.equals("free");
        }

        boolean isLive() {
            return state.equals("live");
        }

        /// Live or retired.
        boolean isUsed() {
            return isLive() || state.equals(RETIRED);
        }

        long end() {
            return offset + size;
        }

        /// What it is shown as: what was asked for, or all of it.
        long shownSize() {
            return requested == 0 ? size : requested;
        }

        boolean isSameAs(Region other) {
            return offset == other.offset && size == other.size && state.equals(other.state) && Objects.equals(handle, other.handle);
        }
    }

    /// A snapshot of an arena.
    ///
    /// @param arena of the thread that calls this, or shared
    /// @return what it is like now
    public static HeapSnapshot of(SegmentArena arena) {
        try {
            StringBuilder dump = new StringBuilder();
            arena.dump(dump);
            return parse(dump.toString());
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /// Reads a dump.
    ///
    /// @param file one that [SegmentArena#dump(Appendable)] has written
    /// @return what it says
    /// @throws IOException if it can't be read, or is no dump
    public static HeapSnapshot read(Path file) throws IOException {
        try {
            return parse(Files.readString(file));
        } catch (JacksonException | IllegalArgumentException e) {
            throw new IOException(file + " is no dump of an arena: " + e.getMessage(), e);
        } catch (CharacterCodingException e) {
            throw new IOException(file + " is no dump of an arena: it is no text in UTF-8", e);
        } catch (FileSystemException e) {
            throw e;
        } catch (IOException e) { // whose message names no file
            throw new IOException("can't read " + file + ": " + e.getMessage(), e);
        }
    }

    private static HeapSnapshot parse(String json) {
        HeapSnapshot read = MAPPER.readValue(json, HeapSnapshot.class);
        if (read == null) {
            throw new IllegalArgumentException("it says null");
        }
        if (!FORMAT.equals(read.format) || read.version != 1) {
            throw new IllegalArgumentException("format " + read.format + ", version " + read.version + "; I know " + FORMAT + ", version 1");
        }
        DumpCheck.check(read);
        return new HeapSnapshot(read.format, read.version, read.name, read.time, read.granule, read.origin, read.statistics, read.bins, read.slabs,
                read.sites, DumpCheck.withoutGaps(read.regions, read.origin));
    }

    /// Bytes of all regions that have memory.
    ///
    /// @return bytes
    public long byteSize() {
        return used() + free();
    }

    /// Bytes from the origin to the end of the last region.
    long rangeSize() {
        return regions.isEmpty() ? 0 : regions.getLast().end() - origin;
    }

    /// Bytes of live and retired regions.
    ///
    /// @return bytes
    public long used() {
        return regions.stream().filter(Region::isUsed).mapToLong(Region::size).sum();
    }

    long live() {
        return regions.stream().filter(Region::isLive).mapToLong(Region::size).sum();
    }

    long requested() {
        return regions.stream().filter(Region::isLive).mapToLong(Region::shownSize).sum();
    }

    long free() {
        return regions.stream().filter(Region::isFree).mapToLong(Region::size).sum();
    }

    long largestFree() {
        return regions.stream().filter(Region::isFree).mapToLong(Region::size).max().orElse(0);
    }

    int freeRegions() {
        return (int) regions.stream().filter(Region::isFree).count();
    }

    int liveRegions() {
        return (int) regions.stream().filter(Region::isLive).count();
    }

    /// The part of the free bytes that lies outside the largest free region.
    ///
    /// @return from 0 to 1
    public double externalFragmentation() {
        return free() == 0 ? 0 : 1 - (double) largestFree() / free();
    }

    /// The part of the live bytes that nobody asked for: requests are rounded up to granules.
    ///
    /// @return from 0 to 1
    public double internalFragmentation() {
        return live() == 0 ? 0 : 1 - (double) requested() / live();
    }
}
